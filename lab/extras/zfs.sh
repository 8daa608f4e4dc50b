#!/bin/sh
# Builds ZFS for the image's kernel, in its tree: here the processor is not emulated.
# Usage: zfs.sh ROOT PACKAGE...
set -eu
root=$1
shift

chroot "$root" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq --no-install-recommends "$@"

# The packages are installed even where the module could not be built.
for kernel in "$root"/lib/modules/*; do
    if ! ls "$kernel"/updates/dkms/zfs.ko* >/dev/null; then
        cat "$root"/var/lib/dkms/zfs/*/build/make.log >&2 || true
        echo "zfs was not built for ${kernel##*/}" >&2
        exit 1
    fi
done
