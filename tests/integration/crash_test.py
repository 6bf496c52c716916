#!/usr/bin/env python3
"""kill -9 at random points of a run, then a new run or `resume`: the published rows are exactly the source's.

usage: crash_test.py INGESTA POINTS [SEED]

Each point starts `ingesta run` on the three shipped pipelines against `ingesta demo`, kills it after a random part of the
time that a whole run takes (so that extraction, spooling and publication are all met), checks that whatever is visible is
whole, and lets either a new run or `resume` finish. A failing point is repeated by its seed.
"""
import collections
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from lake_readers import connect, metadata_of, snapshots_of
from servers import DATASETS, PIPELINES, DemoServices, plain_environment

ROWS = 2000


def environment(urls, data):
    return plain_environment() | urls | {"S3_BUCKET": "", "INGESTA_DATA_DIR": str(data)}


def rows_of(path):
    lines = path.read_text().splitlines()
    return collections.Counter(lines[1:] if path.suffix == ".csv" else lines)


def visible(data):
    """Published files by dataset and format: {('productos', '.csv'): [paths]}."""
    files = collections.defaultdict(list)
    for path in sorted(data.rglob("*.*")):
        parts = path.relative_to(data).parts
        if parts[0] in ("_ingesta", "symlink", "parquet", "iceberg") or not path.is_file():
            continue
        assert not path.name.startswith("."), f"a partial file is visible: {path}"
        files[(parts[-2], path.suffix)].append(path)
    return files


def tables(data, duck):
    """Every table that is there, by its rows: count and an order-free hash."""
    found = {}
    for dataset in DATASETS:
        # A folder without a file is where a kill came between mkdir and rename: a glob below it reads nothing.
        for day in {path.parent for path in (data / "parquet" / dataset).glob("fecha=*/*.parquet")}:
            scan = f"read_parquet('{day}/*.parquet', hive_partitioning=false)"
            found[(dataset, "parquet")] = duck.execute(f"SELECT count(*), bit_xor(hash(t)) FROM {scan} t").fetchone()
        if (data / "iceberg" / dataset / "metadata" / "version-hint.text").exists():
            scan = f"iceberg_scan('{metadata_of(data / 'iceberg' / dataset)}')"
            found[(dataset, "iceberg")] = duck.execute(f"SELECT count(*), bit_xor(hash(t)) FROM {scan} t").fetchone()
    return found


def check_tables(data, truth, complete, duck):
    found = tables(data, duck)
    for key, rows in found.items():
        assert rows == truth[key], f"{data}: table {key} has {rows}, the source {truth[key]}"
    if not complete:
        return
    assert set(found) == set(truth), f"no table: {set(truth) - set(found)}"
    manifests = [json.loads(path.read_text()) for path in data.glob("_ingesta/runs/*/*.json")]
    for dataset in DATASETS:
        # A run that found the table holding its rows already wrote no data file, and is no snapshot.
        runs = sorted(m["run_id"] for m in manifests if m["status"] == "succeeded" and any(
            d["name"] == dataset and any(f["format"] == "iceberg" for f in d["files"]) for d in m["datasets"]))
        assert runs, f"{dataset}: no run wrote the table"
        seen = sorted(s["summary"]["ingesta.run-id"].split("@")[0] for s in snapshots_of(data / "iceberg" / dataset))
        assert runs == seen, f"{dataset}: runs {runs}, snapshots of {seen}"


def check(data, truth, complete, duck):
    files = visible(data)
    check_tables(data, truth["tables"], complete, duck)
    truth = truth["files"]
    for key, paths in files.items():
        for path in paths:
            assert rows_of(path) == truth[key], f"{path} is not the source's rows"
    for link in data.glob("symlink/*/symlink.txt"):
        named = [pathlib.Path(line.removeprefix("file://")) for line in link.read_text().splitlines()]
        assert len(named) == 1 and named[0] in files[(link.parent.name, ".csv")], f"{link} names {named}"
        latest = max(files[(link.parent.name, ".csv")])
        assert not complete or named[0] == latest, f"{link} names {named[0]}, not {latest}"
    if complete:
        assert {link.parent.name for link in data.glob("symlink/*/symlink.txt")} == set(DATASETS)
        assert set(files) == set(truth), f"missing: {set(truth) - set(files)}"
        manifests = [json.loads(p.read_text()) for p in data.glob("_ingesta/runs/*/*.json")]
        listed = sorted(f["key"] for m in manifests if m["status"] == "succeeded" for d in m["datasets"]
                        for f in d["files"] if f["format"] in ("csv", "json"))
        shown = sorted(str(p.relative_to(data)) for paths in files.values() for p in paths)
        assert listed == shown, f"manifests and files differ: {set(listed) ^ set(shown)}"
        assert not list(data.glob("_ingesta/spool/*/*")), "a spool was left"


def main():
    ingesta, points = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 20261124
    with (tempfile.TemporaryDirectory(prefix="ingesta-crash-", ignore_cleanup_errors=True) as folder,
          DemoServices(ingesta, ROWS) as demo):
        work, urls = pathlib.Path(folder), demo.env
        reference = work / "reference"
        began = time.monotonic()
        subprocess.run([ingesta, "run", *PIPELINES], env=environment(urls, reference), check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        whole = time.monotonic() - began
        duck = connect()
        truth = {"files": {key: rows_of(paths[0]) for key, paths in visible(reference).items()},
                 "tables": tables(reference, duck)}
        assert {dataset for dataset, _ in truth["files"]} == set(DATASETS)
        assert len(truth["tables"]) == 2 * len(DATASETS)
        killed = 0
        for point in range(points):
            choice = random.Random(seed + point)
            data = work / f"point-{point}"
            env = environment(urls, data)
            crashes = choice.choice([1, 1, 1, 2])  # sometimes the recovery dies too
            for _ in range(crashes):
                run = subprocess.Popen([ingesta, "run", *PIPELINES], env=env, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
                try:
                    run.wait(timeout=choice.uniform(0, whole * 1.1))
                except subprocess.TimeoutExpired:
                    run.send_signal(signal.SIGKILL)
                    run.wait()
                    killed += 1
                check(data, truth, False, duck) if data.exists() else None
            if choice.random() < 0.5:
                subprocess.run([ingesta, "resume", *PIPELINES], env=env, check=True, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
                check(data, truth, False, duck)
            subprocess.run([ingesta, "run", *PIPELINES], env=env, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            check(data, truth, True, duck)
            shutil.rmtree(data)
        assert killed * 2 >= points, f"only {killed} of {points} points hit a running process"
        print(f"{points} points, {killed} kills: nothing lost, doubled or half visible")


if __name__ == "__main__":
    main()
