#!/bin/sh
# Gives up on no cable: systemd-networkd 252 leaves an interface alone for ever that failed once, as one does now and then
# while it is renamed at a slow start ("Failed to configure DHCPv4 client: Device or resource busy").
set -eu
networkctl --no-legend --no-pager list | while read -r _ name _ _ state; do
    [ "$state" != failed ] || { echo "$name has failed and is configured again"; networkctl reconfigure "$name"; }
done
