#!/usr/bin/env python3
"""Whole runs of the binary into a real S3 server, with the seed's three errors met for real.

usage: s3_run_test.py INGESTA

Shows: objects arrive under the seed's keys and equal the local run's; wrong keys, a missing bucket, no credentials and an
unreachable service each have their message and exit code; with S3 away the files are kept and `resume` publishes them
without asking the services; SIGTERM ends a run cleanly; two runs at once: one says who is at work.
"""
import datetime
import hashlib
import hmac
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
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
INGESTA = sys.argv[1]
PIPELINES = [str(ROOT / f"ingesta-{name}") for name in ("productos", "ordenes", "proveedores")]


class S3:
    """Reads a bucket by signed requests: nothing of ours is used to check ours."""

    def __init__(self, env):
        self.endpoint = env["AWS_ENDPOINT_URL_S3"]
        self.key, self.secret = env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"]
        self.bucket = env.get("S3_BUCKET") or "inventario-datalake"

    def get(self, key="", query=()):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        host = urllib.parse.urlparse(self.endpoint).netloc
        path = "/" + urllib.parse.quote(f"{self.bucket}/{key}" if key else self.bucket)
        encoded = "&".join(f"{k}={urllib.parse.quote(v, safe='')}" for k, v in sorted(query))
        payload = hashlib.sha256(b"").hexdigest()
        headers = f"host:{host}\nx-amz-content-sha256:{payload}\nx-amz-date:{now}\n"
        names = "host;x-amz-content-sha256;x-amz-date"
        request = hashlib.sha256("\n".join(["GET", path, encoded, headers, names, payload]).encode()).hexdigest()
        scope = f"{now[:8]}/us-east-1/s3/aws4_request"
        signing = ("AWS4" + self.secret).encode()
        for part in (now[:8], "us-east-1", "s3", "aws4_request"):
            signing = hmac.new(signing, part.encode(), hashlib.sha256).digest()
        text = "\n".join(["AWS4-HMAC-SHA256", now, scope, request])
        signature = hmac.new(signing, text.encode(), hashlib.sha256).hexdigest()
        return urllib.request.urlopen(urllib.request.Request(
            f"{self.endpoint}{path}?{encoded}",
            headers={"x-amz-date": now, "x-amz-content-sha256": payload,
                     "Authorization": f"AWS4-HMAC-SHA256 Credential={self.key}/{scope}, SignedHeaders={names}, "
                                      f"Signature={signature}"})).read()

    def keys(self, prefix=""):
        text = self.get(query=[("list-type", "2"), ("prefix", prefix)]).decode()
        return sorted(k for k in re.findall("<Key>([^<]*)</Key>", text) if not k.startswith("_ingesta/"))


def s3_server(command, folder):
    done = subprocess.run([str(ROOT / "scripts/s3-server.sh"), command, str(folder)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    pairs = re.findall(r"(\w+)=(\S+)", done.stdout)
    return {name: value.strip("'\"") for name, value in pairs}


class WholeRuns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-s3-run-"))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        cls.s3_folder = cls.work / "s3"
        cls.s3_env = s3_server("start", cls.s3_folder)
        cls.addClassCleanup(s3_server, "stop", cls.s3_folder)
        cls.demo = subprocess.Popen([INGESTA, "demo", "--rows", "2000", "--productos-port", "0", "--ordenes-port", "0",
                                     "--proveedores-port", "0"], stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.stop_demo)
        cls.urls = {}
        for line in cls.demo.stdout:
            found = re.match(r"\s+(productos|ordenes|proveedores)\s+(http://[^/]+)", line)
            if found:
                cls.urls[found[1]] = found[2]
            if "Ctrl-C" in line:
                break

    @classmethod
    def stop_demo(cls):
        cls.demo.terminate()
        cls.demo.wait()
        cls.demo.stdout.close()

    def setUp(self):
        self.data = self.work / self.id().rsplit(".", 1)[-1]

    def env(self, **changes):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "INGESTA_", "S3_"))}
        env.update(self.s3_env, INGESTA_DATA_DIR=str(self.data), AWS_EC2_METADATA_DISABLED="true",
                   HOME=str(self.work / "no-home"))
        env.update({f"{name.upper()}_SERVICE_URL": url for name, url in self.urls.items()})
        env.update(changes)
        return {k: v for k, v in env.items() if v is not None}

    def ingesta(self, *arguments, code=0, **changes):
        done = subprocess.run([INGESTA, *arguments], env=self.env(**changes), capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def test_objects_arrive_under_the_seeds_keys(self):
        runs = json.loads(self.ingesta("run", *PIPELINES, "--json").stdout)
        files = [file for run in runs for dataset in run["datasets"] for file in dataset["files"]]
        keys = [file["key"] for file in files if file["format"] in ("csv", "json")]
        local = self.data / "local"
        self.ingesta("run", *PIPELINES, "--data-dir", str(local), S3_BUCKET="")
        s3 = S3(self.s3_env)
        self.assertEqual(len(keys), 10, keys)
        self.assertLessEqual(set(keys), set(s3.keys()))
        for key in keys:
            self.assertRegex(key, r"^(json/)?(\w+)/\2_\d{8}_\d{6}\.(csv|json)$")
            dataset, suffix = key.split("/")[-2], pathlib.Path(key).suffix
            folder = local / ("json/" if suffix == ".json" else "") / dataset
            (twin,) = folder.glob(f"*{suffix}")
            self.assertEqual(s3.get(key), twin.read_bytes(), key)
        typed = [file["key"] for file in files if file["format"] in ("parquet", "iceberg")]
        # Tables that hold these rows since another test are left as they are.
        held = [table for run in runs for table in run["tables"] if table["change"] == "unchanged"]
        self.assertEqual(len(typed) + len(held), 12, typed)
        self.assertLessEqual(set(typed), set(s3.keys()))
        tables = {table["table"]: table for run in runs for table in run["tables"]}
        self.assertEqual(set(tables), {dataset["name"] for run in runs for dataset in run["datasets"]})
        for dataset in tables:
            versions = [key for key in s3.keys(f"iceberg/{dataset}/metadata/v") if key.endswith(".metadata.json")]
            newest = max(versions, key=lambda key: int(key.rsplit("/v")[1].split(".")[0]))
            metadata = json.loads(s3.get(newest))
            self.assertEqual(metadata["location"], f"s3://{s3.bucket}/iceberg/{dataset}")
            self.assertEqual(str(metadata["current-snapshot-id"]), tables[dataset]["snapshot"])
        self.assertFalse(list(self.data.glob("_ingesta/spool/*/*")), "the spool is empty after a run")

    def test_a_run_id_is_one_result(self):
        self.ingesta("run", PIPELINES[2], "--run-id", "day-1")
        before = S3(self.s3_env).keys("proveedores/")
        again = json.loads(self.ingesta("run", PIPELINES[2], "--run-id", "day-1", "--json").stdout)
        self.assertTrue(again[0]["already_done"])
        self.assertEqual(S3(self.s3_env).keys("proveedores/"), before)

    def test_wrong_keys_are_refused_and_the_files_kept(self):
        wrong = {"AWS_SECRET_ACCESS_KEY": "not-the-secret"}
        check = self.ingesta("check", PIPELINES[0], code=1, **wrong)
        self.assertIn("FAIL  store", check.stdout)
        before = S3(self.s3_env).keys("productos/")
        run = self.ingesta("run", PIPELINES[0], code=1, **wrong)
        self.assertIn("SignatureDoesNotMatch", run.stderr)
        self.assertNotIn("not-the-secret", run.stdout + run.stderr)
        self.assertEqual(S3(self.s3_env).keys("productos/"), before)
        # The right keys: published without a service to ask.
        self.ingesta("resume", PIPELINES[0], PRODUCTOS_SERVICE_URL="http://127.0.0.1:1")
        self.assertEqual(len(S3(self.s3_env).keys("productos/")), len(before) + 1)

    def test_no_credentials_is_an_error_that_says_what_was_tried(self):
        none = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
        run = self.ingesta("run", PIPELINES[0], code=1, **none)
        for text in ("no AWS credentials", "AWS_ACCESS_KEY_ID is not set", "aws configure", "/root/.aws:ro"):
            self.assertIn(text, run.stderr)

    def test_a_missing_bucket_names_the_command_that_makes_it(self):
        run = self.ingesta("run", PIPELINES[0], code=1, S3_BUCKET="no-such-bucket-here")
        self.assertIn("no-such-bucket-here", run.stderr)
        self.assertIn("aws s3 mb s3://no-such-bucket-here", run.stderr)

    def test_s3_away_keeps_the_files_and_the_next_run_publishes_them(self):
        away = {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}
        before = S3(self.s3_env).keys("clientes/")
        self.ingesta("run", PIPELINES[1], code=1, **away)
        self.assertTrue(list(self.data.glob("_ingesta/spool/ordenes/*/prepared.json")))
        done = json.loads(self.ingesta("run", PIPELINES[1], "--json").stdout)
        self.assertEqual(len(done[0]["recovered"]), 1)
        self.assertEqual(len(S3(self.s3_env).keys("clientes/")), len(before) + 2)

    def test_status_reads_the_bucket_and_knows_of_runs_that_wait_here(self):
        run, = json.loads(self.ingesta("run", PIPELINES[2], "--json").stdout)
        self.assertGreaterEqual(run["store_requests"]["PutObject"], 3)
        status, = json.loads(self.ingesta("status", PIPELINES[2], "--json").stdout)["pipelines"]
        self.assertEqual((status["store"][:5], status["fine"], status["next"]), ("s3://", True, None))
        shown = json.loads(self.ingesta("show", run["run_id"], PIPELINES[2], "--json").stdout)
        self.assertEqual(shown["datasets"][0]["rows"], status["datasets"][0]["rows"])
        self.ingesta("run", PIPELINES[2], "--run-id", "waits", code=1, AWS_ENDPOINT_URL_S3="http://127.0.0.1:9",
                     AWS_ENDPOINT_URL="http://127.0.0.1:9")
        status, = json.loads(self.ingesta("status", PIPELINES[2], "--json").stdout)["pipelines"]
        self.assertEqual(status["waiting_runs"], ["waits"])
        self.assertEqual(status["next"], f"ingesta resume {PIPELINES[2]}")
        self.assertIn("whole but not published", self.ingesta("show", "waits", PIPELINES[2]).stdout)
        self.ingesta("resume", PIPELINES[2])
        status, = json.loads(self.ingesta("status", PIPELINES[2], "--json").stdout)["pipelines"]
        self.assertEqual((status["waiting_runs"], status["datasets"][0]["last_success"]["run"]), ([], "waits"))

    def test_an_unreachable_service_names_its_url(self):
        for url, code in (("http://127.0.0.1:1", "connect_failed"), ("http://no-host.invalid:5001", "host_not_found")):
            run = self.ingesta("run", PIPELINES[0], "--set", "client.error_handler.max_retries=1", code=1,
                               PRODUCTOS_SERVICE_URL=url)
            self.assertIn(url, run.stderr)
            self.assertIn(code, run.stderr)
            self.assertIn("Docker network", run.stderr)

    def slow_demo_run(self, *arguments, **changes):
        """A run against a service that takes 2 s for each page."""
        process = subprocess.Popen([INGESTA, "demo", "--rows", "200000", "--latency", "2s", "--productos-port", "0",
                                    "--ordenes-port", "0", "--proveedores-port", "0"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        for line in process.stdout:
            found = re.match(r"\s+productos\s+(http://[^/]+)", line)
            if found:
                break
        return subprocess.Popen([INGESTA, "run", PIPELINES[0], *arguments], stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True,
                                env=self.env(PRODUCTOS_SERVICE_URL=found[1], **changes))

    def wait_for_lease(self):
        lease = self.data / "_ingesta/leases/productos.json"
        deadline = time.monotonic() + 20
        while not (lease.exists() and '"held"' in lease.read_text()):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_sigterm_ends_a_run_within_10_seconds(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            run = self.slow_demo_run(S3_BUCKET="")
            self.wait_for_lease()
            began = time.monotonic()
            run.send_signal(number)
            _, stderr = run.communicate(timeout=10)
            self.assertLess(time.monotonic() - began, 10)
            self.assertEqual(run.returncode, 1, stderr)
            self.assertIn("cancelled", stderr)
            self.assertFalse((self.data / "productos").exists(), "nothing is published")

    def test_of_two_runs_at_once_one_says_who_is_at_work(self):
        first = self.slow_demo_run(S3_BUCKET="")
        self.wait_for_lease()
        second = self.ingesta("run", PIPELINES[0], code=4, S3_BUCKET="")
        self.assertIn("lease_held", second.stderr)
        first.terminate()
        first.communicate()
        self.ingesta("run", PIPELINES[0], S3_BUCKET="")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
