#!/usr/bin/env bash
# Makes the Python environment of the tests (.deps/test-venv) from scripts/requirements-test.txt and prints its path.
#   test-venv.sh [NAME]     NAME `aws`: .deps/aws-venv from scripts/requirements-aws.txt; also gx, trino, airflow
# Idempotent: the stamp holds the requirements' hash. Safe to call from several tests at once.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
name=${1:-test}
venv=$root/.deps/$name-venv
requirements=$root/scripts/requirements-$name.txt
stamp=$venv/.requirements

mkdir -p "$root/.deps"
exec 9> "$root/.deps/$name-venv.lock"
flock 9
pins=$(sha256sum "$requirements" | cut -d' ' -f1)
if [[ ! -f $stamp || $(<"$stamp") != "$pins" ]]; then
  echo "test-venv: installing the tests' Python packages" >&2
  [[ -x $venv/bin/python ]] || python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r "$requirements" >&2
  echo "$pins" > "$stamp"
fi
echo "$venv"
