#!/bin/sh
# Once, at the first start: the data partition takes the rest of the disk.
set -eu
disk=/dev/$(lsblk -no PKNAME /dev/disk/by-partlabel/visaged-data)
systemd-repart --dry-run=no --no-pager "$disk"
/lib/systemd/systemd-growfs /data
touch /data/.grown
