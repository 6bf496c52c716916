#!/usr/bin/env python3
"""Whole runs of a shipped pipeline with GLUE_DATABASE: files on a real S3 server, tables in Glue (moto behind the strict proxy),
read back by boto3 and pyiceberg, then looked at, rolled back and verified by `ingesta lake`. usage: lake_glue_test.py INGESTA"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import boto3
from pyiceberg.catalog import load_catalog

from servers import ROOT, DemoServices, assignments, pipeline_text, plain_environment, run_script

INGESTA = sys.argv[1]
DATABASE = "inventario_db"
DATASETS = ("ordenes", "detalles_orden", "clientes")
SUFFIXES = {"ordenes": ("csv", "csv_actual", "json", "parquet", "actual", "historial"),
            "detalles_orden": ("csv", "csv_actual", "parquet", "actual", "historial"),
            "clientes": ("csv", "csv_actual", "json", "parquet", "actual", "historial")}


class LakeInGlue(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-lake-glue-"))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        s3 = assignments(run_script("s3-server.sh", "start", cls.work / "s3"))
        cls.addClassCleanup(run_script, "s3-server.sh", "stop", cls.work / "s3")
        aws = assignments(run_script("aws-server.sh", "start", cls.work / "aws"))
        cls.addClassCleanup(run_script, "aws-server.sh", "stop", cls.work / "aws")
        cls.bucket = s3.get("S3_BUCKET", "inventario-datalake")
        cls.servers = s3 | {"AWS_ENDPOINT_URL_GLUE": aws["AWS_ENDPOINT_URL"], "GLUE_DATABASE": DATABASE}
        keys = {"region_name": s3.get("AWS_REGION", "us-east-1"), "aws_access_key_id": s3["AWS_ACCESS_KEY_ID"],
                "aws_secret_access_key": s3["AWS_SECRET_ACCESS_KEY"]}
        cls.glue = boto3.client("glue", endpoint_url=aws["AWS_ENDPOINT_URL"], **keys)
        cls.s3 = boto3.client("s3", endpoint_url=s3["AWS_ENDPOINT_URL_S3"], **keys)
        cls.iceberg = load_catalog("glue", **{
            "type": "glue", "glue.endpoint": aws["AWS_ENDPOINT_URL"], "glue.region": keys["region_name"],
            "glue.access-key-id": keys["aws_access_key_id"], "glue.secret-access-key": keys["aws_secret_access_key"],
            "s3.endpoint": s3["AWS_ENDPOINT_URL_S3"], "s3.region": keys["region_name"],
            "s3.access-key-id": keys["aws_access_key_id"], "s3.secret-access-key": keys["aws_secret_access_key"]})
        cls.url = cls.start_demo(1, 2000)

    @classmethod
    def start_demo(cls, seed, rows):
        """The URL of an ordenes service with other data."""
        return cls.enterClassContext(DemoServices(INGESTA, rows, "--seed", str(seed))).env["ORDENES_SERVICE_URL"]

    def ingesta(self, *arguments, code=0, **changes):
        env = plain_environment() | self.servers | {"INGESTA_DATA_DIR": str(self.work / "data"), "AWS_EC2_METADATA_DISABLED": "true",
                               "HOME": str(self.work / "no-home"), "ORDENES_SERVICE_URL": self.url}
        done = subprocess.run([INGESTA, *arguments], env=env | changes, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def run_ordenes(self, **changes):
        return json.loads(self.ingesta("run", str(ROOT / "ingesta-ordenes"), "--json", **changes).stdout)[0]

    def lake(self, *arguments, code=0, pipeline=ROOT / "ingesta-ordenes", **changes):
        done = self.ingesta("lake", *arguments, "-p", str(pipeline), "--json", code=code, **changes)
        return json.loads(done.stdout) if done.stdout else done.stderr

    def tables(self):
        pages = self.glue.get_paginator("get_tables").paginate(DatabaseName=DATABASE)
        return {table["Name"]: table for page in pages for table in page["TableList"]}

    def objects(self, prefix):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def iceberg_rows(self, dataset):
        return self.iceberg.load_table(f"{DATABASE}.{dataset}").scan().to_arrow()

    def check_registered(self, run):
        tables = self.tables()
        self.assertEqual(set(tables), set(DATASETS) | {f"{d}_{s}" for d in DATASETS for s in SUFFIXES[d]})
        self.assertEqual({change["table"] for change in run["tables"]}, set(tables), "the manifest names what Glue has")
        lake = f"s3://{self.bucket}/"
        for dataset in DATASETS:
            for suffix, folder in (("csv", ""), ("csv_actual", "symlink/"), ("json", "json/"), ("parquet", "parquet/")):
                if suffix in SUFFIXES[dataset]:
                    location = tables[f"{dataset}_{suffix}"]["StorageDescriptor"]["Location"]
                    self.assertEqual(location, f"{lake}{folder}{dataset}/")
                    self.assertTrue(self.objects(location.removeprefix(lake)), f"{location} is empty")
            partitions = self.glue.get_partitions(DatabaseName=DATABASE, TableName=f"{dataset}_parquet")["Partitions"]
            day = run["timestamp"]
            self.assertEqual([p["Values"] for p in partitions], [[f"{day[:4]}-{day[4:6]}-{day[6:8]}"]])
            self.assertTrue(self.objects(partitions[0]["StorageDescriptor"]["Location"].removeprefix(lake)))
            symlink = self.s3.get_object(Bucket=self.bucket, Key=f"symlink/{dataset}/symlink.txt")["Body"].read().decode()
            self.assertEqual(symlink, f"{lake}{dataset}/{dataset}_{run['timestamp']}.csv\n")
            parameters = tables[dataset]["Parameters"]
            self.assertEqual(parameters["table_type"], "ICEBERG")
            self.assertTrue(parameters["metadata_location"].startswith(f"{lake}iceberg/{dataset}/metadata/"))
        return tables

    def check_rows(self, run):
        for dataset in run["datasets"]:
            rows = self.iceberg_rows(dataset["name"])
            self.assertEqual((rows.num_rows, len(set(rows["id"].to_pylist()))), (dataset["rows"], dataset["rows"]))

    def test_partitions_by_a_column(self):
        """Of a table that Glue has never seen; then of another month's rows."""
        text = pipeline_text("ordenes")
        text = text[:text.index("  # The lines of each order")].replace("name: ordenes\n", "name: pedidos\n")
        text = text.replace("    formats: [", "    partition_by: {column: fecha_orden, transform: month}\n    formats: [")
        pipeline = self.work / "pedidos"
        pipeline.mkdir()
        (pipeline / "pipeline.yaml").write_text(text)
        env = {"GLUE_DATABASE": "pedidos_db"}
        self.assertEqual(self.lake("tables", pipeline=pipeline, **env), [], "no database is no error")
        for seed in (1, 2):
            run, = json.loads(self.ingesta("run", str(pipeline), "--json", **env, ORDENES_SERVICE_URL=self.start_demo(seed, 400)).stdout)
            files = [f for f in run["datasets"][0]["files"] if f["format"] == "parquet"]
            self.assertGreater(len(files), 1)
            partitions = self.glue.get_partitions(DatabaseName="pedidos_db", TableName="pedidos_parquet")["Partitions"]
            self.assertEqual({p["StorageDescriptor"]["Location"] for p in partitions},
                             {f"s3://{self.bucket}/{f['key'].rpartition('/')[0]}/" for f in files})
            report = self.lake("verify", pipeline=pipeline, **env)["pipelines"][0]
            self.assertEqual(report["findings"], [])
            rows = {table["table"]: table["rows"] for table in self.lake("tables", pipeline=pipeline, **env)}
            self.assertEqual((rows["pedidos"], rows["pedidos_parquet"]), (200, 200))

    def test_what_a_partition_of_several_files_replaced_goes_by_maintain(self):
        text = pipeline_text("ordenes")
        text = text[:text.index("  # The lines of each order")].replace("name: ordenes\n", "name: ventas\n")
        text = re.sub("formats: .*", "formats: [csv, {type: parquet, target_file_size: 1MiB, compression: snappy}]", text)
        pipeline = self.work / "ventas"
        pipeline.mkdir()
        (pipeline / "pipeline.yaml").write_text(text)
        env = {"GLUE_DATABASE": "ventas_db", "ORDENES_SERVICE_URL": self.start_demo(3, 80000)}
        runs = []
        for _ in range(2):
            run, = json.loads(self.ingesta("run", str(pipeline), "--json", **env).stdout)
            runs.append({f["key"] for f in run["datasets"][0]["files"] if f["format"] == "parquet"})
        self.assertGreater(min(map(len, runs)), 1)
        lake = {"pipeline": pipeline, "GLUE_DATABASE": "ventas_db"}
        self.assertEqual(set(self.objects("parquet/ventas/")), runs[0] | runs[1])
        options = ("maintain", "ventas", "--orphan-age")
        young, = self.lake(*options, "1h", **lake)["tables"]
        self.assertEqual(young["replaced_files"], [], "a query may be reading them")
        planned, = self.lake(*options, "0s", "--dry-run", **lake)["tables"]
        done, = self.lake(*options, "0s", **lake)["tables"]
        self.assertEqual((set(planned["replaced_files"]), planned["replaced_files"]), (runs[0], done["replaced_files"]))
        self.assertEqual((done["left"], done["error"]), ([], None))
        self.assertEqual(set(self.objects("parquet/ventas/")), runs[1])
        self.assertEqual(self.lake("verify", "--checksums", **lake)["pipelines"][0]["findings"], [])
        rows = {table["table"]: table["rows"] for table in self.lake("tables", **lake)}
        self.assertEqual(rows["ventas_parquet"], 40000)

    def test_whole_runs(self):
        # The first run makes everything.
        first = self.run_ordenes()
        self.assertEqual({change["change"] for change in first["tables"]}, {"created"})
        self.assertEqual(first["catalog"], f"glue database {DATABASE}")
        before = self.check_registered(first)
        self.check_rows(first)
        totals = self.iceberg_rows("ordenes")["total"].to_pylist()
        self.assertEqual(self.lake("verify")["pipelines"][0]["findings"], [])

        # The second changes what differs: the Iceberg tables, nothing of the Hive tables.
        second = self.run_ordenes(ORDENES_SERVICE_URL=self.start_demo(2, 3000))
        changes = {change["table"]: change["change"] for change in second["tables"]}
        self.assertEqual({name: change for name, change in changes.items() if change != "unchanged"},
                         dict.fromkeys(DATASETS, "replaced"))
        after = self.check_registered(second)
        self.check_rows(second)
        for name, table in after.items():
            if name in DATASETS:
                self.assertNotEqual(table["Parameters"]["metadata_location"], before[name]["Parameters"]["metadata_location"])
                self.assertEqual(table["Parameters"]["previous_metadata_location"], before[name]["Parameters"]["metadata_location"])
            else:
                self.assertEqual(table, before[name], f"{name} was written although nothing differs")

        # The lake's commands see the same.
        listed = {table["table"]: table for table in self.lake("tables")}
        self.assertEqual(set(listed), set(after))
        self.assertTrue(all(table["registered"] for table in listed.values()))
        for dataset in second["datasets"]:
            table = listed[dataset["name"]]
            self.assertEqual((table["rows"], table["last_run"]), (dataset["rows"], second["run_id"]))
            self.assertEqual(listed[dataset["name"] + "_parquet"]["rows"], dataset["rows"])
            self.assertEqual(listed[dataset["name"] + "_actual"]["rows"], dataset["rows"])
        self.assertIn("CREATE EXTERNAL TABLE IF NOT EXISTS `inventario_db`.`ordenes_csv`", self.lake("ddl")[0]["sql"])
        history = self.lake("history", "ordenes")["history"]
        self.assertEqual([(state["run"], state["current"]) for state in history],
                         [(second["run_id"], True), (first["run_id"], False)])

        # Back to the first run, through Glue, and on with the next.
        rolled = self.lake("rollback", "ordenes", "--to", first["run_id"])
        self.assertEqual({table["table"]: table["changed"] for table in rolled["tables"]},
                         {"ordenes": True, "ordenes_csv_actual": True})
        self.assertEqual(self.iceberg_rows("ordenes")["total"].to_pylist(), totals)
        self.assertEqual({finding["kind"] for finding in self.lake("verify")["pipelines"][0]["findings"]}, {"stale"})
        third = self.run_ordenes()
        self.check_registered(third)
        self.check_rows(third)

        # What is wrong is found: a table of Glue's is gone, another's partition points into the void.
        self.glue.delete_table(DatabaseName=DATABASE, Name="clientes_json")
        partition = self.glue.get_partitions(DatabaseName=DATABASE, TableName="clientes_parquet")["Partitions"][0]
        storage = partition["StorageDescriptor"] | {"Location": f"s3://{self.bucket}/parquet/clientes/nowhere/"}
        self.glue.update_partition(DatabaseName=DATABASE, TableName="clientes_parquet", PartitionValueList=partition["Values"],
                                   PartitionInput={"Values": partition["Values"], "StorageDescriptor": storage})
        data_file = self.objects("iceberg/ordenes/data/")[-1]
        self.s3.delete_object(Bucket=self.bucket, Key=data_file)
        report = self.lake("verify", code=1)
        found = {(finding["kind"], finding["object"]) for finding in report["pipelines"][0]["findings"]}
        day = partition["Values"][0]
        self.assertLessEqual({("hole", f"{DATABASE}.clientes_json"), ("hole", f"{DATABASE}.clientes_parquet partition {day}"),
                              ("hole", f"s3://{self.bucket}/{data_file}")}, found)
        listed = {table["table"]: table for table in self.lake("tables")}
        self.assertFalse(listed["clientes_json"]["registered"])

        # The next run mends what it can: tables and partitions.
        self.run_ordenes()
        found = {finding["object"] for finding in self.lake("verify", code=1)["pipelines"][0]["findings"]}
        self.assertEqual(found, {f"s3://{self.bucket}/{data_file}"}, "an old snapshot's file stays lost")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
