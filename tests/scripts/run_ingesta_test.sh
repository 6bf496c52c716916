#!/usr/bin/env bash
# Tests run-ingesta.sh on a small tree whose `ingesta` only tells how it was called: names and options, exit codes, when
# it builds and when not, and cron's surroundings.
set -uo pipefail

project=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
tree=$(mktemp -d "${TMPDIR:-/tmp}/run-ingesta-test.XXXXXX")
trap 'rm -rf "$tree"' EXIT
failures=0
unset INGESTA_DATA_DIR INGESTA_HOME

make_tree() {
  mkdir -p "$tree"/{src,cmake,scripts}
  cp "$project/run-ingesta.sh" "$tree/"
  printf '#!/bin/sh\necho called >> setup-calls\n' > "$tree/scripts/setup.sh"
  chmod +x "$tree/scripts/setup.sh"
  touch "$tree/scripts/requirements-native.txt"
  cat > "$tree/src/ingesta.in" <<'PROGRAM'
#!/bin/sh
for word in "$@"; do printf '%s|' "$word"; done
echo "data=$INGESTA_DATA_DIR|home=$INGESTA_HOME${S3_BUCKET+|bucket=$S3_BUCKET}${INGESTA_SUMMARY+|summary=$INGESTA_SUMMARY}"
exit "${FAKE_EXIT:-0}"
PROGRAM
  cat > "$tree/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(fake NONE)
set(out ${CMAKE_BINARY_DIR}/src/ingesta)
add_custom_command(OUTPUT ${out}/ingesta COMMAND mkdir -p ${out} COMMAND install -m 755 ${CMAKE_SOURCE_DIR}/src/ingesta.in ${out}/ingesta
                   DEPENDS ${CMAKE_SOURCE_DIR}/src/ingesta.in)
add_custom_target(ingesta DEPENDS ${out}/ingesta)
CMAKE
  cat > "$tree/CMakePresets.json" <<'JSON'
{"version": 4, "configurePresets": [{"name": "release", "generator": "Ninja", "binaryDir": "${sourceDir}/build/release"}]}
JSON
}

# run EXIT WORDS...: sets $output (stdout) and $errors; calls it as cron does.
run() {
  local expected=$1 actual=0
  shift
  output=$(cd / && env -i PATH=/usr/bin:/bin HOME=/nonexistent ${FAKE_EXIT:+FAKE_EXIT="$FAKE_EXIT"} ${DATA:+INGESTA_DATA_DIR="$DATA"} \
    "$tree/run-ingesta.sh" "$@" 2> "$tree/errors" < /dev/null) || actual=$?
  errors=$(<"$tree/errors")
  check "exit $actual for: $*" "$expected" "$actual"
}

check() {
  if [[ $3 != "$2" ]]; then
    printf 'FAILED: %s\n  expected: %s\n  actual:   %s\n  stderr:   %s\n' "$1" "$2" "$3" "$errors"
    failures=$((failures + 1))
  fi
}

check_has() {
  [[ $3 == *"$2"* ]] || check "$1" "...$2..." "$3"
}

calls_of_setup() { wc -l < "$tree/setup-calls" | tr -d ' '; }

make_tree
data="data=$tree/data|home="
all="run|$tree/ingesta-productos|$tree/ingesta-ordenes|$tree/ingesta-proveedores|"

# The first call builds, in a few lines on stderr; the second does nothing of the kind.
run 0
check "all three, in order" "$all$data" "$output"
check_has "tells what it does" "run-ingesta: compiling" "$errors"
check "sets up once" 1 "$(calls_of_setup)"
run 0
check "the same result" "$all$data" "$output"
check "is silent when all is there" "" "$errors"
check "does not set up again" 1 "$(calls_of_setup)"

# Names and options.
run 0 productos
check "one by name" "run|$tree/ingesta-productos|$data" "$output"
run 0 proveedores ordenes --dry-run
check "several, as ordered" "run|$tree/ingesta-proveedores|$tree/ingesta-ordenes|--dry-run|$data" "$output"
run 0 all --run-id 'a b'
check "options keep their words" "$all--run-id|a b|$data" "$output"
run 0 --run-id all
check "a value is no name" "$all--run-id|all|$data" "$output"
run 0 --demo --rows 10
check "the demo" "demo|--run|--rows|10|${data}$tree" "$output"
run 0 --rows 10 --demo
check "the demo, wherever it is said" "demo|--run|--rows|10|${data}$tree" "$output"
lake="-p|$tree/ingesta-productos|-p|$tree/ingesta-ordenes|-p|$tree/ingesta-proveedores|"
run 0 lake tables --json
check "the tables of all three" "lake|tables|--json|$lake$data" "$output"
check "no noise before what a program reads" "" "$errors"
run 0 lake history productos -p elsewhere
check "the caller's pipeline" "lake|history|productos|-p|elsewhere|$data" "$output"
run 0 lake --help
check "the group's help" "lake|--help|$data" "$output"
run 2 --demo productos
check_has "the demo takes no names" "name none" "$errors"
run 2 clientes
check_has "lists what there is" "productos, ordenes, proveedores and all" "$errors"
run 0 --help
check_has "help" "usage: run-ingesta.sh" "$output"
DATA=/elsewhere run 0 ordenes
check "the caller's data folder" "run|$tree/ingesta-ordenes|data=/elsewhere|home=" "$output"

# Exit codes are the program's.
for code in 1 2 3 4; do FAKE_EXIT=$code run "$code"; done

# A schedule is told what to run.
run 0 install cron --dry-run
check "the schedule's program" "install|cron|--dry-run|--program|$tree/run-ingesta.sh|$data" "$output"

# Settings beside the script: read but not executed, weaker than the environment, not for the demo.
cat > "$tree/.env" <<'SETTINGS'
# settings
COMPOSE_PROFILES=ingesta
S3_BUCKET="the bucket"
INGESTA_DATA_DIR=/from/env
INGESTA_HOME=$(touch /tmp/never)
SETTINGS
run 0 ordenes
check "settings" "run|$tree/ingesta-ordenes|data=/from/env|home=\$(touch /tmp/never)|bucket=the bucket" "$output"
DATA=/elsewhere run 0 ordenes
check_has "the environment is stronger" "data=/elsewhere|" "$output"
run 0 --demo
check "the demo has its own" "demo|--run|${data}$tree" "$output"
rm "$tree/.env"

# Where both streams go to one file, as with cron, the summary is a line of the log; elsewhere it is a table.
(cd / && env -i PATH=/usr/bin:/bin "$tree/run-ingesta.sh" ordenes > "$tree/log" 2>&1 < /dev/null)
check "one file" "run|$tree/ingesta-ordenes|$data|summary=line" "$(<"$tree/log")"
(cd / && env -i PATH=/usr/bin:/bin INGESTA_SUMMARY=table "$tree/run-ingesta.sh" ordenes > "$tree/log" 2>&1 < /dev/null)
check "as the caller wants" "run|$tree/ingesta-ordenes|$data|summary=table" "$(<"$tree/log")"
(cd / && env -i PATH=/usr/bin:/bin "$tree/run-ingesta.sh" ordenes > "$tree/log" 2> "$tree/errors" < /dev/null)
check "two files" "run|$tree/ingesta-ordenes|$data" "$(<"$tree/log")"

# By a symbolic link, as from /usr/local/bin.
ln -s "$tree/run-ingesta.sh" "$tree/link"
output=$("$tree/link" ordenes)
check "through a link" "run|$tree/ingesta-ordenes|$data" "$output"

# What calls for a new build: a changed, a new and a removed source; not a test.
before=$(calls_of_setup)
touch -d '+2 seconds' "$tree/src/a_test.cc" && touch -d '-1 minute' "$tree/src"
run 0
check "a test's change does not build" "$before" "$(calls_of_setup)"
sed -i 's/^exit.*/echo changed/' "$tree/src/ingesta.in" && touch -d '+2 seconds' "$tree/src/ingesta.in"
run 0 ordenes
check_has "a changed source is built" "changed" "$output"

# A build that fails shows why, passes 1 on, and is tried again.
cp "$tree/CMakeLists.txt" "$tree/good"
echo 'message(FATAL_ERROR "no such luck")' >> "$tree/CMakeLists.txt" && touch -d '+4 seconds' "$tree/CMakeLists.txt"
run 1
check_has "shows the end of the log" "no such luck" "$errors"
check_has "names the step" "configuring failed" "$errors"
run 1
cp "$tree/good" "$tree/CMakeLists.txt"
find "$tree" -newermt now -exec touch {} +
run 0
check_has "builds once it can" "changed" "$output"

# A tree that was moved is configured anew.
mv "$tree" "$tree.moved" && tree=$tree.moved
run 0 ordenes
check_has "after a move" "run|$tree/ingesta-ordenes|" "$output"

echo "run_ingesta_test: $failures failures"
exit $((failures > 0))
