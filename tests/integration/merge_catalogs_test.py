#!/usr/bin/env python3
"""Pipelines that merge, on a real S3 server and with the tables in each kind of catalog, read back by pyiceberg.

usage: merge_catalogs_test.py INGESTA [Glue|Rest|S3]...

Twice with changed data, once with nothing changed, and (where the catalog takes them) after rows that pyiceberg put in and
took out in between: the table must hold the last state of every key, as a plain dict says.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import boto3
import pyarrow
from pyiceberg.catalog import load_catalog
from pyiceberg.table import StaticTable

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "rest_catalog"))
from merge_service import KEYS, PIPELINE, Service, diff, pedido, plain, upsert
from server import RestCatalog
from servers import assignments, plain_environment, run_script

INGESTA = sys.argv[1]


class Merging:
    """The cases; a subclass says where the tables are."""

    catalog_yaml = ""
    takes_other_writers = True

    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-merge-catalogs-"))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        cls.service = Service()
        cls.addClassCleanup(cls.service.server.shutdown)
        cls.environment = plain_environment() | {
            "INGESTA_DATA_DIR": str(cls.work / "data"), "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(cls.work / "no-home")}
        cls.start()
        cls.pipeline = cls.work / "pipeline.yaml"
        cls.pipeline.write_text(PIPELINE.format(url=cls.service.url) + cls.catalog_yaml)

    @classmethod
    def start_s3(cls):
        s3 = assignments(run_script("s3-server.sh", "start", cls.work / "s3"))
        cls.addClassCleanup(run_script, "s3-server.sh", "stop", cls.work / "s3")
        cls.environment |= s3
        cls.bucket = s3.get("S3_BUCKET", "inventario-datalake")
        cls.keys = {"endpoint": s3["AWS_ENDPOINT_URL_S3"], "region": s3.get("AWS_REGION", "us-east-1"),
                    "access-key-id": s3["AWS_ACCESS_KEY_ID"], "secret-access-key": s3["AWS_SECRET_ACCESS_KEY"]}
        return {f"s3.{name}": value for name, value in cls.keys.items()}

    def run_ingesta(self):
        done = subprocess.run([INGESTA, "run", str(self.pipeline), "--json"], env=self.environment, capture_output=True,
                              text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return {table["dataset"]: table for table in json.loads(done.stdout)[0]["tables"] if table["kind"] == "iceberg"}

    def check(self, model):
        for dataset, key in KEYS.items():
            rows = self.table(dataset).scan().to_arrow().to_pylist()
            found = {tuple(row[name] for name in key): plain(row) for row in rows}
            self.assertEqual(len(found), len(rows), f"{dataset}: a key comes twice")
            self.assertEqual(diff(found, model[dataset]), {}, dataset)

    def other_writer(self, model):
        """pyiceberg appends a row under a new key and deletes one; both tables stay ours."""
        table = self.table("pedidos")
        row = next(row for row in table.scan().to_arrow().to_pylist() if row["id"] == 1) | {"id": 900, "estado": "A MANO"}
        table.append(pyarrow.Table.from_pylist([row], schema=table.schema().as_arrow()))
        table.delete("id = 2")
        model["pedidos"][(900,)] = plain(row)
        del model["pedidos"][(2,)]
        self.check(model)

    def test_the_last_state_of_every_key_is_in_the_table(self):
        model = {dataset: {} for dataset in KEYS}
        source = self.service.pedidos = {n: pedido(n, "NUEVO", month=1 + n % 3) for n in range(1, 31)}
        changes = self.run_ingesta()
        upsert(model, source.values())
        self.check(model)
        self.assertEqual({name: table["change"] for name, table in changes.items()}, dict.fromkeys(KEYS, "created"))

        # One changes, one moves to another month, one is not sent any more, one is new.
        source[3] = pedido(3, "PAGADO", month=1, peso=-0.0)
        source[4] = pedido(4, "NUEVO", month=12)
        del source[6]
        source[31] = pedido(31, "NUEVO", month=4)
        merged = self.run_ingesta()["pedidos"]
        upsert(model, source.values())
        self.check(model)
        self.assertEqual(merged["merged"], {"inserted": 1, "updated": 2, "unchanged": 27, "repeated": 0})
        self.assertEqual(len(self.table("pedidos").snapshots()), 2)

        self.assertEqual(self.run_ingesta()["pedidos"]["change"], "unchanged")
        self.check(model)
        if not self.takes_other_writers:
            return
        self.other_writer(model)
        source[900] = pedido(900, "NUESTRO", month=5)
        merged = self.run_ingesta()["pedidos"]["merged"]
        upsert(model, source.values())
        self.check(model)
        self.assertEqual((merged["inserted"], merged["updated"]), (1, 1), "2 came back, 900 was the other writer's")


class S3(Merging, unittest.TestCase):
    """No catalog but the bucket; pyiceberg reads the newest metadata file."""

    takes_other_writers = False

    @classmethod
    def start(cls):
        cls.properties = cls.start_s3()
        cls.client = boto3.client("s3", endpoint_url=cls.keys["endpoint"], region_name=cls.keys["region"],
                                  aws_access_key_id=cls.keys["access-key-id"],
                                  aws_secret_access_key=cls.keys["secret-access-key"])

    def table(self, dataset):
        listed = self.client.list_objects_v2(Bucket=self.bucket, Prefix=f"iceberg/{dataset}/metadata/v")["Contents"]
        newest = max((entry["Key"] for entry in listed if entry["Key"].endswith(".metadata.json")),
                     key=lambda key: int(key.rpartition("/v")[2].split(".")[0]))
        return StaticTable.from_metadata(f"s3://{self.bucket}/{newest}", self.properties)


class Glue(Merging, unittest.TestCase):
    """Files on S3, tables in Glue (moto behind the strict proxy)."""

    @classmethod
    def start(cls):
        properties = cls.start_s3()
        aws = assignments(run_script("aws-server.sh", "start", cls.work / "aws"))
        cls.addClassCleanup(run_script, "aws-server.sh", "stop", cls.work / "aws")
        cls.environment |= {"AWS_ENDPOINT_URL_GLUE": aws["AWS_ENDPOINT_URL"], "GLUE_DATABASE": "inventario_db"}
        glue = {f"glue.{name}": value for name, value in cls.keys.items() if name != "endpoint"}
        cls.catalog = load_catalog("glue", **{"type": "glue", "glue.endpoint": aws["AWS_ENDPOINT_URL"]}, **glue, **properties)

    def table(self, dataset):
        return self.catalog.load_table(f"inventario_db.{dataset}")


class Rest(Merging, unittest.TestCase):
    """Tables in Apache's reference implementation of the REST catalog, whose files are local."""

    @classmethod
    def start(cls):
        server = cls.enterClassContext(RestCatalog())
        cls.environment |= {"S3_BUCKET": "", "CATALOG_CREDENTIAL": "ingesta:secret"}
        cls.catalog_yaml = (f"catalog:\n  type: rest\n  uri: {server.uri}\n  namespace: inventario\n"
                            "  credential: ${CATALOG_CREDENTIAL}\n")
        cls.catalog = load_catalog("rest", **{"type": "rest", "uri": server.uri, "credential": "reader:secret",
                                              "oauth2-server-uri": f"{server.uri}/v1/oauth/tokens"})

    def table(self, dataset):
        return self.catalog.load_table(("inventario", dataset))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
