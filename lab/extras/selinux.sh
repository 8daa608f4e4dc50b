#!/bin/sh
# Puts SELinux into the image, with Debian's default policy, in force from the first boot on.
# Usage: selinux.sh ROOT PACKAGE...
set -eu
root=$1
shift

chroot "$root" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq --no-install-recommends "$@"

cat >"$root/etc/selinux/config" <<'END'
SELINUX=enforcing
SELINUXTYPE=default
END
# Debian's policy keeps LVM's programs from dmeventd's FIFOs, so that no pool could be monitored.
rule=/root/dmeventd.cil
echo '(allow lvm_t lvm_runtime_t (fifo_file (getattr open read write append ioctl lock)))' \
    >"$root$rule"
chroot "$root" semodule --noreload --store=default --install="$rule"
rm "$root$rule"
# The image is labelled as it is built (selinux-last.sh): a boot need not do it, and boot again.
rm -f "$root/.autorelabel"
