#!/bin/sh
# Once, at the first start: systemd-repart has given the data partition the rest of the disk; its file system takes it.
set -eu
/lib/systemd/systemd-growfs /data
touch /data/.grown
