"""See bench/peers.sh."""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import duckdb

HERE = pathlib.Path(__file__).resolve().parent
KINDS = ("parquet", "csv.gz")
PIPELINE = """
name: bench-peers
client: {{base_url: "{url}", concurrency: 16}}
resources:
  - name: productos
    primary_key: [id]
    endpoint:
      path: /api/productos
      data_selector: productos
      paginator: {{type: page_number, base_page: 1, page_param: page, page_size: 1000, page_size_param: per_page,
                  total_path: total, total_pages_path: pages}}
    formats: [{formats}]
    columns: [{{name: id, type: int64, nullable: false}}, {{name: nombre, type: string}}, {{name: descripcion, type: string}},
              {{name: precio, type: "decimal(18,2)"}}, {{name: stock, type: int64}}, {{name: categoria, type: string}},
              {{name: proveedor, type: string}}, {{name: sku, type: string}}, {{name: fecha_creacion, type: timestamp}},
              {{name: fecha_actualizacion, type: timestamp}}]
"""


def ingesta(url, rows, folder, kind):
    formats = {"parquet": "parquet", "csv.gz": "{type: csv, compression: gzip}"}[kind]
    (folder / "pipeline.yaml").write_text(PIPELINE.format(url=url, formats=formats))
    return [os.environ["INGESTA"], "run", str(folder / "pipeline.yaml"), "--data-dir", str(folder / "data")]


def script(name):
    return lambda url, rows, folder, kind: [sys.executable, str(HERE / name), url, str(rows), str(folder), kind]


TOOLS = {"ingesta": ingesta, "duckdb": script("duckdb_load.py"), "python": script("python_load.py"), "dlt": script("dlt_load.py")}


def rows_in(folder, kind):
    """What a load left. dlt keeps working copies below `pipelines`, and gives CSV with gzip no suffix for it."""
    ours = [path for path in folder.rglob("*") if path.is_file() and "productos" in str(path.relative_to(folder))
            and "pipelines" not in path.parts and "_ingesta" not in path.parts]
    if kind == "parquet":
        files = [str(path) for path in ours if path.suffix == ".parquet"]
        return duckdb.sql(f"SELECT count(*) FROM read_parquet({files})").fetchone()[0]
    files = [str(path) for path in ours if path.suffix in (".csv", ".gz")]
    return duckdb.sql(f"SELECT count(*) FROM read_csv({files}, compression = 'gzip', header = true)").fetchone()[0]


def measure(tool, url, rows, kind):
    with tempfile.TemporaryDirectory(prefix="ingesta-peers-") as name:
        folder = pathlib.Path(name)
        command = TOOLS[tool](url, rows, folder, kind)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("INGESTA_", "S3_", "GLUE_"))} | {"S3_BUCKET": ""}
        with open(folder / "log", "wb") as log:
            began = time.monotonic()
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, cwd=folder)
            _, status, usage = os.wait4(child.pid, 0)
            wall = time.monotonic() - began
        if status:
            sys.exit(f"{tool} {kind} failed:\n{(folder / 'log').read_text(errors='replace')[-3000:]}")
        found = rows_in(folder, kind)
        if found != rows:
            sys.exit(f"{tool} {kind} left {found} rows of {rows}")
        return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(prog="bench/peers.sh")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", default=",".join(TOOLS))
    options = parser.parse_args()
    server = subprocess.Popen([os.environ["PAGE_SERVER"], "--rows", str(options.rows), "--port", "0"], stdout=subprocess.PIPE,
                              text=True)
    try:
        url = f"http://127.0.0.1:{server.stdout.readline().split()[1]}"
        print(f"{options.rows:,} productos, medians of {options.runs}\n{'':20} {'wall s':>8} {'CPU s':>8} {'RSS MiB':>8}")
        for kind in KINDS:
            for tool in options.only.split(","):
                runs = [measure(tool, url, options.rows, kind) for _ in range(options.runs)]
                wall, cpu, rss = (statistics.median(column) for column in zip(*runs))
                print(f"{kind + ' ' + tool:20} {wall:8.2f} {cpu:8.2f} {rss:8.0f}", flush=True)
    finally:
        server.kill()


if __name__ == "__main__":
    main()
