"""Great Expectations on pandas over a million productos and the 20 expectations of expect_bench.cc, for comparison.

usage: scripts/test-venv.sh gx; .deps/gx-venv/bin/python -B bench/expect_gx.py [ROWS]
Prints the CPU seconds of the validation alone, the data frame being in memory, and the process's peak memory.
"""
import datetime
import decimal
import pathlib
import re
import resource
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent / "tests" / "integration"))
import json  # noqa: E402

import gx_oracle  # noqa: E402
import pandas  # noqa: E402


def make_frame(rows):
    """The shape of productos: as many decimals, texts and times as a Parquet file of them gives pandas."""
    start = datetime.datetime(2025, 9, 1)
    times = pandas.Series([start - datetime.timedelta(seconds=row // 2000) for row in range(rows)]).astype("datetime64[us]")
    categories = ["Libros", "Ropa", "Electrónica", "Hogar", "日本食品 🍣"]
    return pandas.DataFrame({
        "id": range(10_000_000, 10_000_000 + rows),
        "nombre": [f"Multi-layered neutral hub {row % 8}" for row in range(rows)],
        "precio": [decimal.Decimal(row * 7919 % 500_000).scaleb(-2) for row in range(rows)],
        "stock": [row * 31 % 500 for row in range(rows)],
        "categoria": [categories[row % 5] for row in range(rows)],
        "proveedor": [f"Proveedor {row % 4}" for row in range(rows)],
        "sku": [f"SKU-{row}" for row in range(rows)],
        "fecha_creacion": times, "fecha_actualizacion": times})


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    source = (ROOT / "expect_bench.cc").read_text(encoding="utf-8")
    literals = [re.sub(r'\)"\s*R"\(', "", text) for text in re.findall(r'R"\((\{"type".*?)\)"[,}]', source, re.DOTALL)]
    expectations = [json.loads(text) for text in literals]
    frame = make_frame(rows)
    before = time.process_time()
    answers = gx_oracle.evaluate(frame, expectations, "SUMMARY")
    spent = time.process_time() - before
    failed = [(one["type"], answer.get("exception")) for one, answer in zip(expectations, answers) if not answer.get("success")]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(expectations)} expectations, {rows} rows: {spent:.2f} CPU s, {spent / rows * 1e6:.2f} for 1 M rows, peak {peak:.0f} MiB, not met: {failed}")


if __name__ == "__main__":
    main()
