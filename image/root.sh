#!/bin/sh
# Makes a root file system of Debian or Ubuntu in a folder, where packages are built and tried and images begin.
#
#   image/root.sh SUITE ARCH FOLDER [PACKAGE…]      bookworm, jammy, noble …; amd64 or arm64; does nothing if it is there
#
# In the environment:
#   MIRROR    where the packages come from; Debian's default to what this machine itself uses
#   KEYRING   keys that signed them, by default the distribution's own; "none": unchecked, for throw-away tests only
#
# Needs root, mmdebstrap and, for another architecture, qemu-user-static. An interrupted call leaves nothing behind.
set -eu
[ $# -ge 3 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
suite=$1 arch=$2 folder=$3
shift 3
packages=$(IFS=,; echo "$*")
die() { echo "image/root.sh: $*" >&2; exit 69; }

[ "$(id -u)" -eq 0 ] || die "needs root: sudo make …"
command -v mmdebstrap >/dev/null || die "there is no mmdebstrap: apt-get install mmdebstrap"
if [ "$arch" != "$(dpkg --print-architecture)" ]; then
    command -v qemu-aarch64-static >/dev/null || die "$arch is emulated here: apt-get install qemu-user-static binfmt-support"
    if [ ! -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ]; then
        # Containers have the kernel's support without the mount that switches it on.
        [ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
        update-binfmts --enable qemu-aarch64
    fi
fi

# What it was made from; the same again means that there is nothing to do.
wanted="$suite $arch $packages ${MIRROR:-}"
if [ "$(cat "$folder/.made-from" 2>/dev/null || :)" = "$wanted" ]; then exit 0; fi

# The machine's own sources of one Debian suite, as one-line entries.
own_mirror() {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
        sed -n 's/^URIs: *\(.*debian\)\/*$/\1/p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*debian\)\/* .*/\2/p' | head -n 1
}
case $suite in
jammy | noble)
    components="main universe"
    keyring=${KEYRING:-/usr/share/keyrings/ubuntu-archive-keyring.gpg}
    [ -n "${MIRROR:-}" ] || die "set MIRROR to an Ubuntu mirror that has $arch" ;;
*)
    components=main
    keyring=${KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
    MIRROR=${MIRROR:-$(own_mirror)}
    [ -n "$MIRROR" ] || die "this machine's apt names no Debian mirror: set MIRROR" ;;
esac
if [ "$keyring" = none ]; then
    signed=trusted=yes
else
    [ -r "$keyring" ] || die "there is no $keyring: install the distribution's keyring package, or set KEYRING"
    signed=signed-by=$keyring
fi

new=$folder.new
trap 'rm -rf "$new"' EXIT
trap 'exit 130' INT TERM
rm -rf "$new"
mkdir -p "$(dirname "$folder")"
# In mode=root: one user per file, as in a real system. It mounts within a name space of its own.
nice mmdebstrap --quiet --mode=root --variant=minbase --arch="$arch" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --aptopt='Acquire::Languages "none"' ${packages:+--include="$packages"} "$suite" "$new" \
    "deb [$signed] $MIRROR $suite $components" "deb [$signed] $MIRROR $suite-updates $components" ||
    die "mmdebstrap failed: see above; is $MIRROR within reach, and has it $suite for $arch?"
echo "$wanted" >"$new/.made-from"
rm -rf "$folder"
mv "$new" "$folder"
trap - EXIT
