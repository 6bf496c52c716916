#!/usr/bin/env bash
# A Docker engine for the end-to-end test. `start DIR` prints the DOCKER_HOST to use: that of the engine which answers
# already, else of one of its own with everything below DIR (needs root; installs docker.io where it is missing).
# `base DIR` provides debian:bookworm-slim, by debootstrap where no registry answers. `stop DIR` ends an engine of its
# own, gives the firewall back as it was and removes DIR's data; an engine that was there before is left alone.
set -euo pipefail

export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
base_image=debian:bookworm-slim

say() { echo "docker-engine: $*" >&2; }
die() { say "$*"; exit 1; }

install_missing() {
  local missing=() entry
  for entry in dockerd:docker.io docker:docker.io docker-compose:docker-compose iptables:iptables ip:iproute2; do
    command -v "${entry%%:*}" > /dev/null || missing+=("${entry##*:}")
  done
  ((${#missing[@]})) || return 0
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >&2
  apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}" >&2
  # Where systemd runs, the package starts the machine's own engine.
  if [[ -d /run/systemd/system ]]; then answers 30 || true; fi
}

answers() {
  local tries
  for ((tries = ${1:-1}; tries > 0; tries--)); do
    docker info > /dev/null 2>&1 && return 0
    ((tries == 1)) || sleep 1
  done
  return 1
}

start() {
  if command -v docker > /dev/null && answers; then
    echo "${DOCKER_HOST:-unix:///var/run/docker.sock}"
    return
  fi
  ((EUID == 0)) || die "no Docker engine answers, and starting one needs root"
  install_missing
  if answers; then
    echo "${DOCKER_HOST:-unix:///var/run/docker.sock}"
    return
  fi
  mkdir -p "$dir"
  iptables-save > "$dir/iptables.before"
  [[ -e /sys/class/net/docker0 ]] || touch "$dir/bridge.ours"
  export DOCKER_HOST=unix://$dir/docker.sock
  setsid dockerd --host "$DOCKER_HOST" --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/docker.pid" \
    > "$dir/dockerd.log" 2>&1 < /dev/null &
  if ! answers 60; then
    tail -n 15 "$dir/dockerd.log" >&2
    stop
    die "dockerd does not start here"
  fi
  echo "$DOCKER_HOST"
}

stop() {
  [[ -f $dir/iptables.before ]] || return 0
  local pid mount
  if pid=$(cat "$dir/docker.pid" 2> /dev/null); then
    kill "$pid" 2> /dev/null || true
    timeout 30 tail --pid="$pid" -f /dev/null || kill -KILL "$pid" 2> /dev/null || true
  fi
  while read -r mount; do umount -l "$mount"; done < <(cut -d' ' -f2 /proc/mounts | grep -F "$dir/" | sort -r)
  [[ ! -f $dir/bridge.ours ]] || ip link delete docker0 2> /dev/null || true
  iptables-restore < "$dir/iptables.before" || true
  rm -rf "$dir/data" "$dir/exec" "$dir/iptables.before" "$dir/bridge.ours"
}

base() {
  if docker image inspect "$base_image" > /dev/null 2>&1 || timeout 300 docker pull -q "$base_image" >&2; then
    return
  fi
  ((EUID == 0)) || die "$base_image cannot be pulled, and making it needs root"
  command -v debootstrap > /dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap; } >&2
  say "making $base_image with debootstrap"
  local tree=$dir/debian
  rm -rf "$tree"
  mkdir -p "$tree"
  debootstrap --variant=minbase bookworm "$tree" > "$dir/debootstrap.log" 2>&1 || die "debootstrap failed: $dir/debootstrap.log"
  # Like the official image, without documentation and caches. The machine's own certificate authorities let the
  # builds out through a proxy that needs them.
  rm -rf "$tree"/usr/share/{doc,man,info,locale}/* "$tree"/var/cache/apt/* "$tree"/var/lib/apt/lists/* "$tree"/var/log/*.log
  mkdir -p "$tree/usr/local/share/ca-certificates"
  find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$tree/usr/local/share/ca-certificates/" \;
  tar -C "$tree" -c . | docker import --change 'CMD ["bash"]' - "$base_image" > /dev/null
  rm -rf "$tree"
}

if (($# != 2)); then
  echo "usage: docker-engine.sh start|base|stop DIR" >&2
  exit 2
fi
dir=$(realpath -m "$2")
case $1 in
  start|base|stop) "$1" ;;
  *) echo "usage: docker-engine.sh start|base|stop DIR" >&2; exit 2 ;;
esac
