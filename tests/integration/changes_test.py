#!/usr/bin/env python3
"""What a run says has changed since the run before it, and what it does not write again when nothing has.

usage: changes_test.py INGESTA

A small service changes between the runs as a plain dict does; the dict says what is new, changed and deleted.
"""
import copy
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

from pyiceberg.table import StaticTable

from lake_readers import metadata_of, snapshots_of, written_beside_us
from servers import JsonService, plain_environment

INGESTA = sys.argv.pop(1)
PIPELINE = """
name: tienda
client: {{base_url: "{url}"}}
resource_defaults: {{primary_key: [id]}}
resources:
  - name: articulos
    endpoint:
      path: /articulos
      data_selector: articulos
      paginator: {{type: page_number, base_page: 1, page_param: page, page_size: 40, page_size_param: per_page,
                  total_path: total, total_pages_path: pages}}
    formats: [csv, parquet, iceberg]
    unstable_columns: [visto]
    max_rejected: 20%
    columns:
      - {{name: id, type: int64, nullable: false}}
      - {{name: nombre, type: string}}
      - {{name: precio, type: "decimal(18,2)"}}
      - {{name: visto, type: string}}{more}
  - name: piezas
    explode: {{resource: articulos, path: piezas}}
    include_from_parent: [id]
    primary_key: [articulo, numero]
    formats: [iceberg]
    columns:
      - {{name: articulo, path: _articulos_id, type: int64}}
      - {{name: numero, type: int64}}
      - {{name: color, type: string}}
"""


class Service(JsonService):
    """The articles that there are now, in pages."""

    def __init__(self):
        super().__init__()
        self.articulos = {}
        self.answers = 0

    def answer(self, path):
        query = dict(pair.split("=") for pair in path.partition("?")[2].split("&"))
        page, size = int(query["page"]), int(query["per_page"])
        rows = [copy.deepcopy(self.articulos[key]) for key in sorted(self.articulos)]
        for row in rows:
            self.answers += 1
            row["visto"] = f"visto {self.answers}"
        return {"articulos": rows[(page - 1) * size:page * size], "total": len(rows), "pages": max(1, -(-len(rows) // size))}


def article(key, rng):
    return {"id": key, "nombre": f"artículo {rng.randrange(9)}", "precio": rng.randrange(100, 9999) / 100,
            "piezas": [{"numero": n, "color": rng.choice(["rojo", "azul", None])} for n in range(rng.randrange(4))]}


def pieces(articulos):
    return {(row["id"], piece["numero"]): piece["color"] for row in articulos.values() for piece in row["piezas"]}


def difference(before, now):
    return {"new": len(now.keys() - before.keys()), "deleted": len(before.keys() - now.keys()),
            "changed": sum(before[key] != now[key] for key in before.keys() & now.keys()),
            "unchanged": sum(before[key] == now[key] for key in before.keys() & now.keys())}


class ChangesTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-changes-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.root = self.folder / "data"
        self.service = Service()
        self.addCleanup(self.service.server.server_close)
        self.addCleanup(self.service.server.shutdown)
        self.configure()
        rng = random.Random(6)
        self.service.articulos = {key: article(key, rng) for key in range(1, 101)}

    def configure(self, more=""):
        (self.folder / "pipeline.yaml").write_text(PIPELINE.format(url=self.service.url, more=more))

    def run_once(self, code=0, *options):
        done = subprocess.run([INGESTA, "run", str(self.folder), "--json", *options], text=True, capture_output=True,
                              env=plain_environment() | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(self.root)})
        self.assertEqual(done.returncode, code, done.stderr)
        self.log = done.stderr
        (record,) = json.loads(done.stdout)
        return record

    def changes(self, record, dataset="articulos"):
        (found,) = [one for one in record["datasets"] if one["name"] == dataset]
        return {key: value for key, value in found["changes"].items() if key != "since"}

    def table(self, name):
        """The table's rows, as another reader finds them."""
        return StaticTable.from_metadata(str(metadata_of(self.root / "iceberg" / name))).scan().to_arrow().to_pylist()

    def test_a_random_history_is_told_as_a_dict_tells_it(self):
        rng = random.Random(20261125)
        first = self.run_once()
        self.assertNotIn("changes", first["datasets"][0])
        previous = first
        for _ in range(6):
            before = copy.deepcopy(self.service.articulos)
            now = self.service.articulos
            for key in rng.sample(sorted(now), 5):
                del now[key]
            for key in rng.sample(sorted(now), 8):
                now[key] = article(key, rng)
            for key in rng.sample(range(200, 10_000), 7):
                now.setdefault(key, article(key, rng))
            record = self.run_once()
            strip = lambda rows: {k: {x: v for x, v in row.items() if x != "piezas"} for k, row in rows.items()}
            self.assertEqual(self.changes(record), difference(strip(before), strip(now)))
            self.assertEqual(self.changes(record, "piezas"), difference(pieces(before), pieces(now)))
            self.assertEqual(record["datasets"][0]["changes"]["since"], previous["run_id"])
            self.assertEqual(len(self.table("articulos")), len(now))
            previous = record

    def test_nothing_new_writes_no_data_file_and_no_snapshot(self):
        self.run_once()
        before = {path for path in self.root.rglob("*") if "iceberg" in path.parts}
        record = self.run_once()
        for dataset in ("articulos", "piezas"):
            self.assertEqual(self.changes(record, dataset) | {"unchanged": 0},
                             {"new": 0, "changed": 0, "deleted": 0, "unchanged": 0})
            (table,) = [one for one in record["tables"] if one["table"] == dataset]
            self.assertEqual(table["change"], "unchanged")
        self.assertEqual({path for path in self.root.rglob("*") if "iceberg" in path.parts}, before)
        # The seed's files are written by every run that succeeds.
        self.assertEqual(len(list((self.root / "articulos").glob("*.csv"))), 2)
        self.assertEqual(len(self.table("articulos")), 100)
        # ... and the next change is one snapshot more.
        self.service.articulos[1]["nombre"] = "otro"
        self.assertEqual(self.changes(self.run_once())["changed"], 1)
        self.assertEqual(len(snapshots_of(self.root / "iceberg/articulos")), 2)
        self.assertEqual(len(snapshots_of(self.root / "iceberg/piezas")), 1)

    def test_the_summary_names_the_changes(self):
        self.run_once()
        del self.service.articulos[7]
        done = subprocess.run([INGESTA, "run", str(self.folder)], text=True, capture_output=True,
                              env=plain_environment() | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(self.root)})
        self.assertRegex(done.stdout + done.stderr, r"articulos: 0 new, 0 changed, 1 deleted since run ")

    def test_a_table_that_another_program_changed_is_written_again(self):
        self.run_once()
        with written_beside_us(self.root / "iceberg/articulos") as table:
            table.delete("id <= 10")
        self.assertEqual(len(self.table("articulos")), 90)
        record = self.run_once()
        self.assertTrue(all(value == 0 for key, value in self.changes(record).items() if key != "unchanged"))
        self.assertEqual(len(self.table("articulos")), 100)

    def test_other_columns_leave_only_keys_to_compare(self):
        self.run_once()
        self.configure(more="\n      - {name: peso, type: double}")
        del self.service.articulos[3]
        record = self.run_once()
        self.assertEqual(self.changes(record), {"new": 0, "changed": None, "deleted": 1, "unchanged": 99})
        self.assertIn("peso", self.table("articulos")[0])
        self.assertEqual(self.changes(self.run_once())["changed"], 0)

    def test_a_row_in_quarantine_is_not_gone(self):
        self.run_once()
        self.service.articulos[5]["precio"] = "caro"
        del self.service.articulos[6]
        record = self.run_once(3)
        self.assertEqual(self.changes(record), {"new": 0, "changed": 0, "deleted": 1, "unchanged": 98})
        # Its pieces came, but nobody knows which.
        self.assertIsNone(self.changes(record, "piezas")["deleted"])
        self.service.articulos[5]["precio"] = 1.5
        self.assertEqual(self.changes(self.run_once()), {"new": 1, "changed": 0, "deleted": 0, "unchanged": 98})

    def test_lost_or_damaged_fingerprints_are_said_and_made_anew(self):
        self.run_once()
        path = self.root / "_ingesta/state/tienda/articulos.fingerprints"
        for damage in (lambda: path.unlink(), lambda: path.write_bytes(path.read_bytes()[:-3]),
                       lambda: path.write_bytes(b"")):
            damage()
            record = self.run_once()
            self.assertNotIn("changes", record["datasets"][0])
            self.assertIn("can't be told", self.log)
            self.assertEqual(self.changes(self.run_once())["unchanged"], 100)

    def test_a_run_of_one_dataset_keeps_the_state_of_the_others(self):
        self.run_once()
        self.run_once(0, "--only", "articulos")
        self.service.articulos[2]["piezas"] = [{"numero": 50, "color": "verde"}]
        self.assertEqual(self.changes(self.run_once(), "piezas")["new"], 1)

    def test_force_after_a_damaged_state(self):
        self.run_once()
        (self.root / "_ingesta/state/tienda.json").write_text("{")
        record = self.run_once()
        self.assertNotIn("changes", record["datasets"][0])
        self.assertIn("is no state", self.log)
        self.assertEqual(self.changes(self.run_once())["unchanged"], 100)


if __name__ == "__main__":
    unittest.main(verbosity=2)
