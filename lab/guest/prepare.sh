#!/bin/sh
# Runs before the packages are installed, so that the initrd and the services
# are made with these settings from the start.
# Usage: prepare.sh ROOT FILES AUTHORIZED_KEY
set -eu
root=$1 files=$2 key=$3

cp -R --no-preserve=ownership "$files/." "$root/"

mkdir -m 0700 -p "$root/root/.ssh"
printf '%s\n' "$key" >"$root/root/.ssh/authorized_keys"

# Periodic work would run in the middle of somebody's measurement: a restored
# host always wakes up long after the moment it was saved at.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer e2scrub_reap.service fstrim.timer man-db.timer \
    systemd-networkd-wait-online.service systemd-tmpfiles-clean.timer; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
