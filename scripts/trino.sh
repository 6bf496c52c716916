#!/usr/bin/env bash
# Trino on loopback as a stand-in for Athena, which is built on it: Hive and Iceberg tables out of Glue and S3.
#   trino.sh start|stop DIR
# The endpoints are those of AWS_ENDPOINT_URL (Glue), AWS_ENDPOINT_URL_S3 and the AWS keys (aws-server.sh and s3-server.sh print
# them). DIR holds log, port and pid. `start` prints the URL. Needs Java 24 or newer (JAVA25, or below /usr/lib/jvm) and Maven, which
# fetches 821 MB once; exit code 77 where either is missing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
command=${1:-help}
dir=${2:-}
version=476 # the newest whose tarball is in Maven Central
home=$root/.deps/trino
server=$home/trino-server-$version
java=${JAVA25:-$(find /usr/lib/jvm -maxdepth 1 -name '*-2[4-9]-*' 2>/dev/null | sort | tail -n 1)}

die() { echo "trino: $*" >&2; exit 1; }

install() {
  mkdir -p "$home"
  exec 8> "$home.lock"
  flock 8
  [[ -f $server/.whole ]] && return 0
  command -v mvn >/dev/null || { echo "trino: no Maven" >&2; exit 77; }
  echo "trino: fetching Trino $version, once (821 MB)" >&2
  mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact=io.trino:trino-server:$version:tar.gz "-DoutputDirectory=$home" >&2 ||
    { echo "trino: Maven could not fetch it" >&2; exit 77; }
  rm -rf "$server"
  # Jars are hard links into each other's plugins, so all is unpacked before most of it goes.
  tar xzf "$home/trino-server-$version.tar.gz" -C "$home"
  rm "$home/trino-server-$version.tar.gz"
  find "$server/plugin" -mindepth 1 -maxdepth 1 ! -name hive ! -name iceberg -exec rm -rf {} +
  touch "$server/.whole"
}

configure() {
  local etc=$dir/etc port=$1 storage glue
  mkdir -p "$etc/catalog" "$dir/data" "$dir/tmp"
  printf '%s\n' node.environment=test node.id=test-1 "node.data-dir=$dir/data" node.bind-ip=127.0.0.1 \
    node.internal-address=127.0.0.1 > "$etc/node.properties"
  printf '%s\n' -server -Xms512M -Xmx2G -XX:+UseG1GC -XX:+ExitOnOutOfMemoryError -XX:ReservedCodeCacheSize=256M \
    -XX:TieredStopAtLevel=1 -Djdk.attach.allowAttachSelf=true "-Djava.io.tmpdir=$dir/tmp" -Dfile.encoding=UTF-8 \
    -XX:+EnableDynamicAgentLoading --enable-native-access=ALL-UNNAMED > "$etc/jvm.config"
  printf '%s\n' coordinator=true node-scheduler.include-coordinator=true "http-server.http.port=$port" \
    "discovery.uri=http://127.0.0.1:$port" query.max-memory=1GB query.max-memory-per-node=1GB \
    memory.heap-headroom-per-node=512MB "plugin.dir=$server/plugin" > "$etc/config.properties"
  printf '%s\n' io.trino=WARN io.airlift=WARN Bootstrap=WARN > "$etc/log.properties"
  storage="fs.native-s3.enabled=true
s3.endpoint=$AWS_ENDPOINT_URL_S3
s3.region=$AWS_REGION
s3.path-style-access=true
s3.aws-access-key=$AWS_ACCESS_KEY_ID
s3.aws-secret-key=$AWS_SECRET_ACCESS_KEY"
  glue="hive.metastore.glue.endpoint-url=$AWS_ENDPOINT_URL
hive.metastore.glue.region=$AWS_REGION
hive.metastore.glue.aws-access-key=$AWS_ACCESS_KEY_ID
hive.metastore.glue.aws-secret-key=$AWS_SECRET_ACCESS_KEY
hive.metastore.glue.partitions-segments=1"
  # Athena's name for Glue; Iceberg tables are redirected, so that one name serves both.
  printf '%s\n' connector.name=hive hive.metastore=glue "$glue" hive.iceberg-catalog-name=iceberg \
    hive.partition-projection-enabled=true "$storage" > "$etc/catalog/awsdatacatalog.properties"
  printf '%s\n' connector.name=iceberg iceberg.catalog.type=glue "$glue" "$storage" > "$etc/catalog/iceberg.properties"
}

start() {
  local port
  [[ -x $java/bin/java ]] || { echo "trino: no Java 24 or newer below /usr/lib/jvm; set JAVA25" >&2; exit 77; }
  install
  mkdir -p "$dir"
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  configure "$port"
  JAVA_HOME=$java PATH=$java/bin:$PATH setsid nohup timeout -k 10 3600 "$server/bin/launcher" run --etc-dir "$dir/etc" \
    > "$dir/log" 2>&1 < /dev/null 8>&- &
  echo $! > "$dir/pid"
  for _ in $(seq 480); do
    if curl -sf "http://127.0.0.1:$port/v1/info" | grep -q '"starting":false'; then
      echo "http://127.0.0.1:$port"
      return
    fi
    kill -0 "$(< "$dir/pid")" 2>/dev/null || { tail -n 20 "$dir/log" >&2; die "Trino ended"; }
    sleep 0.5
  done
  die "not ready after four minutes: see $dir/log"
}

stop() {
  [[ -f $dir/pid ]] || return 0
  kill -9 -- "-$(< "$dir/pid")" 2>/dev/null || true # nothing of it is kept
  rm -f "$dir/pid"
}

case $command in
  start | stop) [[ -n $dir ]] || die "which DIR?" ;;
  *) sed -n '2,7s/^# //p' "$0"; exit 2 ;;
esac
"$command"
