#!/usr/bin/env python3
"""Iceberg tables of our writer, read by pyiceberg and DuckDB, written on by pyiceberg, and checked against the format.

usage: iceberg_readers_test.py ICEBERG_DRIVER

Shows: values, types and nulls come back the same in both readers (decimals, the years 1899 and 9999, emoji, NaN, -0.0,
nested columns); empty tables; partitions by day, month and a value; schemas that evolve; time travel and rollback;
pyiceberg's append, overwrite and delete on our table, then ours again on pyiceberg's; eight processes that append at
once lose nothing.
"""
import concurrent.futures
import datetime
import decimal
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import EqualTo, GreaterThanOrEqual
from pyiceberg.table import StaticTable

from iceberg_checker import Violation, check_table
from lake_readers import connect

DRIVER = sys.argv.pop(1)
UTC = datetime.timezone.utc
D = decimal.Decimal


class Driver:
    """The C++ side: a command is a line of JSON, so is its answer."""

    def __init__(self, root):
        self.process = subprocess.Popen([DRIVER, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, op, table, **arguments):
        self.process.stdin.write(json.dumps({"op": op, "table": table} | arguments) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(60) == 0, "the driver died"


ALL_TYPES = pa.schema([
    pa.field("id", pa.int64(), nullable=False),
    ("b", pa.bool_()), ("i", pa.int32()), ("l", pa.int64()), ("f", pa.float32()), ("d", pa.float64()),
    ("dec", pa.decimal128(18, 2)), ("grande", pa.decimal128(38, 0)), ("dia", pa.date32()),
    ("t", pa.timestamp("us")), ("tz", pa.timestamp("us", "UTC")), ("s", pa.string()), ("bin", pa.binary()),
    ("lista", pa.list_(pa.string())),
    ("lineas", pa.list_(pa.struct([("sku", pa.string()), ("precio", pa.decimal128(9, 2))]))),
    ("mapa", pa.map_(pa.string(), pa.int64())),
    ("caja", pa.struct([("alto", pa.int32()), ("nota", pa.string())]))])

EDGES = [
    dict(id=1, b=True, i=2**31 - 1, l=2**63 - 1, f=1.5, d=0.1, dec=D("9999999999999999.99"), grande=D("9" * 38),
         dia=datetime.date(9999, 12, 31), t=datetime.datetime(9999, 12, 31, 23, 59, 59, 999999),
         tz=datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, UTC), s="ñandú 😀 e\u0301", bin=b"\x00\xff", lista=["a", None, ""],
         lineas=[dict(sku="x", precio=D("1.20")), dict(sku=None, precio=None)], mapa=[("k", 1), ("ñ", None)],
         caja=dict(alto=3, nota=None)),
    dict(id=2, b=False, i=-2**31, l=-2**63, f=float("nan"), d=float("nan"), dec=D("-9999999999999999.99"), grande=D("-" + "9" * 38),
         dia=datetime.date(1899, 1, 1), t=datetime.datetime(1899, 1, 1), tz=datetime.datetime(1899, 1, 1, tzinfo=UTC), s="",
         bin=b"", lista=[], lineas=[], mapa=[], caja=dict(alto=None, nota="")),
    dict(id=3, f=-0.0, d=-0.0, dec=D("0.00"), s="a" * 15 + "😀😀 long text that is cut in a bound"),
    dict(id=4, f=float("inf"), d=float("-inf"), s="\U0010ffff" * 20, bin=b"\xff" * 20),
    dict(id=5)]


def rows_table(rows, schema=ALL_TYPES):
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema)


def plain(value):
    """A value that compares as it should: NaN with itself, -0.0 apart from 0.0, a map as its pairs."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    return value


def plain_rows(rows, key="id"):
    return sorted(([plain(row) for row in rows]), key=lambda row: row[key])


class IcebergReaders(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ingesta_iceberg_"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.driver = Driver(self.folder)
        self.addCleanup(self.driver.close)
        self.duck = connect()
        self.addCleanup(self.duck.close)
        self.duck.execute("SET TimeZone = 'UTC'")
        self.sources = 0

    def source(self, table):
        """A Parquet file without field ids, as input for the driver."""
        path = self.folder / f"source-{self.sources}.parquet"
        self.sources += 1
        pq.write_table(table, path)
        return str(path)

    def commit(self, op, table, *tables, **arguments):
        answer = self.driver(op, table, files=[self.source(rows) for rows in tables], **arguments)
        self.assertNotIn("error", answer)
        return answer

    def duck_rows(self, metadata, options=""):
        result = self.duck.execute(f"SELECT * FROM iceberg_scan('{metadata}'{options})")
        return result.to_arrow_table().to_pylist()

    def read(self, metadata, snapshot_id=None):
        """The rows by DuckDB, after the table's check and pyiceberg's agreement."""
        check_table(metadata)
        options = f", snapshot_from_id={snapshot_id}" if snapshot_id else ""
        rows = plain_rows(self.duck_rows(metadata, options))
        found = StaticTable.from_metadata(metadata).scan(snapshot_id=snapshot_id).to_arrow()
        # pyiceberg 0.12 reads a null list of structs as an empty list; the file itself has the null.
        structs = {field.name for field in found.schema if pa.types.is_list(field.type) and pa.types.is_struct(field.type.value_type)}
        expected = [{name: [] if name in structs and value is None else value for name, value in row.items()} for row in rows]
        self.assertEqual(plain_rows(found.to_pylist()), expected)
        return rows

    def test_values_types_and_nulls(self):
        expected = rows_table(EDGES)
        answer = self.commit("append", "valores", expected)
        self.assertEqual(self.read(answer["metadata"]), plain_rows(expected.to_pylist()))
        table = StaticTable.from_metadata(answer["metadata"])
        types = {field.name: str(field.field_type) for field in table.schema().fields}
        self.assertEqual(types["dec"], "decimal(18, 2)")
        self.assertEqual((types["t"], types["tz"], types["dia"]), ("timestamp", "timestamptz", "date"))
        self.assertTrue(table.schema().find_field("id").required)
        duck = {row[0]: row[1] for row in self.duck.execute(f"DESCRIBE SELECT * FROM iceberg_scan('{answer['metadata']}')").fetchall()}
        self.assertEqual((duck["dec"], duck["t"], duck["tz"], duck["dia"], duck["grande"]),
                         ("DECIMAL(18,2)", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "DATE", "DECIMAL(38,0)"))

    def test_statistics_prune_and_lose_nothing(self):
        """Many files with long texts and numbers; a filter must find exactly what a full read finds."""
        schema = pa.schema([("id", pa.int64()), ("s", pa.string()), ("d", pa.float64()), ("dec", pa.decimal128(9, 2))])
        parts = []
        for part in range(8):
            parts.append(rows_table([dict(id=part * 100 + n, s=chr(97 + part) * 15 + "\U0010ffff" + "😀" * n,
                                          d=float("nan") if n % 5 == 0 else part - n / 7, dec=D(part * 100 - n).scaleb(-2))
                                     for n in range(50)], schema))
        answer = self.commit("append", "partes", *parts)
        everything = self.read(answer["metadata"])
        self.assertEqual(len(everything), 400)
        table = StaticTable.from_metadata(answer["metadata"])
        for column, least in (("s", "d" * 15 + "\U0010ffff"), ("d", 3.5), ("dec", D("3.00")), ("id", 399)):
            raw = {row["id"] for part in parts for row in part.to_pylist() if row[column] is not None and row[column] >= least}
            found = {row["id"] for row in table.scan(GreaterThanOrEqual(column, least)).to_arrow().to_pylist()}
            self.assertEqual(found, raw, column)
        planned = list(table.scan(EqualTo("id", 399)).plan_files())
        self.assertLessEqual(len(planned), 4)

    def test_empty_tables(self):
        empty = rows_table([])
        answer = self.commit("replace", "vacia", empty)
        self.assertIsNone(answer["snapshot_id"])
        check_table(answer["metadata"])
        self.assertEqual(StaticTable.from_metadata(answer["metadata"]).scan().to_arrow().num_rows, 0)
        answer = self.commit("append", "vacia", rows_table(EDGES), run_id="r1")
        self.assertEqual(len(self.read(answer["metadata"])), 5)
        answer = self.commit("replace", "vacia", empty, run_id="r2")
        self.assertEqual(self.read(answer["metadata"]), [])
        answer = self.commit("append", "vacia", rows_table(EDGES[:1]), run_id="r3")
        self.assertEqual(len(self.read(answer["metadata"])), 1)

    def test_partitions(self):
        schema = pa.schema([("id", pa.int64()), ("fecha", pa.date32()), ("hora", pa.timestamp("us")), ("almacen", pa.string())])

        def part(first, day, warehouse, count=3):
            return rows_table([dict(id=first + n, fecha=day, hora=day and datetime.datetime(day.year, day.month, day.day, 23 - n),
                                    almacen=warehouse) for n in range(count)], schema)
        days = [datetime.date(1899, 12, 31), datetime.date(1970, 1, 1), datetime.date(2026, 11, 24), datetime.date(9999, 12, 31)]
        parts = [part(10 * index, day, name) for index, (day, name) in enumerate(zip(days, ["a/b c", "ñ", "", "z"]))]
        parts.append(part(90, None, None, 1))
        cases = {"por_dia": [["fecha", "day"]], "por_mes": [["hora", "month"]], "por_anio": [["hora", "year"]],
                 "por_almacen": [["almacen", "identity"]], "por_dos": [["hora", "day"], ["almacen", "identity"]],
                 "por_fecha": [["fecha", "identity"]]}
        for name, columns in cases.items():
            with self.subTest(name):
                answer = self.commit("append", name, *parts, partition_by=columns)
                self.assertEqual(len(self.read(answer["metadata"])), 13)
                table = StaticTable.from_metadata(answer["metadata"])
                tasks = list(table.scan(GreaterThanOrEqual("fecha", "2026-11-24")).plan_files())
                self.assertEqual(len(tasks), 2)
                tasks = list(table.scan(EqualTo("almacen", "ñ")).plan_files())
                self.assertEqual(len(tasks), 1)
                # DuckDB prunes as well, and must not lose rows.
                count = self.duck.execute(f"SELECT count(*) FROM iceberg_scan('{answer['metadata']}') "
                                          "WHERE fecha = DATE '1899-12-31'").fetchone()
                self.assertEqual(count, (3,))
        refused = self.driver("append", "por_dia", files=[self.source(pa.concat_tables(parts[:2]))])
        self.assertEqual(refused["error"], "invalid_config")
        self.assertIn("several partitions", refused["message"])
        refused = self.driver("append", "otra", files=[self.source(parts[0])], partition_by=[["id", "bucket[4]"]])
        self.assertIn("bucket[4]", refused["message"])

    def test_schemas_evolve(self):
        first = pa.schema([("id", pa.int32()), ("precio", pa.float32()), ("total", pa.decimal128(9, 2)), ("viejo", pa.string())])
        self.commit("append", "cambia", rows_table([dict(id=1, precio=1.5, total=D("1.25"), viejo="v")], first))
        answer = self.driver("evolve", "cambia", edits=[
            {"kind": "rename", "column": "viejo", "text": "nuevo"}, {"kind": "widen", "column": "total", "type": "decimal(18,2)"},
            {"kind": "add", "column": "nota", "type": "string", "text": "una nota"}])
        check_table(answer["metadata"])
        second = pa.schema([("id", pa.int64()), ("precio", pa.float64()), ("total", pa.decimal128(18, 2)), ("nuevo", pa.string()),
                            ("otra", pa.list_(pa.int32()))])
        rows = [dict(id=2**40, precio=0.1, total=D("9999999999999999.99"), nuevo="n", otra=[1, None])]
        answer = self.commit("append", "cambia", rows_table(rows, second))
        expected = [dict(id=1, precio=1.5, total=D("1.25"), nuevo="v", nota=None, otra=None),
                    dict(id=2**40, precio=0.1, total=D("9999999999999999.99"), nuevo="n", nota=None, otra=[1, None])]
        self.assertEqual(self.read(answer["metadata"]), plain_rows(expected))
        # A column that is dropped and comes again is another one.
        self.driver("evolve", "cambia", edits=[{"kind": "drop", "column": "nuevo"}])
        answer = self.driver("evolve", "cambia", edits=[{"kind": "add", "column": "nuevo", "type": "string"}])
        self.assertEqual([row["nuevo"] for row in self.read(answer["metadata"])], [None, None])
        refused = self.driver("append", "cambia", files=[self.source(rows_table([dict(id="x")], pa.schema([("id", pa.string())])))])
        self.assertEqual(refused["error"], "invalid_config")
        self.assertIn("'id' is long in the table, but string in the run", refused["message"])

    def test_time_travel_and_rollback(self):
        schema = pa.schema([("id", pa.int64())])
        answers = [self.commit(op, "viaje", rows_table([dict(id=number)], schema), run_id=f"r{number}")
                   for number, op in enumerate(["append", "append", "replace", "append"])]
        ids = [answer["snapshot_id"] for answer in answers]
        newest = answers[-1]["metadata"]
        for snapshot_id, expected in zip(ids, ([0], [0, 1], [2], [2, 3])):
            self.assertEqual([row["id"] for row in self.read(newest, snapshot_id)], expected)
        again = self.commit("append", "viaje", rows_table([dict(id=1)], schema), run_id="r1")
        self.assertEqual((again["outcome"], again["metadata"]), ("already_done", newest))
        back = self.driver("rollback", "viaje", snapshot_id=ids[1])
        self.assertEqual([row["id"] for row in self.read(back["metadata"])], [0, 1])
        on = self.commit("append", "viaje", rows_table([dict(id=9)], schema), run_id="r9")
        self.assertEqual([row["id"] for row in self.read(on["metadata"])], [0, 1, 9])
        history = StaticTable.from_metadata(on["metadata"]).history()
        self.assertEqual([entry.snapshot_id for entry in history], [*ids, ids[1], on["snapshot_id"]])

    def test_overwrite_of_chosen_files(self):
        schema = pa.schema([("id", pa.int64()), ("s", pa.string())])
        parts = [rows_table([dict(id=10 * part + n, s="x") for n in range(3)], schema) for part in range(4)]
        self.commit("append", "mezcla", *parts)
        chosen = [file["path"] for file in self.driver("load", "mezcla")["files"]][1:3]
        merged = rows_table([dict(id=100 + n, s="y") for n in range(6)], schema)
        answer = self.commit("overwrite", "mezcla", merged, removed_files=chosen, operation="replace")
        kept = {row["id"] for row in self.read(answer["metadata"])}
        self.assertEqual(len(kept), 12)
        self.assertTrue({0, 30, 100, 105} <= kept)
        again = self.driver("overwrite", "mezcla", files=[self.source(merged)], removed_files=chosen)
        self.assertEqual(again["error"], "conflict")

    def test_version_hint_serves_readers_without_a_catalog(self):
        schema = pa.schema([("id", pa.int64())])
        for number in range(3):
            self.commit("append", "pista", rows_table([dict(id=number)], schema))
        rows = self.duck.execute(f"SELECT count(*) FROM iceberg_scan('{self.folder}/iceberg/pista')").fetchone()
        self.assertEqual(rows, (3,))

    def test_pyiceberg_writes_on_our_table_and_we_on_its(self):
        schema = pa.schema([pa.field("id", pa.int64(), nullable=False), ("dia", pa.date32()), ("s", pa.string())])

        def rows(*ids):
            return rows_table([dict(id=number, dia=datetime.date(2026, 11, 1 + number), s=f"s{number}") for number in ids], schema)
        ours = self.commit("append", "juntos", rows(1), rows(2), partition_by=[["dia", "day"]], identifier_columns=["id"])
        catalog = SqlCatalog("test", uri=f"sqlite:///{self.folder}/catalog.db", warehouse=f"file://{self.folder}/warehouse")
        catalog.create_namespace("db")
        table = catalog.register_table("db.juntos", ours["metadata"])
        table.append(rows(3, 4))
        table.overwrite(rows(5), overwrite_filter=EqualTo("id", 1))
        table.upsert(rows_table([dict(id=2, dia=datetime.date(2026, 11, 3), s="otra"), dict(id=6, dia=datetime.date(2026, 11, 7), s="s6")], schema))
        with table.update_schema() as update:
            update.add_column("extra", table.schema().find_field("s").field_type)
        theirs = self.driver("register", "juntos", metadata=table.metadata_location)
        self.assertNotIn("error", theirs)
        loaded = self.driver("load", "juntos")
        self.assertEqual(loaded["delete_files"], 0)
        self.assertEqual(sum(file["rows"] for file in loaded["files"]), 5)
        answer = self.commit("append", "juntos", rows(7))
        found = {row["id"]: row["s"] for row in self.read(answer["metadata"])}
        self.assertEqual(found, {2: "otra", 3: "s3", 4: "s4", 5: "s5", 6: "s6", 7: "s7"})
        # And on: pyiceberg's own metadata survives, its reader takes ours for its own.
        before = json.loads(pathlib.Path(table.metadata_location.removeprefix("file://")).read_text())
        after = json.loads(pathlib.Path(answer["metadata"].removeprefix("file://")).read_text())
        self.assertEqual(after["schemas"], before["schemas"])
        self.assertEqual(after["snapshots"][:-1], before["snapshots"])
        again = catalog.register_table("db.otra_vez", answer["metadata"])
        again.delete(EqualTo("id", 3))
        theirs = self.driver("register", "juntos", metadata=again.metadata_location)
        answer = self.commit("replace", "juntos", rows(8))
        self.assertEqual([row["id"] for row in self.read(answer["metadata"])], [8])
        self.assertEqual(self.driver("load", "juntos")["files"][0]["rows"], 1)

    def test_the_checker_sees_violations(self):
        schema = pa.schema([("id", pa.int64()), ("dia", pa.date32())])
        self.commit("append", "mala", rows_table([dict(id=1, dia=datetime.date(2026, 1, 1))], schema), partition_by=[["dia", "day"]])
        answer = self.commit("append", "mala", rows_table([dict(id=2, dia=datetime.date(2026, 1, 2))], schema))
        path = pathlib.Path(answer["metadata"].removeprefix("file://"))
        good = path.read_text()
        check_table(path)

        def edited(change):
            metadata = json.loads(good)
            change(metadata)
            path.write_text(json.dumps(metadata))
        edits = {
            "no last-column-id": lambda m: m.pop("last-column-id"),
            "an older last sequence number": lambda m: m.update({"last-sequence-number": 1}),
            "an id above the last": lambda m: m.update({"last-column-id": 1}),
            "a type that the files do not have": lambda m: m["schemas"][0]["fields"][0].update({"id": 2, "type": "long"}),
            "another current snapshot": lambda m: m.update({"current-snapshot-id": m["snapshots"][0]["snapshot-id"]}),
            "another total": lambda m: m["snapshots"][1]["summary"].update({"total-records": "3"}),
            "a snapshot out of order": lambda m: m["snapshots"][1].update({"sequence-number": 1}),
            "another partition transform": lambda m: m["partition-specs"][0]["fields"][0].update({"transform": "month"}),
            "another partition id": lambda m: m["partition-specs"][0]["fields"][0].update({"field-id": 1001}),
            "a log out of order": lambda m: m["snapshot-log"].reverse()}
        for name, change in edits.items():
            with self.subTest(name):
                edited(change)
                with self.assertRaises(Violation):
                    check_table(path)
        path.write_text(good)
        data = sorted((self.folder / "iceberg/mala/data").glob("*.parquet"))
        first, second = (file.read_bytes() for file in data)
        for name, content in {"a longer file": first + b"x", "another file": second}.items():
            with self.subTest(name):
                data[0].unlink()
                data[0].write_bytes(content)
                with self.assertRaises(Violation):
                    check_table(path)

    def test_eight_processes_lose_nothing(self):
        writers, rounds = 8, 25
        schema = pa.schema([("id", pa.int64())])
        sources = [[self.source(rows_table([dict(id=writer * rounds + number)], schema)) for number in range(rounds)]
                   for writer in range(writers)]

        def work(writer):
            driver = Driver(self.folder)
            answers = [driver("append", "carrera", files=[source], attempts=1000, run_id=f"w{writer}-{number}")
                       for number, source in enumerate(sources[writer])]
            driver.close()
            return answers
        with concurrent.futures.ThreadPoolExecutor(writers) as pool:
            answers = [answer for list_ in pool.map(work, range(writers)) for answer in list_]
        self.assertEqual([answer for answer in answers if "error" in answer], [])
        final = self.driver("load", "carrera")
        self.assertEqual(int(final["version"]), writers * rounds)
        self.assertEqual([row["id"] for row in self.read(final["metadata"])], list(range(writers * rounds)))
        left = list((self.folder / "iceberg/carrera/metadata").glob("snap-*"))
        self.assertEqual(len(left), writers * rounds, "manifest lists of lost races stay behind")
        print(f"{writers} writers, {rounds} rounds: {sum(answer['attempts'] for answer in answers)} commits tried")


if __name__ == "__main__":
    unittest.main()
