#!/usr/bin/env python3
"""Whole runs into tables of an Iceberg REST catalog, Apache's reference implementation, read back and written to by pyiceberg.

usage: rest_catalog_test.py INGESTA
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import pyarrow
import pyarrow.compute
from pyiceberg.catalog.rest import RestCatalog as PyIcebergCatalog

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "rest_catalog"))
from server import RestCatalog
from servers import DemoServices, pipeline_text, plain_environment

INGESTA = sys.argv[1]
DATASETS = ("productos", "categorias")
TABLE = r"/v1/namespaces/[^/]*/tables/"
COMMIT = f"POST {TABLE}.*"
TRANSACTION = "POST /v1/transactions/commit"


class RestCatalogRuns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(RestCatalog())
        cls.service = cls.enterClassContext(DemoServices(INGESTA, 400)).env["PRODUCTOS_SERVICE_URL"]

    def setUp(self):
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-rest-data-"))
        self.addCleanup(shutil.rmtree, self.data, True)
        self.namespace = self.id().rsplit(".", 1)[-1]
        self.addCleanup(self.server.faults)

    def pipeline(self, disposition="replace", auth="credential: ${CATALOG_CREDENTIAL}"):
        text = pipeline_text("productos")
        text = text.replace("    formats:", f"    write_disposition: {disposition}\n    formats:")
        text += f"\ncatalog:\n  type: rest\n  uri: {self.server.uri}\n  namespace: {self.namespace}\n  {auth}\n"
        path = self.data / "pipeline.yaml"
        path.write_text(text)
        return path

    def ingesta(self, *arguments, code=0):
        env = plain_environment() | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(self.data), "PRODUCTOS_SERVICE_URL": self.service,
                "CATALOG_CREDENTIAL": "ingesta:very-secret"}
        done = subprocess.run([INGESTA, *arguments], env=env, capture_output=True, text=True, timeout=240)
        self.assertNotIn("very-secret", done.stdout + done.stderr)
        self.assertIn(done.returncode, [code] if isinstance(code, int) else code, done.stdout + done.stderr)
        return done

    def run_ingesta(self, pipeline, *options, code=0):
        return self.ingesta("run", str(pipeline), "--json", *options, code=code)

    def run_anew(self, pipeline, *options):
        """A run that can't know that the tables hold its rows already: it replaces them."""
        shutil.rmtree(self.data / "_ingesta/state", ignore_errors=True)
        return self.run_ingesta(pipeline, *options)

    def lake(self, pipeline, *arguments, code=0):
        return json.loads(self.ingesta("lake", *arguments, "-p", str(pipeline), "--json", code=code).stdout)

    def pyiceberg(self):
        return PyIcebergCatalog("test", uri=self.server.uri, credential="reader:secret",
                                **{"oauth2-server-uri": f"{self.server.uri}/v1/oauth/tokens"})

    def table(self, dataset):
        return self.pyiceberg().load_table((self.namespace, dataset))

    def check_each_row_once(self, dataset, copies=1):
        newest = max((self.data / dataset).glob("*.csv"))
        rows = len(newest.read_text().splitlines()) - 1
        ids = self.table(dataset).scan().to_arrow()["id"]
        self.assertEqual((len(ids), len(pyarrow.compute.unique(ids))), (rows * copies, rows), dataset)

    def check_runs(self, dataset):
        """Each run that succeeded is one snapshot, in order."""
        runs = [json.loads(path.read_text()) for path in (self.data / "_ingesta/runs/productos").glob("*.json")]
        done = sorted(run["run_id"] for run in runs if run["status"] == "succeeded")
        seen = [s.summary["ingesta.run-id"].split("@")[0] for s in self.table(dataset).snapshots()]
        self.assertEqual(sorted(seen), done, dataset)

    def test_tables_of_a_run_are_switched_by_one_transaction(self):
        pipeline = self.pipeline()
        self.run_ingesta(pipeline)  # makes the tables, one by one
        self.server.calls()
        self.run_anew(pipeline)
        calls = [call for call in self.server.calls() if call.startswith("POST") and "oauth" not in call]
        self.assertEqual(calls, [TRANSACTION])
        for dataset in DATASETS:
            self.check_each_row_once(dataset)
            self.check_runs(dataset)
            table = self.table(dataset)
            self.assertEqual(table.location(), (self.data / "iceberg" / dataset).as_uri())
            self.assertEqual(table.metadata.format_version, 2)

    def test_a_namespace_of_two_levels(self):
        self.namespace = "tienda.inventario"
        self.pyiceberg().create_namespace("tienda")
        self.run_ingesta(self.pipeline())
        self.assertEqual(self.pyiceberg().list_tables(("tienda", "inventario")),
                         [("tienda", "inventario", dataset) for dataset in sorted(DATASETS)])
        self.check_each_row_once("productos")

    def test_appends_meet_the_appends_of_another_writer(self):
        pipeline = self.pipeline("append")
        self.run_ingesta(pipeline)
        table = self.table("productos")
        table.append(table.scan().to_arrow().slice(0, 5))
        self.run_ingesta(pipeline)
        ids = self.table("productos").scan().to_arrow()["id"].to_pylist()
        counts = sorted(ids.count(i) for i in set(ids))
        self.assertEqual(counts, [2] * (len(set(ids)) - 5) + [3] * 5)

    def test_lost_calls_end_in_the_same_tables(self):
        for fault in ("lose_request", "lose_answer", "fail_before", "fail_after", "busy"):
            for call in (TRANSACTION, f"POST {TABLE}categorias", f"GET {TABLE}productos", "GET /v1/config",
                         "POST /v1/namespaces"):
                with self.subTest(fault=fault, call=call):
                    self.namespace = re.sub(r"\W+", "_", f"{fault} {call}").lower()
                    shutil.rmtree(self.data / "iceberg", ignore_errors=True)
                    shutil.rmtree(self.data / "_ingesta", ignore_errors=True)
                    pipeline = self.pipeline("append")  # what is done twice shows
                    self.server.faults(f"{call} {fault}")
                    self.run_ingesta(pipeline, code=(0, 1))
                    self.run_ingesta(pipeline, code=(0, 1))
                    self.server.faults()
                    self.run_ingesta(pipeline)
                    runs = len(self.table("productos").snapshots())
                    for dataset in DATASETS:
                        self.check_runs(dataset)
                        self.check_each_row_once(dataset, copies=runs)

    def test_without_transactions_tables_are_committed_one_by_one(self):
        self.run_ingesta(self.pipeline())
        self.server.faults(f"{TRANSACTION} unknown")
        self.server.calls()
        self.run_anew(self.pipeline())
        calls = self.server.calls()
        self.assertEqual(sum(bool(re.fullmatch(COMMIT, call)) for call in calls), len(DATASETS), calls)
        for dataset in DATASETS:
            self.check_each_row_once(dataset)
            self.check_runs(dataset)

    def test_the_lakes_commands_see_and_move_the_catalogs_tables(self):
        pipeline = self.pipeline()
        self.assertEqual(self.lake(pipeline, "tables"), [])
        for run in ("first", "second", "third"):
            self.run_anew(pipeline, "--run-id", run)
        snapshots = [str(s.snapshot_id) for s in self.table("productos").snapshots()]
        listed = {table["table"]: table for table in self.lake(pipeline, "tables")}
        for dataset in DATASETS:
            table = self.table(dataset)
            rows = table.scan().to_arrow().num_rows
            self.assertEqual((listed[dataset]["rows"], listed[dataset]["last_run"], listed[dataset]["snapshot"]),
                             (rows, "third", str(table.current_snapshot().snapshot_id)))
            self.assertEqual(listed[dataset + "_parquet"]["rows"], rows)
        history = self.lake(pipeline, "history", "productos")["history"]
        self.assertEqual([(state["run"], state["current"], state["snapshot"]) for state in history],
                         [("third", True, snapshots[2]), ("second", False, snapshots[1]), ("first", False, snapshots[0])])
        self.assertEqual(self.lake(pipeline, "verify", "--checksums")["pipelines"][0]["findings"], [])

        # Back and on again: what pyiceberg reads is that snapshot.
        rolled = self.lake(pipeline, "rollback", "productos", "--to", "first")
        self.assertTrue(all(table["changed"] for table in rolled["tables"]), rolled)
        self.assertEqual(str(self.table("productos").current_snapshot().snapshot_id), snapshots[0])
        self.check_each_row_once("productos")
        self.assertEqual({finding["kind"] for finding in self.lake(pipeline, "verify")["pipelines"][0]["findings"]}, {"stale"})
        self.lake(pipeline, "rollback", "productos", "--to", "third")
        self.assertEqual(str(self.table("productos").current_snapshot().snapshot_id), snapshots[2])

        # What only old snapshots need goes, in the server's table as in the folder.
        before = set((self.data / "iceberg" / "productos" / "data").rglob("*.parquet"))
        (self.data / "iceberg" / "productos" / "data" / "dead.parquet").write_text("nobody's")
        options = ("maintain", "productos", "--keep", "1", "--snapshot-age", "0s", "--orphan-age", "0s")
        planned, = self.lake(pipeline, *options, "--dry-run")["tables"]
        self.assertEqual((planned["expired_snapshots"], len(planned["orphans"])), (2, 1), planned)
        self.assertEqual(len(self.table("productos").snapshots()), 3)
        done, = self.lake(pipeline, *options)["tables"]
        self.assertEqual((done["expired_snapshots"], done["expired_objects"], done["error"]),
                         (2, planned["expired_objects"], None))
        self.assertEqual([str(s.snapshot_id) for s in self.table("productos").snapshots()], [snapshots[2]])
        self.assertLess(set((self.data / "iceberg" / "productos" / "data").rglob("*.parquet")), before)
        self.check_each_row_once("productos")
        self.assertEqual(self.lake(pipeline, "verify")["pipelines"][0]["findings"], [])
        self.run_ingesta(pipeline, "--run-id", "fourth")
        self.check_each_row_once("productos")

    def test_a_token_that_is_refused_is_named(self):
        done = self.run_ingesta(self.pipeline(auth="token: not-a-token"), code=1)
        error = json.loads(done.stdout)[0]["errors"][0]
        self.assertEqual(error["code"], "unauthorized")
        self.assertIn("token", error["hint"])
        self.assertNotIn("not-a-token", done.stdout + done.stderr)

    def test_a_uri_that_is_no_catalog_is_named(self):
        for auth in ("credential: a:b", "token: abc"):
            pipeline = self.pipeline(auth=auth)
            pipeline.write_text(pipeline.read_text().replace(self.server.uri, self.service))
            error = json.loads(self.run_ingesta(pipeline, code=(1, 2)).stdout)[0]["errors"][0]
            self.assertIn("/v1", error["hint"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
