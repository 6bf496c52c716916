#!/usr/bin/env bash
# credentials_oracle.sh RESOLVE_CREDENTIALS: runs credentials_oracle.py in the tests' Python environment.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$("$here/../../scripts/test-venv.sh")
exec "$venv/bin/python" -B "$here/credentials_oracle.py" "$1"
