#!/bin/sh
# Makes the disk image of a PC and the update that boxes with an older one take:   image/make.sh FOLDER
# --check in its place: only whether the key is there.
#
# In the environment:
#   VERSION   of the image (default: the program's)
#   KEYS      folder with update.key and update.cert.pem (image/keys.sh makes them)
#   TEST_KEY  yes: a key is made in build/image/keys instead. For tests only: whoever has this folder can update the boxes
set -eu
cd "$(dirname "$0")/.."
out=${1:?usage: image/make.sh FOLDER | --check}
version=${VERSION:-$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' daemon/visaged/__init__.py)}
work=build/image
if [ "${TEST_KEY:-}" = yes ] && [ -z "${KEYS:-}" ]; then
    KEYS=$work/keys
    image/keys.sh "$KEYS"
    echo "image: signed with a test key ($KEYS): never for boxes that go out, they believe it for ever"
fi
for file in update.key update.cert.pem; do
    [ -r "${KEYS:-}/$file" ] || {
        echo "image: ${KEYS:+there is no $KEYS/$file; }an image is signed with its owner's key: boxes believe it for ever" >&2
        echo "image: image/keys.sh FOLDER makes one; then KEYS=FOLDER make image. For a test: TEST_KEY=yes make image" >&2
        exit 2
    }
done
[ "$out" != --check ] || exit 0
mkdir -p "$work" "$out"
rm -rf "$work/deb"
image/deb/build.sh bookworm amd64 "$work/deb" >/dev/null
root=$work/root-$version.squashfs
image/rootfs.sh "$work"/deb/visaged_*_amd64.deb "$KEYS/update.cert.pem" "$version" "$root"
image/bundle.sh "$root" "$version" "$KEYS" "$out/visaged-$version-amd64.raucb"
python3 -m image.disk "$root" "$out/visaged-$version-amd64.img"
ls -sh "$out/visaged-$version-amd64.img" "$out/visaged-$version-amd64.raucb"
