"""Our expectations against Great Expectations 1.24 itself: generated tables x parameters, both judge the same Parquet file.

usage: gx_test.py DRIVER     GX_CASES: tables (default 2; 40 in the long run), GX_SEED: the first one's seed, GX_SHOW=1
Each difference has to be one of DIFFERENCES, which docs/en/expectations.md explains by the same names.
"""
import collections
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import gx_oracle
import pandas
import pyarrow.parquet
from gx_tables import DRAWS, Drawer, make_table

PER_TABLE = 5
FORMATS = ["SUMMARY", "COMPLETE", "BASIC", "BOOLEAN_ONLY", {"result_format": "SUMMARY", "partial_unexpected_count": 3}]


class Native:
    """The driver: one process for all tables."""

    def __init__(self, driver):
        self.process = subprocess.Popen([driver], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if isinstance(answer, dict) and "failed" in answer:
            raise SystemExit(f"the driver failed: {answer['failed']} on {command}")
        return answer


def same(a, b):
    """Equal as JSON, numbers by value and doubles to 12 digits; what JSON has no number for is null."""
    if isinstance(a, float) and not math.isfinite(a):
        a = None
    if isinstance(b, float) and not math.isfinite(b):
        b = None
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None:
        return a is b or (isinstance(a, bool) and isinstance(b, bool) and a == b)
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b or math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return a == b


# What GX only finds out when there are values, and what is an error before the run here.
REFUSED = ("has no order against", "is no text that could have", "the regular expression", "names no type", "has no numbers",
           "has no differences", "is no type of pandas", "can't be compared", "strftime_format", "have no one text")


def difference(case, what, gx, ours):
    """The name of the documented difference that explains one, or None."""
    table, frame, expectation = case
    kwargs, kind = expectation["kwargs"], expectation["type"]
    names = [kwargs.get(key) for key in ("column", "column_A", "column_B")] + list(kwargs.get("column_list") or [])
    names = [name for name in names if name in table.column_names]
    kinds = [str(table.schema.field(name).type) for name in names]

    def has(*prefixes):
        return any(kind.startswith(prefixes) for kind in kinds)

    if "error" in ours and any(text in ours["error"] for text in REFUSED):
        unknown_type = kind.endswith(("_of_type", "_type_list", "_type_to_be"))
        return "refused_before_the_run" if unknown_type or no_values(frame, expectation) else None
    if has("date", "timestamp") and any(isinstance(value, str) for value in kwargs.get("value_set") or []):
        return "dates_in_sets"
    raised = gx.get("exception") or ""
    if has("decimal") and raised and not ours["exception"]:
        return "decimals_computed" if any(text in raised for text in ("Decimal", "NoneType", "Z-score")) else None
    if has("bool") and ("boolean subtract" in raised or kind.endswith(("_increasing", "_decreasing"))):
        return "differences_of_booleans"
    if kind.endswith("a_to_be_greater_than_b") and "NoneType" in raised:
        return "missing_in_pairs"
    if has("timestamp") and "Z-score" in raised:
        return "z_scores_of_times"
    if has("int") and any(table[name].null_count for name in names) and "text" not in kinds:
        if "regex" in kind or "value_lengths" in kind or "type" in kind:
            return "whole_numbers_with_nulls"
    if what == "result.partial_unexpected_counts" and any(has_missing(value) for value in gx["result"]["partial_unexpected_list"]):
        return "counts_with_missing_values"
    if kind == "expect_column_values_to_be_in_type_list" and has("string", "timestamp"):
        return "type_lists"
    return None


def has_missing(value):
    """Whether a pair or a record has a missing value."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return any(part in (None, "NaT") for part in parts)


def no_values(frame, expectation):
    """Whether GX had no value to look at."""
    answer = gx_oracle.evaluate(frame, [expectation], "SUMMARY")[0]
    result = answer.get("result") or {}
    if "element_count" in result:
        return result["element_count"] == result.get("missing_count", 0)
    return result.get("observed_value", 0) is None


def agree(gx, ours):
    """None, or what differs."""
    if "invalid" in gx or gx["exception"]:
        if "error" in ours or ours["exception"]:
            return None
        return "GX raises: " + (gx.get("invalid") or gx["exception"])
    if "error" in ours or ours["exception"]:
        return "we refuse: " + (ours.get("error") or ours["exception"])
    if gx["success"] != ours["success"]:
        return "success"
    gx_result, our_result = gx["result"], ours["result"]
    # Python's sets have no order.
    for result in (gx_result, our_result):
        result.get("partial_missing_list", []).sort(key=repr)
    for key in list(gx_result) + list(our_result):
        if key not in gx_result or key not in our_result or not same(gx_result[key], our_result[key]):
            return f"result.{key}"
    return None


def check_table(native, folder, seed, counts, failures):
    table = make_table(seed)
    path = folder / f"{seed}.parquet"
    pyarrow.parquet.write_table(table, path)
    drawer = Drawer(table, seed)
    only = os.environ.get("GX_ONLY", "")
    expectations = [{"type": kind, "kwargs": draw(drawer)} for kind, draw in DRAWS.items() if only in kind for _ in range(PER_TABLE)]
    result_format = FORMATS[seed % len(FORMATS)]
    frame = pandas.read_parquet(path)
    gx = gx_oracle.evaluate(frame, expectations, result_format)
    # Small batches and little memory, so that runs on disk are merged too.
    ours = native.ask(parquet=str(path), expectations=expectations, format=result_format,
                      batch_rows=[7, 1000][seed % 2], memory_limit=[600, 1 << 28][seed % 2])
    for expectation, theirs, mine in zip(expectations, gx, ours):
        what = agree(theirs, mine)
        reason = what and difference((table, frame, expectation), what, theirs, mine)
        counts[expectation["type"]][reason or ("same" if what is None else "DIFFERENT")] += 1
        if what and not reason:
            failures.append(f"seed {seed} {json.dumps(expectation)} {result_format}\n  {what}\n  GX:   {json.dumps(theirs)}\n  ours: {json.dumps(mine)}")


def main():
    native = Native(sys.argv[1])
    first, cases = int(os.environ.get("GX_SEED", "1")), int(os.environ.get("GX_CASES", "2"))
    counts, failures = collections.defaultdict(collections.Counter), []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + cases):
            check_table(native, pathlib.Path(folder), seed, counts, failures)
    for kind, outcome in counts.items():
        print(f"{kind}: " + ", ".join(f"{number} {name}" for name, number in outcome.items()))
    for failure in failures[: int(os.environ.get("GX_SHOW", "30"))]:
        print(failure)
    total = sum(sum(outcome.values()) for outcome in counts.values())
    print(f"gx_test: {len(counts)} expectations, {total} comparisons, {len(failures)} unexplained differences")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
