#!/bin/sh
# Installs, upgrades, removes and purges the package in a root file system of its distribution, without systemd running:
#
#   image/deb/test.sh SUITE ARCH PACKAGE.deb      MIRROR, KEYRING: see image/root.sh
#
# Prints one line per check and ends with 1 at the first that fails.
set -eu
[ $# -eq 3 ] || { sed -n '4s/^# *//p' "$0" >&2; exit 2; }
cd "$(dirname "$0")/../.."
suite=$1 arch=$2 package=$(realpath "$3")
base=build/roots/try-$suite-$arch
# A user's machine: no compiler, no headers, no pip.
image/root.sh "$suite" "$arch" "$base" apt python3 systemd ca-certificates libportaudio2 procps

work=$(mktemp -d -p build try.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cp -a --reflink=auto "$base" "$work/root"
cp "$package" "$work/root/old.deb"
# The same again as a newer version: what an upgrade does to settings and services does not depend on the content.
dpkg-deb -R "$package" "$work/newer"
sed -i 's/^Version: /&9:/' "$work/newer/DEBIAN/control"
dpkg-deb --root-owner-group -Zzstd -z1 --build "$work/newer" "$work/root/new.deb" >/dev/null
image/inside.sh "$work/root" env MONITOR_S="${MONITOR_S:-8}" sh -eu -c "$(cat image/deb/inside-test.sh)"
