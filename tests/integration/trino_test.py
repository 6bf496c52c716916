#!/usr/bin/env python3
"""The tables of whole runs as Athena sees them: Trino, which Athena is built on, over the Glue tables and the bucket.

usage: trino_test.py INGESTA     exit code 77 where Trino's Java is missing

Glue is moto behind a strict check of signatures, S3 is SeaweedFS.
"""
import sys
import unittest

from athena_stand_in import AthenaStandIn, documented_queries
from servers import DATASETS, PIPELINES

INGESTA = sys.argv[1]
WITH_JSON = ("productos", "ordenes", "clientes", "proveedores")
DATABASE = "inventario_db"


class AthenasView(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lake = cls.enterClassContext(AthenaStandIn(INGESTA, 600))
        cls.lake.ingesta(GLUE_DATABASE=DATABASE)
        cls.lake.forget_states()
        cls.lake.ingesta(GLUE_DATABASE=DATABASE)

    def query(self, sql):
        return self.lake.execute(sql, DATABASE)[1]

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
            queries = documented_queries(language)
            self.assertEqual(len(queries), 10)
            for title, sql in queries:
                with self.subTest(language=language, query=title):
                    self.assertGreater(len(self.query(sql)), 0)

    def test_what_an_analyst_deletes_comes_back_with_the_next_run(self):
        count = self.one("SELECT count(*) FROM proveedores")
        # As Athena's DELETE: position delete files.
        self.query("DELETE FROM proveedores WHERE id LIKE '%7'")
        self.assertLess(self.one("SELECT count(*) FROM proveedores"), count)
        self.lake.ingesta(PIPELINES[2], GLUE_DATABASE=DATABASE)
        self.assertEqual(self.query("SELECT count(*), count(DISTINCT id) FROM proveedores"), [[count, count]])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
