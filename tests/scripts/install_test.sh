#!/usr/bin/env bash
# Tests `ingesta install` with a crontab program that only keeps files, and the committed examples of deploy/ against what it
# gives; systemd's own checker reads the units where it is installed. usage: install_test.sh INGESTA
set -euo pipefail

ingesta=$1
project=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
tree=$(mktemp -d "${TMPDIR:-/tmp}/install-test.XXXXXX")
trap 'rm -rf "$tree"' EXIT
unset INGESTA_DATA_DIR
mkdir "$tree/bin"
printf '#!/bin/sh\n' > "$tree/run-ingesta.sh"
# crontab(1) as far as it is used: -l, FILE, and a refusal.
cat > "$tree/bin/crontab" <<SCRIPT
#!/bin/sh
if [ "\$1" = -l ]; then cat "$tree/tab" 2> /dev/null || { echo "no crontab for me"; exit 1; }
elif grep -q '^61 ' "\$1"; then echo "bad minute"; exit 1
else cp "\$1" "$tree/tab"; fi
SCRIPT
chmod +x "$tree/run-ingesta.sh" "$tree/bin/crontab"
export PATH="$tree/bin:$PATH"

# install EXIT WORDS...: what it said is in $said.
install() {
  local expected=$1 actual=0
  shift
  said=$("$ingesta" install "$@" --program "$tree/run-ingesta.sh" 2>&1) || actual=$?
  [[ $actual == "$expected" ]] || { echo "exit $actual, not $expected, for: $*"; echo "$said"; exit 1; }
}
says() { [[ $said == *"$1"* ]] || { echo "'$1' is not in: $said"; exit 1; }; }

# Only where nothing of the machine's own is in the way: root would put the log's rotation into /etc.
if ((EUID != 0)); then
  echo "MAILTO=me" > "$tree/tab"
  install 0 cron --dry-run --log "$tree/log"
  [[ $(<"$tree/tab") == MAILTO=me && ! -e $tree/log ]]
  install 0 cron --log "$tree/log"
  says "written: crontab"
  grep -qxF "0 2 * * * $tree/run-ingesta.sh >> $tree/log 2>&1" "$tree/tab"
  cp "$tree/tab" "$tree/once"
  install 0 cron --log "$tree/log"
  says "unchanged: crontab"
  cmp "$tree/once" "$tree/tab"
  install 0 cron --uninstall
  [[ $(<"$tree/tab") == MAILTO=me ]]
fi
# What would not run is refused before anything is changed.
rm -f "$tree/tab"
install 2 cron --schedule 'every night' --log "$tree/log"
says "five fields"
install 1 cron --log "$tree/no/such/folder/log"
says "--log FILE"
echo "0 3 * * * $tree/run-ingesta.sh" > "$tree/tab"
install 2 cron --log "$tree/log"
says "runs it already: 0 3 * * *"
says "crontab -e"
[[ $(wc -l < "$tree/tab") == 1 ]]
install 2 cron --user no-such-user-here
rm "$tree/tab"
install 2 cron --schedule '61 2 * * *' --log "$tree/log"
says "bad minute"

# systemd: written below a folder, once; the same again changes nothing; taken out again.
install 0 systemd --user daemon --destdir "$tree/root"
says "written: $tree/root/etc/systemd/system/ingesta.service"
install 0 systemd --user daemon --destdir "$tree/root"
says "unchanged: $tree/root/etc/systemd/system/ingesta.timer"
units=$tree/root/etc/systemd/system
for unit in service timer; do
  sed "s|$tree|/opt/ingesta|; s|^User=daemon|User=ingesta|" "$units/ingesta.$unit" | diff -u "$project/deploy/systemd/ingesta.$unit" -
done
if command -v systemd-analyze > /dev/null; then
  # It knows more units than are here; what it says about ours fails the test.
  checked=$(systemd-analyze verify --recursive-errors=no "$units/ingesta.service" "$units/ingesta.timer" 2>&1) || { echo "$checked"; exit 1; }
  [[ $checked != *ingesta.* ]] || { echo "$checked"; exit 1; }
fi
install 0 systemd --user daemon --destdir "$tree/root" --uninstall
[[ -z $(find "$units" -type f) ]]

# The committed example of logrotate's file, and the seed's line.
diff -u "$project/deploy/cron/logrotate" <("$ingesta" install cron --dry-run --program "$tree/run-ingesta.sh" \
  --log "$tree/ingesta.log" | sed -n "\|^# /etc/logrotate|,\$p" | sed "1d; s|$tree|/var/log|")
grep -qxF '0 2 * * * /path/to/run-ingesta.sh >> /var/log/ingesta.log 2>&1' "$project/deploy/cron/crontab"
echo "install_test: passed"
