#!/usr/bin/env python3
"""Suites inside runs against the demo services: what `fail`, `quarantine` and `warn` do, over one pass and several, of roots and of
children; the results in the manifest, the summary and the result files.
usage: expectations_run_test.py INGESTA"""
import html.parser
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

import pyarrow.compute as pc
import pyarrow.parquet

from servers import ROOT, DemoServices, plain_environment

INGESTA = sys.argv[1]
ROWS = 1000


def expectation(kind, policy=None, **kwargs):
    return {"type": kind, "kwargs": kwargs, "meta": {"ingesta": {"on_failure": policy}} if policy else {}}


def between(column, policy, **bounds):
    return expectation("expect_column_values_to_be_between", policy, column=column, **bounds)


class Page(html.parser.HTMLParser):
    """Fails for tags that are not closed; collects the tags, the links and the text."""

    def __init__(self, path):
        super().__init__()
        self.open, self.tags, self.links, self.text = [], set(), [], ""
        self.feed(path.read_text(encoding="utf-8"))
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]
        assert all(not name.startswith("on") for name, _ in attrs), attrs
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text += data


class Runs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-suites-"))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        cls.services = cls.enterClassContext(DemoServices(INGESTA, ROWS))
        # The rows as they are at the source, by a run that has no suites.
        cls.truth = cls.work / "truth"
        for name in ("productos", "ordenes"):
            folder = cls.work / "without" / name
            shutil.copytree(ROOT / f"ingesta-{name}", folder)
            text = (folder / "pipeline.yaml").read_text()
            (folder / "pipeline.yaml").write_text("\n".join(line for line in text.splitlines() if "expectations:" not in line))
            cls.ingesta(["run", str(folder)], data=cls.truth)

    @classmethod
    def ingesta(cls, arguments, data, code=0, env=None, services=None):
        environment = plain_environment() | (services or cls.services).env | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(data)}
        done = subprocess.run([INGESTA, *arguments], env=environment | (env or {}), text=True, capture_output=True)
        if done.returncode != code:
            raise AssertionError(f"exit code {done.returncode}, not {code}\n{done.stdout}\n{done.stderr}")
        return done

    def setUp(self):
        self.folder = self.work / self.id().rsplit(".", 1)[-1]
        self.data = self.folder / "data"

    def pipeline(self, name, **suites):
        """A copy of a shipped pipeline whose datasets have these expectations; with `meta_DATASET`, the suite's own settings."""
        folder = self.folder / name
        shutil.copytree(ROOT / f"ingesta-{name}", folder, dirs_exist_ok=True)
        for path in (folder / "expectations").glob("*.json"):
            path.write_text(json.dumps({"name": path.stem, "expectations": suites.get(path.stem, []),
                                        "meta": {"ingesta": suites.get("meta_" + path.stem, {})}}))
        return str(folder)

    def run_one(self, pipeline, *options, code=0, env=None, services=None, command="run"):
        return self.ingesta([command, pipeline, *options], self.data, code, env, services)

    def manifest(self):
        (path,) = self.data.glob("_ingesta/runs/*/*.json")
        return json.loads(path.read_text())

    def dataset(self, name):
        (found,) = [dataset for dataset in self.manifest()["datasets"] if dataset["name"] == name]
        return found

    def validation(self, dataset):
        (path,) = (self.data / "_ingesta/validations" / dataset).glob("*.json")
        return json.loads(path.read_text())

    def quarantined(self, dataset):
        return [json.loads(line) for path in (self.data / "_ingesta/quarantine" / dataset).glob("*.jsonl")
                for line in path.read_text().splitlines()]

    def visible(self):
        return [path for path in self.data.rglob("*") if path.is_file() and "_ingesta" not in path.parts]

    @staticmethod
    def table(data, dataset):
        (path,) = (data / "parquet" / dataset).glob("fecha=*/*.parquet")
        return pyarrow.parquet.read_table(path, partitioning=None)

    def above(self, data, dataset, column, limit):
        return pc.sum(pc.greater(self.table(data, dataset)[column], limit)).as_py() or 0

    def median(self, dataset, column):
        return int(pc.approximate_median(pc.cast(self.table(self.truth, dataset)[column], "float64")).as_py())

    def test_the_shipped_suites_are_checked_and_told(self):
        for name, datasets in (("productos", ["productos", "categorias"]), ("proveedores", ["proveedores"]),
                               ("ordenes", ["ordenes", "detalles_orden", "clientes"])):
            self.data = self.folder / name
            text = self.run_one(str(ROOT / f"ingesta-{name}")).stdout
            for dataset in datasets:
                suite = json.loads((ROOT / f"ingesta-{name}/expectations/{dataset}.json").read_text())
                (record,) = self.dataset(dataset)["expectations"]
                self.assertEqual(record["total"], len(suite["expectations"]))
                self.assertEqual(record["met"] + len(record["unmet"]), record["total"])
                self.assertIn(f"  {dataset}: {record['met']} of {record['total']} expectations met", text)
                self.assertEqual({unmet["on_failure"] for unmet in record["unmet"]} - {"warn"}, set())
                validation = self.validation(dataset)
                self.assertEqual(validation["statistics"]["successful_expectations"], record["met"])
                self.assertEqual(validation["meta"]["ingesta"]["rows"], self.table(self.data, dataset).num_rows)

    def test_fail_publishes_nothing_and_says_why(self):
        pipeline = self.pipeline("productos", productos=[between("precio", "fail", max_value=-1),
                                                         expectation("expect_column_to_exist", column="id")])
        done = self.run_one(pipeline, code=1)
        priced = ROWS - self.table(self.truth, "productos")["precio"].null_count
        self.assertEqual(self.visible(), [])
        for part in ("expect_column_values_to_be_between on precio is not met", f"{priced} of 1,000 unexpected",
                     "_ingesta/validations/productos/", "on_failure", "productos: 1 of 2 expectations met"):
            self.assertIn(part, done.stdout)
        manifest = self.manifest()
        self.assertEqual((manifest["status"], manifest["errors"][0]["stage"]), ("failed", "expect"))
        self.assertEqual(manifest["errors"][0]["code"], "expectation_failed")
        (unmet,) = self.dataset("productos")["expectations"][0]["unmet"]
        self.assertEqual((unmet["type"], unmet["unexpected_count"]), ("expect_column_values_to_be_between", priced))
        self.assertFalse(self.validation("productos")["success"])

    def test_quarantine_takes_rows_and_their_children_out(self):
        limit = self.median("ordenes", "total")
        broken = self.above(self.truth, "ordenes", "total", limit)
        self.assertGreater(broken, 0)
        pipeline = self.pipeline("ordenes", ordenes=[between("total", "quarantine", max_value=limit)])
        self.run_one(pipeline, "--set", "resources.ordenes.max_rejected=1", code=3)
        ordenes, truth = self.table(self.data, "ordenes"), self.table(self.truth, "ordenes")
        self.assertEqual(ordenes.num_rows, truth.num_rows - broken)
        self.assertEqual(self.above(self.data, "ordenes", "total", limit), 0)
        kept = set(ordenes["id"].to_pylist())
        lines = self.table(self.truth, "detalles_orden").to_pylist()
        self.assertCountEqual(self.table(self.data, "detalles_orden")["id"].to_pylist(),
                              [line["id"] for line in lines if line["orden_id"] in kept])
        record = self.dataset("ordenes")
        self.assertEqual((record["rejected"], record["completeness"]["verdict"]), (broken, "exact"))
        rows = self.quarantined("ordenes")
        self.assertCountEqual([int(row["key"]) for row in rows], set(truth["id"].to_pylist()) - kept)
        self.assertEqual({row["expectation"] for row in rows}, {"expect_column_values_to_be_between"})
        self.assertIn("total = ", rows[0]["reason"])
        self.assertEqual(json.loads(rows[0]["record"])["id"], int(rows[0]["key"]))
        result = self.validation("ordenes")["results"][0]
        self.assertEqual((result["result"]["element_count"], result["result"]["unexpected_count"]), (truth.num_rows, broken))
        self.assertEqual(result["meta"]["ingesta"]["quarantined"], broken)

    def test_quarantine_of_a_child_leaves_its_parent(self):
        truth = self.table(self.truth, "detalles_orden")
        limit = self.median("detalles_orden", "cantidad")
        broken = self.above(self.truth, "detalles_orden", "cantidad", limit)
        self.assertGreater(broken, 0)
        pipeline = self.pipeline("ordenes", detalles_orden=[between("cantidad", "quarantine", max_value=limit)])
        self.run_one(pipeline, "--set", "resources.detalles_orden.max_rejected=1", code=3)
        self.assertEqual(self.table(self.data, "ordenes").num_rows, self.table(self.truth, "ordenes").num_rows)
        self.assertEqual(self.table(self.data, "detalles_orden").num_rows, truth.num_rows - broken)
        self.assertEqual(self.dataset("detalles_orden")["rejected"], broken)
        self.assertEqual(len(self.quarantined("detalles_orden")), broken)

    def test_what_is_quarantined_counts_against_max_rejected_and_the_suites_limit(self):
        suite = [between("precio", "quarantine", max_value=self.median("productos", "precio"))]
        done = self.run_one(self.pipeline("productos", productos=suite), code=1)
        self.assertIn("by expectations), more than max_rejected", done.stdout)
        self.assertEqual(self.manifest()["errors"][0]["code"], "too_many_rejected")
        shutil.rmtree(self.data)
        limited = self.pipeline("productos", productos=suite, meta_productos={"max_quarantined": "5%"})
        done = self.run_one(limited, "--set", "resources.productos.max_rejected=1", code=1)
        self.assertIn("more than max_quarantined (5 %)", done.stdout)
        self.assertEqual(self.visible(), [])

    def test_warn_publishes_and_counts_what_it_published(self):
        limit = self.median("productos", "precio")
        pipeline = self.pipeline("productos", productos=[between("precio", "warn", max_value=limit)])
        text = self.run_one(pipeline).stdout
        broken = self.above(self.data, "productos", "precio", limit)
        self.assertIn(f"{broken} of 1,000 unexpected", text)
        self.assertEqual(self.dataset("productos")["expectations"][0]["unmet"][0]["unexpected_count"], broken)
        shutil.rmtree(self.data)
        pipeline = self.pipeline("productos", productos=[between("precio", "warn", max_value=limit)],
                                 meta_productos={"max_warned": 0})
        self.assertIn("more than max_warned (0)", self.run_one(pipeline, code=1).stdout)

    def test_a_suite_may_put_up_with_some_that_fail(self):
        suite = [between("precio", "fail", max_value=-1), between("stock", "fail", max_value=-1)]
        self.run_one(self.pipeline("productos", productos=suite, meta_productos={"max_failed": 1}), code=1)
        shutil.rmtree(self.data)
        self.run_one(self.pipeline("productos", productos=suite, meta_productos={"max_failed": 2}))
        self.assertEqual(self.dataset("productos")["expectations"][0]["met"], 0)

    def test_several_passes_are_judged_by_the_rows_that_are_left(self):
        limit = self.median("productos", "precio")
        suite = [between("precio", "warn", max_value=limit), expectation("expect_column_values_to_be_unique", "fail", column="id")]
        small = ("--set", "resources.productos.endpoint.paginator.page_size=50")
        for formats in ("csv,json,parquet,iceberg", "csv,parquet"):
            with DemoServices(INGESTA, ROWS, "--fault", "drift:dataset=productos:count=6") as services:
                self.run_one(self.pipeline("productos", productos=suite), *small, env={"INGESTA_FORMATS": formats}, services=services)
            record = self.dataset("productos")
            self.assertEqual(record["completeness"]["verdict"], "repaired")
            self.assertGreater(record["completeness"]["passes"], 1)
            first, second = self.validation("productos")["results"]
            self.assertEqual(first["result"]["element_count"], record["rows"])
            self.assertEqual(first["result"]["unexpected_count"], self.above(self.data, "productos", "precio", limit))
            self.assertTrue(second["success"])
            shutil.rmtree(self.data)

    def test_several_passes_quarantine_a_row_once(self):
        limit = self.median("productos", "precio")
        pipeline = self.pipeline("productos", productos=[between("precio", "quarantine", max_value=limit)])
        small = [f"--set=resources.productos.{setting}" for setting in ("endpoint.paginator.page_size=50", "max_rejected=1")]
        with DemoServices(INGESTA, 3 * ROWS) as services:
            self.run_one(pipeline, *small, code=3, services=services)
        record = self.dataset("productos")
        self.assertGreater(record["completeness"]["passes"], 1)
        keys = [row["key"] for row in self.quarantined("productos")]
        self.assertEqual(len(set(keys)), len(keys))
        self.assertEqual((record["rejected"], record["rows"] + record["rejected"]), (len(keys), 3 * ROWS))
        self.assertEqual(self.above(self.data, "productos", "precio", limit), 0)
        result = self.validation("productos")["results"][0]["result"]
        self.assertEqual((result["element_count"], result["unexpected_count"]), (3 * ROWS, len(keys)))

    def test_a_stream_that_breaks_is_judged_once(self):
        with DemoServices(INGESTA, 20_001, "--fault", "broken-clientes:count=1") as services:
            suite = [expectation("expect_table_row_count_to_be_between", "fail", min_value=1)]
            self.run_one(self.pipeline("ordenes", clientes=suite), "--only", "clientes", services=services)
        self.assertGreaterEqual(self.dataset("clientes")["retries"], 1)
        result = self.validation("clientes")["results"][0]["result"]
        self.assertEqual(result["observed_value"], self.table(self.data, "clientes").num_rows)

    def test_mistakes_end_run_and_check_before_the_first_request(self):
        pipeline = self.pipeline("productos", productos=[between("nope", "warn", min_value=1), between("precio", "warn", mostl=1)],
                                 categorias=[expectation("expect_nothing")])
        nowhere = {"PRODUCTOS_SERVICE_URL": "http://127.0.0.1:9"}
        for command in ("run", "check"):
            error = self.run_one(pipeline, code=2, env=nowhere, command=command).stderr
            for part in ("pipeline.yaml:28:20: ", "$.expectations[1].kwargs.mostl", "pipeline.yaml:46:20: ", "expect_nothing"):
                self.assertIn(part, error)
        error = self.run_one(self.pipeline("productos", productos=[between("nope", "warn", min_value=1)]), code=2, env=nowhere).stderr
        self.assertIn("there is no column `nope`", error)
        (pathlib.Path(pipeline) / "expectations/productos.json").unlink()
        self.assertIn("pipeline.yaml:28:20: ", self.run_one(pipeline, code=2, env=nowhere).stderr)

    def test_dry_runs_are_judged_and_limited_ones_only_told(self):
        pipeline = self.pipeline("productos", productos=[between("precio", "fail", max_value=-1)])
        self.assertIn("0 of 1 expectations met", self.run_one(pipeline, "--dry-run", code=1).stdout)
        text = self.run_one(pipeline, "--limit", "10").stdout
        self.assertIn("0 of 1 expectations met, of the rows that were read", text)
        # What is not asked for fails nothing.
        self.run_one(pipeline, "--only", "categorias")

    def test_json_has_the_results(self):
        pipeline = self.pipeline("productos", productos=[between("precio", "warn", max_value=-1)])
        (outcome,) = json.loads(self.run_one(pipeline, "--json").stdout)
        (suite,) = outcome["datasets"][0]["expectations"]
        self.assertEqual((suite["met"], suite["total"], suite["unmet"][0]["on_failure"]), (0, 1, "warn"))

    def test_the_data_docs_stand_alone_and_link_the_runs(self):
        hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
        suite = [expectation("expect_column_values_to_match_regex", "warn", column="nombre", regex="^" + hostile + "$"),
                 between("precio", "warn", min_value=0)]
        suite[0]["notes"] = hostile
        pipeline = self.pipeline("productos", productos=suite)
        for run_id in ("day-1", "day:2"):
            self.run_one(pipeline, "--run-id", run_id)
        suite[1] = between("precio", "fail", max_value=-1)
        self.run_one(self.pipeline("productos", productos=suite), "--run-id", "day-3", code=1)
        docs = self.data / "_ingesta/docs/productos"
        pages = {name: Page(docs / name) for name in ("index.html", "day-1.html", "day:2.html", "day-3.html")}
        for page in pages.values():
            self.assertEqual(page.tags & {"script", "img", "link", "iframe", "object"}, set())
            self.assertTrue(all(link.startswith(("./", "#")) for link in page.links), page.links)
            for link in page.links:
                if link.startswith("./"):
                    self.assertTrue((docs / urllib.parse.unquote(link)).exists(), link)
        self.assertIn("./day%3A2.html", pages["day-1.html"].links)
        self.assertLess({"./day-1.html", "./day-3.html"}, set(pages["day:2.html"].links))
        self.assertEqual([link for link in pages["index.html"].links], ["./day-3.html", "./day%3A2.html", "./day-1.html"])
        self.assertIn(hostile, pages["day-1.html"].text)
        self.assertIn("is not met", pages["day-3.html"].text)

    def test_a_killed_run_keeps_the_results_of_what_was_whole(self):
        pipeline = self.pipeline("ordenes", ordenes=[between("total", "quarantine", max_value=self.median("ordenes", "total"))])
        options = ["--set", "resources.ordenes.max_rejected=1"]
        for resumed_at in ("the same services", "others"):  # whose address makes another configuration
            shutil.rmtree(self.data, ignore_errors=True)
            with DemoServices(INGESTA, ROWS, "--fault", "hang:1:delay=60s:dataset=clientes") as services:
                self.kill_after_ordenes(pipeline, options, services)
                self.run_one(pipeline, *options, code=3, command="resume",
                             services=services if resumed_at == "the same services" else self.services)
            record = self.dataset("ordenes")
            result = self.validation("ordenes")["results"][0]
            self.assertEqual(result["meta"]["ingesta"]["quarantined"], record["rejected"])
            self.assertEqual(record["expectations"][0]["quarantined"], record["rejected"])
            self.assertEqual(len(self.quarantined("ordenes")), record["rejected"])

    def kill_after_ordenes(self, pipeline, options, services):
        env = plain_environment() | services.env | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(self.data)}
        process = subprocess.Popen([INGESTA, "run", pipeline, *options], env=env, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not list(self.data.glob("_ingesta/spool/ordenes/*/ordenes.done.json")):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        process.kill()
        process.wait()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
