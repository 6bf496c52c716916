#!/usr/bin/env python3
"""Every S3 and Glue call of a whole run goes wrong once: nothing live is lost, no row is lost, doubled or half visible.

usage: lake_faults_test.py INGESTA [FAULT:CALL]...

For each fault (see fault_proxy.py) and each number N: a run that makes its tables meets the fault at its N-th call, the next run,
which finds them, at its N-th call too, and a third runs undisturbed. After each the tables are read by pyiceberg past the
proxies; at the end each run that succeeded is one snapshot of an appended table, and `ingesta lake verify` finds no hole.
LAKE_FAULTS_STEP=1 takes every N; the ordinary test each 16th, other ones for each fault. A failing one is repeated by FAULT:CALL.
"""
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import boto3
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import NoSuchTableError, NoSuchNamespaceError

from fault_proxy import FaultProxy, Faults
from merge_service import Service, pedido
from servers import assignments, plain_environment, run_script

INGESTA = sys.argv[1]
STEP = int(os.environ.get("LAKE_FAULTS_STEP", "16"))
FAULTS = ("fail", "lose_request", "lose_answer", "kill_before", "kill_after")
DATABASE = "inventario_db"
PEDIDOS, LINEAS = 12, 24
PIPELINE = """
name: pedidos_{suffix}
client: {{base_url: "{url}"}}
resources:
  - name: pedidos_{suffix}
    endpoint: {{path: /pedidos, data_selector: pedidos, paginator: single_page}}
    primary_key: [id]
    write_disposition: append
    formats: [csv, parquet, iceberg]
    columns:
      - {{name: id, type: int64}}
      - {{name: estado, type: string}}
  - name: lineas_{suffix}
    explode: {{resource: pedidos_{suffix}, path: lineas}}
    include_from_parent: [id]
    primary_key: [pedido_id, linea]
    formats: [csv, parquet, iceberg]
    columns:
      - {{name: pedido_id, path: _pedidos_{suffix}_id, type: int64}}
      - {{name: linea, type: int32}}
"""


class LakeFaults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-lake-faults-"))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        s3 = assignments(run_script("s3-server.sh", "start", cls.work / "s3"))
        cls.addClassCleanup(run_script, "s3-server.sh", "stop", cls.work / "s3")
        glue = assignments(run_script("aws-server.sh", "start", cls.work / "aws"))["AWS_ENDPOINT_URL"]
        cls.addClassCleanup(run_script, "aws-server.sh", "stop", cls.work / "aws")
        cls.service = Service()
        cls.addClassCleanup(cls.service.server.shutdown)
        cls.service.pedidos = {n: pedido(n, "NUEVO") for n in range(1, PEDIDOS + 1)}
        cls.bucket = s3.get("S3_BUCKET", "inventario-datalake")
        keys = {"region": s3.get("AWS_REGION", "us-east-1"), "access-key-id": s3["AWS_ACCESS_KEY_ID"],
                "secret-access-key": s3["AWS_SECRET_ACCESS_KEY"]}
        cls.s3 = boto3.client("s3", endpoint_url=s3["AWS_ENDPOINT_URL_S3"], region_name=keys["region"],
                              aws_access_key_id=keys["access-key-id"], aws_secret_access_key=keys["secret-access-key"])
        cls.catalog = load_catalog("glue", **{
            "type": "glue", "glue.endpoint": glue, "s3.endpoint": s3["AWS_ENDPOINT_URL_S3"],
            **{f"{service}.{name}": value for service in ("glue", "s3") for name, value in keys.items()}})
        cls.faults = Faults()
        proxies = [FaultProxy(url, cls.faults) for url in (s3["AWS_ENDPOINT_URL_S3"], glue)]
        for proxy in proxies:
            cls.addClassCleanup(proxy.stop)
        cls.environment = plain_environment() | s3 | {
            "AWS_ENDPOINT_URL_S3": proxies[0].url, "AWS_ENDPOINT_URL_GLUE": proxies[1].url, "GLUE_DATABASE": DATABASE,
            "INGESTA_DATA_DIR": str(cls.work / "data"), "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(cls.work / "no-home")}
        cls.rounds = 0

    def pipeline(self):
        """A new one, with datasets of its own."""
        type(self).rounds += 1
        self.suffix = str(self.rounds)
        path = self.work / f"pipeline-{self.suffix}.yaml"
        path.write_text(PIPELINE.format(suffix=self.suffix, url=self.service.url))
        return str(path)

    def ingesta(self, *arguments, number=0, fault=""):
        """Exit code, output and errors of a process whose `number`-th call meets `fault`."""
        self.faults.plan(number, fault)
        process = subprocess.Popen([INGESTA, *arguments], env=self.environment, text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.faults.process = process
        out, err = process.communicate(timeout=300)
        return process.returncode, out, err

    def rows(self, dataset, key):
        """How often each key is in the table, and its runs; none where there is no table (yet)."""
        try:
            table = self.catalog.load_table(f"{DATABASE}.{dataset}_{self.suffix}")
        except (NoSuchTableError, NoSuchNamespaceError):
            return collections.Counter(), []
        rows = table.scan().to_arrow().to_pylist()
        runs = [snapshot.summary["ingesta.run-id"].split("@")[0] for snapshot in table.snapshots()]
        return collections.Counter(tuple(row[name] for name in key) for row in rows), runs

    def check_whole(self):
        """Whatever can be seen is whole runs, each once. Returns the appended table's runs."""
        pedidos, runs = self.rows("pedidos", ("id",))
        self.assertEqual(len(set(runs)), len(runs), "a run is twice in the table")
        self.assertEqual(pedidos, collections.Counter({(n,): len(runs) for n in range(1, PEDIDOS + 1)} if runs else {}))
        lineas, lineas_runs = self.rows("lineas", ("pedido_id", "linea"))
        self.assertEqual((len(lineas), sum(lineas.values())), (LINEAS, LINEAS) if lineas_runs else (0, 0))
        return runs

    def check_end(self, pipeline):
        runs = self.check_whole()
        prefix = f"_ingesta/runs/pedidos_{self.suffix}/"
        manifests = [json.loads(self.s3.get_object(Bucket=self.bucket, Key=entry["Key"])["Body"].read())
                     for entry in self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)["Contents"]]
        done = sorted(manifest["run_id"] for manifest in manifests if manifest["status"] == "succeeded")
        self.assertEqual(sorted(runs), done)
        self.assertIn("third", runs)
        csvs = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"pedidos_{self.suffix}/")["Contents"]
        self.assertEqual(len(csvs), len(runs), "a CSV a run")
        code, out, err = self.ingesta("lake", "verify", "-p", pipeline, "--json")
        self.assertEqual(code, 0, out + err)
        findings = json.loads(out)["pipelines"][0]["findings"]
        self.assertEqual([finding for finding in findings if finding["kind"] != "orphan"], [])

    def round(self, fault, number):
        """Whether there were so many calls."""
        pipeline = self.pipeline()
        met = []
        for run in ("first", "second"):
            code, out, err = self.ingesta("run", pipeline, "--json", "--run-id", run, number=number, fault=fault)
            met.append(self.faults.met())
            self.assertIn(code, (0, 1, -9), f"{met}\n{out}{err}")
            self.check_whole()
        code, out, err = self.ingesta("run", pipeline, "--json", "--run-id", "third")
        self.assertEqual(code, 0, f"{met}\n{out}{err}")
        self.check_end(pipeline)
        return met

    def test_each_call_goes_wrong_once(self):
        if named := [word.split(":") for word in sys.argv[2:]]:
            rounds = [(fault, int(number)) for fault, number in named]
        else:
            code, out, err = self.ingesta("run", self.pipeline(), "--json", "--run-id", "undisturbed")
            self.assertEqual(code, 0, out + err)
            calls = len(self.faults.calls)
            self.assertGreater(calls, 40, self.faults.calls)
            rounds = [(fault, number) for i, fault in enumerate(FAULTS)
                      for number in range(1 + i * STEP // len(FAULTS), calls + 1, STEP)]
        began = time.monotonic()
        for fault, number in rounds:
            with self.subTest(fault=fault, call=number):
                self.round(fault, number)
        print(f"{len(rounds)} rounds, {time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
