#!/usr/bin/env bash
# Makes the code of the Lambda function (deploy/aws/ingesta.yaml): a zip with `bootstrap`, the binary and every library that it
# needs, the C library and its loader too. provided.al2023 has glibc 2.34 and GCC 11's libstdc++; the binary's own are newer.
#   package-lambda.sh [--binary INGESTA] OUT.zip      INGESTA: build/release's, which run-ingesta.sh builds
# To be run on Debian 12 of the function's architecture. The same inputs give the same bytes.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binary=$root/build/release/src/ingesta/ingesta

die() { echo "package-lambda: $*" >&2; exit 1; }

if [[ ${1-} == --binary ]]; then
  binary=${2-}
  shift 2 || true
fi
[[ $# == 1 && $1 != -* ]] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
out=$1
[[ -x $binary ]] || die "there is no $binary: run run-ingesta.sh lake --help once, or name another one by --binary"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
task=$tmp/task
mkdir -p "$task"/{bin,lib,etc}

strip -o "$task/bin/ingesta" "$binary"
libraries=$(ldd "$binary")
[[ $libraries != *'not found'* ]] || die "a library of $binary is missing: $libraries"
# `libc.so.6 => /lib/.../libc.so.6 (0x...)`, and the loader as `/lib64/ld-linux-x86-64.so.2 (0x...)`.
sed -nE 's/^.*=> (\/[^ ]+) \(.*/\1/p; s/^\s*(\/[^ ]+) \(.*/\1/p' <<< "$libraries" | sort -u | while read -r library; do
  install -m 755 "$library" "$task/lib/${library##*/}"
done
[[ -e $(echo "$task"/lib/ld-linux-*) ]] || die "ldd named no loader"
# The distribution's authorities, without those that this machine's owner added.
authorities=(/usr/share/ca-certificates/mozilla/*.crt)
[[ -e ${authorities[0]} ]] || die "there are no certificate authorities: apt-get install ca-certificates"
cat "${authorities[@]}" > "$task/etc/ca-certificates.crt"

cat > "$task/bootstrap" <<'SH'
#!/bin/sh
# What Lambda starts: ingesta with the loader and the libraries beside it.
here=${LAMBDA_TASK_ROOT:-${0%/*}}
# The Runtime API is on this machine: a proxy of the function's is not for it.
no_proxy="${no_proxy:-${NO_PROXY:-}},${AWS_LAMBDA_RUNTIME_API%%[:/]*}"
SSL_CERT_FILE="${SSL_CERT_FILE:-$here/etc/ca-certificates.crt}"
export no_proxy SSL_CERT_FILE
exec "$here"/lib/ld-linux-*.so.* --library-path "$here/lib" "$here/bin/ingesta" lambda
SH
chmod 755 "$task/bootstrap"

python3 - "$task" "$tmp/code.zip" <<'PY'
import pathlib
import sys
import zipfile

folder, out = map(pathlib.Path, sys.argv[1:])
with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as code:
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        entry = zipfile.ZipInfo(str(path.relative_to(folder)), (1980, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = (0o100644 if path.parent.name == "etc" else 0o100755) << 16
        code.writestr(entry, path.read_bytes())
PY
mkdir -p "$(dirname "$out")"
mv "$tmp/code.zip" "$out"
unpacked=$(du -sm "$task" | cut -f1)
# Lambda's limit.
((unpacked < 250)) || die "$unpacked MB unpacked, and Lambda takes 250"
echo "package-lambda: $out, $(($(stat -c %s "$out") / 1000000)) MB, $unpacked MB unpacked" >&2
