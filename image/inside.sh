#!/bin/sh
# Runs a command inside a root file system:   image/inside.sh FOLDER COMMAND…
#
# In name spaces of its own: what it mounts and whatever it starts is gone when it ends, or when it is interrupted.
# BIND="/from:/to …" shows folders of this machine inside, read and write.
set -eu
[ $# -ge 2 ] || { sed -n '2s/^# \{0,1\}//p' "$0" >&2; exit 2; }
folder=$(realpath "$1")
shift
# Names are looked up as on this machine, and its authorities are believed (a company's proxy may have its own).
cp --remove-destination /etc/resolv.conf "$folder/etc/resolv.conf"
authorities=/etc/ssl/certs/ca-certificates.crt
mkdir -p "$folder$(dirname $authorities)"
[ -e "$folder$authorities" ] || touch "$folder$authorities"
export BIND="${BIND:-} $authorities:$authorities" FOLDER="$folder"
for name in http_proxy https_proxy no_proxy PIP_INDEX_URL; do
    eval "value=\${$name:-}"
    [ -z "$value" ] || set -- "$name=$value" "$@"
done
exec unshare --mount --pid --ipc --fork --kill-child --propagation private sh -euc '
    mount -t proc proc "$FOLDER/proc"
    mount -t tmpfs tmpfs "$FOLDER/tmp"
    mount -t tmpfs tmpfs "$FOLDER/run"
    for pair in $BIND; do
        [ ! -d "${pair%%:*}" ] || mkdir -p "$FOLDER${pair#*:}"
        mount --bind "${pair%%:*}" "$FOLDER${pair#*:}"
    done
    exec chroot "$FOLDER" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" \
        DEBIAN_FRONTEND=noninteractive PIP_CERT='$authorities' "$@"' sh "$@"
