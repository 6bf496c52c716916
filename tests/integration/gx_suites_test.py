"""The shipped suites in Great Expectations itself: it opens and runs them as they are, judges as we do, and loads our results.

usage: gx_suites_test.py DRIVER INGESTA
"""
import datetime
import decimal
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import gx_oracle
import pandas
import pyarrow
import pyarrow.parquet
from great_expectations.core.expectation_suite import ExpectationSuite
from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema
from ruamel.yaml import YAML

from servers import DATASETS, plain_environment

ROOT = pathlib.Path(__file__).resolve().parents[2]
TYPES = {"int64": pyarrow.int64(), "string": pyarrow.string(), "double": pyarrow.float64(), "timestamp": pyarrow.timestamp("us"),
         "decimal(18,2)": pyarrow.decimal128(18, 2)}


def value_of(kind, row, rng):
    """A value that the services could send, some of them odd."""
    if kind == "int64":
        return row
    if kind == "double":
        return rng.choice([0.0, 4.5, 5.0, 7.25])
    if kind == "decimal(18,2)":
        return decimal.Decimal(rng.randrange(-200, 100_000)).scaleb(-2)
    if kind == "timestamp":
        return datetime.datetime(rng.choice([1899, 2024, 2025, 9999]), 1, 1) + datetime.timedelta(seconds=rng.randrange(10**6))
    return rng.choice([f"a{row}@example.com", f"{row:024x}", "", "ñandú 🍣", f"SKU-{row}", "CANCELADO"])


def make_table(columns, seed):
    rng = random.Random(seed)
    arrays = {}
    for column in columns:
        kind = str(column["type"])
        missing = 0 if column.get("nullable") is False else 0.1
        values = [None if rng.random() < missing else value_of(kind, row, rng) for row in range(80)]
        arrays[column["name"]] = pyarrow.array(values, TYPES[kind])
    return pyarrow.table(arrays)


def check_suite(driver, path, columns, folder):
    """Both judge the same table by the suite; returns the number of expectations."""
    text = json.loads(path.read_text(encoding="utf-8"))
    suite = ExpectationSuite(**text)
    assert suite.name == path.stem and len(suite.expectations) == len(text["expectations"]), path
    parquet = folder / f"{path.stem}.parquet"
    pyarrow.parquet.write_table(make_table(columns, 5), parquet)
    command = json.dumps({"parquet": str(parquet), "suite": str(path), "format": "COMPLETE"})
    answer = subprocess.run([driver], input=command + "\n", capture_output=True, text=True, check=True).stdout
    ours = json.loads(answer)
    assert "failed" not in ours, ours
    loaded = expectationSuiteValidationResultSchema.load(ours)
    assert len(loaded["results"]) == len(suite.expectations), path
    theirs = gx_oracle.evaluate(pandas.read_parquet(parquet), text["expectations"], "COMPLETE")
    for expectation, gx, mine in zip(text["expectations"], theirs, ours["results"]):
        assert gx.get("exception") is None and "invalid" not in gx, (path, expectation, gx)
        assert gx["success"] == mine["success"], (path, expectation, gx, mine)
        for key in ("element_count", "unexpected_count", "partial_unexpected_index_list"):
            assert gx["result"].get(key) == mine["result"].get(key), (path, expectation, key, gx, mine)
        if expectation["severity"] == "warning":
            assert expectation["meta"]["ingesta"]["on_failure"] == "warn", (path, expectation)
    return len(text["expectations"])


def check_a_run(ingesta, folder):
    """GX loads the result files that a run publishes; returns their number."""
    env = plain_environment() | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(folder), "INGESTA_HOME": str(ROOT)}
    subprocess.run([ingesta, "demo", "--run", "--rows", "300"], env=env, check=True, capture_output=True)
    files = sorted(folder.glob("_ingesta/validations/*/*.json"))
    assert [path.parent.name for path in files] == sorted(DATASETS), files
    for path in files:
        text = json.loads(path.read_text(encoding="utf-8"))
        loaded = expectationSuiteValidationResultSchema.load(text)
        assert loaded["suite_name"] == path.parent.name, path
        assert loaded["statistics"]["evaluated_expectations"] == len(loaded["results"]) > 0, path
        assert loaded["meta"]["run_id"]["run_name"] == path.stem, path
    return len(files)


def main():
    driver, ingesta = sys.argv[1:]
    total, suites = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for pipeline in sorted(ROOT.glob("ingesta-*/pipeline.yaml")):
            resources = YAML(typ="safe").load(pipeline.read_text(encoding="utf-8"))["resources"]
            for resource in resources:
                path = pipeline.parent / "expectations" / f"{resource['name']}.json"
                assert path.exists(), f"{path}: the dataset has no suite"
                total += check_suite(driver, path, resource["columns"], pathlib.Path(folder))
                suites += 1
        results = check_a_run(ingesta, pathlib.Path(folder) / "data")
    assert total >= 25, total
    print(f"gx_suites_test: {suites} suites, {total} expectations, loaded and judged alike; {results} result files of runs loaded")


if __name__ == "__main__":
    main()
