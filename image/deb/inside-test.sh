# What image/deb/test.sh runs inside: /old.deb and /new.deb are the packages.
say() { echo "  ok  $*"; }
die() { echo " FAIL $*" >&2; exit 1; }
files() {
    find / -xdev \( -path /proc -o -path /sys -o -path /tmp -o -path /run -o -path /var/lib/apt -o -path /var/lib/dpkg \
        -o -path /var/cache -o -path /var/log \) -prune -o -print | sort
}

apt-get update -qq
# What the package depends on may stay behind: libraries belong to the machine.
depends=$(dpkg-deb -f /old.deb Depends | sed 's/|[^,]*//g; s/([^)]*)//g; s/,/ /g')
for name in $depends; do apt-get install -y -qq --no-install-recommends "$name" >/dev/null 2>&1 || :; done
apt-get install -y -qq --no-install-recommends libasound2t64 >/dev/null 2>&1 ||
    apt-get install -y -qq --no-install-recommends libasound2 >/dev/null 2>&1 || :
files >/tmp/before

apt-get install -y -qq --no-install-recommends /old.deb >/tmp/log 2>&1 || { cat /tmp/log; die "install"; }
touch /tmp/installed
say "installed: $(dpkg-query -W -f '${Version} for ${Architecture}' visaged), $(du -sm /opt/visaged | cut -f1) MB"
/opt/visaged/bin/visaged --version | sed 's/^/  ok  runs: /'
visaged config check | sed 's/^/  ok  settings: /'
getent passwd visaged >/dev/null || die "no user"
[ "$(stat -c '%U %a' /etc/visaged/visaged.toml)" = "visaged 640" ] || die "settings: $(stat -c '%U %a' /etc/visaged/visaged.toml)"
[ "$(systemctl is-enabled visaged.service)" = enabled ] || die "the service is not enabled"
say "user, settings and service are there"
# The page itself may have been left out by this root file system's own dpkg settings.
dpkg -L visaged | grep -q 'man1/visaged.1.gz$' || die "no man page"
bash -n /usr/share/bash-completion/completions/visaged || die "no completion"
[ "$(grep -c '^Files:' /usr/share/doc/visaged/copyright)" -gt 10 ] || die "the copyright file does not name what ships"
compiled=$(find /opt/visaged -name '*.pyc' -cnewer /tmp/installed)
[ -z "$compiled" ] || die "compiled at the first start: $(echo "$compiled" | head -n 3)"

# The self-test: the bundled model on the bundled speech, and packets on the wire.
start=$(date +%s%N)
/opt/visaged/bin/visaged render /opt/visaged/lib/python3*/site-packages/visaged/samples/speech.ogg /tmp/out.csv >/tmp/log 2>&1 ||
    { cat /tmp/log; die "render"; }
say "render: $(wc -l </tmp/out.csv) rows in $((($(date +%s%N) - start) / 1000000)) ms"
# Not visaged monitor: its receive timestamps are unknown to qemu-user.
timeout 300 /opt/visaged/bin/visaged run --plain --input none --target 127.0.0.1:11999 >/tmp/log 2>&1 &
/opt/visaged/bin/python - "$MONITOR_S" >/tmp/packets <<'END' || { cat /tmp/log; die "no packets"; }
import socket, sys, time
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 11999))
receiver.settimeout(200)
receiver.recv(2048)
seconds, count, start = float(sys.argv[1]), 0, time.monotonic()
while time.monotonic() - start < seconds:
    receiver.recv(2048)
    count += 1
print(f"{count / seconds:.1f} packets a second")
END
kill -INT $! 2>/dev/null || :
wait || :
say "$(cat /tmp/packets)"

echo 'livelink = { targets = ["10.9.8.7:11111"] }' >/etc/visaged/visaged.toml
mkdir -p /var/lib/visaged/capsules && echo mine >/var/lib/visaged/capsules/mine
systemctl --quiet disable visaged.service
apt-get install -y -qq --no-install-recommends /new.deb >/tmp/log 2>&1 || { cat /tmp/log; die "upgrade"; }
grep -q 10.9.8.7 /etc/visaged/visaged.toml || die "the upgrade has changed the settings"
[ "$(systemctl is-enabled visaged.service || :)" = disabled ] || die "the upgrade has switched the service on again"
say "upgraded to $(dpkg-query -W -f '${Version}' visaged): settings kept, a service that was off stays off"

apt-get remove -y -qq visaged >/tmp/log 2>&1 || { cat /tmp/log; die "remove"; }
[ ! -e /opt/visaged ] && [ ! -e /usr/bin/visaged ] || die "the program is still there"
[ -e /etc/visaged/visaged.toml ] && [ -e /var/lib/visaged/capsules/mine ] || die "settings or capsules are gone"
say "removed: settings and capsules kept"
apt-get install -y -qq --no-install-recommends /new.deb >/tmp/log 2>&1 || { cat /tmp/log; die "install again"; }
grep -q 10.9.8.7 /etc/visaged/visaged.toml || die "installing again has changed the settings"
apt-get purge -y -qq visaged >/tmp/log 2>&1 || { cat /tmp/log; die "purge"; }
files >/tmp/after
# The user's line and its copies are meant to stay; /opt is dpkg's when nobody else uses it.
left=$(diff /tmp/before /tmp/after | grep '^[<>]' | grep -v -x -e '< /opt' | grep -v -e '/etc/.*-$' -e /old.deb -e /new.deb || :)
[ -z "$left" ] || die "left behind, or taken away: $left"
say "purged: nothing left"
