#!/bin/sh
# Makes the read-only root of the PC image:   image/rootfs.sh PACKAGE.deb KEYRING.pem VERSION OUT.squashfs
#
# Debian's packages (image/packages.txt), the visaged package, and the files of image/files over them.
set -eu
[ $# -eq 4 ] || { sed -n '2s/^# \{0,1\}//p' "$0" >&2; exit 2; }
cd "$(dirname "$0")/.."
package=$(realpath "$1") keyring=$(realpath "$2") version=$3 out=$(realpath -m "$4")
base=build/roots/image-bookworm-amd64
# shellcheck disable=SC2046
image/root.sh bookworm amd64 "$base" $(sed 's/#.*//' image/packages.txt) libportaudio2 libasound2 python3 init-system-helpers

root=$(mktemp -d -p build root.XXXXXX)
trap 'rm -rf "$root"' EXIT
trap 'exit 130' INT TERM
cp -a --reflink=auto "$base/." "$root"
cp -a --no-preserve=ownership image/files/. "$root"
cp "$keyring" "$root/etc/rauc/keyring.pem"
echo "$version" >"$root/usr/lib/visaged-image/version"
mkdir -p "$root/data" "$root/grub" "$root/efi"
# Debian lists the hardware watchdogs as not to be loaded; here they are wanted.
rm -f "$root"/usr/lib/modprobe.d/blacklist_linux_*.conf "$root"/lib/modprobe.d/blacklist_linux_*.conf

cp "$package" "$root/visaged.deb"
image/inside.sh "$root" sh -eu -c '
    dpkg -i /visaged.deb >/dev/null
    rm /visaged.deb
    systemctl --quiet enable visaged-prove.service visaged-provision.service visaged-grow.service visaged-links.timer \
        systemd-networkd.service systemd-resolved.service systemd-timesyncd.service rauc.service
    # Off until a key is put on the EFI partition; and its keys are not those of every other box.
    systemctl --quiet disable ssh.service
    rm -f /etc/ssh/ssh_host_*
    # Updates are whole images: nothing here looks for packages.
    systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer man-db.timer
    # Nobody sits at a box: no login prompts, no leftovers of LVM.
    systemctl --quiet mask getty@tty1.service e2scrub_reap.service
    passwd --quiet --lock root
    update-initramfs -u >/dev/null
'
echo visaged >"$root/etc/hostname"
ln -sf /run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
# The box makes its own.
: >"$root/etc/machine-id"
rm -rf "$root"/var/lib/dbus/machine-id "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*.log "$root/.made-from"
for file in vmlinuz initrd.img; do ln -sf "$(basename "$(readlink -f "$root/$file")")" "$root/boot/$file"; done

# What no box with a face has: half of Debian's kernel modules.
for group in infiniband isdn media/dvb-frontends media/pci media/usb/dvb-usb mtd atm staging target iio scsi/qla2xxx scsi/lpfc \
    gpu/drm/amd gpu/drm/nouveau gpu/drm/radeon net/ethernet/mellanox net/ethernet/chelsio net/can net/fddi; do
    rm -rf "$root"/lib/modules/*/kernel/drivers/"$group"
done
rm -rf "$root"/lib/modules/*/kernel/fs/ocfs2 "$root"/lib/modules/*/kernel/fs/ceph "$root"/lib/modules/*/kernel/fs/xfs \
    "$root"/lib/modules/*/kernel/fs/btrfs "$root"/lib/modules/*/kernel/fs/gfs2 "$root"/lib/modules/*/kernel/fs/smb
for modules in "$root"/lib/modules/*; do image/inside.sh "$root" depmod "${modules##*/}"; done

mkdir -p "$(dirname "$out")"
# lzo: of what GRUB can read the fastest to unpack, on a box as well; a fifth larger than gzip.
mksquashfs "$root" "$out.part" -noappend -quiet -no-progress -comp lzo -Xcompression-level 7 -b 128K
mv "$out.part" "$out"
