#!/usr/bin/env bash
# in_venv.sh [-v NAME] SCRIPT ARGUMENTS...: runs a Python test of this folder in the environment that scripts/test-venv.sh makes
# (NAME: another one of its environments).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
name="test"
if [[ $1 == -v ]]; then
  name=$2
  shift 2
fi
venv=$("$here/../../scripts/test-venv.sh" "$name")
exec "$venv/bin/python" -B "$here/$1" "${@:2}"
