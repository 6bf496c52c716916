"""The script that people write: requests in 16 threads, rows in memory. usage: python_load.py URL ROWS FOLDER parquet|csv.gz"""
import concurrent.futures
import csv
import gzip
import math
import pathlib
import sys

import pyarrow
import pyarrow.parquet
import requests

url, rows, folder, kind = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4]
session = requests.Session()
session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=16))


def page(number):
    answer = session.get(f"{url}/api/productos", params={"page": number, "per_page": 1000}, timeout=60)
    answer.raise_for_status()
    return answer.json()["productos"]


with concurrent.futures.ThreadPoolExecutor(16) as pool:
    pages = pool.map(page, range(1, math.ceil(rows / 1000) + 1))
    if kind == "parquet":
        writer = None
        for records in pages:
            table = pyarrow.Table.from_pylist(records)
            writer = writer or pyarrow.parquet.ParquetWriter(folder / "productos.parquet", table.schema, compression="zstd")
            writer.write_table(table)
        writer.close()
    else:
        with gzip.open(folder / "productos.csv.gz", "wt", newline="", encoding="utf-8") as file:
            writer = None
            for records in pages:
                if writer is None:
                    writer = csv.DictWriter(file, records[0])
                    writer.writeheader()
                writer.writerows(records)
