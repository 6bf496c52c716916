#!/usr/bin/env python3
"""The DAG of deploy/airflow in a real Airflow: how it is built, and whole runs of it.

    airflow_test.py structure    parses it, without network and connections
    airflow_test.py run          with DOCKER_HOST and the images ingesta, ingesta-* and INGESTA_E2E_S3_IMAGE (an S3 server):
                                 `airflow dags test` into a bucket, the data, XCom and asset events read back; a held lease

Run by the Python of scripts/test-venv.sh airflow.
"""
import contextlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
DAGS = ROOT / "deploy" / "airflow"
TASKS = ["ingesta_productos", "ingesta_ordenes", "ingesta_proveedores"]
NETWORK = "ingesta-airflow-e2e"
VOLUME = "ingesta-airflow-e2e"
KEYS = {"AWS_ACCESS_KEY_ID": "e2e", "AWS_SECRET_ACCESS_KEY": "e2e-secret"}

STRUCTURE = """
import json, socket
def refuse(*_, **__): raise AssertionError("the DAG asks the network while it is parsed")
socket.socket.connect = refuse
from airflow.sdk import Connection, Variable
Connection.get = Variable.get = refuse
from airflow.providers.docker.operators import docker  # what Airflow has loaded before it parses
import time, importlib.util, sys
begin = time.process_time()
spec = importlib.util.spec_from_file_location("dag_file", sys.argv[1])
module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)
dag = module.dag
print(json.dumps({"cpu": time.process_time() - begin, "dag_id": dag.dag_id, "schedule": str(dag.schedule), "catchup": dag.catchup,
  "max_active_runs": dag.max_active_runs, "description": dag.description, "tasks": {t.task_id: {
    "image": t.image, "owner": t.owner, "retries": t.retries, "delay": t.retry_delay.total_seconds(), "pool": t.pool,
    "timeout": t.execution_timeout.total_seconds(), "skip": list(t.skip_on_exit_code), "environment": t.environment,
    "upstream": list(t.upstream_task_ids), "outlets": [o.name for o in t.outlets]} for t in dag.tasks}}))
"""


def environment(home, **more):
    """Of Airflow's processes, without what would steer the DAG."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "INGESTA_", "S3_", "AIRFLOW", "GLUE_"))}
    kept["PATH"] = f"{pathlib.Path(sys.executable).parent}:{kept['PATH']}"
    return kept | {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS), "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
                   "AIRFLOW__CORE__UNIT_TEST_MODE": "False"} | more


def check_structure(home):
    done = subprocess.run([sys.executable, "-B", "-c", STRUCTURE, str(DAGS / "ingesta_inventario.py")],
                          env=environment(home, INGESTA_AWS_CONN_ID="ingesta_aws"), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    dag = json.loads(done.stdout.splitlines()[-1])
    assert dag["dag_id"] == "ingesta_inventario" and dag["description"] == "Ingesta diaria de datos", dag
    assert dag["schedule"] == "0 2 * * *" and dag["catchup"] is False and dag["max_active_runs"] == 1, dag
    assert list(dag["tasks"]) == TASKS, dag["tasks"]
    for task_id, task in dag["tasks"].items():
        assert task["image"] == f"{task_id.replace('_', '-')}:latest", task
        assert (task["owner"], task["retries"], task["delay"]) == ("inventario", 1, 300), task
        assert task["upstream"] == [] and task["skip"] == [] and task["pool"] == "default_pool", task
        assert task["timeout"] > 0 and task["environment"]["INGESTA_QUARANTINE_EXIT"] == "0", task
    outlets = [name for task in dag["tasks"].values() for name in task["outlets"]]
    assert sorted(outlets) == sorted(f"inventario.{name}" for name in
                                     ("productos", "categorias", "ordenes", "detalles_orden", "clientes", "proveedores")), outlets
    assert dag["cpu"] < 5, f"{dag['cpu']} s of CPU to parse"
    print(f"structure: parsed in {dag['cpu']:.2f} s of CPU")


def docker(*words, check=True):
    done = subprocess.run(["docker", *words], capture_output=True, text=True)
    assert done.returncode == 0 or not check, done.stderr
    return done.stdout.strip()


@contextlib.contextmanager
def surroundings():
    """The network, demo services with values that no column holds, and an S3 server; gives the S3 server's URL."""
    image = os.environ.get("INGESTA_E2E_S3_IMAGE", "ingesta-e2e-s3")
    try:
        docker("network", "create", NETWORK)
        docker("run", "-d", "--name", "airflow-demo", "--network", NETWORK, *(part for name in ("productos", "ordenes", "proveedores")
               for part in ("--network-alias", f"{name}-service")), "ingesta", "demo", "--host", "0.0.0.0", "--rows", "1000",
               "--fault", "bad-values")
        docker("run", "-d", "--name", "airflow-s3", "--network", NETWORK, "--network-alias", "s3",
               *(part for name, value in KEYS.items() for part in ("-e", f"{name}={value}")), image, "mini", "-dir=/data",
               "-bucket=inventario-datalake")
        yield "http://" + docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "airflow-s3") + ":8333"
    finally:
        docker("rm", "-fv", "airflow-demo", "airflow-s3", check=False)
        docker("network", "rm", NETWORK, check=False)
        docker("volume", "rm", VOLUME, check=False)


class Bucket:
    """The bucket by boto3 of the tests' own environment: Airflow's has none."""

    def __init__(self, url):
        self.url = url
        self.python = subprocess.run([str(ROOT / "scripts" / "test-venv.sh")], capture_output=True, text=True,
                                     check=True).stdout.strip() + "/bin/python"

    def read_back(self, *words):
        subprocess.run([self.python, "-B", str(ROOT / "tests" / "e2e" / "read_back.py"), "--s3", self.url, *words],
                       env=os.environ | KEYS, check=True)

    def script(self, code, *words):
        head = ("import boto3, sys, json, time\ns3 = boto3.client('s3', endpoint_url=sys.argv[1], region_name='us-east-1')\n"
                "B = 'inventario-datalake'\n")
        return subprocess.run([self.python, "-c", head + code, self.url, *words], env=os.environ | KEYS, capture_output=True,
                              text=True, check=True).stdout


def query(home, sql):
    with contextlib.closing(sqlite3.connect(f"file:{home}/airflow.db?mode=ro", uri=True)) as database:
        return database.execute(sql).fetchall()


def check_run(home, env, bucket):
    """A whole run: tasks succeed with rows in quarantine, which XCom tells; what it tells is in the bucket."""
    begin = time.monotonic()
    done = subprocess.run(["airflow", "dags", "test", "ingesta_inventario"], env=env, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in done.stdout + done.stderr, "the secret is in the log"
    states = dict(query(home, "SELECT task_id, state FROM task_instance"))
    assert states == {task: "success" for task in TASKS}, (states, done.stdout[-3000:])
    summaries = {task: json.loads(value) for task, value in
                 query(home, "SELECT task_id, value FROM xcom WHERE key = 'return_value'")}
    assert sorted(summaries) == sorted(TASKS), summaries
    told = {}
    for task, summary in summaries.items():
        summary = json.loads(summary) if isinstance(summary, str) else summary
        assert summary["exit_code"] == 0, summary
        told |= {entry["name"]: entry for run in summary["runs"] for entry in run["datasets"]}
    assert sum(entry["rejected"] for entry in told.values()) > 0, told
    rows = json.loads(bucket.script("""
import csv, io
rows = {}
for page in s3.get_paginator('list_objects_v2').paginate(Bucket=B):
    for item in page.get('Contents', []):
        if item['Key'].endswith('.csv'):
            body = s3.get_object(Bucket=B, Key=item['Key'])['Body'].read().decode()
            rows[item['Key'].split('/')[0]] = len(list(csv.reader(io.StringIO(body)))) - 1
print(json.dumps(rows))"""))
    assert rows == {name: entry["rows"] for name, entry in told.items()}, (rows, told)
    events = query(home, "SELECT asset.name, asset_event.extra FROM asset_event JOIN asset ON asset.id = asset_event.asset_id")
    extra = {name: json.loads(text) for name, text in events}
    assert extra.keys() == {f"inventario.{name}" for name in told}, extra
    assert all(extra[f"inventario.{name}"]["rows"] == entry["rows"] for name, entry in told.items()), extra
    print(f"run: {rows}, {sum(e['rejected'] for e in told.values())} in quarantine ({time.monotonic() - begin:.0f} s)")


def check_held_lease(env, bucket):
    """Another run that is alive: exit 4 fails the try, which Airflow repeats; it is neither a success nor a skip."""
    stop = threading.Event()

    def beat():
        for count in range(1, 10_000):
            bucket.script("s3.put_object(Bucket=B, Key='_ingesta/leases/productos.json', Body=json.dumps({'state': 'held', "
                          "'run_id': 'other', 'host': 'elsewhere', 'pid': 1, 'identity': 'elsewhere:1:1', "
                          "'renewed_at': '2026-01-01T00:00:00Z', 'beat': int(sys.argv[2])}))", str(count))
            if stop.wait(3):
                return

    holder = threading.Thread(target=beat)
    holder.start()
    try:
        done = subprocess.run(["airflow", "tasks", "test", "ingesta_inventario", "ingesta_productos"], env=env,
                              capture_output=True, text=True, timeout=300)
    finally:
        stop.set()
        holder.join()
    text = done.stdout + done.stderr
    assert "'StatusCode': 4" in text and "DockerContainerFailedException" in text, text[-4000:]
    assert "lease_held" in text and "DockerContainerFailedSkipException" not in text, text[-4000:]
    print("a held lease fails the try")


def main():
    with tempfile.TemporaryDirectory(prefix="ingesta-airflow-") as home:
        if sys.argv[1] == "structure":
            check_structure(home)
            return
        with surroundings() as url:
            bucket = Bucket(url)
            bucket.read_back("--wait")
            env = environment(home, INGESTA_NETWORK=NETWORK, INGESTA_DATA_VOLUME=VOLUME, AWS_ENDPOINT_URL="http://s3:8333",
                              AWS_REGION="us-east-1", INGESTA_AWS_CONN_ID="ingesta_aws",
                              AIRFLOW_CONN_INGESTA_AWS=json.dumps({"conn_type": "aws", "login": KEYS["AWS_ACCESS_KEY_ID"],
                                                                   "password": KEYS["AWS_SECRET_ACCESS_KEY"]}))
            subprocess.run(["airflow", "db", "migrate"], env=env, check=True, capture_output=True)
            check_run(home, env, bucket)
            check_held_lease(env, bucket)


if __name__ == "__main__":
    main()
