#!/usr/bin/env bash
# Runs the ingestions, after setting up and building what is missing or out of date. Fit for cron: works from any
# working directory, with a bare PATH and without a terminal. Once built it neither asks the network nor compiles.
set -euo pipefail

export PATH="${PATH:+$PATH:}/usr/local/bin:/usr/bin:/bin"
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
build=$root/build/release
log=$root/build/run-ingesta.log
# Touched when a build begins and kept when it succeeds: whatever is newer than it calls for a new build. It holds the
# tree's place, as a tree that was moved must be configured anew.
stamp=$build/.run-ingesta

usage() {
  cat <<'TEXT'
usage: run-ingesta.sh [productos|ordenes|proveedores|all]... [OPTION...]
       run-ingesta.sh --demo [OPTION...]
       run-ingesta.sh status|runs|show RUN [OPTION...]
       run-ingesta.sh lake COMMAND [OPTION...]
       run-ingesta.sh install cron|systemd [OPTION...]

Without a name all three ingestions run, against the services that PRODUCTOS_SERVICE_URL, ORDENES_SERVICE_URL and
PROVEEDORES_SERVICE_URL name, into S3_BUCKET (set but empty: no S3) and INGESTA_DATA_DIR (default: data, beside this
script). --demo runs them against built-in services, without S3. `status` says how each dataset is, `runs` lists the runs, `show`
tells what one did. `lake` looks at the tables that they left, brings them back or checks them: `ingesta lake` with the three
pipelines, unless -p names others. `install` runs this on schedule: `ingesta install`. Options go to the command of ingesta
that is meant.

Settings are read from .env beside this script (NAME=value lines); variables that are set already stay:

  run-ingesta.sh productos --run-id 2025-10-01     repeating a run that succeeded does nothing
  run-ingesta.sh ordenes --dry-run                 extracts and checks, publishes nothing
  run-ingesta.sh --demo --rows 100000
  run-ingesta.sh status
  run-ingesta.sh show latest productos
  run-ingesta.sh lake history productos            S3_BUCKET= before it after a demo
  run-ingesta.sh lake --help
  run-ingesta.sh install cron --dry-run

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 done with rows in quarantine, 4 another run is at work.
Of several ingestions the worst counts, in the order 1, 2, 4, 3, 0.
TEXT
}

say() { echo "run-ingesta: $*" >&2; }

# The settings that Compose reads, for runs without it. Lines are read, never executed; what Compose alone needs is left out.
read_settings() {
  local line name value
  [[ -f $root/.env ]] || return 0
  while IFS= read -r line || [[ $line ]]; do
    [[ $line =~ ^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$ ]] || continue
    name=${BASH_REMATCH[2]}
    value=${BASH_REMATCH[3]%$'\r'}
    [[ $name == COMPOSE_* || -v $name ]] && continue
    if [[ $value =~ ^\"(.*)\"$ || $value =~ ^\'(.*)\'$ ]]; then value=${BASH_REMATCH[1]}; fi
    export "$name=$value"
  done < "$root/.env"
}

is_current() {
  [[ -x $ingesta && -f $stamp && $(<"$stamp") == "$root" ]] || return 1
  [[ -z $(find "$root"/{src,cmake,CMakeLists.txt,CMakePresets.json} "$root"/scripts/{setup.sh,requirements-native.txt} \
    -newer "$stamp" ! -name '*_test.cc' -print -quit) ]]
}

# Passes a compiler's log on as a few lines of progress.
show_progress() {
  local line next=20
  while IFS= read -r line; do
    echo "$line" >> "$log"
    if [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] && ((BASH_REMATCH[1] * 100 / BASH_REMATCH[2] >= next)); then
      say "  $next %"
      ((next += 20))
    elif [[ $line == 'setup: '* ]]; then
      say "  ${line#setup: }"
    fi
  done
}

run_step() {
  local what=$1
  shift
  say "$what"
  if ! (cd "$root" && "$@") < /dev/null 2>&1 | show_progress; then
    say "$what failed; the end of $log:"
    tail -n 25 "$log" >&2
    exit 1
  fi
}

# As many compilers as there are processors, but 1 GB of memory for each.
compile_jobs() {
  local memory_kb jobs
  memory_kb=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)
  jobs=$(nproc)
  ((jobs <= memory_kb / 1000000)) || jobs=$((memory_kb / 1000000))
  echo $((jobs > 0 ? jobs : 1))
}

build_release() {
  if ! mkdir -p "$build" 2> /dev/null || [[ ! -w $build ]]; then
    say "the build is missing or out of date, and $build is not writable: run this once as its owner"
    exit 1
  fi
  exec 9> "$root/build/.run-ingesta.lock"
  flock 9
  if ! is_current; then
    say "building ingesta, once; the log is $log"
    : > "$log"
    local fresh=()
    grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$build/CMakeCache.txt" 2> /dev/null || fresh=(--fresh)
    echo "$root" > "$stamp.new"
    run_step "installing what is missing" scripts/setup.sh build
    run_step "configuring" cmake --preset release "${fresh[@]}"
    NINJA_STATUS='[%f/%t] ' run_step "compiling" cmake --build build/release --target ingesta -j "$(compile_jobs)"
    mv "$stamp.new" "$stamp"
  fi
  exec 9>&-
}

demo=
group=
look=()
pipelines=()
options=()
if [[ ${1-} == status || ${1-} == runs || ${1-} == show ]]; then
  look=("$1")
  shift
  # The run comes before the pipelines.
  if [[ ${look[0]} == show && $# -gt 0 && $1 != -* ]]; then
    look+=("$1")
    shift
  fi
fi
# What follows `lake` or `install` is for it alone.
if [[ ${1-} == lake || ${1-} == install ]]; then
  group=$1
  shift
  options=("$@")
  set --
fi
for word in "$@"; do
  case $word in
    --demo) demo=yes ;;
    --help|-h) ((${#look[@]})) || { usage; exit 0; }; options+=("$word") ;;
    *) options+=("$word") ;;
  esac
done
# Names come first: behind an option the same word may be its value.
while [[ ! $group ]] && ((${#options[@]})) && [[ ${options[0]} != -* ]]; do
  case ${options[0]} in
    productos|ordenes|proveedores) pipelines+=("$root/ingesta-${options[0]}") ;;
    all) pipelines=("$root"/ingesta-{productos,ordenes,proveedores}) ;;
    *) say "unknown ingestion '${options[0]}'; there are productos, ordenes, proveedores and all"; exit 2 ;;
  esac
  options=("${options[@]:1}")
done
if [[ $demo && ${#pipelines[@]} -gt 0 ]]; then
  say "--demo runs all three ingestions: name none"
  exit 2
fi
((${#pipelines[@]})) || pipelines=("$root"/ingesta-{productos,ordenes,proveedores})

[[ $demo ]] || read_settings
if [[ ! -d $root/src || -e /.dockerenv ]] && command -v ingesta > /dev/null; then
  ingesta=$(command -v ingesta)
else
  ingesta=$build/src/ingesta/ingesta
  is_current || build_release
  export INGESTA_DATA_DIR="${INGESTA_DATA_DIR:-$root/data}"
fi

if [[ $demo ]]; then
  export INGESTA_HOME="${INGESTA_HOME:-$root}"
  exec "$ingesta" demo --run "${options[@]}"
fi
if ((${#look[@]})); then
  exec "$ingesta" "${look[@]}" "${pipelines[@]}" "${options[@]}"
fi
if [[ $group == lake ]]; then
  # The group's own words (a command, or --help) come before the pipelines; with a -p among the options the caller chose.
  named=
  for word in "${options[@]}"; do
    [[ $word == -p || $word == -p?* || $word == --pipeline || $word == --pipeline=* ]] && named=yes
  done
  if [[ ! $named && ${#options[@]} -gt 0 && ${options[0]} != -* ]]; then
    for pipeline in "${pipelines[@]}"; do options+=(-p "$pipeline"); done
  fi
  exec "$ingesta" lake "${options[@]}"
fi
if [[ $group == install ]]; then
  exec "$ingesta" install "${options[@]}" --program "$root/run-ingesta.sh"
fi
# In a log file all lines are the log's own, so that whatever reads it needs to know one form only.
if [[ -f /dev/fd/1 && /dev/fd/1 -ef /dev/fd/2 ]]; then export INGESTA_SUMMARY="${INGESTA_SUMMARY:-line}"; fi
exec "$ingesta" run "${pipelines[@]}" "${options[@]}"
