#!/usr/bin/env bash
# Whole runs of the ingesta binary against bench/page_server on loopback:
#   throughput  1 M productos in pages of 1000 to CSV + JSON
#   latency     1000 pages of 100 rows, each after 20 ms, beside curl --parallel at the same concurrency
#   one row     start, one page, publish, end
#
# usage: bench/run.sh [--runs N] [--rows N] [--concurrency N] [--json FILE]
# Needs the presets release and bench built; INGESTA and PAGE_SERVER name other binaries. Medians of N runs (default 3).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ingesta=${INGESTA:-$root/build/release/src/ingesta/ingesta}
page_server=${PAGE_SERVER:-$root/build/bench/bench/page_server}
runs=3 rows=1000000 concurrency=16 json=

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

while [ $# -gt 0 ]; do
  case $1 in
    --runs) runs=$2; shift 2 ;;
    --rows) rows=$2; shift 2 ;;
    --concurrency) concurrency=$2; shift 2 ;;
    --json) json=$2; shift 2 ;;
    --help|-h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
for program in "$ingesta" "$page_server"; do
  if [ ! -x "$program" ]; then
    echo "bench/run.sh: $program is not there; build it: cmake --preset release && cmake --build --preset release," >&2
    echo "  cmake --preset bench && cmake --build build/bench" >&2
    exit 1
  fi
done

work=$(mktemp -d "${TMPDIR:-/tmp}/ingesta_bench.XXXXXX")
server_pid=
stop_server() {
  if [ -n "$server_pid" ]; then kill "$server_pid" 2>/dev/null || true; wait "$server_pid" 2>/dev/null || true; fi
  server_pid=
}
trap 'stop_server; rm -rf "$work"' EXIT

# start_server ROWS LATENCY_MS: sets $url.
start_server() {
  stop_server
  : > "$work/port"
  "$page_server" --rows "$1" --latency-ms "$2" --port 0 > "$work/port" &
  server_pid=$!
  for _ in $(seq 100); do
    if grep -q '^port ' "$work/port"; then url=http://127.0.0.1:$(cut -d' ' -f2 "$work/port"); return; fi
    sleep 0.05
  done
  echo "bench/run.sh: the page server did not start" >&2
  exit 1
}

# measure NAME COMMAND...: appends `NAME wall_s cpu_s max_rss_mib` to the samples; the command's output goes to a log.
measure() {
  python3 - "$work/samples" "$work/log" "$@" <<'PYTHON'
import os, subprocess, sys, time
samples, log, name, command = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
with open(log, "wb") as out:
    start = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
if status != 0:
    sys.stderr.write(open(log, errors="replace").read()[-4000:])
    sys.exit(f"bench/run.sh: {' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
with open(samples, "a") as out:
    out.write(f"{name} {wall:.4f} {usage.ru_utime + usage.ru_stime:.4f} {usage.ru_maxrss / 1024:.1f}\n")
PYTHON
}

# run_ingesta NAME ROWS PAGE_SIZE CONCURRENCY: one run into a fresh folder, its rows counted.
run_ingesta() {
  rm -rf "$work/data"
  measure "$1" env -u INGESTA_RUN_ID S3_BUCKET= INGESTA_DATA_DIR="$work/data" PRODUCTOS_SERVICE_URL="$url" \
    BENCH_PAGE_SIZE="$3" BENCH_CONCURRENCY="$4" "$ingesta" run "$root/bench/productos.yaml"
  local lines
  lines=$(cat "$work"/data/productos/*.csv "$work"/data/json/productos/*.json | wc -l)
  if [ "$lines" -ne $((2 * $2 + 1)) ]; then
    echo "bench/run.sh: $lines lines in CSV and JSON where $((2 * $2 + 1)) were to be" >&2
    exit 1
  fi
}

start_server "$rows" 0
for _ in $(seq "$runs"); do run_ingesta throughput "$rows" 1000 8; done

start_server 100000 20
for _ in $(seq "$runs"); do
  run_ingesta latency 100000 100 "$concurrency"
  measure latency_curl curl --silent --fail --parallel --parallel-max "$concurrency" --output /dev/null \
    "$url/api/productos?page=[1-1000]&per_page=100"
done

start_server 1 0
for _ in $(seq "$runs"); do run_ingesta one_row 1 1000 8; done

python3 - "$work/samples" "$rows" "$concurrency" "$json" <<'PYTHON'
import json, os, platform, statistics, sys
samples, rows, concurrency, target = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
series = {}
for line in open(samples):
    name, *figures = line.split()
    series.setdefault(name, []).append([float(figure) for figure in figures])
titles = {
    "throughput": f"{rows:,} rows, pages of 1000",
    "latency": f"1000 pages of 100, 20 ms, {concurrency} in flight",
    "latency_curl": f"the same with curl --parallel-max {concurrency}",
    "one_row": "one row",
}
print(f"{'':48} {'wall s':>8} {'CPU s':>8} {'RSS MiB':>8}")
results = {}
for name, title in titles.items():
    wall, cpu, rss = (statistics.median(column) for column in zip(*series[name]))
    results[name] = {"wall_s": wall, "cpu_s": cpu, "max_rss_mib": rss, "runs": len(series[name])}
    print(f"{title:48} {wall:8.3f} {cpu:8.3f} {rss:8.1f}")
results["rows_per_cpu_s"] = rows / results["throughput"]["cpu_s"]
results["latency_over_curl"] = results["latency"]["wall_s"] / results["latency_curl"]["wall_s"]
print(f"rows per CPU second {results['rows_per_cpu_s']:,.0f}; latency-bound run {results['latency_over_curl']:.2f} x curl")
if target:
    results["machine"] = {"cpus": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg()[0]}
    os.makedirs(os.path.dirname(os.path.abspath(target)), exist_ok=True)
    with open(target, "w") as out:
        json.dump(results, out, indent=2)
        out.write("\n")
PYTHON
