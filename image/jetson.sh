#!/bin/sh
# Puts visaged into NVIDIA's root file system for a Jetson, before it is flashed:
#
#   image/jetson.sh Linux_for_Tegra/rootfs visaged_…_arm64.deb
#
# The folder is the one that NVIDIA's apply_binaries.sh has completed; the package must be for its distribution (JetPack 6:
# Ubuntu 22.04, JetPack 7: Ubuntu 24.04). What it changes: the package, no desktop, SSH off, the hardware watchdog, limits of
# the journal, no identity yet. A second call installs a newer package and changes nothing else. See docs/install.md.
set -eu
[ $# -eq 2 ] || { sed -n '4s/^# *//p' "$0" >&2; exit 2; }
here=$(dirname "$(realpath "$0")")
root=$(realpath "$1") package=$(realpath "$2")
die() { echo "image/jetson.sh: $*" >&2; exit 1; }

[ "$(id -u)" -eq 0 ] || die "needs root"
[ "$root" != / ] && [ -x "$root/usr/bin/dpkg" ] || die "$1 is no root file system of Debian or Ubuntu"
[ "$(dpkg-deb -f "$package" Architecture)" = arm64 ] || die "$2 is not for arm64: make deb SUITE=… ARCH=arm64"
[ -e "$root/etc/nv_tegra_release" ] || echo "image/jetson.sh: no etc/nv_tegra_release: this is not NVIDIA's, going on" >&2
wanted=$(dpkg-deb -f "$package" Depends | sed -n 's/.*python3 (>= \([0-9.]*\)~).*/\1/p')
[ -x "$root/usr/bin/python$wanted" ] || die "$2 is for Python $wanted, which $1 does not have: make the package for its distribution"

cp "$package" "$root/visaged.deb"
trap 'rm -f "$root/visaged.deb"' EXIT
trap 'exit 130' INT TERM
# A package's scripts must not start services in here.
"$here/inside.sh" "$root" sh -euc '
    if ! dpkg -i /visaged.deb >/tmp/log 2>&1; then
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends -f >>/tmp/log 2>&1 || { cat /tmp/log; exit 1; }
    fi
    systemctl --quiet set-default multi-user.target
    systemctl --quiet disable ssh.service 2>/dev/null || :
    systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer
'
for file in etc/systemd/journald.conf.d/visaged.conf etc/systemd/system.conf.d/visaged.conf etc/ssh/sshd_config.d/visaged.conf; do
    install -D -m 644 "$here/files/$file" "$root/$file"
done
# The GPU: known here, for there is no other Jetson.
for service in visaged visaged-models-build; do
    install -D -m 644 "$root/usr/share/visaged/nvidia.conf" "$root/etc/systemd/system/$service.service.d/nvidia.conf"
done
# Every box makes its own at its first start.
: >"$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id" "$root"/etc/ssh/ssh_host_*
echo "ready to flash: $root"
