#!/bin/sh
# Makes the disk image of a PC and the update that boxes with an older one take:   image/make.sh FOLDER
#
# In the environment:
#   VERSION   of the image (default: the program's)
#   KEYS      folder with update.key and update.cert.pem; without, a key is made in build/image/keys: for tests
set -eu
cd "$(dirname "$0")/.."
out=${1:?usage: image/make.sh FOLDER}
version=${VERSION:-$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' daemon/visaged/__init__.py)}
work=build/image
mkdir -p "$work" "$out"
if [ -z "${KEYS:-}" ]; then
    KEYS=$work/keys
    image/keys.sh "$KEYS"
    echo "image: signed with a test key ($KEYS): set KEYS before boxes go out, they believe this one for ever"
fi
rm -rf "$work/deb"
image/deb/build.sh bookworm amd64 "$work/deb" >/dev/null
root=$work/root-$version.squashfs
image/rootfs.sh "$work"/deb/visaged_*_amd64.deb "$KEYS/update.cert.pem" "$version" "$root"
image/bundle.sh "$root" "$version" "$KEYS" "$out/visaged-$version-amd64.raucb"
python3 -m image.disk "$root" "$out/visaged-$version-amd64.img"
ls -sh "$out/visaged-$version-amd64.img" "$out/visaged-$version-amd64.raucb"
