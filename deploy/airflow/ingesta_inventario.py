"""The three ingestions every day at 2 AM, as containers, for Airflow 3.

Parsing reads the environment of Airflow's processes and nothing else: no connection, no variable, no network. What may be
set there, with its default, is in the block below. Secrets come from an Airflow connection while a task runs.
"""
import json
import os
from datetime import datetime, timedelta

from airflow.providers.docker.operators.docker import DockerOperator
from airflow.sdk import DAG, Asset, Connection
from docker.types import Mount

BUCKET = os.environ.get("S3_BUCKET", "inventario-datalake")
IMAGE_TAG = os.environ.get("INGESTA_IMAGE_TAG", "latest")
NETWORK = os.environ.get("INGESTA_NETWORK", "inventario-network")
# What a failed run kept outlives its container here, and the next try publishes it.
VOLUME = os.environ.get("INGESTA_DATA_VOLUME", "ingesta-data")
# A pool that does not exist would leave tasks waiting for ever, so the default is the one that always does.
POOL = os.environ.get("INGESTA_POOL", "default_pool")
# "" = the machine's own role. A connection that is named but missing fails the task: no other identity is tried.
AWS_CONNECTION = os.environ.get("INGESTA_AWS_CONN_ID", "")
PASSED_ON = ("AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "GLUE_DATABASE", "PRODUCTOS_SERVICE_URL",
             "ORDENES_SERVICE_URL", "PROVEEDORES_SERVICE_URL")

DATASETS = {
    "productos": ("productos", "categorias"),
    "ordenes": ("ordenes", "detalles_orden", "clientes"),
    "proveedores": ("proveedores",),
}


def table(dataset: str) -> Asset:
    """The asset of a dataset's table; a DAG with `schedule=[Asset(name=...)]` starts when it is fresh."""
    return Asset(name=f"inventario.{dataset}", uri=f"s3://{BUCKET}/iceberg/{dataset}")


def aws_environment(connection_id: str) -> dict[str, str]:
    """Access key, secret and session token of an Airflow connection of the type `aws`; {} without one."""
    if not connection_id:
        return {}
    connection = Connection.get(connection_id)
    keys = {
        "AWS_ACCESS_KEY_ID": connection.login,
        "AWS_SECRET_ACCESS_KEY": connection.password,
        "AWS_SESSION_TOKEN": connection.extra_dejson.get("aws_session_token"),
    }
    return {name: value for name, value in keys.items() if value}


class IngestaOperator(DockerOperator):
    """One ingestion. Its XCom is the run's summary: `rows`, `rejected`, and in `runs` each dataset's."""

    def execute(self, context) -> dict:
        # Not part of the rendered fields, so not to be seen in the interface.
        self._private_environment = aws_environment(AWS_CONNECTION)
        summary = json.loads(super().execute(context))
        datasets = {entry["name"]: entry for run in summary["runs"] for entry in run["datasets"]}
        for asset in self.outlets:
            entry = datasets.get(asset.name.removeprefix("inventario."))
            if entry:
                context["outlet_events"][asset].extra = {name: entry[name] for name in ("rows", "rejected", "completeness")}
        return summary


def ingestion(name: str) -> IngestaOperator:
    """The task of the pipeline `name`."""
    return IngestaOperator(
        task_id=f"ingesta_{name}",
        image=f"ingesta-{name}:{IMAGE_TAG}",
        environment={
            **{variable: os.environ[variable] for variable in PASSED_ON if variable in os.environ},
            "S3_BUCKET": BUCKET,
            # A try that follows one which did publish, but could not say so, does nothing.
            "INGESTA_RUN_ID": "{{ run_id }}",
            # Rows in quarantine are no reason for a red task: their number is in XCom.
            "INGESTA_QUARANTINE_EXIT": "0",
            "INGESTA_SUMMARY": "line",
            "INGESTA_LOG_FORMAT": "json",
        },
        network_mode=NETWORK,
        mounts=[Mount(target="/data", source=VOLUME, type="volume")],
        mount_tmp_dir=False,
        auto_remove="force",
        outlets=[table(dataset) for dataset in DATASETS[name]],
        pool=POOL,
        execution_timeout=timedelta(hours=2),
        # No exit code is a skip: 4, another run is at work, fails this try, and the next one follows.
        skip_on_exit_code=None,
    )


default_args = {
    "owner": "inventario",
    "depends_on_past": False,
    "start_date": datetime(2025, 10, 1),
    "email_on_failure": False,
    "retries": 1,
    "retry_delay": timedelta(minutes=5),
}

with DAG(
    "ingesta_inventario",
    default_args=default_args,
    description="Ingesta diaria de datos",
    schedule="0 2 * * *",
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    tags=["ingesta"],
) as dag:
    ingesta_productos = ingestion("productos")
    ingesta_ordenes = ingestion("ordenes")
    ingesta_proveedores = ingestion("proveedores")
