#!/usr/bin/env bash
# Installs what is missing, builds with warnings as errors and passes the tests: unit, integration and, as root, the
# end-to-end test on a real Docker engine. INGESTA_TEST_LABELS narrows it ("unit", "unit|integration") or takes in what needs more
# ("unit|integration|e2e|lake": Java and Maven); arguments go to ctest.
set -euo pipefail

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
export PATH="${PATH:+$PATH:}/usr/local/bin:/usr/bin:/bin"
labels=${INGESTA_TEST_LABELS:-unit|integration|e2e}
jobs=${INGESTA_TEST_JOBS:-$(nproc)}

say() { echo "run-tests: $*" >&2; }

say "installing what is missing"
case "|$labels|" in
  *"|lake|"*) scripts/setup.sh lake ;;
  *) scripts/setup.sh "test" ;;
esac
say "building"
cmake --preset dev
cmake --build build/dev -j "$jobs"
say "testing: $labels"
# ctest fails where the labels match nothing, so a misspelt one cannot pass for success.
ctest --test-dir build/dev --output-on-failure --no-tests=error -j "$jobs" -L "^($labels)\$" "$@"
