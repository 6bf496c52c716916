#!/usr/bin/env bash
# A real S3 server on loopback for the tests: SeaweedFS (default) or MinIO, with real signatures.
#   s3-server.sh start|stop|env DIR        S3_KIND=weed|minio
# DIR holds data, logs, ports and pid, and is the server's identity: several can run side by side. `start` prints what `env`
# prints: shell assignments of the endpoint, the keys and the bucket. Exit code 77: MinIO is asked for and cannot be built.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
command=${1:-help}
dir=${2:-}
kind=${S3_KIND:-weed}
key=ingesta-test
secret=ingesta-test-secret
region=us-east-1
bucket=inventario-datalake
minio_version=v0.0.0-20250907161309-07c3a429bfed # RELEASE.2025-09-07T16-13-09Z
minio=$root/.deps/bin/minio

die() { echo "s3-server: $*" >&2; exit 1; }

install_minio() {
  exec 8> "$root/.deps/minio.lock"
  flock 8
  [[ -x $minio ]] && return 0
  command -v go >/dev/null || { echo "s3-server: MinIO is built by Go, which is not here" >&2; exit 77; }
  echo "s3-server: building MinIO, once (some minutes)" >&2
  mkdir -p "$root/.deps/bin"
  GOBIN=$root/.deps/bin GOFLAGS='-ldflags=-s -trimpath' go install "github.com/minio/minio@$minio_version" >&2 || exit 77
}

# free_ports N: N ports that nobody listens on now.
free_ports() {
  python3 -c 'import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in sockets])' "$1"
}

# The recorded process runs and is the one that was started (its start time matches).
alive() {
  local pid started
  [[ -f $dir/pid ]] && read -r pid started < "$dir/pid" || return 1
  [[ $(start_time "$pid") == "$started" ]]
}
start_time() { awk '{sub(/^.*\) /, ""); if ($1 != "Z") print $20}' "/proc/$1/stat" 2>/dev/null || true; }

launch() {
  # A group of its own, so that `stop` ends it whole; an hour at most, so that a test that crashed leaves nothing behind.
  setsid nohup timeout -k 10 3600 "$@" > "$dir/log" 2>&1 < /dev/null 8>&- &
  echo "$! $(start_time $!)" > "$dir/pid"
}

start_minio() {
  local port
  install_minio
  read -r port console < <(free_ports 2)
  echo "$port" > "$dir/port"
  launch env MINIO_ROOT_USER=$key MINIO_ROOT_PASSWORD=$secret MINIO_BROWSER=off MINIO_UPDATE=off MINIO_REGION=$region \
    "$minio" server "$dir/data" --address "127.0.0.1:$port" --console-address "127.0.0.1:$console" --quiet
}

start_weed() {
  local p
  read -ra p < <(free_ports 8)
  echo "${p[0]}" > "$dir/port"
  printf '{"identities":[{"name":"test","credentials":[{"accessKey":"%s","secretKey":"%s"}],"actions":["Admin","Read","Write","List","Tagging"]}]}' \
    "$key" "$secret" > "$dir/identities.json"
  launch "$venv/bin/weed" server -dir="$dir/data" -ip=127.0.0.1 -ip.bind=127.0.0.1 -master.telemetry=false \
    -master.port="${p[1]}" -master.port.grpc="${p[2]}" -volume.port="${p[3]}" -volume.port.grpc="${p[4]}" \
    -filer -filer.port="${p[5]}" -filer.port.grpc="${p[6]}" -s3 -s3.port="${p[0]}" -s3.port.grpc="${p[7]}" \
    -s3.port.iceberg=0 -s3.port.lance=0 -s3.config="$dir/identities.json" -s3.iam=false \
    -master.volumeSizeLimitMB=256 -volume.max=50
}

# Writes and deletes an object until it works: both servers answer before they can store.
make_bucket() {
  "$venv/bin/python" - "$(cut -d' ' -f1 "$dir/pid")" "$(< "$dir/port")" "$key" "$secret" "$region" "$bucket" <<'PY'
import os, sys, time, boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
pid, port, key, secret, region, bucket = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", aws_access_key_id=key, aws_secret_access_key=secret,
                  region_name=region, config=Config(retries={"max_attempts": 1}, connect_timeout=2, read_timeout=10))
deadline = time.monotonic() + 90
while True:
    if not os.path.exists(f"/proc/{pid}"):
        sys.exit("s3-server: the server ended")
    try:
        s3.create_bucket(Bucket=bucket)
    except (ClientError, BotoCoreError) as error:
        if "BucketAlready" not in str(error) and time.monotonic() > deadline:
            raise
    try:
        s3.put_object(Bucket=bucket, Key=".ready", Body=b"1")
        s3.delete_object(Bucket=bucket, Key=".ready")
        break
    except (ClientError, BotoCoreError):
        if time.monotonic() > deadline:
            raise
        time.sleep(0.2)
PY
}

print_env() {
  [[ -f $dir/port ]] || die "no server in $dir"
  echo "AWS_ENDPOINT_URL_S3=http://127.0.0.1:$(< "$dir/port")"
  echo "AWS_ACCESS_KEY_ID=$key"
  echo "AWS_SECRET_ACCESS_KEY=$secret"
  echo "AWS_REGION=$region"
  echo "S3_BUCKET=$bucket"
}

stop() {
  local pid started
  alive || return 0
  read -r pid started < "$dir/pid"
  kill -- "-$pid" 2>/dev/null || true
  for _ in $(seq 10); do alive || break; sleep 0.1; done # the data is for the bin
  if alive; then kill -9 -- "-$pid" 2>/dev/null || true; fi
  rm -f "$dir/pid" "$dir/port"
}

case $command in
  start | stop | env) [[ -n $dir ]] || die "which DIR?" ;;
  *) sed -n '2,6s/^# //p' "$0"; exit 2 ;;
esac
case $command in
  start)
    venv=$("$root/scripts/test-venv.sh")
    mkdir -p "$dir/data"
    if ! alive; then
      # Another process may take a port between its choice and its use.
      for attempt in 1 2 3; do
        "start_$kind"
        make_bucket && break
        tail -n 20 "$dir/log" >&2
        stop
        ((attempt < 3)) || die "$kind did not start"
      done
    fi
    print_env ;;
  stop) stop ;;
  env) print_env ;;
esac
