#!/usr/bin/env bash
# Checks what a build does not: clang-format (the sources), shellcheck (the scripts), the layers, and with --tidy also
# clang-tidy, which needs build/dev configured and some 20 s a file.
#   lint.sh [--fix] [--tidy [FILE|FOLDER...]]
# --tidy looks at the files named, or at what differs from main; `--tidy src` is all. --fix formats in place. A missing tool is
# named and skipped, unless CI is set.
set -euo pipefail

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
fix=
tidy=
tidy_paths=()
for word in "$@"; do
  case $word in
    --fix) fix=yes ;;
    --tidy) tidy=yes ;;
    *)
      [[ $tidy && -e $word ]] || { echo "usage: lint.sh [--fix] [--tidy [FILE|FOLDER...]]" >&2; exit 2; }
      tidy_paths+=("$word")
      ;;
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
# The .cc files below the paths that were named, or that differ from main. Tests are compiled behind a precompiled header of
# g++'s, which clang refuses.
tidied() {
  if ((${#tidy_paths[@]})); then
    find "${tidy_paths[@]}" -name '*.cc'
  else
    git diff --name-only --diff-filter=d "$(git merge-base HEAD main 2> /dev/null || echo HEAD)" -- '*.cc'
    git ls-files --others --exclude-standard -- '*.cc'
  fi | sort -u | { grep -v '_test\.cc$' || true; }
}
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
  tidied | xargs -r -P "$(nproc)" -n 1 clang-tidy-14 -p build/dev --quiet || failed+=(clang-tidy)
fi
if ((${#failed[@]})); then
  say "failed: ${failed[*]}"
  exit 1
fi
say "nothing to mend in ${#files[@]} sources"
