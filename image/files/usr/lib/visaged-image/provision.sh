#!/bin/sh
# Takes what a person has put on the EFI partition, which any PC can write: visaged.toml, and authorized_keys for SSH.
# What was taken is renamed to NAME.taken; settings with a mistake are left, with the reason beside them, in NAME.error.txt.
set -eu
umask 077
partition=/dev/disk/by-partlabel/visaged-efi
# At a cold start udev may not have come to it yet.
udevadm settle --timeout=10 --exit-if-exists=$partition || :
[ -e $partition ] || { echo "there is no EFI partition: the settings stay as they are"; exit 0; }
mount -o ro /efi
wanted=""
for name in visaged.toml authorized_keys; do
    [ ! -f "/efi/$name" ] || wanted="$wanted $name"
done
trap 'umount /efi' EXIT
[ -n "$wanted" ] || exit 0
mount -o remount,rw /efi
for name in $wanted; do
    case $name in
    visaged.toml)
        # An editor on Windows ends lines with CR LF and may begin the file with a mark.
        sed 's/\r$//; 1s/^\xef\xbb\xbf//' "/efi/$name" >/run/visaged.toml
        if ! /opt/visaged/bin/visaged config check /run/visaged.toml >"/efi/$name.error.txt" 2>&1; then
            echo "visaged.toml on the EFI partition is refused:" && cat "/efi/$name.error.txt"
            continue
        fi
        install -o visaged -g visaged -m 640 /run/visaged.toml /etc/visaged/visaged.toml.new
        sync /etc/visaged/visaged.toml.new
        mv /etc/visaged/visaged.toml.new /etc/visaged/visaged.toml
        rm -f "/efi/$name.error.txt" ;;
    authorized_keys)
        sed 's/\r$//' "/efi/$name" >/etc/ssh/authorized_keys
        # Every box has keys of its own: made here, not when the image was built.
        ssh-keygen -A
        systemctl --no-block enable --now ssh.service ;;
    esac
    sync
    mv "/efi/$name" "/efi/$name.taken"
    echo "taken from the EFI partition: $name"
done
