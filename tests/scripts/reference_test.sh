#!/usr/bin/env bash
# The committed reference pages are what the binary prints of its own descriptors. usage: reference_test.sh INGESTA
# To refresh: ingesta describe --json-schema > docs/reference/pipeline.schema.json (and --markdown > docs/reference/pipeline.md,
# --metrics > docs/reference/metrics.md)
set -euo pipefail

ingesta=$1
reference=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../docs/reference" && pwd)
diff -u "$reference/pipeline.schema.json" <("$ingesta" describe --json-schema)
diff -u "$reference/pipeline.md" <("$ingesta" describe --markdown)
diff -u "$reference/metrics.md" <("$ingesta" describe --metrics)
python3 -B - "$reference/pipeline.schema.json" <<'PY'
import json
import sys
schema = json.load(open(sys.argv[1]))
assert schema["$schema"].startswith("https://json-schema.org/"), schema.get("$schema")
assert "resources" in schema["properties"], list(schema["properties"])
PY
