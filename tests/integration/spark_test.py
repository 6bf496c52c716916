#!/usr/bin/env python3
"""The tables that runs leave, read by Spark with Iceberg's runtime: each row once, and the values that DuckDB reads.

usage: spark_test.py INGESTA

Spark reads the Iceberg tables of a local lake (its Hadoop catalog finds them by their folders), those of a REST catalog
(Apache's reference implementation), the Parquet partitions, and the tables and views of `ingesta lake ddl --engine spark`. The
jar comes by Maven, once; exit code 77 where Java or Maven is missing.
"""
import datetime
import fcntl
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from lake_readers import DATASETS, connect, metadata_of
from servers import ROOT, DemoServices, pipeline_text, plain_environment

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "rest_catalog"))
from server import RestCatalog

INGESTA = sys.argv[1]
JARS = ROOT / ".deps" / "spark-jars"
RUNTIME = ("iceberg-spark-runtime-4.0_2.13", "1.10.1")  # of Spark 4.0, as requirements-spark.txt has it
ROWS = 1500


def runtime_jar():
    jar = JARS / f"{RUNTIME[0]}-{RUNTIME[1]}.jar"
    JARS.mkdir(parents=True, exist_ok=True)
    with open(JARS.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jar.exists():
            if not (shutil.which("mvn") and shutil.which("java")):
                print("Spark needs Java, and its Iceberg runtime comes by Maven")
                sys.exit(77)
            subprocess.run(["mvn", "-B", "-q", "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy",
                            f"-Dartifact=org.apache.iceberg:{RUNTIME[0]}:{RUNTIME[1]}", f"-DoutputDirectory={JARS}"], check=True)
    return jar


def spark_session(work, rest_uri):
    from pyspark.sql import SparkSession  # when the time zone is set

    settings = {
        "spark.jars": str(runtime_jar()),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # A busy machine is slow to start, and a first heartbeat before that ends the session.
        "spark.executor.heartbeatInterval": "60s",
        "spark.network.timeout": "600s",
        "spark.driver.memory": "1g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(work / "warehouse"),
        "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.lake.type": "hadoop",
        "spark.sql.catalog.lake.warehouse": (work / "data").as_uri(),
        "spark.sql.catalog.rest": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.rest.type": "rest",
        "spark.sql.catalog.rest.uri": rest_uri,
        "spark.sql.catalog.rest.credential": "spark:secret",
        "spark.sql.catalog.rest.oauth2-server-uri": f"{rest_uri}/v1/oauth/tokens",
        "spark.sql.catalog.rest.io-impl": "org.apache.iceberg.hadoop.HadoopFileIO",
    }
    builder = SparkSession.builder.master("local[1]").appName("ingesta")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def plain(value):
    """A value as both programs' Python forms have it."""
    if isinstance(value, datetime.datetime):
        return (value.astimezone(datetime.timezone.utc).replace(tzinfo=None) if value.tzinfo else value).isoformat()
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    return str(value) if isinstance(value, datetime.date) else value


def table_of(names, rows):
    """Column names by the alphabet, and the rows with their values in that order, sorted."""
    order = sorted(range(len(names)), key=lambda i: names[i])
    return [names[i] for i in order], sorted((tuple(plain(row[i]) for i in order) for row in rows), key=repr)


class SparkReads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.environ["TZ"] = "UTC"
        time.tzset()
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-spark-"))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        runtime_jar()
        cls.duck = connect()
        cls.rest = cls.enterClassContext(RestCatalog())
        cls.load()
        cls.spark = spark_session(cls.work, cls.rest.uri)
        cls.addClassCleanup(cls.spark.stop)

    @classmethod
    def load(cls):
        """Two runs into the local lake, the second with other rows; one with the tables in the REST catalog."""
        for seed in (1, 2):
            cls.ingesta("demo", "--run", "--rows", str(ROWS), "--seed", str(seed))
        text = pipeline_text("productos")
        text += f"\ncatalog:\n  type: rest\n  uri: {cls.rest.uri}\n  namespace: inventario\n  credential: ingesta:secret\n"
        pipeline = cls.work / "rest.yaml"
        pipeline.write_text(text)
        with DemoServices(INGESTA, ROWS) as demo:
            cls.ingesta("run", str(pipeline), INGESTA_DATA_DIR=str(cls.work / "rest-data"), **demo.env)

    @classmethod
    def ingesta(cls, *arguments, **changes):
        env = plain_environment() | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(cls.work / "data"), "INGESTA_HOME": str(ROOT)}
        done = subprocess.run([INGESTA, *arguments], env=env | changes, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def by_spark(self, frame):
        return table_of(frame.columns, [tuple(row) for row in frame.collect()])

    def by_duckdb(self, sql):
        result = self.duck.execute(sql)
        return table_of([column[0] for column in result.description], result.fetchall())

    def check(self, frame, sql):
        """Spark's rows are DuckDB's, and no key comes twice."""
        names, rows = self.by_spark(frame)
        self.assertEqual((names, rows), self.by_duckdb(sql))
        ids = [row[names.index("id")] for row in rows]
        self.assertTrue(ids)
        self.assertEqual(len(set(ids)), len(ids))

    def test_iceberg_tables_of_a_folder(self):
        for dataset in DATASETS:
            with self.subTest(dataset):
                metadata = metadata_of(self.work / "data" / "iceberg" / dataset)
                self.check(self.spark.table(f"lake.iceberg.{dataset}"), f"SELECT * FROM iceberg_scan('{metadata}')")

    def test_an_earlier_state_of_them(self):
        states = self.spark.sql("SELECT snapshot_id FROM lake.iceberg.productos.snapshots ORDER BY committed_at").collect()
        self.assertEqual(len(states), 2)
        then = self.spark.sql(f"SELECT * FROM lake.iceberg.productos VERSION AS OF {states[0][0]}")
        first = min((self.work / "data" / "iceberg" / "productos" / "metadata").glob("v*.metadata.json"),
                    key=lambda path: int(path.name[1:].split(".")[0]))
        names, rows = self.by_spark(then)
        self.assertEqual((names, rows), self.by_duckdb(f"SELECT * FROM iceberg_scan('{first}')"))
        self.assertNotEqual(rows, self.by_spark(self.spark.table("lake.iceberg.productos"))[1])

    def test_iceberg_tables_of_a_rest_catalog(self):
        for dataset in ("productos", "categorias"):
            with self.subTest(dataset):
                newest = max((self.work / "rest-data" / "iceberg" / dataset / "metadata").glob("*.metadata.json"),
                             key=lambda path: path.stat().st_mtime_ns)
                self.check(self.spark.table(f"rest.inventario.{dataset}"), f"SELECT * FROM iceberg_scan('{newest}')")

    def test_parquet_partitions(self):
        for dataset in DATASETS:
            with self.subTest(dataset):
                folder = self.work / "data" / "parquet" / dataset
                self.check(self.spark.read.parquet(str(folder)),
                           f"SELECT * FROM read_parquet('{folder}/*/*.parquet', hive_partitioning = true)")

    def test_tables_and_views_of_the_ddl(self):
        script = re.sub(r"^--.*\n", "", self.ingesta("lake", "ddl", "--engine", "spark", "-p", str(ROOT / "ingesta-productos")),
                        flags=re.M)
        for statement in script.split(";\n"):
            if statement.strip() and not statement.strip().startswith("CALL"):  # the Hadoop catalog registers nothing
                self.spark.sql(statement)
        metadata = metadata_of(self.work / "data" / "iceberg" / "productos")
        # A CSV has a space for a line break, and its views a null for an empty text.
        for table, name in (("productos_actual", "nullif(replace(nombre, chr(10), ' '), '') AS nombre"), ("productos_parquet", "nombre")):
            with self.subTest(table):
                self.assertEqual(self.by_spark(self.spark.sql(f"SELECT id, nombre, precio, stock FROM inventario_db.{table}")),
                                 self.by_duckdb(f"SELECT id, {name}, precio, stock FROM iceberg_scan('{metadata}')"))
        counts = {table: self.spark.table(f"inventario_db.productos_{table}").count() for table in ("csv", "historial", "json")}
        self.assertEqual(counts, dict.fromkeys(counts, 2 * ROWS))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], warnings="ignore")  # py4j leaves sockets to the collector
