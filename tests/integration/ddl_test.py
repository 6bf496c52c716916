#!/usr/bin/env python3
"""The views that ingesta's DDL makes in DuckDB, over files as runs leave them. usage: ddl_test.py GLUE_DRIVER"""
import datetime
import decimal
import json
import math
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import duckdb
import pyarrow
import pyarrow.parquet

DRIVER = sys.argv[1]
HEADER = "id,nombre,precio,creado,activo,peso"


class DuckdbViews(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-ddl-it's-"))
        cls.addClassCleanup(shutil.rmtree, cls.root)
        cls.write("productos/productos_20261123_020000.csv", f"{HEADER}\n1,viejo,1.00,2026-11-23 10:00:00,true,1.5\n")
        cls.write("productos/productos_20261124_020000.csv",  # a column more than the run before
                  f"{HEADER},nuevo\n" '1,"a ""q"", \\",19.90,2026-11-24 10:00:00.123456,true,NaN,x\n' "2,\\,,,,,\n"
                  '3,"",1.00,1899-12-31 00:00:00,false,-Infinity,\U0001F600\n')
        cls.write("symlink/productos/symlink.txt", f"file://{cls.root}/productos/productos_20261124_020000.csv\n")
        cls.write("json/productos/productos_20261124_020000.json", '{"id":1,"meta":{"a":[1]}}\n{"id":2}\n')
        folder = cls.root / "parquet/productos/fecha=2026-11-24"
        folder.mkdir(parents=True)
        pyarrow.parquet.write_table(pyarrow.table({"id": [1, 2]}), folder / "productos.parquet")
        description = {
            "database": "inventario_db", "dataset": "productos", "partition_key": "fecha",
            "columns": [["id", "int64"], ["nombre", "string"], ["precio", "money"], ["creado", "timestamp"],
                        ["activo", "bool"], ["peso", "double"]],
            "formats": {"csv": f"file://{cls.root}/productos/", "json": f"file://{cls.root}/json/productos/",
                        "parquet": f"file://{cls.root}/parquet/productos/"},
            "symlink": f"file://{cls.root}/symlink/productos/"}
        done = subprocess.run([DRIVER, "ddl", "duckdb"], input=json.dumps(description), text=True, capture_output=True, check=True)
        cls.duckdb = duckdb.connect()
        cls.addClassCleanup(cls.duckdb.close)
        cls.duckdb.execute(json.loads(done.stdout))

    @classmethod
    def write(cls, name, text):
        path = cls.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def rows(self, view, columns="*"):
        return self.duckdb.execute(f"SELECT {columns} FROM inventario_db.{view} ORDER BY ALL").fetchall()

    def test_the_latest_run_is_typed(self):
        first, second, third = self.rows("productos_actual")
        self.assertEqual(first[:5], (1, 'a "q", \\', decimal.Decimal("19.90"),
                                     datetime.datetime(2026, 11, 24, 10, 0, 0, 123456), True))
        self.assertTrue(math.isnan(first[5]))
        self.assertEqual(second, (2, "\\", None, None, None, None))
        self.assertEqual(third, (3, None, decimal.Decimal("1.00"), datetime.datetime(1899, 12, 31), False, -math.inf))

    def test_the_history_names_its_runs(self):
        runs = [run for (run,) in self.rows("productos_historial", "ejecucion")]
        self.assertEqual(runs, ["20261123_020000"] + 3 * ["20261124_020000"])

    def test_all_formats_are_there(self):
        self.assertEqual(len(self.rows("productos_csv")), 4)
        self.assertEqual(len(self.rows("productos_csv_actual")), 3)
        self.assertEqual(self.rows("productos_json", "id, meta.a"), [(1, [1]), (2, None)])
        self.assertEqual(self.rows("productos_parquet"), [(1, "2026-11-24"), (2, "2026-11-24")])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
