#!/usr/bin/env bash
# Installs what a build (`setup.sh build`), the tests (`setup.sh test`) or those of the label `lake` as well (`setup.sh lake`)
# need on Debian 12 and is not there yet.
# Idempotent; without anything missing it neither asks the network nor needs root.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps=$root/.deps
what=${1:-build}
# Under cron or su PATH may lack the folders of the tools that apt's own scripts call.
export PATH=$PATH:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin

build_packages=(g++ cmake ninja-build ccache mold pkg-config python3 python3-pip unzip ca-certificates
  libcurl4-openssl-dev libssl-dev libyaml-cpp-dev libfmt-dev libcli11-dev libxxhash-dev libisal-dev
  libzstd-dev zlib1g-dev libcctz-dev tzdata libcpp-httplib-dev nlohmann-json3-dev libpugixml-dev libpcre2-dev)
test_packages=(libgtest-dev libgmock-dev libbenchmark-dev python3-venv curl openssl busybox-static)
lake_packages=(default-jdk-headless maven)

say() { echo "setup: $*" >&2; }
die() { echo "setup: $*" >&2; exit 1; }

missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' || true)
  grep -vxF -e "${installed:-.}" < <(printf '%s\n' "$@") || true
}

# A tool from elsewhere on PATH serves as well as Debian's package of it.
drop_present_tools() {
  local package
  while read -r package; do
    case $package in
      cmake|ccache|mold|python3|unzip|curl|openssl|g++) command -v "$package" >/dev/null || echo "$package" ;;
      default-jdk-headless) command -v java >/dev/null || echo "$package" ;;
      maven) command -v mvn >/dev/null || echo "$package" ;;
      ninja-build) command -v ninja >/dev/null || echo "$package" ;;
      python3-pip) python3 -m pip --version >/dev/null 2>&1 || echo "$package" ;;
      python3-venv) python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || echo "$package" ;;
      *) echo "$package" ;;
    esac
  done
}

install_packages() {
  local missing as_root=(env DEBIAN_FRONTEND=noninteractive)
  mapfile -t missing < <(missing_packages "$@" | drop_present_tools)
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null || die "missing ${missing[*]}, and there is no apt-get: install them by hand"
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "missing ${missing[*]}: run as root, or install them and try again"
    as_root=(sudo "${as_root[@]}")
  fi
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq -o Acquire::Retries=3 >&2
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \
    "${missing[@]}" >&2
}

# The stamp holds the hashes of what was unpacked, so that a new pin is unpacked again.
install_native() {
  local stamp=$deps/.native pins
  pins=$(sha256sum "$root/scripts/requirements-native.txt" | cut -d' ' -f1)
  [[ -f $stamp && $(<"$stamp") == "$pins" ]] && return 0
  mkdir -p "$deps"
  exec 8> "$deps/.lock"
  flock 8
  [[ -f $stamp && $(<"$stamp") == "$pins" ]] && return 0
  say "downloading Arrow C++ and simdjson"
  tmp=$(mktemp -d "$deps/download.XXXXXX")
  trap 'rm -rf "$tmp"' EXIT
  grep -A2 '^pyarrow' "$root/scripts/requirements-native.txt" > "$tmp/pyarrow.txt"
  grep -A1 '^pysimdjson' "$root/scripts/requirements-native.txt" > "$tmp/simdjson.txt"
  python3 -m pip download -q --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
    --python-version 3.11 --implementation cp --abi cp311 --platform "manylinux_2_28_$(uname -m)" \
    -d "$tmp" -r "$tmp/pyarrow.txt" >&2
  python3 -m pip download -q --disable-pip-version-check --no-deps --require-hashes --no-binary=pysimdjson \
    -d "$tmp" -r "$tmp/simdjson.txt" >&2
  rm -rf "$deps/pyarrow" "$deps/simdjson"
  (cd "$deps" && unzip -q "$tmp"/pyarrow-*.whl 'pyarrow/include/*' 'pyarrow/libarrow.so.*' 'pyarrow/libparquet.so.*')
  mkdir "$deps/simdjson"
  tar xzf "$tmp"/pysimdjson-*.tar.gz -C "$tmp"
  cp "$tmp"/pysimdjson-*/simdjson/simdjson.{h,cpp} "$deps/simdjson/"
  echo "$pins" > "$stamp"
}

case $what in
  build) install_packages "${build_packages[@]}" ;;
  test) install_packages "${build_packages[@]}" "${test_packages[@]}" ;;
  lake) install_packages "${build_packages[@]}" "${test_packages[@]}" "${lake_packages[@]}" ;;
  *) die "usage: setup.sh [build|test|lake]" ;;
esac
install_native
