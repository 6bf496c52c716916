#!/usr/bin/env bash
# Stand-ins for AWS services (Glue and others) on loopback for the tests: moto behind a proxy that checks signatures.
#   aws-server.sh start|stop|env DIR
# DIR holds log, port and pid, and is the server's identity: several can run side by side. `start` prints what `env` prints:
# shell assignments of the endpoint and the keys. S3 is s3-server.sh's part; take its variables as well.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
command=${1:-help}
dir=${2:-}

die() { echo "aws-server: $*" >&2; exit 1; }
start_time() { awk '{sub(/^.*\) /, ""); if ($1 != "Z") print $20}' "/proc/$1/stat" 2>/dev/null || true; }
# The recorded process runs and is the one that was started (its start time matches).
alive() {
  local pid started
  [[ -f $dir/pid ]] && read -r pid started < "$dir/pid" || return 1
  [[ $(start_time "$pid") == "$started" ]]
}

start() {
  alive && return 0
  local venv
  venv=$("$root/scripts/test-venv.sh" aws)
  mkdir -p "$dir"
  rm -f "$dir/port"
  # A group of its own, so that `stop` ends it whole; an hour at most, so that a test that crashed leaves nothing behind.
  setsid nohup timeout -k 10 3600 "$venv/bin/python" -B "$root/tests/integration/aws_server.py" "$dir" > "$dir/log" 2>&1 < /dev/null &
  echo "$! $(start_time $!)" > "$dir/pid"
  for _ in $(seq 600); do
    [[ -f $dir/port ]] && return 0
    alive || { tail -n 20 "$dir/log" >&2; die "the server ended"; }
    sleep 0.1
  done
  die "not ready after a minute"
}

print_env() {
  [[ -f $dir/port ]] || die "no server in $dir"
  echo "AWS_ENDPOINT_URL=http://127.0.0.1:$(< "$dir/port")"
  echo "AWS_ACCESS_KEY_ID=ingesta-test"
  echo "AWS_SECRET_ACCESS_KEY=ingesta-test-secret"
  echo "AWS_REGION=us-east-1"
}

stop() {
  local pid started
  alive || return 0
  read -r pid started < "$dir/pid"
  kill -9 -- "-$pid" 2>/dev/null || true # nothing of it is kept
  rm -f "$dir/pid" "$dir/port"
}

case $command in
  start | stop | env) [[ -n $dir ]] || die "which DIR?" ;;
  *) sed -n '2,6s/^# //p' "$0"; exit 2 ;;
esac
case $command in
  start) start; print_env ;;
  stop) stop ;;
  env) print_env ;;
esac
