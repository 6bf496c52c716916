#!/usr/bin/env bash
# End to end, as a user meets it: builds all images on a real Docker engine, runs the documented commands word for word
# against demo services and a real S3 server on inventario-network, and reads the result back with an independent reader.
# Exit 77 (skipped) where no engine can be had. INGESTA_E2E_KEEP=1 leaves everything up for a look.
# shellcheck disable=SC2317  # the cases are called by name
set -uo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/ingesta-e2e.XXXXXX")
failures=0
export DOCKER_BUILDKIT=0 COMPOSE_PROJECT_NAME=ingesta-e2e DEMO_S3_IMAGE=ingesta-e2e-s3 DEMO_ROWS=2000
export HOME=$work/home

say() { echo "e2e: $*"; }
skip() { say "skipped: $*"; exit 77; }

# Runs one case in a shell of its own that ends at the first failing command, and shows its output only if it fails.
# Not to be called in a condition: bash would take no notice of failing commands there.
run_case() {
  local name=$1 begin=$SECONDS status
  (set -exuo pipefail; "$name") > "$work/$name.log" 2>&1
  status=$?
  if ((status == 0)); then
    say "passed: $name ($((SECONDS - begin)) s)"
  else
    say "FAILED: $name ($((SECONDS - begin)) s)"
    tail -n 60 "$work/$name.log" | sed 's/^/    /'
    failures=$((failures + 1))
  fi
}

# Runs a case without which the others make no sense.
run_first() {
  local before=$failures
  run_case "$1"
  ((failures == before)) || exit 1
}

# expect_exit CODE COMMAND...: its output goes to $work/output, too.
expect_exit() {
  local expected=$1 actual=0
  shift
  timeout 180 "$@" > "$work/output" 2>&1 || actual=$?
  cat "$work/output"
  [[ $actual == "$expected" ]]
}

compose() { docker-compose --project-directory "$root" -f "$root/docker-compose.yml" "$@"; }
address_of() { docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$1"; }
mount_of() { docker volume inspect -f '{{.Mountpoint}}' "$1"; }
read_back() { "$python" -B "$root/tests/e2e/read_back.py" "$@"; }

wait_for_rows_below() {
  local end=$((SECONDS + 60))
  until [[ -n $(find "$1" -type f -size +1k -print -quit 2> /dev/null) ]]; do
    ((SECONDS < end))
    sleep 0.2
  done
}

cleanup() {
  if [[ ${INGESTA_E2E_KEEP:-} ]]; then
    say "left up: DOCKER_HOST=$DOCKER_HOST, files below $work"
    return
  fi
  if [[ ${ready:-} ]]; then
    docker rm -fv e2e-demo e2e-s3 e2e-slow e2e-stop
    compose --profile demo --profile ingesta down -v -t 5
    docker volume rm e2e-data e2e-stop
    docker network rm inventario-network
    docker rmi -f "$DEMO_S3_IMAGE"
  fi > /dev/null 2>&1
  "$root/scripts/docker-engine.sh" stop "$work/engine"
  rm -rf "$work"
}

set_up() {
  DOCKER_HOST=$("$root/scripts/docker-engine.sh" start "$work/engine") || skip "no Docker engine"
  export DOCKER_HOST
  trap cleanup EXIT
  ! docker network inspect inventario-network > /dev/null 2>&1 ||
    skip "the engine at $DOCKER_HOST has an inventario-network already, with which this test would interfere"
  ready=yes
  command -v docker-compose > /dev/null || skip "docker-compose is not installed"
  python=$("$root/scripts/test-venv.sh")/bin/python || exit 1
  "$root/scripts/docker-engine.sh" base "$work/engine" || exit 1
  mkdir -p "$HOME/.aws" "$work/s3"
  printf '[default]\nregion = us-east-1\nendpoint_url = http://s3:8333\n' > "$HOME/.aws/config"
  printf '[default]\naws_access_key_id = e2e\naws_secret_access_key = e2e-secret\n' > "$HOME/.aws/credentials"
}

builds_the_base_image() { cd "$root" && docker build -t ingesta .; }

# An image that stands for the S3 server's own, made of the server's Python wheel.
builds_the_s3_image() {
  cp "$(dirname "$python")/weed" "$work/s3/"
  printf 'FROM debian:bookworm-slim\nCOPY weed /usr/bin/\nWORKDIR /data\nENTRYPOINT ["weed"]\n' > "$work/s3/Dockerfile"
  docker build -t "$DEMO_S3_IMAGE" "$work/s3"
}

the_image_is_small_and_has_no_shell_in_front() {
  local base whole
  base=$(docker image inspect -f '{{.Size}}' debian:bookworm-slim)
  whole=$(docker image inspect -f '{{.Size}}' ingesta)
  echo "ingesta adds $(((whole - base) / 1000000)) MB to Debian's $((base / 1000000)) MB" | tee "$work/size"
  ((whole - base < 90000000))
  [[ $(docker image inspect -f '{{json .Config.Entrypoint}}' ingesta) == '["ingesta"]' ]]
  expect_exit 0 docker run --rm ingesta version
  expect_exit 0 docker run --rm --read-only --user 4321:4321 ingesta --help
}

# The demo profile, before the network stands: Compose makes it.
compose_demo_fills_its_s3() {
  local ingesta
  export DEMO_S3_PORT=18333
  compose --profile demo up -d --build
  ingesta=$(compose --profile demo ps -q demo-ingesta)
  if [[ $(timeout 180 docker wait "$ingesta") != 0 ]]; then
    docker logs "$ingesta"
    compose --profile demo logs --tail 20 demo-s3
    return 1
  fi
  docker logs "$ingesta"
  AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo-secret read_back --s3 "http://127.0.0.1:$DEMO_S3_PORT" \
    --services "$(address_of "$(compose --profile demo ps -q demo-services)")" productos ordenes proveedores
}

# What stands for the user's own surroundings: the network, the services and an S3 server with a real key.
starts_the_surroundings() {
  docker network create inventario-network
  docker run -d --name e2e-demo --network inventario-network --network-alias productos-service \
    --network-alias ordenes-service --network-alias proveedores-service ingesta demo --host 0.0.0.0 --rows 2000
  docker run -d --name e2e-s3 --network inventario-network --network-alias s3 -e AWS_ACCESS_KEY_ID=e2e \
    -e AWS_SECRET_ACCESS_KEY=e2e-secret "$DEMO_S3_IMAGE" mini -dir=/data -bucket=inventario-datalake
  AWS_ACCESS_KEY_ID=e2e AWS_SECRET_ACCESS_KEY=e2e-secret read_back --s3 "http://$(address_of e2e-s3):8333" --wait
}

# The commands as they are documented, from the project's root each.
documented_command() {
  case $1 in
    productos) cat <<'COMMANDS' ;;
cd ingesta-productos
docker build -t ingesta-productos .
docker run --rm \
  -v ~/.aws:/root/.aws:ro \
  -e AWS_PROFILE=default \
  -e S3_BUCKET=inventario-datalake \
  --network inventario-network \
  ingesta-productos
COMMANDS
    ordenes) cat <<'COMMANDS' ;;
cd ingesta-ordenes
docker build -t ingesta-ordenes .
docker run --rm \
  -v ~/.aws:/root/.aws:ro \
  -e AWS_PROFILE=default \
  -e S3_BUCKET=inventario-datalake \
  --network inventario-network \
  ingesta-ordenes
COMMANDS
    proveedores) cat <<'COMMANDS' ;;
cd ingesta-proveedores
docker build -t ingesta-proveedores .
docker run --rm \
  -v ~/.aws:/root/.aws:ro \
  -e AWS_PROFILE=default \
  -e S3_BUCKET=inventario-datalake \
  --network inventario-network \
  ingesta-proveedores
COMMANDS
  esac
}

the_documented_commands_fill_the_bucket() {
  local name
  for name in productos ordenes proveedores; do
    (cd "$root" && documented_command "$name" | bash -e)
  done
  AWS_ACCESS_KEY_ID=e2e AWS_SECRET_ACCESS_KEY=e2e-secret read_back --s3 "http://$(address_of e2e-s3):8333" \
    --services "$(address_of e2e-demo)" productos ordenes proveedores
}

runs_as_any_user_with_a_read_only_root() {
  docker volume create e2e-data
  local name
  for name in productos ordenes proveedores; do
    expect_exit 0 docker run --rm --read-only --user 12345:23456 -v e2e-data:/data -e S3_BUCKET= \
      --network inventario-network "ingesta-$name"
  done
  read_back --root "$(mount_of e2e-data)" --services "$(address_of e2e-demo)" productos ordenes proveedores
  [[ -z $(find "$(mount_of e2e-data)" -mindepth 1 ! -uid 12345 -print -quit) ]]
}

exit_codes_reach_the_caller() {
  expect_exit 2 docker run --rm ingesta run /nowhere
  expect_exit 2 docker run --rm ingesta frobnicate
  expect_exit 1 docker run --rm --network inventario-network -e S3_BUCKET= \
    -e PRODUCTOS_SERVICE_URL=http://productos-service:5999 ingesta-productos run . --set client.error_handler.max_retries=0
  grep -q 'productos-service:5999' "$work/output"
}

# Without a mount on /data files that could not be uploaded end with the container: the run says so.
says_that_files_end_with_the_container() {
  expect_exit 1 docker run --rm -v ~/.aws:/root/.aws:ro -e AWS_ENDPOINT_URL=http://s3:1 --network inventario-network \
    ingesta-productos
  grep -q 'ends with this container' "$work/output"
}

# As process 1, where signals without a handler are ignored. What was read by then is not read again.
sigterm_stops_process_1_within_10_seconds() {
  local begin kept
  docker volume create e2e-stop
  docker run -d --name e2e-slow --network inventario-network --network-alias slow ingesta \
    demo --host 0.0.0.0 --rows 20000 --latency 2s
  kept=(-v e2e-stop:/data -e S3_BUCKET= -e PRODUCTOS_SERVICE_URL=http://slow:5001 --network inventario-network)
  docker run -d --name e2e-stop "${kept[@]}" ingesta-productos
  wait_for_rows_below "$(mount_of e2e-stop)/_ingesta/spool"
  [[ $(docker inspect -f '{{.State.Running}}' e2e-stop) == true ]]
  begin=$SECONDS
  docker stop -t 30 e2e-stop
  ((SECONDS - begin <= 10))
  docker logs e2e-stop
  [[ $(docker inspect -f '{{.State.ExitCode}}' e2e-stop) == 1 ]]
  [[ ! -e $(mount_of e2e-stop)/productos ]]
  expect_exit 0 docker run --rm "${kept[@]}" ingesta-productos resume .
  read_back --root "$(mount_of e2e-stop)" --services "$(address_of e2e-slow)" productos
}

# The usual profile, on a network that Compose did not make: all three, then one by name.
compose_runs_the_ingestions() {
  export INVENTARIO_NETWORK_EXTERNAL=true S3_BUCKET=
  local containers
  (cd "$root" && timeout 180 docker-compose up)
  mapfile -t containers < <(compose ps -q)
  ((${#containers[@]} == 3))
  [[ $(docker wait "${containers[@]}" | sort -u) == 0 ]]
  read_back --root "$(mount_of ingesta-e2e_ingesta-data)" --services "$(address_of e2e-demo)" productos ordenes proveedores
  (cd "$root" && expect_exit 0 docker-compose run --rm proveedores)
}

# Slow to install, so only on demand.
airflow_runs_the_dag() {
  local airflow
  airflow=$("$root/scripts/test-venv.sh" airflow)
  INGESTA_E2E_S3_IMAGE=$DEMO_S3_IMAGE "$airflow/bin/python" -B "$root/tests/e2e/airflow_test.py" run
}

set_up
run_first builds_the_base_image
run_first builds_the_s3_image
run_case the_image_is_small_and_has_no_shell_in_front
[[ ! -f $work/size ]] || say "$(<"$work/size")"
run_case compose_demo_fills_its_s3
compose --profile demo down -v -t 5 > /dev/null 2>&1
run_first starts_the_surroundings
run_case the_documented_commands_fill_the_bucket
run_case runs_as_any_user_with_a_read_only_root
run_case exit_codes_reach_the_caller
run_case says_that_files_end_with_the_container
run_case sigterm_stops_process_1_within_10_seconds
run_case compose_runs_the_ingestions
[[ ! ${INGESTA_E2E_AIRFLOW:-} ]] || run_case airflow_runs_the_dag
say "$failures cases failed"
exit $((failures > 0))
