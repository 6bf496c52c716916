#!/usr/bin/env bash
# Builds test programs with sanitizers (build/asan, build/tsan) and runs them; a finding is a failed test with its trace.
#   sanitize.sh [asan|tsan] [NAME...]     NAME: a module (`pipeline`) or a test program (`shipped_pipelines_test`)
# Without names: the modules where memory (asan, with UBSan) or threads (tsan) are handled by ourselves. The first build takes
# long; CMAKE_BUILD_PARALLEL_LEVEL says how many compilers run at once.
set -euo pipefail

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
kind=${1:-asan}
names=("${@:2}")
case $kind in
  asan) all=(base config http aws source decode transform expect format store catalog iceberg columnar pipeline commands
             shipped_pipelines_test) ;;
  tsan) all=(http source store observe pipeline iceberg shipped_pipelines_test) ;;
  *) sed -n '2,5s/^# //p' "$0" >&2; exit 2 ;;
esac
((${#names[@]})) || names=("${all[@]}")
programs=()
for name in "${names[@]}"; do programs+=("${name%_test}_test"); done

# Arrow's own allocators would hide what is done to its buffers.
export ARROW_DEFAULT_MEMORY_POOL=system
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-second_deadlock_stack=1}

[[ -f build/$kind/CMakeCache.txt ]] || cmake --preset "$kind" > /dev/null
cmake --build "build/$kind" --target "${programs[@]}"
only=$(IFS='|'; echo "${programs[*]}")
ctest --test-dir "build/$kind" --no-tests=error --output-on-failure -R "^($only)\$"
