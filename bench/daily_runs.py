#!/usr/bin/env python3
"""What a year of daily runs does to Iceberg tables, and what `ingesta lake maintain` makes of it.

usage: tests/integration/in_venv.sh ../../bench/daily_runs.py [--days N] [--keep N] [--ingesta BINARY] [--json FILE]

A small service is pulled N times into three tables: one that each run replaces, one that each run appends to, one that each run
merges into. Measured on the way, before and after the maintenance, and after one more run: the size of the current metadata
file and of the whole metadata folder, snapshots, manifests and data files of the current state, and how long pyiceberg takes to
plan a scan and DuckDB to count the rows (the best of five each). The runs follow each other at once, so that
`--snapshot-age 0s --keep N` stands for the days that would have passed.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from pyiceberg.table import StaticTable

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/integration"))
from lake_readers import connect, metadata_of
from merge_service import Service, pedido

TABLES = ("replaced", "appended", "merged")
RESOURCE = """
  - name: {name}
    endpoint: {{path: /pedidos, data_selector: pedidos, paginator: single_page}}
    primary_key: [id]
    write_disposition: {disposition}
    formats: [iceberg]
    columns:
      - {{name: id, type: int64}}
      - {{name: estado, type: string}}
      - {{name: fecha, type: date}}
      - {{name: total, type: "decimal(18,2)"}}
"""
ROWS = 100


class Lake:
    def __init__(self, work, ingesta, url):
        self.data = work / "data"
        self.ingesta = ingesta
        self.pipeline = work / "pipeline.yaml"
        dispositions = zip(TABLES, ("replace", "append", "merge"))
        self.pipeline.write_text(f'name: year\nclient: {{base_url: "{url}"}}\nresources:\n' +
                                 "".join(RESOURCE.format(name=name, disposition=word) for name, word in dispositions))

    def call(self, *arguments):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "INGESTA_", "GLUE_", "S3_"))}
        env |= {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(self.data)}
        done = subprocess.run([self.ingesta, *arguments], env=env, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)

    def run(self, day):
        self.call("run", str(self.pipeline), "--run-id", f"day-{day:03}")

    def maintain(self, keep):
        self.call("lake", "maintain", "-p", str(self.pipeline), "--snapshot-age", "0s", "--keep", str(keep), "--orphan-age", "0s")


def best_of_five(work):
    times = []
    for _ in range(5):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1000 * min(times)


def measure(lake, duck, name):
    folder = lake.data / "iceberg" / name
    metadata = metadata_of(folder)
    table = StaticTable.from_metadata(str(metadata))
    rows = sum(task.file.record_count for task in table.scan().plan_files())
    counted = f"SELECT count(*) FROM iceberg_scan('{metadata}')"
    if (found := duck.execute(counted).fetchone()[0]) != rows:
        sys.exit(f"{name}: DuckDB counts {found} rows, pyiceberg {rows}")
    return {
        "rows": rows,
        "metadata_json_kib": metadata.stat().st_size / 1024,
        "metadata_folder_kib": sum(path.stat().st_size for path in (folder / "metadata").iterdir()) / 1024,
        "snapshots": len(table.metadata.snapshots),
        "manifests": len(table.current_snapshot().manifests(table.io)),
        "data_files": len(list(table.scan().plan_files())),
        "plan_ms": best_of_five(lambda: list(StaticTable.from_metadata(str(metadata)).scan().plan_files())),
        "duckdb_ms": best_of_five(lambda: duck.execute(counted).fetchone()),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--keep", type=int, default=30)
    parser.add_argument("--ingesta", default=str(ROOT / "build/release/src/ingesta/ingesta"))
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-daily-"))
    service = Service()
    results = {}
    try:
        lake, duck = Lake(work, options.ingesta, service.url), connect()

        def look(title):
            results[title] = {name: measure(lake, duck, name) for name in TABLES}

        for day in range(1, options.days + 1):
            # The orders of that day, and a few of earlier ones that changed.
            first = ROWS * (day - 1)
            service.pedidos = {n: pedido(n, "NUEVO", month=1 + n % 12) for n in range(first, first + ROWS)}
            service.pedidos |= {n: pedido(n, f"D{day}") for n in range(max(0, first - 10 * ROWS), first, 97)}
            lake.run(day)
            if day == options.keep:
                look(f"day {day}")
        look(f"day {options.days}")
        lake.maintain(options.keep)
        look("after maintain")
        lake.run(options.days + 1)
        look(f"day {options.days + 1}")
    finally:
        service.server.shutdown()
        shutil.rmtree(work, ignore_errors=True)
    columns = list(next(iter(results.values()))["replaced"])
    print(f"{'':26}" + "".join(f"{column:>20}" for column in columns))
    for name in TABLES:
        for title, tables in results.items():
            print(f"{name + ', ' + title:26}" + "".join(f"{tables[name][column]:>20.1f}" for column in columns))
    if options.json:
        options.json.write_text(json.dumps({"days": options.days, "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
