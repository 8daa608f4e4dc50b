#!/bin/sh
# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What an expert types for the role's default layout, on the blank disk $1 of 10 GiB: overlay2 on
# XFS, on a thin volume of 95 percent of the group in a pool of 80 percent. The engine is stopped
# and started once.
set -eu
pvcreate -q "$1"
vgcreate -q docker "$1"
cat >/etc/lvm/profile/docker-thinpool.profile <<PROFILE
activation {
  thin_pool_autoextend_threshold=80
  thin_pool_autoextend_percent=20
}
PROFILE
lvcreate -q --type thin-pool -n thinpool -l 80%VG --poolmetadatasize 4m --chunksize 512k --zero n \
  --metadataprofile docker-thinpool --monitor y docker
lvcreate -q -n data -V 9724m --thinpool thinpool docker
mkfs.xfs -q -n ftype=1 /dev/mapper/docker-data
cat >/etc/systemd/system/var-lib-docker.mount <<UNIT
[Unit]
Description=Container storage on /dev/mapper/docker-data

[Mount]
What=/dev/mapper/docker-data
Where=/var/lib/docker
Type=xfs
Options=noatime,prjquota

[Install]
WantedBy=multi-user.target
UNIT
mkdir -p /etc/systemd/system/docker.service.d
cat >/etc/systemd/system/docker.service.d/50-var-lib-docker.conf <<GUARD
[Unit]
RequiresMountsFor=/var/lib/docker
AssertPathIsMountPoint=/var/lib/docker
GUARD
mkdir -p /etc/docker
cat >/etc/docker/daemon.json <<CONFIG
{
  "storage-driver": "overlay2"
}
CONFIG
systemctl daemon-reload
systemctl stop docker.service
systemctl enable --quiet --now var-lib-docker.mount
systemctl start docker.service
