#!/usr/bin/env python3
"""The demo's tables, read by DuckDB, pyarrow and pyiceberg: each row once where it is promised, the same values in every
format, history where it is promised; and the documented queries, which run on them.

usage: lake_test.py INGESTA
"""
import csv
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import pyarrow.parquet
from pyiceberg.table import StaticTable

from lake_readers import DATASETS, connect, metadata_of, snapshots_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUNS = 2


def environment(data):
    env = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "INGESTA_", "GLUE_"))}
    return env | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(data), "INGESTA_HOME": str(ROOT)}


def run_demo(ingesta, data, *options):
    subprocess.run([ingesta, "demo", "--run", "--rows", "3000", *options], env=environment(data), check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def csv_rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def newest_csv(data, dataset):
    return max((data / dataset).glob("*.csv"))


def text_of(value):
    """A value of a typed table as the CSV writes it."""
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return value.isoformat(sep=" ")
    if isinstance(value, float):
        return f"{value:.15g}"
    return re.sub(r"\r\n|\r|\n", " ", str(value))  # a line is a row there


def check_each_row_once(data, duck):
    for dataset in DATASETS:
        expected = len(csv_rows(newest_csv(data, dataset)))
        iceberg = data / "iceberg" / dataset
        count = duck.execute(f"SELECT count(*), count(DISTINCT id) FROM iceberg_scan('{metadata_of(iceberg)}')").fetchone()
        assert count == (expected, expected), f"{dataset} (Iceberg): {count}, not {expected}"
        glob = f"{data}/parquet/{dataset}/*/*.parquet"
        days = duck.execute(f"SELECT fecha, count(*), count(DISTINCT id) FROM read_parquet('{glob}', hive_partitioning=true) "
                            "GROUP BY fecha").fetchall()
        assert len(days) == 1 and days[0][1:] == (expected, expected), f"{dataset} (Parquet): {days}"
        actual = (data / "symlink" / dataset / "symlink.txt").read_text().split()
        assert actual == [newest_csv(data, dataset).as_uri()], f"{dataset} (actual): {actual}"
        assert len(list((data / dataset).glob("*.csv"))) == RUNS, f"{dataset}: the CSV keeps every run"


def check_same_values(data, duck):
    """The Iceberg table against the CSV, cell by cell: decimals exactly, times to the microsecond, null apart from ''."""
    for dataset in DATASETS:
        table = StaticTable.from_metadata(str(metadata_of(data / "iceberg" / dataset)))
        rows = table.scan().to_arrow().to_pylist()
        by_duck = duck.execute(f"SELECT * FROM iceberg_scan('{metadata_of(data / 'iceberg' / dataset)}') ORDER BY id")
        names = [column[0] for column in by_duck.description]
        duck_rows = [dict(zip(names, row)) for row in by_duck.fetchall()]
        key = {str(row["id"]): row for row in rows}
        assert len(key) == len(rows)
        lines = csv_rows(newest_csv(data, dataset))
        assert list(lines[0]) == list(rows[0]) == names, f"{dataset}: other columns"
        assert len(lines) == len(rows) == len(duck_rows)
        for line in lines:
            row = key[line["id"]]
            for name, text in line.items():
                assert text_of(row[name]) == text, f"{dataset} {line['id']} {name}: {row[name]!r}, the CSV has {text!r}"
        assert sorted(duck_rows, key=lambda row: str(row["id"])) == sorted(rows, key=lambda row: str(row["id"])), dataset


def check_parquet(data):
    """Money is decimal, times are INT64 milliseconds, the files have statistics and a page index."""
    path, = (data / "parquet" / "ordenes").glob("fecha=*/ordenes.parquet")
    file = pyarrow.parquet.ParquetFile(path)
    schema = file.schema_arrow
    assert str(schema.field("total").type) == "decimal128(18, 2)", schema.field("total")
    assert str(schema.field("fecha_orden").type) == "timestamp[ms]", schema.field("fecha_orden")
    column = file.metadata.row_group(0).column(schema.get_field_index("id"))
    assert column.physical_type == "INT64" and column.statistics.has_min_max and column.has_column_index
    assert column.compression == "ZSTD", column.compression
    assert all(field.metadata and b"PARQUET:field_id" in field.metadata for field in schema), "fields without ids"


def writes_table(manifest, dataset):
    """Whether the run changed the Iceberg table: categorias are the same in both."""
    return any(d["name"] == dataset and any(f["format"] == "iceberg" for f in d["files"]) for d in manifest["datasets"])


def check_history(data, duck):
    """Time travel: each run is a snapshot of the table, named in its summary."""
    for dataset in DATASETS:
        snapshots = snapshots_of(data / "iceberg" / dataset)
        assert len(snapshots) == (1 if dataset == "categorias" else RUNS), f"{dataset}: {len(snapshots)} snapshots"
        runs = [snapshot["summary"]["ingesta.run-id"].split("@")[0] for snapshot in snapshots]
        manifests = [json.loads(path.read_text()) for path in data.glob("_ingesta/runs/*/*.json")]
        known = {m["run_id"] for m in manifests if writes_table(m, dataset)}
        assert set(runs) == known, f"{dataset}: snapshots of {runs}, manifests of {known}"
        metadata = metadata_of(data / "iceberg" / dataset)
        first = duck.execute(f"SELECT count(*) FROM iceberg_scan('{metadata}', "
                             f"snapshot_from_id={snapshots[0]['snapshot-id']}::UBIGINT)").fetchone()[0]
        assert first == int(snapshots[0]["summary"]["total-records"]) > 0, f"{dataset}: {first} rows in the first run"


def documented_queries(language):
    text = (ROOT / "docs" / language / "consultas.md").read_text(encoding="utf-8")
    return re.findall(r"```sql\n(.*?)```", text, re.DOTALL)


def check_queries(data, duck):
    english, spanish = documented_queries("en"), documented_queries("es")
    assert english == spanish and len(english) == 10, "the two pages hold other queries"
    for dataset in DATASETS:
        duck.execute(f"CREATE OR REPLACE VIEW {dataset} AS "
                     f"SELECT * FROM iceberg_scan('{metadata_of(data / 'iceberg' / dataset)}')")
    for number, query in enumerate(english, 1):
        rows = duck.execute(query).fetchall()
        assert rows, f"query {number} finds nothing:\n{query}"
    # One of them by hand, from the CSV.
    orders = {row["id"]: row for row in csv_rows(newest_csv(data, "ordenes"))}
    sales = {}
    for order in orders.values():
        if order["estado"] not in ("CANCELADO", ""):
            month = order["fecha_orden"][:7] + "-01"
            sales[month] = sales.get(month, 0) + int(order["total"].replace(".", "") or 0)
    found = {str(row[0])[:10]: int(row[2] * 100) for row in duck.execute(english[0]).fetchall() if row[0]}
    assert found == {month: value for month, value in sales.items() if len(month) == 10}, "sales by month differ"


def main():
    ingesta = sys.argv[1]
    data = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-lake-"))
    try:
        for seed in range(RUNS):
            run_demo(ingesta, data, "--seed", str(seed + 1))
        duck = connect()
        check_each_row_once(data, duck)
        check_same_values(data, duck)
        check_parquet(data)
        check_history(data, duck)
        check_queries(data, duck)
        print("each row once, the same values in every format, history, ten queries")
    finally:
        shutil.rmtree(data)


if __name__ == "__main__":
    main()
