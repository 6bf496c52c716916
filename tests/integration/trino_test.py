#!/usr/bin/env python3
"""The tables of whole runs as Athena sees them: Trino, which Athena is built on, over the Glue tables and the bucket.

usage: trino_test.py INGESTA     exit code 77 where Trino's Java is missing

Glue is moto behind a strict check of signatures, S3 is SeaweedFS.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import trino.dbapi

ROOT = pathlib.Path(__file__).resolve().parents[2]
INGESTA = sys.argv[1]
PIPELINES = [str(ROOT / f"ingesta-{name}") for name in ("productos", "ordenes", "proveedores")]
DATASETS = ("productos", "categorias", "ordenes", "detalles_orden", "clientes", "proveedores")
WITH_JSON = ("productos", "ordenes", "clientes", "proveedores")
DATABASE = "inventario_db"


def assignments(text):
    return {name: value.strip("'\"") for name, value in re.findall(r"(\w+)=(\S+)", text)}


def script(name, *arguments, env=None):
    done = subprocess.run([str(ROOT / "scripts" / name), *map(str, arguments)], capture_output=True, text=True, env=env)
    if done.returncode == 77:
        print(done.stderr)
        sys.exit(77)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


class AthenasView(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-trino-"))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        plain = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "INGESTA_", "S3_", "GLUE_"))}
        cls.env = plain | {"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(cls.work), "GLUE_DATABASE": DATABASE,
                           "INGESTA_DATA_DIR": str(cls.work / "data")}
        for name in ("s3", "aws"):
            cls.addClassCleanup(script, f"{name}-server.sh", "stop", cls.work / name)
            cls.env |= assignments(script(f"{name}-server.sh", "start", cls.work / name))
        cls.addClassCleanup(script, "trino.sh", "stop", cls.work / "trino")
        url = script("trino.sh", "start", cls.work / "trino", env=os.environ | cls.env).strip()
        cls.trino = trino.dbapi.connect(host="127.0.0.1", port=int(url.rpartition(":")[2]), user="analyst",
                                        catalog="awsdatacatalog", schema=DATABASE)
        cls.demo = subprocess.Popen([INGESTA, "demo", "--rows", "600"], stdout=subprocess.PIPE, text=True,
                                    stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.demo.wait)
        cls.addClassCleanup(cls.demo.terminate)
        for line in cls.demo.stdout:
            cls.env |= assignments(line) if "_SERVICE_URL=" in line else {}
            if all(f"{name}_SERVICE_URL" in cls.env for name in ("PRODUCTOS", "ORDENES", "PROVEEDORES")):
                break
        for _ in range(2):
            cls.ingesta()

    @classmethod
    def ingesta(cls, *pipelines):
        done = subprocess.run([INGESTA, "run", *(pipelines or PIPELINES)], env=cls.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def query(self, sql):
        cursor = self.trino.cursor()
        cursor.execute(sql)
        return cursor.fetchall()

    def one(self, sql):
        return self.query(sql)[0][0]

    def test_each_row_once_where_it_is_promised_and_once_a_run_elsewhere(self):
        for dataset in DATASETS:
            with self.subTest(dataset=dataset):
                count, ids = self.query(f"SELECT count(*), count(DISTINCT id) FROM {dataset}")[0]
                self.assertGreater(count, 0)
                self.assertEqual(ids, count)
                for once in (f"{dataset}_actual", f"{dataset}_csv_actual", f"{dataset}_parquet"):
                    self.assertEqual(self.one(f"SELECT count(*) FROM {once}"), count, once)
                for twice in (f"{dataset}_csv", f"{dataset}_historial") + ((f"{dataset}_json",) * (dataset in WITH_JSON)):
                    self.assertEqual(self.one(f"SELECT count(*) FROM {twice}"), 2 * count, twice)
                self.assertEqual(self.one(f"SELECT count(DISTINCT fecha) FROM {dataset}_parquet"), 1)

    def test_the_same_values_in_every_format(self):
        for dataset in DATASETS:
            with self.subTest(dataset=dataset):
                columns = self.query(f"SELECT column_name, data_type FROM information_schema.columns WHERE table_name = "
                                     f"'{dataset}' ORDER BY ordinal_position")
                def as_read(name, kind, by_view):
                    if kind == "varchar":  # a line is a row in CSV; OpenCSVSerde has no null and eats its escape character
                        return f"NULLIF(replace(regexp_replace({name}, '\r\n|\r|\n', ' '), chr(1)), '')"
                    # Hive tables have milliseconds, as in Athena: Parquet's are cut off, a CAST of text rounds.
                    if kind.startswith("timestamp"):
                        return f"CAST({name} AS timestamp(3))" if by_view else f"date_trunc('millisecond', {name})"
                    return name
                for other in (f"{dataset}_actual", f"{dataset}_parquet"):
                    rows = ", ".join(f"{as_read(*column, other.endswith('_actual'))} AS {column[0]}" for column in columns)
                    for left, right in ((dataset, other), (other, dataset)):
                        differ = self.query(f"SELECT {rows} FROM {left} EXCEPT SELECT {rows} FROM {right} LIMIT 3")
                        self.assertEqual(differ, [], f"in {left}, not in {right}")

    def test_the_json_backup_is_typed(self):
        total, money = self.query("SELECT count(*), sum(precio) FROM productos_json")[0]
        self.assertEqual(2 * self.one("SELECT sum(precio) FROM productos"), money)
        self.assertEqual(total, 2 * self.one("SELECT count(*) FROM productos"))

    def test_time_travel_reads_the_run_before(self):
        first, second = [row[0] for row in self.query('SELECT snapshot_id FROM "productos$snapshots" ORDER BY committed_at')]
        count = self.one("SELECT count(*) FROM productos")
        self.assertEqual(self.one(f"SELECT count(*) FROM productos FOR VERSION AS OF {first}"), count)
        self.assertEqual(self.one(f'SELECT count(*) FROM productos FOR VERSION AS OF {second}'), count)
        runs = self.query('''SELECT element_at(summary, 'ingesta.run-id') FROM "productos$snapshots"''')
        self.assertEqual(len({run for (run,) in runs}), 2)

    def test_the_documented_queries_run(self):
        for language in ("en", "es"):
            text = (ROOT / f"docs/{language}/consultas.md").read_text()
            queries = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
            self.assertEqual(len(queries), 10)
            for sql in queries:
                with self.subTest(language=language, sql=sql):
                    self.assertGreater(len(self.query(sql.strip().rstrip(";"))), 0)

    def test_what_an_analyst_deletes_comes_back_with_the_next_run(self):
        count = self.one("SELECT count(*) FROM proveedores")
        # As Athena's DELETE: position delete files.
        self.query("DELETE FROM proveedores WHERE id LIKE '%7'")
        self.assertLess(self.one("SELECT count(*) FROM proveedores"), count)
        self.ingesta(PIPELINES[2])
        self.assertEqual(self.query("SELECT count(*), count(DISTINCT id) FROM proveedores"), [[count, count]])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
