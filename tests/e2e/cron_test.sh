#!/usr/bin/env bash
# A schedule for real: `ingesta install cron` for a user of its own, a cron daemon, `* * * * *`. The first run meets the lease
# of a run that died elsewhere and waits it out; the second finds the first at work; a real logrotate comes in between; the
# data is read back. Needs root (a user, a crontab); 77 (skipped) where that or cron can't be had. usage: cron_test.sh INGESTA
set -euo pipefail

ingesta=$(readlink -f "$1")
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
user="ingesta-cron-e2e"

say() { echo "cron-e2e: $*"; }
skip() { say "skipped: $*"; exit 77; }
fail() {
  say "FAILED: $*"
  tail -n 40 "$work"/log/* || true
  exit 1
}

((EUID == 0)) || skip "it makes a user, which needs root"
if ! command -v cron > /dev/null || ! command -v logrotate > /dev/null; then
  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 \
    cron logrotate) > /dev/null 2>&1 || skip "cron can't be installed"
fi
! id "$user" > /dev/null 2>&1 || skip "there is a user $user already"

work=$(mktemp -d "${TMPDIR:-/tmp}/ingesta-cron.XXXXXX")
clean_up() {
  crontab -u "$user" -r 2> /dev/null || true
  for pid in "${cron_pid:-}" "${demo_pid:-}"; do [[ ! $pid ]] || kill "$pid" 2> /dev/null || true; done
  for pid in $(pgrep -u "$user"); do kill -KILL "$pid" 2> /dev/null || true; done
  userdel "$user" 2> /dev/null || true
  rm -rf "$work"
  [[ ! ${rotation_made:-} ]] || rm -f /etc/logrotate.d/ingesta
}
trap clean_up EXIT
chmod 755 "$work"
useradd --home-dir "$work/home" --create-home --shell /bin/sh "$user"

# A project that is built: the script, the pipelines, the binary where the release build leaves it.
tree="$work/the project"
mkdir -p "$tree"/{src,cmake,scripts} "$tree/build/release/src/ingesta" "$work/log"
cp "$root/run-ingesta.sh" "$tree/"
cp -r "$root"/ingesta-{productos,ordenes,proveedores} "$tree/"
touch "$tree"/{CMakeLists.txt,CMakePresets.json} "$tree"/scripts/{setup.sh,requirements-native.txt}
install -m 755 "$ingesta" "$tree/build/release/src/ingesta/ingesta"
cp -r "$(dirname "$ingesta")/../../arrow-lib" "$tree/build/release/" 2> /dev/null || true
echo "$tree" > "$tree/build/release/.run-ingesta"

# Slow enough for the second run to find the first at work whenever in its minute that begins.
coproc demo { exec "$ingesta" demo --rows 2000 --latency 4s --productos-port 0 --ordenes-port 0 --proveedores-port 0 2> "$work/demo.log"; }
demo_pid=$!
urls=0
while ((urls < 3)) && IFS= read -r -u "${demo[0]}" line; do
  for word in $line; do
    [[ $word == *_SERVICE_URL=* ]] || continue
    echo "$word" >> "$tree/.env"
    urls=$((urls + 1))
  done
done
((urls == 3)) || fail "the demo services did not start"
printf 'S3_BUCKET=\nINGESTA_QUARANTINE_EXIT=0\n' >> "$tree/.env"
mkdir -p "$tree/data/_ingesta/leases"
echo '{"state":"held","run_id":"died","host":"elsewhere","pid":1,"identity":"elsewhere:1:1","renewed_at":"2026-01-01T00:00:00Z","beat":3}' \
  > "$tree/data/_ingesta/leases/productos.json"
chown -R "$user" "$tree"

[[ -e /etc/logrotate.d/ingesta ]] || rotation_made=yes
log=$work/log/ingesta.log
"$tree/run-ingesta.sh" install cron --user "$user" --schedule '* * * * *' --log "$log" > "$work/install.log" 2>&1 || {
  cat "$work/install.log"
  fail "install"
}
[[ $(stat -c %U "$log") == "$user" ]] || fail "the log belongs to $(stat -c %U "$log")"
if ! pgrep -x cron > /dev/null; then
  cron -f &
  cron_pid=$!
fi

wait_for() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    ((SECONDS < end)) || fail "waited too long for $what"
    sleep 0.3
  done
}
says() { grep -qs "$1" "$2"; }
wait_for 90 "the first run" says 'holds the lease' "$log"
say "the first run found the lease of a dead one"
sed "\|^$log|,\$!d" /etc/logrotate.d/ingesta > "$work/logrotate.conf"
chmod 644 "$work/logrotate.conf"
logrotate -f -s "$work/logrotate.state" "$work/logrotate.conf"
[[ -e $log.1 && -e $log ]] || fail "the log was not rotated"
wait_for 100 "the second run" says '"status":"lease_held"' "$log"
say "the second run found the first at work, and said so in the new log"
"$tree/run-ingesta.sh" install cron --user "$user" --uninstall > /dev/null
[[ -z $(crontab -u "$user" -l 2> /dev/null) ]] || fail "the crontab is not empty"
wait_for 120 "the first run's end" says '"exit_code":' "$log.1"

# No line is lost to the rotation, each is one of JSON with a time, and the last of a run sums it up.
python3 -B - "$log.1" "$log" <<'PY' || fail "the log"
import json
import sys

first, second = ([json.loads(line) for line in open(path)] for path in sys.argv[1:])
assert all({"time", "level", "message"} <= line.keys() for line in first + second)
assert any("taking over" in line["message"] for line in first), "the dead run's lease was not taken over"
summary = first[-1]
# While the first run waited for productos the second one did the others; on a slow machine it is still at one of them.
statuses = {run["pipeline"]: run["status"] for run in summary["runs"]}
assert summary["exit_code"] == (4 if "lease_held" in statuses.values() else 0), summary
assert summary["rows"] > 2000 and set(statuses.values()) <= {"succeeded", "lease_held"}, summary
done = {run["pipeline"] for line in first + second for run in line.get("runs", []) if run["status"] == "succeeded"}
assert done == {"productos", "ordenes", "proveedores"}, done
productos = next(run for run in summary["runs"] if run["pipeline"] == "productos")
assert productos["status"] == "succeeded", productos
held = next(run for line in second for run in line.get("runs", []) if run["status"] == "lease_held")
assert held["error"]["code"] == "lease_held", held
PY
rows=$(cat "$tree"/data/productos/productos_*.csv | tail -n +2 | wc -l)
[[ $(find "$tree/data/productos" -name '*.csv' | wc -l) == 1 && $rows == 2000 ]] || fail "$rows rows of productos"
[[ -z $(find "$tree/data" -type f ! -user "$user" ! -path '*/leases/*' -print -quit) ]] || fail "files of another user"
say "passed: $rows rows of productos, once"
