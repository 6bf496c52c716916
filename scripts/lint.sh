#!/usr/bin/env bash
# Checks what a build does not: clang-format (the sources), shellcheck (the scripts), the layers, and with --tidy also
# clang-tidy, which needs build/dev configured and takes minutes. --fix formats in place. A missing tool is named and
# skipped, unless CI is set.
set -euo pipefail

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
fix=
tidy=
for word in "$@"; do
  case $word in
    --fix) fix=yes ;;
    --tidy) tidy=yes ;;
    *) echo "usage: lint.sh [--fix] [--tidy]" >&2; exit 2 ;;
  esac
done
failed=()

say() { echo "lint: $*" >&2; }

have() {
  command -v "$1" > /dev/null && return 0
  say "$1 is not installed: skipped (apt-get install $2)"
  [[ -z ${CI:-} ]] || failed+=("$1")
  return 1
}

sources() { find src tests bench fuzz -name '*.cc' -o -name '*.h' 2> /dev/null | sort; }
shell_scripts() { git ls-files --cached --others --exclude-standard | xargs -d '\n' grep -lE '^#!.*\b(ba)?sh\b' | sort; }

mapfile -t files < <(sources)
if have clang-format-14 clang-format-14; then
  if [[ $fix ]]; then
    clang-format-14 -i "${files[@]}"
  else
    clang-format-14 --dry-run --Werror "${files[@]}" || failed+=(clang-format)
  fi
fi
if have shellcheck shellcheck; then
  mapfile -t scripts < <(shell_scripts)
  shellcheck "${scripts[@]}" || failed+=(shellcheck)
fi
python3 -B scripts/check_layers.py || failed+=(check_layers)
if [[ $tidy ]] && have clang-tidy-14 clang-tidy-14; then
  [[ -f build/dev/compile_commands.json ]] || { say "configure first: cmake --preset dev"; exit 2; }
  printf '%s\n' "${files[@]}" | grep '\.cc$' | xargs -P "$(nproc)" -n 4 clang-tidy-14 -p build/dev --quiet || failed+=(clang-tidy)
fi
if ((${#failed[@]})); then
  say "failed: ${failed[*]}"
  exit 1
fi
say "nothing to mend in ${#files[@]} sources"
