#!/usr/bin/env python3
"""`ingesta expect` over a demo's Parquet files: the shipped suites, what an unmet expectation does, and the result file.
usage: expect_command_test.py INGESTA"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import pyarrow.compute
import pyarrow.parquet

from servers import DATASETS, ROOT, plain_environment

INGESTA = sys.argv[1]


class Expect(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-expect-"))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        env = plain_environment() | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(cls.work / "data"), "INGESTA_HOME": str(ROOT)}
        subprocess.run([INGESTA, "demo", "--run", "--rows", "500"], env=env, check=True, capture_output=True)

    def files(self, dataset):
        return [str(path) for path in sorted((self.work / "data/parquet" / dataset).rglob("*.parquet"))]

    def expect(self, suite, files, *options, code=0):
        done = subprocess.run([INGESTA, "expect", str(suite), *files, *options], env=plain_environment(), text=True,
                              capture_output=True)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def suite(self, *expectations):
        path = self.work / "suite.json"
        path.write_text(json.dumps({"name": "own", "expectations": [
            {"type": kind, "kwargs": kwargs, "meta": {"ingesta": {"on_failure": policy}} if policy else {}}
            for kind, kwargs, policy in expectations]}))
        return path

    def test_the_shipped_suites_hold_on_what_the_contract_allows(self):
        for dataset in DATASETS:
            (suite,) = ROOT.glob(f"ingesta-*/expectations/{dataset}.json")
            self.assertIn(f"{dataset} · ", self.expect(suite, self.files(dataset)).stdout)

    def test_what_is_not_met_decides_the_exit_code(self):
        cheap = {"column": "precio", "max_value": 100}
        for policies, code in ((["warn"], 0), (["quarantine"], 3), (["fail"], 1), (["quarantine", "fail"], 1), ([None], 1)):
            suite = self.suite(*[("expect_column_values_to_be_between", cheap, policy) for policy in policies])
            self.expect(suite, self.files("productos"), code=code)

    def test_the_counts_are_the_tables(self):
        prices = pyarrow.parquet.read_table(self.files("productos")[0], partitioning=None)["precio"]
        dear = pyarrow.compute.sum(pyarrow.compute.greater(prices, 1000)).as_py()
        self.assertGreater(dear, 0)
        suite = self.suite(("expect_column_values_to_be_between", {"column": "precio", "max_value": 1000}, "warn"))
        text = self.expect(suite, self.files("productos")).stdout
        self.assertIn(f"{dear} of {len(prices)} unexpected", text)
        twice = json.loads(self.expect(suite, 2 * self.files("productos"), "--json").stdout)
        result = twice["results"][0]["result"]
        self.assertEqual((result["element_count"], result["unexpected_count"]), (2 * len(prices), 2 * dear))

    def test_the_result_file_is_what_json_prints(self):
        suite = self.suite(("expect_table_row_count_to_equal", {"value": 1}, None))
        target = self.work / "result.json"
        printed = self.expect(suite, self.files("categorias"), "--json", "--result", str(target), code=1).stdout
        self.assertEqual(json.loads(printed), json.loads(target.read_text()))
        self.assertFalse(json.loads(printed)["success"])

    def test_mistakes_are_told_before_anything_is_read(self):
        suite = self.suite(("expect_colunm_values_to_be_null", {"column": "id"}, None),
                           ("expect_column_values_to_be_null", {"column": "id", "mostl": 1}, None))
        error = self.expect(suite, ["no-such.parquet"], code=2).stderr
        self.assertIn("$.expectations[0]", error)
        self.assertIn("$.expectations[1]", error)
        suite = self.suite(("expect_column_values_to_be_null", {"column": "nope"}, None))
        self.assertIn("nope", self.expect(suite, self.files("productos"), code=2).stderr)
        any_suite = self.suite(("expect_table_row_count_to_equal", {"value": 1}, None))
        mixed = self.files("productos") + self.files("clientes")
        self.assertIn("its columns are not those of the first file", self.expect(any_suite, mixed, code=2).stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
