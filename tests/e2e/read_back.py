#!/usr/bin/env python3
"""Reads what ingestions published and compares it with the services that they read: an independent reader.

Per dataset: one CSV and, where there is one, one JSON of the same second; the contract's columns; each record of the
service exactly once, in the same order in both; JSON records as the service sends them. Exit 1 names what differs.
"""
import argparse
import collections
import csv
import io
import json
import pathlib
import re
import sys
import time
import urllib.request

PROVEEDORES_COLUMNS = (
    "id,nombre,ruc,email,telefono,direccion_calle,direccion_ciudad,direccion_estado,direccion_pais,"
    "direccion_codigo_postal,contacto_nombre,contacto_cargo,contacto_telefono,contacto_email,categorias,calificacion,"
    "estado,estado_entrega,condiciones_dias_credito,condiciones_metodo_pago,estadisticas_total_ordenes,"
    "estadisticas_ordenes_completadas,estadisticas_ordenes_pendientes,estadisticas_monto_total,fecha_registro,"
    "ultima_actualizacion")
# dataset: (columns, whether a JSON stands beside the CSV)
DATASETS = {
    "productos": ("id,nombre,descripcion,precio,stock,categoria,proveedor,sku,fecha_creacion,fecha_actualizacion", True),
    "categorias": ("id,nombre,descripcion", False),
    "ordenes": ("id,numero_orden,cliente_id,cliente_nombre,fecha_orden,estado,total,metodo_pago,direccion_envio,"
                "fecha_entrega", True),
    "detalles_orden": ("id,orden_id,producto_id,nombre_producto,cantidad,precio_unitario,subtotal", False),
    "clientes": ("id,nombre,email,telefono,direccion,ciudad,pais,fecha_registro", True),
    "proveedores": (PROVEEDORES_COLUMNS, True),
}
PIPELINES = {"productos": ("productos", "categorias"), "ordenes": ("ordenes", "detalles_orden", "clientes"),
             "proveedores": ("proveedores",)}
# The service fills a missing one with the time of the request, so it differs at each read.
VOLATILE = {"fechaRegistro"}


class LocalLake:
    """The lake below a local folder."""

    def __init__(self, root: str):
        self.root = pathlib.Path(root)

    def keys(self) -> list[str]:
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file())

    def read(self, key: str) -> str:
        return (self.root / key).read_text(encoding="utf-8")


class S3Lake:
    """The lake in a bucket; keys come from the environment."""

    def __init__(self, endpoint: str, bucket: str):
        import boto3
        from botocore.config import Config

        self.bucket = bucket
        self.client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1",
                                   config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1},
                                                 connect_timeout=5, read_timeout=20))

    def wait(self, seconds: float) -> None:
        """Until the server answers and the bucket takes an object."""
        from botocore.exceptions import BotoCoreError, ClientError

        end = time.monotonic() + seconds
        while True:
            try:
                self.client.put_object(Bucket=self.bucket, Key="_probe", Body=b"probe")
                self.client.delete_object(Bucket=self.bucket, Key="_probe")
                return
            except (BotoCoreError, ClientError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)

    def keys(self) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return sorted(item["Key"] for page in pages for item in page.get("Contents", []))

    def read(self, key: str) -> str:
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode("utf-8")


def get(url: str):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def records_of(host: str) -> dict[str, dict[str, dict]]:
    """Every record of the services, by dataset and id, one large page each so that nothing can shift."""
    productos = get(f"http://{host}:5001/api/productos?page=1&per_page=100000")["productos"]
    ordenes = get(f"http://{host}:8080/api/ordenes?page=0&size=100000")["ordenes"]
    lists = {
        "productos": productos,
        "categorias": get(f"http://{host}:5001/api/categorias"),
        "ordenes": ordenes,
        "detalles_orden": [line for orden in ordenes for line in orden.get("detalles") or []],
        "clientes": get(f"http://{host}:8080/api/clientes"),
        "proveedores": get(f"http://{host}:3000/api/proveedores?page=1&limit=100000")["proveedores"],
    }
    return {name: {str(row.get("id", row.get("_id"))): row for row in rows} for name, rows in lists.items()}


def without_volatile(record: dict) -> dict:
    return {name: value for name, value in record.items() if name not in VOLATILE}


def compare_ids(name: str, found: list[str], expected: dict[str, dict]) -> list[str]:
    twice = [key for key, count in collections.Counter(found).items() if count > 1]
    missing = expected.keys() - set(found)
    unknown = set(found) - expected.keys()
    return [f"{name}: {len(keys)} records {what}, for example {sorted(keys)[:3]}"
            for what, keys in (("twice", twice), ("missing", missing), ("unknown", unknown)) if keys]


def check_json(lake, key: str, ids: list[str], expected: dict[str, dict]) -> list[str]:
    rows = [json.loads(line) for line in lake.read(key).split("\n") if line]
    problems = []
    if [str(row.get("id", row.get("_id"))) for row in rows] != ids:
        problems.append(f"{key}: not the CSV's records in the CSV's order")
    for row in rows:
        source = expected.get(str(row.get("id", row.get("_id"))), {})
        ours, theirs = without_volatile(row), without_volatile(source)
        if any(theirs.get(name) != value for name, value in ours.items()):
            return problems + [f"{key}: differs from what the service sends:\n  {ours}\n  {theirs}"]
    return problems


def check_dataset(lake, keys: list[str], name: str, expected: dict[str, dict]) -> tuple[list[str], str]:
    """Return the problems of one dataset, and the second in its name."""
    columns, has_json = DATASETS[name]
    pattern = re.compile(rf"{name}/{name}_(\d{{8}}_\d{{6}})\.csv")
    found = [match for match in map(pattern.fullmatch, keys) if match]
    if len(found) != 1:
        return [f"{name}: {len(found)} CSV files, not 1: {[key for key in keys if key.startswith(name + '/')]}"], ""
    stamp = found[0].group(1)
    header, *rows = csv.reader(io.StringIO(lake.read(found[0].group()), newline=""))
    problems = []
    if header != columns.split(","):
        problems.append(f"{name}: columns {header}")
    ids = [row[0] for row in rows]
    problems += compare_ids(name, ids, expected)
    json_keys = [key for key in keys if key.startswith(f"json/{name}/")]
    wanted = [f"json/{name}/{name}_{stamp}.json"] if has_json else []
    if json_keys != wanted:
        problems.append(f"{name}: JSON files {json_keys}, not {wanted}")
    elif has_json:
        problems += check_json(lake, json_keys[0], ids, expected)
    print(f"{name}: {len(rows)} rows, {stamp}")
    return problems, stamp


def check(lake, host: str, pipelines: list[str]) -> list[str]:
    keys = lake.keys()
    records = records_of(host)
    problems = []
    for pipeline in pipelines:
        stamps = set()
        for name in PIPELINES[pipeline]:
            found, stamp = check_dataset(lake, keys, name, records[name])
            problems += found
            stamps.add(stamp)
        if len(stamps) != 1:
            problems.append(f"{pipeline}: one run, several timestamps: {sorted(stamps)}")
    if not any(key.startswith("_ingesta/runs/") for key in keys):
        problems.append("no manifest below _ingesta/runs/")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    lake = parser.add_mutually_exclusive_group(required=True)
    lake.add_argument("--root", help="the lake is below this folder")
    lake.add_argument("--s3", metavar="URL", help="the lake is in the bucket of this S3 server")
    parser.add_argument("--bucket", default="inventario-datalake")
    parser.add_argument("--wait", action="store_true", help="only wait until the bucket is writable")
    parser.add_argument("--services", metavar="HOST", help="the host of the three services")
    parser.add_argument("pipelines", nargs="*", choices=[*PIPELINES, []])
    arguments = parser.parse_args()
    where = LocalLake(arguments.root) if arguments.root else S3Lake(arguments.s3, arguments.bucket)
    if arguments.wait:
        where.wait(60)
        return 0
    problems = check(where, arguments.services, arguments.pipelines)
    for problem in problems:
        print(f"read_back: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
