"""pyiceberg's upsert of the changed rows that merge_bench merges: into the same table, registered in a catalog in memory.

usage: merge_pyiceberg.py METADATA.json CHANGES.parquet
"""
import json
import resource
import sys
import time

import pyarrow.parquet
from pyiceberg.catalog.sql import SqlCatalog


def main():
    metadata, changes_path = sys.argv[1:]
    catalog = SqlCatalog("bench", uri="sqlite:///:memory:", warehouse="file:///unused")
    catalog.create_namespace("lake")
    table = catalog.register_table("lake.productos", metadata)
    changes = pyarrow.parquet.read_table(changes_path)
    start = time.monotonic()
    result = table.upsert(changes, join_cols=["id"])
    wall = time.monotonic() - start
    summary = table.refresh().current_snapshot().summary
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "wall_s": round(wall, 2),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "rss_mib": usage.ru_maxrss // 1024,
        "bytes_written": int(summary.additional_properties.get("added-files-size", 0)),
        "updated": result.rows_updated,
        "inserted": result.rows_inserted,
        "rows": int(summary.additional_properties.get("total-records", 0)),
    }))


if __name__ == "__main__":
    main()
