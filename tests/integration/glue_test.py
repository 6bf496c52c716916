#!/usr/bin/env python3
"""Hive tables in a Glue catalog, written by ours and read back by boto3. usage: glue_test.py GLUE_DRIVER

The catalog is moto behind the strict proxy: signatures are checked by an independent verifier, members and lengths by AWS's
own model of the service, and answers get lost on request.
"""
import base64
import concurrent.futures
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import boto3
import botocore.exceptions
import botocore.session
import botocore.validate

import aws_server

ROOT = pathlib.Path(__file__).resolve().parents[2]
DRIVER = sys.argv[1]
LAKE = "s3://lake"


def productos(database, **changes):
    description = {
        "database": database, "dataset": "productos",
        "columns": [["id", "int64"], ["nombre", "string", "nombre", "What the shop calls it (source: nombre)"],
                    ["precio", "money"], ["creado", "timestamp", "meta.fechaCreacion"], ["activo", "bool"]],
        "formats": {"csv": f"{LAKE}/productos/", "json": f"{LAKE}/json/productos/", "parquet": f"{LAKE}/parquet/productos/"},
        "symlink": f"{LAKE}/symlink/productos/", "partition_key": "fecha",
        "partitions": {"2026-11-23": f"{LAKE}/parquet/productos/fecha=2026-11-23/"}}
    description.update(changes)
    return description


class GlueTables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.aws = aws_server.AwsServer()
        cls.addClassCleanup(cls.aws.stop)
        env = cls.aws.environment()
        cls.glue = boto3.client("glue", endpoint_url=env["AWS_ENDPOINT_URL"], region_name=env["AWS_REGION"],
                                aws_access_key_id=env["AWS_ACCESS_KEY_ID"], aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"])

    def setUp(self):
        self.database = self.id().rsplit(".", 1)[-1]

    def driver(self, description, *arguments, code=0, **environment):
        env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        env.update(self.aws.environment(), HOME="/nonexistent")
        env.update(environment)
        done = subprocess.run([DRIVER, *(arguments or ["publish"])], input=json.dumps(description), env=env, text=True,
                              capture_output=True, timeout=120)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def table(self, name):
        return self.glue.get_table(DatabaseName=self.database, Name=name)["Table"]

    def partitions(self):
        pages = self.glue.get_paginator("get_partitions").paginate(DatabaseName=self.database, TableName="productos_parquet")
        return {p["Values"][0]: p["StorageDescriptor"] for page in pages for p in page["Partitions"]}

    def writes(self):
        return len(self.aws.proxy.writes())

    def test_tables_are_as_athena_wants_them(self):
        changes = self.driver(productos(self.database))
        self.assertEqual({name: change["kind"] for name, change in changes.items()},
                         dict.fromkeys(["productos_csv", "productos_csv_actual", "productos_json", "productos_parquet",
                                        "productos_actual", "productos_historial"], "created"))
        csv, parquet, documents = (self.table(f"productos_{kind}") for kind in ("csv", "parquet", "json"))
        self.assertEqual({c["Type"] for c in csv["StorageDescriptor"]["Columns"]}, {"string"})
        self.assertEqual(csv["StorageDescriptor"]["Columns"][1]["Comment"], "What the shop calls it (source: nombre)")
        self.assertEqual(csv["Parameters"]["skip.header.line.count"], "1")
        self.assertEqual([c["Type"] for c in parquet["StorageDescriptor"]["Columns"]],
                         ["bigint", "string", "decimal(18,2)", "timestamp", "boolean"])
        self.assertEqual(parquet["PartitionKeys"], [{"Name": "fecha", "Type": "string"}])
        self.assertEqual([(c["Name"], c["Type"]) for c in documents["StorageDescriptor"]["Columns"]],
                         [("id", "bigint"), ("nombre", "string"), ("precio", "decimal(18,2)"),
                          ("meta", "struct<fechacreacion:string>"), ("activo", "boolean")])
        for table in (csv, parquet, documents):
            self.assertEqual(table["TableType"], "EXTERNAL_TABLE")
            self.assertEqual(table["Parameters"]["EXTERNAL"], "TRUE")
        view = self.table("productos_historial")
        encoded = re.fullmatch(r"/\* Presto View: (.*) \*/", view["ViewOriginalText"])[1]
        definition = json.loads(base64.b64decode(encoded))
        self.assertIn('TRY_CAST(NULLIF("precio", \'\') AS decimal(18,2)) AS "precio"', definition["originalSql"])
        self.assertEqual([c["name"] for c in definition["columns"]], [c["Name"] for c in view["StorageDescriptor"]["Columns"]])

    def test_the_second_time_writes_nothing(self):
        self.driver(productos(self.database))
        before = self.writes()
        changes = self.driver(productos(self.database))
        self.assertEqual({change["kind"] for change in changes.values()}, {"unchanged"})
        self.assertEqual(self.writes(), before)

    def test_a_schema_change_updates_tables_and_partitions(self):
        self.driver(productos(self.database))
        columns = productos("")["columns"] + [["marca", "string"]]
        changes = self.driver(productos(self.database, columns=columns))
        self.assertEqual({change["kind"] for change in changes.values()}, {"updated"})
        self.assertEqual(changes["productos_parquet"]["updated"], 1)
        self.assertEqual(self.partitions()["2026-11-23"]["Columns"][-1]["Name"], "marca")
        self.assertEqual(self.table("productos_csv")["StorageDescriptor"]["Columns"][-1]["Name"], "marca")

    def test_partitions_are_registered_repointed_and_dropped(self):
        days = {f"2026-{month:02}-{day:02}": f"{LAKE}/parquet/productos/fecha=2026-{month:02}-{day:02}/"
                for month in range(1, 6) for day in range(1, 29)}
        changes = self.driver(productos(self.database, partitions=days))
        self.assertEqual(changes["productos_parquet"]["created"], len(days))
        self.assertEqual({day: storage["Location"] for day, storage in self.partitions().items()}, days)

        moved = {"2026-05-28": f"{LAKE}/parquet/productos/fecha=2026-05-28/run-2/"}
        changes = self.driver(productos(self.database, partitions=moved, gone=["2026-01-01"]))
        self.assertEqual(changes["productos_parquet"], {"kind": "unchanged", "created": 0, "updated": 1, "dropped": 1})
        there = self.partitions()
        self.assertEqual(there["2026-05-28"]["Location"], moved["2026-05-28"])
        self.assertNotIn("2026-01-01", there)
        self.assertEqual(len(there), len(days) - 1)

    def test_what_others_wrote_stays(self):
        self.driver(productos(self.database))
        table = self.table("productos_csv")
        wanted = {k: table[k] for k in ("Name", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")}
        wanted["Owner"] = "ana"
        wanted["Parameters"]["theirs"] = "1"
        wanted["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"] = "another.SerDe"
        self.glue.update_table(DatabaseName=self.database, TableInput=wanted)
        changes = self.driver(productos(self.database))
        self.assertEqual(changes["productos_csv"]["kind"], "updated")
        table = self.table("productos_csv")
        self.assertEqual((table["Owner"], table["Parameters"]["theirs"]), ("ana", "1"))
        self.assertTrue(table["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"].endswith("OpenCSVSerde"))

    def test_an_update_over_a_stale_version_is_refused(self):
        self.driver(productos(self.database))
        first = self.table("productos_csv")["VersionId"]
        self.driver(productos(self.database), "update", "productos_csv", first)
        error = self.driver(productos(self.database), "update", "productos_csv", first, code=1)
        self.assertEqual(error["code"], "conflict")
        self.assertIn("ConcurrentModificationException", error["message"])
        with self.assertRaises(botocore.exceptions.ClientError):  # SkipArchive: the old version is gone
            self.glue.get_table_version(DatabaseName=self.database, TableName="productos_csv", VersionId=first)

    def test_a_wrong_signature_is_refused(self):
        error = self.driver(productos(self.database), code=1, AWS_SECRET_ACCESS_KEY="not-the-secret")
        self.assertEqual(error["code"], "access_denied")
        self.assertIn("InvalidSignatureException", error["message"])
        self.assertNotIn("not-the-secret", json.dumps(error))
        with self.assertRaises(self.glue.exceptions.EntityNotFoundException):
            self.glue.get_database(Name=self.database)
        error = self.driver(productos(self.database), code=1, AWS_ACCESS_KEY_ID="unknown")
        self.assertEqual(error["code"], "expired_credentials")

    def test_a_missing_permission_is_named(self):
        self.driver(productos(self.database))
        self.aws.proxy.queue("UpdateTable", "refuse")
        error = self.driver(productos(self.database, columns=[["id", "int64"]]), code=1)
        self.assertEqual(error["code"], "access_denied")
        self.assertIn(f"allow glue:UpdateTable on arn:aws:glue:us-east-1:*:catalog, arn:aws:glue:us-east-1:*:database/"
                      f"{self.database} and arn:aws:glue:us-east-1:*:table/{self.database}/productos_csv", error["hint"])

    def test_lost_calls_end_in_the_same_catalog(self):
        for operation in ("CreateDatabase", "CreateTable", "UpdateTable", "BatchCreatePartition", "UpdatePartition",
                          "BatchDeletePartition", "GetTable"):
            for fault in ("lose_answer", "lose_request", "throttle", "fail"):
                with self.subTest(operation=operation, fault=fault):
                    self.database = f"lost_{operation}_{fault}".lower()
                    self.aws.proxy.queue(operation, fault)
                    self.driver(productos(self.database))
                    changed = productos(self.database, columns=[["id", "int64"], ["nuevo", "double"]], gone=["2026-11-23"],
                                        partitions={"2026-11-24": f"{LAKE}/parquet/productos/fecha=2026-11-24/"})
                    self.aws.proxy.queue(operation, fault)
                    self.driver(changed)
                    self.aws.proxy.faults.clear()
                    self.assertEqual(list(self.partitions()), ["2026-11-24"])
                    again = self.driver(changed)
                    self.assertEqual({change["kind"] for change in again.values()}, {"unchanged"})
                    self.assertEqual(again["productos_parquet"]["created"] + again["productos_parquet"]["updated"], 0)

    def test_eight_writers_at_once(self):
        def write(day):
            return self.driver(productos(self.database, partitions={f"2026-11-{day:02}": f"{LAKE}/p/{day}/"}))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(1, 9)))
        self.assertEqual(len(self.partitions()), 8)
        self.assertEqual(self.table("productos_csv")["VersionId"], "1")


    def test_eight_processes_commit_to_an_iceberg_table_under_faults(self):
        folder = tempfile.mkdtemp(prefix="ingesta-glue-")
        self.addCleanup(shutil.rmtree, folder)
        choice = random.Random(5)
        for operation in ("UpdateTable", "CreateTable", "GetTable"):
            faults = ["lose_answer", "lose_request", "throttle", "fail"] if operation != "GetTable" else ["throttle"]
            self.aws.proxy.queue(operation, *[choice.choice(faults) if choice.random() < 0.2 else None for _ in range(400)])
        self.addCleanup(self.aws.proxy.faults.clear)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda w: self.driver(productos(self.database), "iceberg", folder, f"w{w}", "5"), range(8)))
        self.aws.proxy.faults.clear()
        table = self.table("productos")
        self.assertEqual(table["Parameters"]["table_type"], "ICEBERG")
        metadata = json.loads(pathlib.Path(table["Parameters"]["metadata_location"].removeprefix("file://")).read_text())
        self.assertLessEqual({f"w{w}-{i}" for w in range(8) for i in range(5)}, set(metadata["properties"]))
        for entry in metadata["metadata-log"]:
            self.assertTrue(pathlib.Path(entry["metadata-file"].removeprefix("file://")).exists(), entry)
        self.assertEqual(table["Parameters"]["previous_metadata_location"], metadata["metadata-log"][-1]["metadata-file"])
        versions = self.glue.get_table_versions(DatabaseName=self.database, TableName="productos")["TableVersions"]
        self.assertEqual(len(versions), 1, "SkipArchive")


class Crawler(unittest.TestCase):
    def test_the_definition_is_what_create_crawler_takes(self):
        definition = json.loads((ROOT / "deploy/glue/crawler.json").read_text())
        session = botocore.session.get_session()
        shape = session.get_service_model("glue").operation_model("CreateCrawler").input_shape
        report = botocore.validate.ParamValidator().validate(definition, shape)
        self.assertFalse(report.has_errors(), report.generate_report())
        self.assertEqual(definition["DatabaseName"], "inventario_crawler")
        for target in definition["Targets"]["S3Targets"]:
            self.assertRegex(target["Path"], r"^s3://[a-z-]+/[a-z_]+/$")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
