#!/usr/bin/env bash
# Merges of changed rows into an Iceberg table of productos, beside pyiceberg's upsert of the same rows into the same table:
#   one file    rows spread evenly over a table of one file: all of it is written anew
#   files       the same over files of 8 MiB
#   neighbours  rows next to each other: one of those files is written anew
#
# usage: bench/merge.sh [--runs N] [--rows N] [--changes N]
# Needs the preset bench built; MERGE_BENCH names another binary. One JSON line a run: wall and CPU seconds, peak RSS.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bench=${MERGE_BENCH:-$root/build/bench/bench/merge_bench}
runs=3 rows=10000000 changes=10000

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

while [ $# -gt 0 ]; do
  case $1 in
    --runs) runs=$2; shift 2 ;;
    --rows) rows=$2; shift 2 ;;
    --changes) changes=$2; shift 2 ;;
    --help|-h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
if [ ! -x "$bench" ]; then
  echo "bench/merge.sh: $bench is not there; build it: cmake --preset bench && cmake --build build/bench" >&2
  exit 1
fi
venv=$("$root/scripts/test-venv.sh")

work=$(mktemp -d "${TMPDIR:-/tmp}/ingesta_merge.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The table names its files by absolute locations: each run gets a fresh copy in the same place.
fresh_table() {
  rm -rf "$work/lake"
  cp -r "$work/made" "$work/lake"
}

# measure NAME: both sides, one after the other, so that both meet the same machine.
measure() {
  for _ in $(seq "$runs"); do
    fresh_table
    echo "$1 ingesta $("$bench" merge "$work")"
    fresh_table
    echo "$1 pyiceberg $("$venv/bin/python" "$root/bench/merge_pyiceberg.py" "$("$bench" metadata "$work")" "$work/changes.parquet")"
  done
}

# make_table MIB
make_table() {
  rm -rf "$work/lake" "$work/spool" "$work/made"
  "$bench" make "$work" "$rows" "$1"
  rm -rf "$work/spool"
  cp -r "$work/lake" "$work/made"
}

make_table 128
"$bench" changes "$work" "$changes"
measure "one file"
make_table 8
measure files
"$bench" changes "$work" "$changes" 1
measure neighbours
