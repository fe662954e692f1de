#!/bin/sh
# Makes an update that RAUC installs:   image/bundle.sh ROOT.squashfs VERSION KEYS OUT.raucb
#
# KEYS: a folder with update.key and update.cert.pem (image/keys.sh), whose certificate is in the image of the boxes.
set -eu
[ $# -eq 4 ] || { sed -n '2s/^# \{0,1\}//p' "$0" >&2; exit 2; }
root=$(realpath "$1") version=$2 keys=$(realpath "$3") out=$(realpath -m "$4")
command -v rauc >/dev/null || { echo "image/bundle.sh: there is no rauc: apt-get install rauc" >&2; exit 69; }
mkdir -p "$(dirname "$out")"
content=$(mktemp -d -p "$(dirname "$out")")
trap 'rm -rf "$content"' EXIT
trap 'exit 130' INT TERM
ln "$root" "$content/root.img"
cat >"$content/manifest.raucm" <<END
[update]
compatible=visaged-pc
version=$version

[bundle]
format=verity

[image.rootfs]
filename=root.img
END
rm -f "$out"
# The root is compressed already.
rauc --cert="$keys/update.cert.pem" --key="$keys/update.key" \
    --mksquashfs-args="-noD -noF -no-progress -quiet" bundle "$content" "$out"
