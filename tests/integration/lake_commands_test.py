#!/usr/bin/env python3
"""`ingesta lake` on a local lake of two runs: what each command says as text and as JSON, what other programs read after a
rollback, and that every fault that is planted is found. usage: lake_commands_test.py INGESTA"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from pyiceberg.table import StaticTable

from lake_readers import DATASETS, connect, metadata_of
from servers import DemoServices, pipeline_text

ROOT = pathlib.Path(__file__).resolve().parents[2]
INGESTA = sys.argv[1]
RUN_ID = re.compile(r"\d{8}_\d{6}-[0-9a-f]{8}")


def ingesta(data, *arguments, code=0, cwd=ROOT, **changes):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "INGESTA_", "GLUE_", "S3_"))}
    env |= {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(data), "INGESTA_HOME": str(ROOT)} | changes
    done = subprocess.run([INGESTA, *map(str, arguments)], env=env, cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, f"{arguments}: {done.returncode}, not {code}\n{done.stdout}{done.stderr}"
    return done


def demo_run(data, seed, rows, *options, **changes):
    done = ingesta(data, "demo", "--run", "--rows", rows, "--seed", seed, "--json", *options, **changes)
    return {run["pipeline"]: run for run in json.loads(done.stdout)}


def iceberg_ids(data, dataset):
    table = StaticTable.from_metadata(str(metadata_of(data / "iceberg" / dataset)))
    return sorted(map(str, table.scan(selected_fields=("id",)).to_arrow()["id"].to_pylist()))


class Lake(unittest.TestCase):
    """A lake of two runs with other rows; each test has a copy of its own."""

    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-lake-commands-"))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        cls.original = cls.work / "data"
        cls.first = demo_run(cls.original, 1, 1000)
        cls.first_ids = {dataset: iceberg_ids(cls.original, dataset) for dataset in DATASETS}
        time.sleep(1.1)  # so that its files have another second: no run waits for that by itself
        cls.second = demo_run(cls.original, 2, 1400)

    def setUp(self):
        # In the same place, as the tables' metadata has absolute paths.
        self.data = self.original
        self.kept = self.work / "kept"
        shutil.copytree(self.data, self.kept, symlinks=True)
        self.addCleanup(self.restore)

    def restore(self):
        shutil.rmtree(self.data)
        self.kept.rename(self.data)

    @staticmethod
    def end(process):
        """The process and its children, also where the test failed before."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def lake(self, *arguments, code=0, **options):
        return ingesta(self.data, "lake", *arguments, code=code, **options)

    def json(self, *arguments, code=0):
        return json.loads(self.lake(*arguments, "--json", code=code).stdout)

    def findings(self, *arguments, code=0):
        return [finding for pipeline in self.json("verify", *arguments, code=code)["pipelines"] for finding in pipeline["findings"]]

    def rows_of(self, run, dataset):
        return next(d["rows"] for pipeline in run.values() for d in pipeline["datasets"] if d["name"] == dataset)

    def pipeline_of(self, dataset):
        return next(name for name, run in self.second.items() if any(d["name"] == dataset for d in run["datasets"]))

    # tables

    def test_tables_are_listed_with_what_they_hold(self):
        tables = {table["table"]: table for table in self.json("tables")}
        expected = {name for d in DATASETS for name in (d, f"{d}_csv", f"{d}_csv_actual", f"{d}_parquet")}
        expected |= {f"{d}_json" for d in ("productos", "ordenes", "clientes", "proveedores")}
        self.assertEqual(set(tables), expected)
        for dataset in DATASETS:
            run = self.second[self.pipeline_of(dataset)]
            # The categories are the same in both runs: the second one left their Iceberg table as it was.
            writer = (self.first if dataset == "categorias" else self.second)[self.pipeline_of(dataset)]
            rows, before = self.rows_of(self.second, dataset), self.rows_of(self.first, dataset)
            self.assertNotEqual(rows, before if dataset != "categorias" else None)
            for suffix, wanted, files in (("", rows, 1), ("_csv", rows + before, 2), ("_csv_actual", rows, 1), ("_parquet", rows, 1)):
                table = tables[dataset + suffix]
                last = run if suffix else writer
                self.assertEqual((table["rows"], table["files"], table["last_run"]), (wanted, files, last["run_id"]), table)
                self.assertEqual(table["last_run_at"][:4], run["timestamp"][:4])
                self.assertTrue(os.path.isdir(table["location"]), table)
            self.assertEqual(tables[dataset]["bytes"],
                             sum(f["bytes"] for d in writer["datasets"] if d["name"] == dataset for f in d["files"] if f["format"] == "iceberg"))
            self.assertEqual(tables[f"{dataset}_csv"]["bytes"], sum(p.stat().st_size for p in (self.data / dataset).iterdir()))
        text = self.lake("tables").stdout
        for name in expected:
            self.assertRegex(text, rf"(?m)^  {name} ")
        self.assertNotIn("\x1b", text)

    def test_another_programs_file_makes_the_rows_unknown(self):
        (self.data / "productos" / "theirs.csv").write_text("id\n1\n")
        tables = {table["table"]: table for table in self.json("tables", "-p", "productos")}
        self.assertEqual((tables["productos_csv"]["rows"], tables["productos_csv"]["files"]), (None, 3))

    # history and rollback

    def test_history_is_newest_first(self):
        history = self.json("history", "ordenes")
        states = history["history"]
        self.assertEqual((history["table"], history["kind"]), ("ordenes", "iceberg"))
        self.assertEqual([state["run"] for state in states], [run["ordenes"]["run_id"] for run in (self.second, self.first)])
        self.assertEqual([state["current"] for state in states], [True, False])
        rows = [self.rows_of(run, "ordenes") for run in (self.second, self.first)]
        self.assertEqual([state["rows"] for state in states], rows)
        self.assertEqual((states[0]["rows_added"], states[0]["rows_removed"]), (rows[0], rows[1]))
        text = self.lake("history", "ordenes").stdout
        self.assertEqual(RUN_ID.findall(text), [state["run"] for state in states])
        self.assertRegex(text, r"(?m)^  \*  20\d\d-\d\d-\d\d \d\d:\d\d:\d\d ")

    def test_rollback_and_the_next_run(self):
        run = self.first["ordenes"]["run_id"]
        second_ids = iceberg_ids(self.data, "ordenes")
        planned = self.json("rollback", "ordenes", "--to", run, "--dry-run")
        self.assertEqual([table["changed"] for table in planned["tables"]], [False, False])
        self.assertEqual(iceberg_ids(self.data, "ordenes"), second_ids, "a dry run changes nothing")

        text = self.lake("rollback", "ordenes", "--to", run).stdout
        self.assertIn("ordenes: went snapshot", text)
        self.assertIn(f"ordenes_csv_actual: went ordenes/ordenes_{self.second['ordenes']['timestamp']}.csv", text)
        self.assertIn(f"stays as run {self.second['ordenes']['run_id']} left it", text)
        self.assertIn("the next run replaces this state again", text)
        self.assertEqual(iceberg_ids(self.data, "ordenes"), self.first_ids["ordenes"])
        symlink = (self.data / "symlink/ordenes/symlink.txt").read_text()
        self.assertEqual(symlink, (self.data / f"ordenes/ordenes_{self.first['ordenes']['timestamp']}.csv").as_uri() + "\n")
        self.assertEqual([state["current"] for state in self.json("history", "ordenes")["history"]], [False, True])
        stale = self.findings()
        self.assertEqual({(finding["kind"], finding["dataset"]) for finding in stale}, {("stale", "ordenes")})
        self.assertEqual(len(stale), 2, "the Iceberg table and the symlink")
        again = self.json("rollback", "ordenes", "--to", run)
        self.assertEqual([table["changed"] for table in again["tables"]], [False, False])

        # Forward, by the snapshot's id; then a run.
        newest = self.json("history", "ordenes")["history"][0]["snapshot"]
        self.json("rollback", "ordenes", "--to", newest)
        self.assertEqual(iceberg_ids(self.data, "ordenes"), second_ids)
        self.json("rollback", "ordenes", "--to", run)
        third = demo_run(self.data, 3, 600)
        self.assertEqual(len(iceberg_ids(self.data, "ordenes")), self.rows_of(third, "ordenes"))
        self.assertEqual(self.findings(), [])

    def test_a_run_that_is_not_there_names_those_that_are(self):
        error = self.lake("rollback", "productos", "--to", "no-such-run", code=1).stderr
        self.assertIn("there is no run or snapshot no-such-run", error)
        for run in (self.first, self.second):
            self.assertIn(run["productos"]["run_id"], error)

    def test_an_expired_snapshot_says_so(self):
        path = metadata_of(self.data / "iceberg/productos")
        metadata = json.loads(path.read_text())
        expired = metadata["snapshots"].pop(0)["snapshot-id"]
        metadata["snapshot-log"] = [entry for entry in metadata["snapshot-log"] if entry["snapshot-id"] != expired]
        path.write_text(json.dumps(metadata))
        run = self.first["productos"]
        error = self.lake("rollback", "productos", "--to", run["run_id"], code=1).stderr
        self.assertIn("has expired", error)
        self.assertIn(f"its rows are in productos/productos_{run['timestamp']}.csv", error)

    def test_rollback_waits_for_no_run(self):
        env = os.environ | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(self.data), "INGESTA_HOME": str(ROOT)}
        run = subprocess.Popen([INGESTA, "demo", "--run", "--rows", "100000", "--latency", "2s"], env=env, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        self.addCleanup(run.wait)
        self.addCleanup(run.terminate)
        lease = self.data / "_ingesta/leases/productos.json"
        deadline = time.monotonic() + 20
        while '"held"' not in lease.read_text():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        error = self.lake("rollback", "productos", "--to", self.first["productos"]["run_id"], code=4).stderr
        self.assertIn("another run of productos is at work", error)

    def test_a_dataset_without_iceberg_goes_back_by_its_csv(self):
        home = self.work / "csv-home"
        for name in ("productos", "ordenes", "proveedores"):
            text = pipeline_text(name)
            (home / name).mkdir(parents=True)
            (home / name / "pipeline.yaml").write_text(re.sub(r"formats: \[.*\]", "formats: [csv]", text))
        data = self.work / "csv-data"
        runs = []
        for seed in (1, 2):
            runs.append(demo_run(data, seed, 100 * seed, "--home", home)["ordenes"])
            time.sleep(1.1)
        history = json.loads(ingesta(data, "lake", "history", "ordenes", "--json", cwd=home).stdout)
        self.assertEqual((history["table"], history["kind"]), ("ordenes_csv", "csv"))
        self.assertEqual([(s["run"], s["rows"], s["current"]) for s in history["history"]],
                         [(run["run_id"], run["datasets"][0]["rows"], run is runs[1]) for run in reversed(runs)])
        ingesta(data, "lake", "rollback", "ordenes", "--to", runs[0]["run_id"], cwd=home)
        history = json.loads(ingesta(data, "lake", "history", "ordenes", "--json", cwd=home).stdout)
        self.assertEqual([state["current"] for state in history["history"]], [False, True])
        tables = json.loads(ingesta(data, "lake", "tables", "--json", cwd=home).stdout)
        actual = next(table for table in tables if table["table"] == "ordenes_csv_actual")
        self.assertEqual((actual["rows"], actual["last_run"]), (runs[0]["datasets"][0]["rows"], runs[0]["run_id"]))

    # ddl

    def test_the_ddl_works_in_duckdb_as_it_is(self):
        sql = self.lake("ddl", "--engine", "duckdb").stdout
        self.assertEqual(sql, self.lake("ddl").stdout, "the default where the lake is local")
        duck = connect()
        duck.execute(sql)
        for dataset in DATASETS:
            rows, before = self.rows_of(self.second, dataset), self.rows_of(self.first, dataset)
            for name, wanted in ((dataset, rows), (f"{dataset}_csv", rows + before), (f"{dataset}_csv_actual", rows),
                                 (f"{dataset}_parquet", rows), (f"{dataset}_actual", rows), (f"{dataset}_historial", rows + before)):
                self.assertEqual(duck.execute(f"SELECT count(*) FROM inventario_db.{name}").fetchone(), (wanted,), name)
        demo_run(self.data, 3, 600)
        count = duck.execute("SELECT count(*), count(DISTINCT id) FROM inventario_db.productos").fetchone()
        self.assertEqual(count, (600, 600), "the view follows the table")

    def test_the_ddl_of_one_dataset_and_engine(self):
        entries = self.json("ddl", "ordenes", "--engine", "spark", "--database", "otra")
        self.assertEqual([(e["dataset"], e["engine"], e["database"]) for e in entries], [("ordenes", "spark", "otra")])
        self.assertIn(metadata_of(self.data / "iceberg/ordenes").as_uri(), entries[0]["sql"])
        self.assertIn("Athena reads S3 alone", self.lake("ddl", "--engine", "athena", code=2).stderr)
        shutil.rmtree(self.data / "_ingesta/runs/productos")  # as if it had not run yet
        self.assertEqual({e["dataset"] for e in self.json("ddl")}, set(DATASETS) - {"productos", "categorias"})
        self.assertIn("no run has published", self.lake("ddl", "productos", code=1).stderr)
        empty = self.lake("ddl", code=1, INGESTA_DATA_DIR=str(self.work / "empty")).stderr
        self.assertIn("no run has published", empty)

    def test_the_demos_own_line_works_in_duckdb(self):
        data = self.work / "demo-data"
        text = ingesta(data, "demo", "--run", "--rows", "300").stdout
        sql, = re.findall(r'duckdb -c "([^"]*)"', text)
        rows = connect().execute(sql).fetchall()
        lines = [line.split(",") for line in next((data / "ordenes").glob("*.csv")).read_text().splitlines()]
        estados = {row[0]: row[1] for row in rows}
        self.assertEqual(sum(estados.values()), 150)
        self.assertLessEqual({"estado", "total"}, set(lines[0]))

    # verify

    def test_a_whole_lake_has_no_findings(self):
        report = self.json("verify", "--checksums")
        self.assertEqual((report["ok"], report["holes"], report["orphans"], report["stale"]), (True, 0, 0, 0), report)
        files = [f for run in (self.first, self.second) for p in run.values() for d in p["datasets"] for f in d["files"]]
        self.assertEqual(sum(p["checksums"] for p in report["pipelines"]), len({f["key"] for f in files}))
        self.assertIn("0 holes, 0 orphans, 0 stale", self.lake("verify").stdout)

    def test_every_fault_is_found_and_named(self):
        current, = (self.data / "iceberg/productos/data").glob(f"{self.second['productos']['timestamp']}*")
        csv = self.data / f"ordenes/ordenes_{self.first['ordenes']['timestamp']}.csv"
        day = self.second["ordenes"]["timestamp"]
        partition = self.data / f"parquet/clientes/fecha={day[:4]}-{day[4:6]}-{day[6:8]}/clientes.parquet"
        manifest_list = next((self.data / "iceberg/clientes/metadata").glob("snap-*.avro"))
        for path, damage in ((current, "is missing"), (csv, "it is missing"), (partition, "it is missing"),
                             (manifest_list, "manifest list of Iceberg table clientes is missing"),
                             (self.data / "symlink/categorias/symlink.txt", "is empty without it")):
            with self.subTest(path=path):
                kept = path.read_bytes()
                path.unlink()
                found = self.findings(code=1)
                path.write_bytes(kept)
                self.assertEqual([(f["kind"], f["object"]) for f in found], [("hole", str(path))], found)
                self.assertIn(damage, found[0]["meaning"])
                self.assertTrue(found[0]["advice"])
        for path in (current, csv, partition):
            with self.subTest(cut=path):
                kept = path.read_bytes()
                path.write_bytes(kept[:-1])
                found = self.findings(code=1)
                path.write_bytes(kept)
                self.assertEqual({f["object"] for f in found}, {str(path)})
                self.assertIn(str(len(kept) - 1), found[0]["meaning"])
        self.assertEqual(self.findings(), [])

    def test_a_flipped_bit_is_found_by_its_checksum(self):
        path = self.data / f"clientes/clientes_{self.first['ordenes']['timestamp']}.csv"
        content = bytearray(path.read_bytes())
        content[100] ^= 1
        path.write_bytes(content)
        self.assertEqual(self.findings(), [])
        found = self.findings("--checksums", code=1)
        self.assertEqual([(f["kind"], f["object"]) for f in found], [("hole", str(path))])
        self.assertIn("CRC-32", found[0]["meaning"])

    def test_strays_are_orphans_and_no_failure(self):
        strays = [self.data / "iceberg/productos/data/stray.parquet", self.data / "productos/productos_20200101_000000.csv",
                  self.data / "parquet/clientes/fecha=2020-01-01/clientes.parquet"]
        for path in strays:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("stray")
        found = self.findings()
        self.assertEqual({(f["kind"], f["object"]) for f in found}, {("orphan", str(path)) for path in strays})
        text = self.lake("verify").stdout
        self.assertIn("0 holes, 3 orphans", text)

    def test_a_lost_manifest_makes_orphans(self):
        run = self.first["proveedores"]
        (self.data / f"_ingesta/runs/proveedores/{run['run_id']}.json").unlink()
        objects = {f["object"] for f in self.findings() if f["kind"] == "orphan"}
        self.assertIn(str(self.data / f"proveedores/proveedores_{run['timestamp']}.csv"), objects)

    def test_a_running_ingestion_makes_no_findings(self):
        env = os.environ | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(self.data), "INGESTA_HOME": str(ROOT)}
        script = f'for i in 1 2 3 4; do "{INGESTA}" demo --run --rows 20000 --seed 1$i; done'
        runs = subprocess.Popen(["bash", "-c", script], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                start_new_session=True)
        self.addCleanup(self.end, runs)
        looks = 0
        while runs.poll() is None:
            report = self.json("verify")
            self.assertEqual((report["holes"], report["orphans"], report["stale"]), (0, 0, 0), json.dumps(report, indent=1))
            looks += 1
        self.assertEqual(runs.wait(), 0)
        self.assertGreater(looks, 2)
        self.assertEqual(self.findings("--checksums"), [])

    # maintain

    def test_maintain_expires_and_removes_what_nothing_needs(self):
        orphan = self.data / "iceberg/productos/data/of-a-run-that-died.parquet"
        orphan.write_text("rows")
        before = {dataset: iceberg_ids(self.data, dataset) for dataset in DATASETS}
        options = ("--snapshot-age", "0s", "--keep", "1", "--orphan-age", "0s")
        planned = self.json("maintain", "--dry-run", *options)
        self.assertTrue(planned["dry_run"] and orphan.exists())
        self.assertEqual(len(self.json("history", "productos")["history"]), 2)
        done = self.json("maintain", *options)
        for plan, table in zip(planned["tables"], done["tables"], strict=True):
            for member in ("dataset", "expired_snapshots", "expired_objects"):
                self.assertEqual(plan[member], table[member])
            expired = 0 if table["dataset"] == "categorias" else 1
            self.assertEqual((table["expired_snapshots"], table["left"], table["error"]), (expired, [], None))
        productos = next(table for table in done["tables"] if table["dataset"] == "productos")
        self.assertIn("iceberg/productos/data/of-a-run-that-died.parquet", productos["orphans"])
        self.assertFalse(orphan.exists())
        self.assertEqual({dataset: iceberg_ids(self.data, dataset) for dataset in DATASETS}, before)
        self.assertEqual(len(self.json("history", "productos")["history"]), 1)
        self.assertEqual([f for f in self.findings() if f["kind"] != "stale"], [])
        self.assertIn("nothing to do", self.lake("maintain", "productos", *options).stdout)

    def test_maintain_leaves_young_things_alone(self):
        (self.data / "iceberg/productos/data/of-a-running-one.parquet").write_text("rows")
        text = self.lake("maintain").stdout
        self.assertEqual(text.count("nothing to do"), len(DATASETS), text)

    def test_maintain_compacts_small_files(self):
        pipeline = self.work / "append.yaml"
        text = pipeline_text("proveedores")
        pipeline.write_text(text.replace("    formats:", "    write_disposition: append\n    formats:"))
        with DemoServices(INGESTA, 400) as demo:
            for _ in range(3):
                ingesta(self.data, "run", pipeline, **demo.env)
        ids = iceberg_ids(self.data, "proveedores")
        (table,) = self.json("maintain", "proveedores", "--no-expire", "--no-orphans")["tables"]
        self.assertEqual((table["compacted_files"], table["written_files"]), (4, 1))
        self.assertEqual(iceberg_ids(self.data, "proveedores"), ids)

    def test_maintain_refuses_what_is_no_duration_or_size(self):
        self.assertIn("ms, s, m, h, d", self.lake("maintain", "--orphan-age", "3", code=2).stderr)
        self.assertIn("MiB", self.lake("maintain", "--file-size", "big", code=2).stderr)

    # words

    def test_wrong_words_name_the_right_ones(self):
        error = self.lake("history", "productoss", code=2).stderr
        self.assertIn("did you mean `productos`?", error)
        error = self.lake("tables", code=2, cwd=self.work / "kept").stderr
        self.assertIn("there is no pipeline.yaml in this folder", error)
        for command in ("tables", "history", "rollback", "ddl", "verify", "maintain"):
            self.assertIn("Examples:", self.lake(command, "--help").stdout)
        own = self.lake("tables", "--json", cwd=ROOT / "ingesta-productos").stdout
        self.assertEqual({table["pipeline"] for table in json.loads(own)}, {"productos"})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
