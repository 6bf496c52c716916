#!/usr/bin/env python3
"""What the ten documented queries read, by format, and what Athena would ask for them.

usage: tests/integration/in_venv.sh -v trino ../../bench/query_cost.py [--rows N] [--json FILE]

The shipped pipelines load N rows from the demo services into S3 (SeaweedFS) and Glue (moto); Trino, which Athena is built on,
runs each query over each format and says how many bytes it read. JSON has other column names: there each table of the query is
read once, which is what a query of a row format costs whatever its columns. Athena asks for 5 USD a TB, and for 10 MB at least.
"""
import argparse
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/integration"))
from athena_stand_in import AthenaStandIn, documented_queries
from servers import DATASETS, pipeline_text

USD_A_TB = 5
AT_LEAST = 10e6
# Where the rows of a dataset are as JSON: a detail lies in its order, a category was never backed up.
JSON_HOME = {"detalles_orden": "ordenes", "categorias": None}


def tables_of(sql):
    return {name for name in DATASETS if re.search(rf"\b(FROM|JOIN)\s+{name}\b", sql)}


def over(sql, suffix):
    """`sql` with its tables' names given to the tables of another format."""
    names = ", ".join(f"{name} AS (SELECT * FROM {name}{suffix})" for name in sorted(tables_of(sql)))
    return f"WITH {names} {sql}"


def bytes_read(lake, sql, database):
    cursor, _ = lake.execute(sql, database)
    return cursor.stats["physicalInputBytes"]


def measure(lake, sql):
    json_tables = {JSON_HOME.get(name, name) for name in tables_of(sql)} - {None}
    return {
        "csv": bytes_read(lake, over(sql, "_actual"), "plain"),
        "csv gzip": bytes_read(lake, over(sql, "_actual"), "zipped"),
        "json": sum(bytes_read(lake, f"SELECT count(*) FROM {name}_json", "plain") for name in json_tables),
        "parquet": bytes_read(lake, over(sql, "_parquet"), "plain"),
        "iceberg": bytes_read(lake, sql, "plain"),
    }


def zipped_pipelines(folder):
    for source in sorted(ROOT.glob("ingesta-*/pipeline.yaml")):
        target = folder / source.parent.name / source.name
        target.parent.mkdir(parents=True)
        text = pipeline_text(source.parent.name.removeprefix("ingesta-"))
        text = re.sub(r"formats: \[csv\b", "formats: [{type: csv, compression: gzip}", text)
        target.write_text(text)
        yield str(target)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--ingesta", default=str(ROOT / "build/release/src/ingesta/ingesta"))
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    with AthenaStandIn(options.ingesta, options.rows) as lake:
        lake.ingesta(GLUE_DATABASE="plain")
        lake.ingesta(*zipped_pipelines(lake.work / "zipped"), GLUE_DATABASE="zipped", S3_BUCKET=lake.make_bucket("zipped"))
        results = {title: measure(lake, sql) for title, sql in documented_queries("en")}
    forms = list(next(iter(results.values())))
    total = {form: sum(row[form] for row in results.values()) for form in forms}
    cost = {form: sum(max(row[form], AT_LEAST) for row in results.values()) * USD_A_TB / 1e12 for form in forms}
    print(f"{'MB read':32}" + "".join(f"{form:>10}" for form in forms))
    for title, row in [*results.items(), ("all ten", total)]:
        print(f"{title:32}" + "".join(f"{row[form] / 1e6:10.2f}" for form in forms))
    print(f"{'USD for 1000 of each':32}" + "".join(f"{1000 * cost[form]:10.2f}" for form in forms))
    if options.json:
        options.json.write_text(json.dumps({"rows": options.rows, "bytes": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
