#!/usr/bin/env bash
# The same productos from the same server to the same kind of file, by ingesta and by what else people use, in one run: the
# figures of one machine and one hour. Each load's rows are counted in what it left.
#
# usage: bench/peers.sh [--runs N] [--rows N] [--only NAME,...]     names: ingesta duckdb python dlt
# Needs the presets release and bench built; INGESTA and PAGE_SERVER name other binaries. Medians of N runs (default 3).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export INGESTA=${INGESTA:-$root/build/release/src/ingesta/ingesta}
export PAGE_SERVER=${PAGE_SERVER:-$root/build/bench/bench/page_server}
venv=$("$root/scripts/test-venv.sh" bench)
exec "$venv/bin/python" -B "$root/bench/peers/measure.py" "$@"
