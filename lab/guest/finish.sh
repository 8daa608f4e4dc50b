#!/bin/sh
# Runs after the packages are installed: gives the guest, which has no way to
# the outside, a package archive of its own, and takes out the kernel.
# Usage: finish.sh ROOT BOOT PACKAGE...
set -eu
root=$1 boot=$2
shift 2

# The named packages with everything they need that is installed.
wanted=$(chroot "$root" apt-cache depends --recurse --installed --no-recommends \
    --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$@" |
    grep '^[a-z0-9]' | sort -u)
archive=$root/var/lib/lab-archive
mkdir -p "$archive"
# shellcheck disable=SC2086  # a list of package names
chroot "$root" sh -c 'cd /var/lib/lab-archive && apt-get download -qq -o APT::Sandbox::User=root "$@"' sh $wanted
chmod -R a+rX "$archive"

(
    cd "$archive"
    for deb in *.deb; do
        dpkg-deb --field "$deb"
        echo "Filename: ./$deb"
        echo "Size: $(stat -c %s "$deb")"
        echo "SHA256: $(sha256sum "$deb" | cut -d ' ' -f 1)"
        echo
    done >Packages
)

# From here on the guest knows that archive only, so that `apt-get update`
# and `apt-get install` answer at once instead of waiting for a network.
rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/var/lib/lab-archive ./' >"$root/etc/apt/sources.list"
chroot "$root" apt-get -qq update
chroot "$root" apt-get -qq clean
chroot "$root" apt-cache gencaches

# The guest boots from the kernel and initrd taken out below. Making a new initrd
# whenever lvm2 or the like is installed would take minutes on an emulated
# processor, and be used by nobody.
sed -i 's/^update_initramfs=.*/update_initramfs=no/' "$root/etc/initramfs-tools/update-initramfs.conf"

chroot "$root" systemctl enable systemd-networkd.service
: >"$root/etc/resolv.conf"
echo localhost >"$root/etc/hostname"
printf '127.0.0.1 localhost\n' >"$root/etc/hosts"

cp "$root"/boot/vmlinuz-* "$boot/vmlinuz"
cp "$root"/boot/initrd.img-* "$boot/initrd.img"
