#!/bin/sh
# Makes the Debian package for the distribution that it runs on:   image/deb/package.sh FOLDER
#
# One package per distribution and architecture: /opt/visaged is a virtual environment with compiled parts, which belongs to
# one minor version of Python, and the package depends on just that. Everything in it is dpkg's: installing runs no
# compiler and needs no network but for the few libraries that it depends on.
set -eu
cd "$(dirname "$0")/../.."
out=$(realpath -m "${1:?usage: image/deb/package.sh FOLDER}")
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
trap 'exit 130' INT TERM
chmod 755 "$stage"

. /etc/os-release
arch=$(dpkg --print-architecture)
own=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' daemon/visaged/__init__.py)
# "+": newer than the plain version, and a distribution's upgrade sorts upwards.
version=${RELEASE:-$own}+$ID$VERSION_ID
python=$(readlink -f /usr/bin/python3)
minor=$("$python" -c 'import sys; print(sys.version_info.minor)')
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -c safe.directory='*' log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

root=$stage/root
DESTDIR=$root PREFIX=/usr NVIDIA=no ./install.sh install
# NVIDIA's drop-in and the settings are put in place on the box: only there it is known what it has.
install -D -m 644 systemd/nvidia.conf "$root/usr/share/visaged/nvidia.conf"
mv "$root/etc/visaged/visaged.toml" "$root/usr/share/visaged/visaged.toml"
chmod 644 "$root/usr/share/visaged/visaged.toml"
rm -rf "$root/etc"
# Times of files are cut to one date below, which would make every compiled module look out of date: it would be compiled
# anew at each start. These say of themselves that they are right.
find "$root/opt/visaged" -name __pycache__ -prune -exec rm -rf {} +
PYTHONDONTWRITEBYTECODE=1 "$root/opt/visaged/bin/python" -m compileall -q -f --invalidation-mode unchecked-hash \
    -s "$root" "$root/opt/visaged/lib" >/dev/null
rm -f "$root/opt/visaged/.made-from"
gzip -9n "$root/usr/share/man/man1/visaged.1"
rm -f "$root/usr/share/doc/visaged/LICENSE"
"$root/opt/visaged/bin/python" image/deb/copyright.py >"$root/usr/share/doc/visaged/copyright"

# glibc's library of sound carries its transition in its name on newer distributions.
mkdir "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<END
Package: visaged
Version: $version
Architecture: $arch
Maintainer: visaged <visaged@localhost>
Section: sound
Priority: optional
Installed-Size: $(du -sk "$root" | cut -f1)
Depends: python3 (>= 3.$minor~), python3 (<< 3.$((minor + 1))), python3-minimal, libasound2t64 | libasound2, libportaudio2,
 libc6 (>= $(dpkg-query -W -f '${Version}' libc6 | cut -d- -f1)), systemd, init-system-helpers
Recommends: alsa-utils, ca-certificates
Description: turns a voice into a living face for Unreal Engine
 A daemon for a small Linux box: microphone in, Live Link Face packets out at
 a steady 60 frames a second. A small trained model moves the mouth; prepared
 expressions are shown by ID, and a fleet is commanded over MQTT.
 .
 This package is for $PRETTY_NAME (Python 3.$minor).
END
for script in postinst prerm postrm; do install -m 755 "image/deb/scripts/$script" "$root/DEBIAN/$script"; done
(cd "$root" && find opt usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"

mkdir -p "$out"
package=$out/visaged_${version}_$arch.deb
# zstd: a tenth larger than xz and ten times as fast to unpack on a small box; dpkg knows it since 1.21.18 (Debian 12).
dpkg-deb --root-owner-group -Zzstd -z9 --build "$root" "$package.part" >/dev/null
mv "$package.part" "$package"
echo "$package"
