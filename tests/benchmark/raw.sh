#!/bin/sh
# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What Docker's documentation of direct-lvm says to type, for the disk $1.
set -eu
pvcreate -q "$1"
vgcreate -q docker "$1"
lvcreate -q --wipesignatures y -n thinpool docker -l 95%VG
lvcreate -q --wipesignatures y -n thinpoolmeta docker -l 1%VG
lvconvert -q -y --zero n -c 512K --thinpool docker/thinpool --poolmetadata docker/thinpoolmeta
cat >/etc/lvm/profile/docker-thinpool.profile <<PROFILE
activation {
  thin_pool_autoextend_threshold=80
  thin_pool_autoextend_percent=20
}
PROFILE
lvchange -q --metadataprofile docker-thinpool docker/thinpool
lvchange -q --monitor y docker/thinpool
mkdir -p /etc/docker
cat >/etc/docker/daemon.json <<CONFIG
{
  "storage-driver": "devicemapper",
  "storage-opts": [
    "dm.thinpooldev=/dev/mapper/docker-thinpool",
    "dm.use_deferred_removal=true",
    "dm.use_deferred_deletion=true"
  ]
}
CONFIG
systemctl restart docker
