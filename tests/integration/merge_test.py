#!/usr/bin/env python3
"""Pipelines that merge into Iceberg tables: what another program reads after each run is what a plain dict says.

usage: merge_test.py INGESTA [POINTS]

A small service changes between the runs: rows change, come, and are no longer sent. The table must hold the last state of
every key that ever came, as pyiceberg and DuckDB read it. The same run twice is one snapshot, another program may write in
between, and a run that is killed (POINTS times, by kill -9) is healed by the next one.
"""
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pyarrow
from pyiceberg.table import StaticTable

from lake_readers import connect, metadata_of, snapshots_of, written_beside_us
from merge_service import KEYS, PIPELINE, Service, diff, pedido, plain, upsert

INGESTA = sys.argv[1]
POINTS = int(sys.argv[2]) if len(sys.argv) > 2 else 30
SEED = 20261124


def by_pyiceberg(data, dataset):
    return StaticTable.from_metadata(str(metadata_of(data / "iceberg" / dataset))).scan().to_arrow().to_pylist()


def by_duckdb(duck, data, dataset):
    result = duck.execute(f"SELECT * FROM iceberg_scan('{metadata_of(data / 'iceberg' / dataset)}')")
    names = [column[0] for column in result.description]
    return [dict(zip(names, row)) for row in result.fetchall()]


def check(data, model, duck):
    for dataset, key in KEYS.items():
        for rows in (by_pyiceberg(data, dataset), by_duckdb(duck, data, dataset)):
            found = {tuple(row[name] for name in key): plain(row) for row in rows}
            assert len(found) == len(rows), f"{dataset}: a key comes twice"
            assert found == model[dataset], f"{dataset}: {diff(found, model[dataset])}"


class Lake:
    def __init__(self, work, name, url):
        self.data = work / name
        self.pipeline = work / "pipeline.yaml"
        self.pipeline.write_text(PIPELINE.format(url=url))

    def environment(self):
        env = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "INGESTA_", "GLUE_"))}
        return env | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(self.data)}

    def start(self, *options):
        return subprocess.Popen([INGESTA, "run", str(self.pipeline), "--json", *options], env=self.environment(),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *options):
        """The run's record, and what it logged."""
        run = self.start(*options)
        out, err = run.communicate()
        assert run.returncode == 0, f"exit {run.returncode}\n{err}"
        return json.loads(out)[0], err


def changes(record):
    return {table["dataset"]: table for table in record["tables"] if table["kind"] == "iceberg"}


def check_files(data):
    """Every data file belongs to a state of its table; of the merged rows' own files none was published."""
    for dataset in KEYS:
        table = StaticTable.from_metadata(str(metadata_of(data / "iceberg" / dataset)))
        known = {row["file_path"].removeprefix("file://")
                 for snapshot in table.metadata.snapshots
                 for row in table.inspect.files(snapshot.snapshot_id).to_pylist()}
        there = {str(path) for path in (data / "iceberg" / dataset / "data").rglob("*.parquet")}
        assert there == known, f"{dataset}: {there ^ known}"


def test_runs(work, service, duck):
    lake = Lake(work, "runs", service.url)
    model = {dataset: {} for dataset in KEYS}
    service.pedidos = {n: pedido(n, "NUEVO", month=1 + n % 3) for n in range(1, 31)}
    record, _ = lake.run()
    upsert(model, service.pedidos.values())
    check(lake.data, model, duck)
    assert {name: table["change"] for name, table in changes(record).items()} == dict.fromkeys(KEYS, "created")
    assert not any(f["format"] == "iceberg" for d in record["datasets"] for f in d["files"]), "inputs are no objects"

    # One changes, one moves to another month, one has a line less, one is not sent any more, two are new.
    service.pedidos[3] = pedido(3, "PAGADO", month=1, peso=-0.0)
    service.pedidos[4] = pedido(4, "NUEVO", month=12)
    service.pedidos[5] = pedido(5, "NUEVO", month=3, lineas=1)
    del service.pedidos[6]
    service.pedidos |= {n: pedido(n, "NUEVO", month=4) for n in (31, 32)}
    record, err = lake.run()
    upsert(model, service.pedidos.values())
    check(lake.data, model, duck)
    assert (6,) in model["pedidos"] and (5, 2) in model["lineas"]
    merged = changes(record)["pedidos"]
    assert (merged["change"], merged["rows"]) == ("merged", 32), merged
    assert merged["merged"] == {"inserted": 2, "updated": 2, "unchanged": 27, "repeated": 0}, merged
    assert "2 new, 2 changed, 27 as they were" in err, err
    # The CSV of a run is that run's rows, whatever the table keeps.
    newest = max((lake.data / "pedidos").glob("*.csv"))
    assert len(newest.read_text().splitlines()) == 1 + len(service.pedidos)
    assert "`merge` is for the Iceberg table" in err and "estados:" in err, err

    # Nothing changed: no state of its own, and the run is a success.
    record, _ = lake.run()
    assert changes(record)["pedidos"]["change"] == "unchanged"
    assert len(snapshots_of(lake.data / "iceberg" / "pedidos")) == 2

    # The same run again by force is another publication; again without it is nothing.
    service.pedidos[7] = pedido(7, "ENVIADO", month=2)
    first, _ = lake.run("--run-id", "manual-1")
    upsert(model, service.pedidos.values())
    states = len(snapshots_of(lake.data / "iceberg" / "pedidos"))
    service.pedidos[7] = pedido(7, "DEVUELTO", month=2)
    lake.run("--run-id", "manual-1")
    assert len(snapshots_of(lake.data / "iceberg" / "pedidos")) == states == 3
    check(lake.data, model, duck)
    ids = [s["summary"]["ingesta.run-id"] for s in snapshots_of(lake.data / "iceberg" / "pedidos")]
    assert ids[-1].split("@")[0] == first["run_id"] == "manual-1" and len(set(ids)) == len(ids)
    check_files(lake.data)
    return lake, model


def test_beside_another_program(lake, model, service, duck):
    """pyiceberg appends and deletes between two runs; its rows are merged like ours."""
    rows = [row for row in by_pyiceberg(lake.data, "pedidos") if row["id"] == 1]
    rows[0] |= {"id": 900, "estado": "A MANO"}
    with written_beside_us(lake.data / "iceberg" / "pedidos") as table:
        table.append(pyarrow.Table.from_pylist(rows, schema=table.schema().as_arrow()))
        table.delete("id = 2")
    model["pedidos"][(900,)] = plain(rows[0])
    del model["pedidos"][(2,)]
    check(lake.data, model, duck)
    service.pedidos[900] = pedido(900, "NUESTRO", month=5)
    lake.run()
    upsert(model, service.pedidos.values())
    check(lake.data, model, duck)
    assert model["pedidos"][(2,)]["estado"] == "NUEVO"


def test_kills(work, service, duck):
    """kill -9 at random points. What is visible then is the table before or after; the next run heals it."""
    service.pedidos = {n: pedido(n, "NUEVO", month=1 + n % 12) for n in range(1, 400)}
    lake = Lake(work, "kills", service.url)
    model = {dataset: {} for dataset in KEYS}
    began = time.monotonic()
    lake.run()
    whole = time.monotonic() - began
    upsert(model, service.pedidos.values())
    killed = recovered = 0
    for point in range(POINTS):
        choice = random.Random(SEED + point)
        before = {dataset: dict(rows) for dataset, rows in model.items()}
        for number in choice.sample(range(1, 400), 20):
            service.pedidos[number] = pedido(number, f"E{point}", month=choice.randint(1, 12))
        service.pedidos[1000 + point] = pedido(1000 + point, "NUEVO")
        upsert(model, service.pedidos.values())
        run = lake.start()
        try:
            run.wait(timeout=choice.uniform(0.3, 1.6) * whole)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
            killed += 1
        run.stdout.close()
        run.stderr.close()
        for dataset, key in KEYS.items():
            found = {tuple(row[name] for name in key): plain(row) for row in by_pyiceberg(lake.data, dataset)}
            assert found in (before[dataset], model[dataset]), f"point {point}: {dataset} is neither state"
        record, _ = lake.run()
        recovered += len(record["recovered"])
        check(lake.data, model, duck)
    runs = collections.Counter(s["summary"]["ingesta.run-id"] for s in snapshots_of(lake.data / "iceberg" / "pedidos"))
    assert max(runs.values()) == 1, f"a run was merged twice: {runs}"
    assert not list(lake.data.glob("_ingesta/spool/*/*")), "a spool was left"
    assert killed * 3 >= POINTS, f"only {killed} of {POINTS} points hit a running process"
    return killed, recovered


def main():
    work = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-merge-"))
    service = Service()
    try:
        duck = connect()
        lake, model = test_runs(work, service, duck)
        test_beside_another_program(lake, model, service, duck)
        killed, recovered = test_kills(work, service, duck)
        print(f"merged beside pyiceberg, {POINTS} points, {killed} kills, {recovered} recovered: the last state of every key")
    finally:
        service.server.shutdown()
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
