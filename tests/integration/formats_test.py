#!/usr/bin/env python3
"""Files of every format and compression, read by programs that are not ours: pyarrow, DuckDB, Python's gzip, zcat.

usage: formats_test.py INGESTA

A small service serves rows with the values that go wrong: the years 1899 and 9999, emoji, quotes and line breaks, 38
digits, minus zero, nulls. Each reader must give back every one of them; partitions by a column hold what zoneinfo says.
"""
import csv
import datetime
import decimal
import gzip
import http.server
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import zoneinfo

import duckdb
import pyarrow
import pyarrow.parquet

INGESTA = sys.argv[1]
UTC = datetime.timezone.utc
PIPELINE = """
name: formatos
client: {{base_url: "{url}"}}
resources:
  - name: filas
    primary_key: [id]
    endpoint: {{path: /filas, paginator: single_page}}
    formats: {formats}
    {partition}
    columns:
      - {{name: id, type: int64, nullable: false}}
      - {{name: texto, type: string}}
      - {{name: entero, type: int32}}
      - {{name: real, type: double}}
      - {{name: activo, type: bool}}
      - {{name: dia, type: date}}
      - {{name: momento, type: timestamp}}
      - {{name: importe, type: "decimal(9,2)"}}
      - {{name: dinero, type: "decimal(18,2)"}}
      - {{name: exacto, type: "decimal(38,10)"}}
"""


def moment(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


def make_rows():
    """(JSON text of a record, its values) - decimals go as numbers with all their digits."""
    day = datetime.date
    number = decimal.Decimal
    nines = number("9999999999999999999999999999.9999999999")
    values = [
        (1, "ñandú 🙂👩‍👩‍👧", -2147483648, -0.0, True, day(1899, 12, 31), moment("1899-12-31T23:59:59.999"),
         number("-9999999.99"), number("9999999999999999.99"), nines),
        (2, 'con "comillas", coma y \\ barra', 2147483647, 1e308, False, day(9999, 12, 31), moment("9999-12-31T23:59:59.999"),
         number("0.01"), number("-0.01"), number(f"-{nines}")),
        (3, "", 0, 5e-324, None, day(1970, 1, 1), moment("1970-01-01T00:00:00"), number("0.00"), number("0.00"),
         number("1E-10")),
        (4, None, None, None, None, None, None, None, None, None),
        (5, "línea\nrota\ty =SUMA(A1)", 7, 0.1, True, day(2026, 2, 28), moment("2026-03-29T00:59:59"), number("12.30"),
         number("12.30"), number("12.3")),
    ]
    start = moment("2026-03-25T20:00:00")
    for i in range(6, 2006):
        values.append((i, f"fila {i % 37}", i, i / 7, i % 2 == 0, day(2026, 1, 1) + datetime.timedelta(days=i % 400),
                       start + datetime.timedelta(minutes=37 * (i % 300)), number(i) / 100, number(i) / 100, number(i) / 100))
    return values


COLUMNS = ("id", "texto", "entero", "real", "activo", "dia", "momento", "importe", "dinero", "exacto")
ROWS = make_rows()


def json_text(value):
    if isinstance(value, decimal.Decimal):
        return f"{value:f}"
    if isinstance(value, datetime.datetime):
        return f'"{value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")}"'
    if isinstance(value, datetime.date):
        return f'"{value.isoformat()}"'
    return json.dumps(value)


BODY = ("[" + ",".join("{" + ",".join(f'"{name}":{json_text(value)}' for name, value in zip(COLUMNS, row)) + "}"
                       for row in ROWS) + "]").encode()


class Service(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_):
        pass


def comparable(values):
    """Values that compare equal as the contract has it: times in UTC, -0.0 apart from 0.0, decimals by value."""
    row = []
    for value in values:
        if isinstance(value, datetime.datetime):
            value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        row.append(repr(value) if isinstance(value, float) else value)
    return tuple(row)


class Formats(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-formats-"))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    def run_pipeline(self, formats, partition=""):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.work))
        file = folder / "pipeline.yaml"
        file.write_text(PIPELINE.format(url=f"http://127.0.0.1:{self.server.server_port}", formats=formats,
                                        partition=partition))
        data = folder / "data"
        env = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "INGESTA_", "GLUE_"))}
        env |= {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(data)}
        done = subprocess.run([INGESTA, "run", str(file)], env=env, capture_output=True, text=True, timeout=120)
        notes = "".join(path.read_text() for path in data.glob("_ingesta/quarantine/*/*"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + notes)
        return data

    def only(self, folder, pattern):
        (found,) = folder.rglob(pattern)
        return found

    def expect_rows(self, actual, expected, what):
        by_id = {row[0]: comparable(row) for row in actual}
        self.assertEqual(len(actual), len(expected), what)
        for row in expected:
            self.assertEqual(by_id[row[0]], comparable(row), what)

    def test_parquet_of_every_compression_is_read_whole_by_pyarrow_and_duckdb(self):
        for compression in ("zstd", "snappy", "gzip", "none"):
            data = self.run_pipeline(f"[{{type: parquet, compression: {compression}}}]")
            path = self.only(data / "parquet/filas", "*.parquet")
            table = pyarrow.parquet.read_table(path, partitioning=None)
            self.expect_rows([tuple(row[name] for name in COLUMNS) for row in table.to_pylist()], ROWS, compression)
            file = pyarrow.parquet.ParquetFile(path)
            codecs = {file.metadata.row_group(0).column(i).compression for i in range(len(COLUMNS))}
            self.assertEqual(codecs, {"UNCOMPRESSED" if compression == "none" else compression.upper()})
            types = {name: str(file.schema.column(i).physical_type) for i, name in enumerate(COLUMNS)}
            self.assertEqual((types["importe"], types["dinero"], types["exacto"], types["momento"], types["dia"]),
                             ("INT32", "INT64", "FIXED_LEN_BYTE_ARRAY", "INT64", "INT32"))
            duck = duckdb.connect()
            duck.execute("SET TimeZone = 'UTC'")
            # As text: Python's own datetime and zone support is no part of what is shown here.
            rows = duck.execute(f"SELECT id, texto, entero, real, activo, dia, momento::VARCHAR, importe, dinero, exacto "
                                f"FROM read_parquet('{path}')").fetchall()
            rows = [row[:6] + (row[6] and moment(row[6].removesuffix("+00")),) + row[7:] for row in rows]
            self.expect_rows(rows, ROWS, compression)
            least, most = duck.execute(f"SELECT min(dia)::VARCHAR, max(exacto) FROM read_parquet('{path}') "
                                       "WHERE dinero >= -0.01").fetchone()
            self.assertEqual(least, "1899-12-31")
            self.assertEqual(most, ROWS[0][-1])

    def test_iceberg_files_have_field_ids_and_microseconds(self):
        data = self.run_pipeline("[iceberg]")
        path = self.only(data / "iceberg/filas/data", "*.parquet")
        schema = pyarrow.parquet.read_schema(path)
        ids = [int(field.metadata[b"PARQUET:field_id"]) for field in schema]
        self.assertEqual(len(set(ids)), len(COLUMNS))
        self.assertEqual(schema.field("momento").type.unit, "us")
        table = pyarrow.parquet.read_table(path, partitioning=None)
        self.expect_rows([tuple(row[name] for name in COLUMNS) for row in table.to_pylist()], ROWS, "iceberg")

    def test_compressed_text_has_the_text_of_the_plain_file(self):
        plain = self.run_pipeline("[csv, json]")
        csv_text = self.only(plain / "filas", "*.csv").read_bytes()
        json_text_ = self.only(plain / "json/filas", "*.json").read_bytes()
        duck = duckdb.connect()
        for compression, suffix in (("gzip", ".gz"), ("zstd", ".zst")):
            data = self.run_pipeline(f"[{{type: csv, compression: {compression}}}, {{type: json, compression: {compression}}}]")
            for folder, kind, text in (("filas", "csv", csv_text), ("json/filas", "json", json_text_)):
                path = self.only(data / folder, f"*.{kind}{suffix}")
                packed = path.read_bytes()
                self.assertLess(len(packed), len(text) / 2)
                if compression == "gzip":
                    self.assertEqual(gzip.decompress(packed), text)
                    self.assertEqual(subprocess.run(["zcat", path], capture_output=True, check=True).stdout, text)
                else:
                    self.assertEqual(pyarrow.CompressedInputStream(pyarrow.BufferReader(packed), "zstd").read(), text)
                # By the suffix alone, as Athena tells it.
                reader = f"read_csv('{path}', header=true)" if kind == "csv" else f"read_json('{path}', format='newline_delimited')"
                self.assertEqual(duck.execute(f"SELECT count(*), sum(id) FROM {reader}").fetchone(),
                                 (len(ROWS), sum(row[0] for row in ROWS)))

    def test_csv_gives_back_every_value(self):
        data = self.run_pipeline("[{type: csv, compression: gzip}]")
        with gzip.open(self.only(data / "filas", "*.csv.gz"), "rt", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(io.StringIO(file.read(), newline="")))
        self.assertEqual(len(rows), len(ROWS))
        for read, row in zip(rows, ROWS):
            expected = dict(zip(COLUMNS, row))
            self.assertEqual(read["texto"], (expected["texto"] or "").replace("\n", " "))
            if expected["exacto"] is not None:
                self.assertEqual(decimal.Decimal(read["exacto"]), expected["exacto"])
                self.assertEqual(moment(read["momento"]), expected["momento"])
                self.assertEqual(repr(float(read["real"])), repr(expected["real"]))

    def test_partitions_by_a_column_hold_the_days_of_the_zone(self):
        for zone in ("Europe/Madrid", "America/New_York", "UTC"):
            partition = f"partition_by: {{column: momento, transform: day, timezone: {zone}}}"
            data = self.run_pipeline("[parquet]", partition)
            expected = {}
            for row in ROWS:
                if row[6] is None:
                    name = "__HIVE_DEFAULT_PARTITION__"
                elif row[6].year == 9999:
                    name = "9999-12-31"  # in Madrid already the year 10000, which has no name
                else:
                    name = row[6].astimezone(zoneinfo.ZoneInfo(zone)).date().isoformat()
                expected.setdefault(f"momento_day={name}", []).append(row)
            found = {path.name: path for path in (data / "parquet/filas").iterdir()}
            self.assertEqual(set(found), set(expected), zone)
            for name, rows in expected.items():
                table = pyarrow.parquet.read_table(self.only(found[name], "*.parquet"), partitioning=None)
                actual = [tuple(row[column] for column in COLUMNS) for row in table.to_pylist()]
                self.assertEqual([row[0] for row in actual], [row[0] for row in rows], "in order")
                self.expect_rows(actual, rows, f"{zone} {name}")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
