#!/usr/bin/env python3
"""`ingesta status`, `runs` and `show` on a local lake after good and bad runs. usage: status_test.py INGESTA"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from servers import DATASETS, PIPELINES, ROOT, DemoServices, plain_environment

INGESTA = sys.argv[1]
UNREACHABLE = {f"{name}_SERVICE_URL": "http://127.0.0.1:9" for name in ("PRODUCTOS", "ORDENES", "PROVEEDORES")}


class Looking(unittest.TestCase):
    def setUp(self):
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-status-"))
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)

    def ingesta(self, *arguments, code=0, **changes):
        env = plain_environment() | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(self.data)} | UNREACHABLE | changes
        done = subprocess.run([INGESTA, *map(str, arguments)], env=env, cwd=ROOT, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}{done.stderr}")
        return done.stdout

    def status(self, *arguments, code=0):
        return {p["pipeline"]: p for p in json.loads(self.ingesta("status", "--json", *arguments, code=code))["pipelines"]}

    def test_before_the_first_run(self):
        status = self.status(code=1)
        self.assertEqual(set(status), {"productos", "ordenes", "proveedores"})
        self.assertEqual({d["state"] for p in status.values() for d in p["datasets"]}, {"never"})
        self.assertEqual(status["productos"]["next"], "ingesta run ingesta-productos")
        self.assertIn("no run has left a manifest", self.ingesta("runs"))
        self.ingesta("show", "latest", code=1)

    def test_after_good_runs_all_is_fine(self):
        with DemoServices(INGESTA, 400) as demo:
            for _ in range(2):
                runs = json.loads(self.ingesta("run", *PIPELINES, "--json", **demo.env))
        status = self.status()
        datasets = {d["dataset"]: d for p in status.values() for d in p["datasets"]}
        self.assertEqual(set(datasets), set(DATASETS))
        for run in runs:
            for dataset in run["datasets"]:
                seen = datasets[dataset["name"]]
                self.assertEqual((seen["state"], seen["rows"], seen["trend"]), ("fine", dataset["rows"], [dataset["rows"]] * 2))
                self.assertEqual(seen["last_success"]["run"], run["run_id"])
                self.assertLess(seen["age_seconds"], 120)
        self.assertEqual([p["next"] for p in status.values()], [None] * 3)
        self.assertIn("every dataset is up to date", self.ingesta("status"))
        time.sleep(2.1)  # ages are whole seconds, and late means above the limit
        self.assertIn("late", self.ingesta("status", "--max-age", "1s", code=1))

        listed = json.loads(self.ingesta("runs", "--json"))["runs"]
        self.assertEqual(len(listed), 6)
        self.assertEqual([r["run"] for r in listed], [r["run"] for r in sorted(listed, key=lambda r: r["started_at"], reverse=True)])
        self.assertEqual(len(json.loads(self.ingesta("runs", "ingesta-ordenes", "--limit", "1", "--json"))["runs"]), 1)

        shown = json.loads(self.ingesta("show", runs[1]["run_id"], "--json"))
        steps = [(s["step"], s.get("dataset")) for s in shown["steps"]]
        self.assertEqual(steps, [("lease", None), ("recover", None), ("extract", "ordenes"), ("extract", "clientes"),
                                 ("store", None), ("catalog", None)])
        took = {s["step"]: s["seconds"] for s in shown["steps"]}
        self.assertTrue(all(seconds > 0 for seconds in took.values()), took)
        text = self.ingesta("show", runs[1]["run_id"])
        for piece in ("timeline", "of which", "source ", "published", str(self.data / "ordenes"), "tables"):
            self.assertIn(piece, text)
        self.assertIn(f"run {runs[2]['run_id']} of proveedores", self.ingesta("show", "latest", "ingesta-proveedores"))

    def test_a_failed_run_is_named_with_its_cause_and_what_to_do(self):
        with DemoServices(INGESTA, 200) as demo:
            self.ingesta("run", "ingesta-productos", **demo.env)
        self.ingesta("run", "ingesta-productos", "--set", "client.error_handler.max_retries=1", code=1)
        status = self.status("ingesta-productos", code=1)["productos"]
        for dataset in status["datasets"]:
            self.assertEqual(dataset["state"], "failed")
            self.assertGreater(dataset["rows"], 0)  # what is published is still there
            self.assertEqual(dataset["last_failure"]["code"], "connect_failed")
            self.assertTrue(dataset["last_failure"]["hint"])
        self.assertEqual(status["next"], "ingesta check ingesta-productos")
        text = self.ingesta("status", "ingesta-productos", code=1)
        self.assertIn("next: ingesta check ingesta-productos", text)
        run = status["datasets"][0]["last_failure"]["run"]
        shown = json.loads(self.ingesta("show", run, "--json"))
        self.assertEqual([(n["code"], n["attempt"]) for n in shown["retry_notes"]], [("connect_failed", 1)])
        self.assertIn("try 1 failed (connect_failed)", self.ingesta("show", run))
        self.assertIn("connect_failed", self.ingesta("runs"))

    def test_throttles_and_retries_are_counted(self):
        with DemoServices(INGESTA, 2000, "--fault", "status:429:3") as demo:
            run, = json.loads(self.ingesta("run", "ingesta-proveedores", "--json", "--set", "client.error_handler.retry_budget=1000", **demo.env))
        dataset, = run["datasets"]
        self.assertEqual((dataset["throttles"], dataset["retries"]), (3, 3))
        self.assertEqual([note["code"] for note in run["retry_notes"]], ["rate_limited"] * 3)

    def test_a_run_at_work_is_seen_and_a_dead_one_too(self):
        with DemoServices(INGESTA, 200_000) as demo:
            env = plain_environment() | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(self.data)} | demo.env
            run = subprocess.Popen([INGESTA, "run", "ingesta-ordenes", "--run-id", "mine"], env=env, cwd=ROOT,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                lease = self.data / "_ingesta/leases/ordenes.json"
                while not lease.exists() and run.poll() is None:
                    time.sleep(0.02)
                status = self.status("ingesta-ordenes", code=1)["ordenes"]
                self.assertIsNone(run.poll(), "the run was too quick to be seen")
            finally:
                run.send_signal(signal.SIGKILL)
                run.wait()
        self.assertEqual(status["running"]["run"], "mine")
        self.assertEqual(status["next"], "ingesta status ingesta-ordenes --watch")
        held = json.loads(lease.read_text())
        held["renewed_at"] = "2026-01-01T00:00:00.000Z"
        lease.write_text(json.dumps(held))
        status = self.status("ingesta-ordenes", code=1)["ordenes"]
        self.assertEqual((status["running"], status["dead_lease"]["run"]), (None, "mine"))

    def test_quarantine_is_counted_also_of_failed_runs(self):
        folder = self.data / "_ingesta/quarantine/proveedores"
        folder.mkdir(parents=True)
        (folder / "r0_20261124_020000.jsonl").write_text('{"a":1}\n{"a":2}\n')
        dataset, = self.status("ingesta-proveedores", code=1)["proveedores"]["datasets"]
        self.assertEqual(dataset["quarantine"], {"objects": 1, "rows": 2, "uncounted_objects": 0})

    def test_watch_looks_again_until_it_is_ended(self):
        env = plain_environment() | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(self.data)} | UNREACHABLE
        watch = subprocess.Popen([INGESTA, "status", "--watch", "--interval", "100ms", "--json"], env=env, cwd=ROOT,
                                 stdout=subprocess.PIPE, text=True)
        lines = [json.loads(watch.stdout.readline()) for _ in range(3)]
        watch.send_signal(signal.SIGTERM)
        watch.communicate(timeout=10)
        self.assertEqual(watch.returncode, 1)
        self.assertLess(lines[0]["at"], lines[2]["at"])

    def test_old_manifests_are_read(self):
        with DemoServices(INGESTA, 100) as demo:
            run, = json.loads(self.ingesta("run", "ingesta-proveedores", "--json", **demo.env))
        path = self.data / f"_ingesta/runs/proveedores/{run['run_id']}.json"
        manifest = json.loads(path.read_text())
        for member in ("steps", "retry_notes", "retry_notes_left_out", "store_requests"):
            del manifest[member]
        for member in ("throttles", "stage_seconds"):
            del manifest["datasets"][0][member]
        path.write_text(json.dumps(manifest))
        self.assertEqual(self.status("ingesta-proveedores")["proveedores"]["datasets"][0]["state"], "fine")
        self.assertNotIn("timeline", self.ingesta("show", run["run_id"]))

    def test_the_script_has_them_too(self):
        env = plain_environment() | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(self.data), "PATH": f"{pathlib.Path(INGESTA).parent}:{os.environ['PATH']}"}
        home = self.data / "home"  # where there is no src/, the script takes the ingesta of PATH
        home.mkdir()
        shutil.copy(ROOT / "run-ingesta.sh", home)
        for pipeline in PIPELINES:
            shutil.copytree(pipeline, home / pathlib.Path(pipeline).name)
        script = home / "run-ingesta.sh"
        done = subprocess.run([script, "status", "--json"], env=env | UNREACHABLE, capture_output=True, text=True)
        self.assertEqual((done.returncode, len(json.loads(done.stdout)["pipelines"])), (1, 3), done.stderr)
        done = subprocess.run([script, "runs", "productos"], env=env | UNREACHABLE, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = subprocess.run([script, "show", "no-such-run", "productos"], env=env | UNREACHABLE, capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no-such-run: no pipeline here", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
