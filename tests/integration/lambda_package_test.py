#!/usr/bin/env python3
"""The function's code as scripts/package-lambda.sh packs it, run where there is nothing else: a root with the zip's files and a
static /bin/sh, called through cargo-lambda's emulator of Lambda. usage: lambda_package_test.py INGESTA"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile

import aws_server
from servers import ROOT, plain_environment, run_script

INGESTA = sys.argv[1]
EVENT = {"schedule": "by-hand", "scheduled_time": "2026-11-24T02:00:00Z"}
LIMIT = 250 << 20  # Lambda's, unpacked


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def static_shell():
    path = shutil.which("busybox")
    if path is None or subprocess.run(["ldd", path], capture_output=True).returncode == 0:
        skip("there is no static busybox (apt-get install busybox-static)")
    return path


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-lambda-"))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        cls.code = cls.work / "code.zip"
        run_script("package-lambda.sh", "--binary", INGESTA, cls.code)
        cls.root = cls.work / "root"
        task = cls.root / "var/task"
        for entry in zipfile.ZipFile(cls.code).infolist():
            path = task / entry.filename
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(zipfile.ZipFile(cls.code).read(entry))
            path.chmod(entry.external_attr >> 16 & 0o777)
        (cls.root / "bin").mkdir()
        shutil.copy(static_shell(), cls.root / "bin/sh")
        cls.cargo_lambda = pathlib.Path(run_script("test-venv.sh", "lambda").strip(), "bin/cargo-lambda")
        cls.aws = cls.enterClassContext(aws_server.AwsServer())
        cls.port = free_port()
        # The emulator wants to stand in a Rust project.
        (cls.work / "src").mkdir()
        (cls.work / "src/main.rs").write_text("fn main() {}\n")
        (cls.work / "Cargo.toml").write_text('[package]\nname = "start"\nversion = "0.0.0"\nedition = "2021"\n')
        log = cls.enterClassContext(open(cls.work / "emulator.log", "w"))
        emulator = subprocess.Popen(
            [cls.cargo_lambda, "lambda", "watch", "--only-lambda-apis", "--invoke-address", "127.0.0.1", "--invoke-port",
             str(cls.port)], cwd=cls.work, stdout=log, stderr=subprocess.STDOUT)
        cls.addClassCleanup(emulator.wait)
        cls.addClassCleanup(emulator.terminate)
        cls.wait_for_port(emulator)

    @classmethod
    def wait_for_port(cls, emulator):
        end = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", cls.port)).close()
                return
            except ConnectionRefusedError:
                if emulator.poll() is not None or time.monotonic() > end:
                    raise RuntimeError((cls.work / "emulator.log").read_text()) from None
            time.sleep(0.05)

    def start_function(self, **changes):
        env = {k: v for k, v in self.aws.environment().items()}
        env |= {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.port}/.rt/start", "LAMBDA_TASK_ROOT": "/var/task",
                "INGESTA_ECS_CLUSTER": "lake", "INGESTA_ECS_TASKS": "ordenes=ordenes", "INGESTA_ECS_SUBNETS": "subnet-1",
                # No way out: what is on loopback must not go there.
                "http_proxy": "http://127.0.0.1:9", "NO_PROXY": "localhost"} | changes
        process = subprocess.Popen(["/var/task/bootstrap"], env=env, stderr=subprocess.PIPE, text=True,
                                   preexec_fn=lambda: (os.chroot(self.root), os.chdir("/")))
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    def invoke(self, event):
        return subprocess.run(
            [self.cargo_lambda, "lambda", "invoke", "start", "--invoke-address", "127.0.0.1", "--invoke-port", str(self.port),
             "--data-ascii", json.dumps(event)], cwd=self.work, env=plain_environment(), capture_output=True, text=True, timeout=60)

    def test_it_fits_lambda(self):
        entries = {entry.filename: entry for entry in zipfile.ZipFile(self.code).infolist()}
        self.assertLess(sum(entry.file_size for entry in entries.values()), LIMIT)
        self.assertEqual(entries["bootstrap"].external_attr >> 16, 0o100755)

    def test_the_same_build_gives_the_same_bytes(self):
        again = self.work / "again.zip"
        run_script("package-lambda.sh", "--binary", INGESTA, again)
        self.assertEqual(again.read_bytes(), self.code.read_bytes())

    def test_it_answers_in_a_root_of_its_own(self):
        """moto has no such cluster: the answer is ECS's, through all of the code that is in the zip."""
        self.start_function()
        done = self.invoke(EVENT)
        said = done.stdout + done.stderr
        self.assertIn("Ingesta.not_found", said)
        self.assertIn("there is no active cluster lake", said)

    def test_it_starts_a_task(self):
        import boto3
        keys = self.aws.environment()
        ecs = boto3.client("ecs", endpoint_url=f"http://127.0.0.1:{self.aws.moto.server_port}", region_name="us-east-1",
                           aws_access_key_id=keys["AWS_ACCESS_KEY_ID"], aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"])
        ecs.create_cluster(clusterName="other")
        ecs.register_task_definition(family="ordenes", containerDefinitions=[{"name": "ingesta", "image": "i", "memory": 128}])
        self.start_function(INGESTA_ECS_CLUSTER="other")
        done = self.invoke(EVENT)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        answer = json.loads(done.stdout)
        (task,) = ecs.list_tasks(cluster="other")["taskArns"]
        self.assertEqual(answer["tasks"][0]["task"], task)

    def test_wrong_settings_end_it_and_say_what_is_missing(self):
        process = self.start_function(INGESTA_ECS_SUBNETS="")
        self.assertEqual(process.wait(60), 2)
        self.assertIn("INGESTA_ECS_SUBNETS is not set", process.stderr.read())


if __name__ == "__main__":
    if os.geteuid() != 0:
        skip("changing the root needs root")
    if shutil.which("cargo") is None:
        skip("the emulator asks cargo about the folder, and there is none")
    unittest.main(argv=sys.argv[:1], verbosity=2)
