#!/bin/sh
# Makes the Debian package of another distribution or architecture, inside a root file system of it.
#
#   image/deb/build.sh SUITE ARCH [FOLDER]      bookworm, jammy, noble …; amd64 or arm64; default folder: dist
#
# RELEASE: another version than the program says; MIRROR, KEYRING: see image/root.sh.
# For this machine's own distribution image/deb/package.sh is enough.
set -eu
[ $# -ge 2 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
cd "$(dirname "$0")/../.."
suite=$1 arch=$2 out=${3:-dist}
root=build/roots/deb-$suite-$arch
# What compiles the two Python packages that have no ready-made build; pip's index is spoken to in TLS.
image/root.sh "$suite" "$arch" "$root" \
    python3-venv python3-dev gcc libasound2-dev libsystemd-dev pkg-config ca-certificates make git
mkdir -p "$out"
BIND="$PWD:/src $(realpath "$out"):/out" \
    image/inside.sh "$root" env RELEASE="${RELEASE:-}" /src/image/deb/package.sh /out
