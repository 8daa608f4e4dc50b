#!/usr/bin/python
# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: storage_layout
short_description: Keep a container host's whole storage layout, from its disks to the engine
version_added: "1.0.0"
author:
  - containerhost.storage contributors (@containerhost)
description:
  - Keeps what the storage driver lies on (a thin pool, a volume, a btrfs or a ZFS pool on disks),
    and the Docker engine on it, in one run, as the modules for each of them keep it.
  - All of it is planned before anything is touched, each layer on what those below it are going to
    be. What the engine would refuse is refused before there is a pool for it.
  - The engine is stopped once, and started once. Where a step fails while it is stopped, all that
    was changed meanwhile is taken back, and it is started on what it had before.
  - Disks are taken only where they are blank, nothing shrinks, and nothing is deleted.
extends_documentation_fragment:
  - containerhost.storage.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  driver:
    description:
      - V(overlay2) keeps images and containers in an XFS filesystem on its own volume, mounted at
        the data root, with project quotas, so that C(docker run --storage-opt size=10G) works.
        With O(volume_kind=none) it takes the filesystem that is there.
      - V(btrfs) makes a btrfs of O(devices) and mounts it at the data root.
      - V(zfs) makes a pool of O(devices), with a dataset mounted at the data root.
      - V(devicemapper) keeps them in thin volumes of a pool (direct-lvm), or in two sparse files
        (loop-lvm) with O(volume_kind=none) and C(dm.loopdatasize) in
        O(options). Engines from 25.0 on do not have it.
      - V(overlay) is what V(overlay2) replaced; engines from 24.0 on do not have it.
      - V(vfs) copies every layer whole, on any filesystem, and warns of it.
      - V(aufs) is refused wherever the engine or the kernel lacks it, and says why.
      - V(containerd) leaves images and containers to the containerd image store, in containerd's
        own folder; engines from 24.0 on have it, and a new one from 29.0 on takes it by default.
      - V(auto) picks one by engine, kernel, disks and O(workload), and says why. An
        engine that holds images or containers keeps the driver that it has.
    type: str
    choices: [overlay2, btrfs, zfs, devicemapper, overlay, vfs, aufs, containerd, auto]
    default: overlay2
  workload:
    description:
      - What the host's containers mostly do, for V(auto). V(high_density) is many containers of few
        images, as for platforms, CI and builds. V(large_files) is for large files that containers
        change in their own layer, for want of a volume.
    type: str
    choices: [general, high_density, large_files]
    default: general
  containerd_image_store:
    description:
      - V(false) switches the containerd image store off, which a storage driver needs where
        somebody has switched it on in the engine's configuration. By default that stays as it is.
    type: bool
  options:
    description:
      - Options of the driver, by their names in the engine's C(storage-opts). For V(devicemapper)
        they go on top of the pool's device and of deferred removal and deletion.
      - When this is empty, V(overlay2) keeps the options that it has.
    type: dict
    default: {}
  devices:
    description:
      - The disks to use, by their links under C(/dev/disk/by-id). They must be blank.
      - Needed where the volume group is not there yet. A disk that is added later is added to the
        group, and the pool grows with it.
    type: list
    elements: str
    default: []
  vg:
    description: The volume group.
    type: str
    default: docker
  pool:
    description: The thin pool.
    type: str
    default: thinpool
  volume:
    description: The volume that is mounted at the data root.
    type: str
    default: data
  volume_kind:
    description:
      - What V(overlay2), V(overlay) and V(vfs) lie on. A V(thin) volume takes space as it is
        written to, from a pool that extends itself. A V(plain) one has all of its space from the
        start. V(none) makes no storage at all, and takes what the data root lies on.
      - By default V(thin) for V(overlay2) and V(devicemapper), and V(none) for V(overlay) and
        V(vfs), and for V(btrfs) and V(zfs) without O(devices).
    type: str
    choices: [thin, plain, none]
  btrfs_label:
    description: The label of the btrfs, by which it is known.
    type: str
    default: docker
  btrfs_data_profile:
    description: How it spreads data over its disks. By default as C(mkfs.btrfs) does.
    type: str
  btrfs_metadata_profile:
    description: How it spreads metadata over its disks. By default as C(mkfs.btrfs) does.
    type: str
  zfs_pool:
    description: The ZFS pool.
    type: str
    default: docker
  zfs_dataset:
    description: The dataset in it that is mounted at the data root.
    type: str
    default: data
  zfs_layout:
    description: How a new pool spreads data over its disks. By default a stripe.
    type: str
  zfs_arc_max:
    description:
      - How much memory the cache of ZFS may take on this host, as C(2g). By default as ZFS has
        it, which is half of the memory or more, and earns a warning.
    type: str
  sizing:
    description:
      - V(headroom) takes 80 percent of the group for the pool or the plain volume, which leaves
        room for the pool's next step of 20 percent.
      - V(documented) takes 95 percent for data and 1 percent for metadata, as Docker's
        documentation does. A pool of that size cannot extend itself, and a warning says so.
    type: str
    choices: [headroom, documented]
    default: headroom
  size:
    description:
      - The size of the pool, as C(80%VG) or C(100g). A pool that is larger stays as it is.
      - By default what O(sizing) says.
    type: str
  metadata_size:
    description: The size of the pool's metadata. By default what O(sizing) says.
    type: str
  volume_size:
    description:
      - The size of the volume, which is what its filesystem sees. By default what
        O(sizing) says, and C(95%VG) for a thin volume, whose pool grows as it is
        written to.
    type: str
  chunk_size:
    description:
      - The unit in which the pool hands out space. By default 512 KiB for a new pool, more for one
        above 1 TiB; an old one keeps its own.
    type: str
  autoextend:
    description: When and by how much the pool extends itself, in percent.
    type: dict
    default: {threshold: 80, percent: 20}
    suboptions:
      threshold:
        description: Percent used at which it grows, from 50 to 99; 100 is never.
        type: int
      percent:
        description: By how much of its size it grows.
        type: int
  require_headroom:
    description: Fail instead of warn when the pool's next step does not fit into the group.
    type: bool
    default: false
  data_root:
    description: The folder that the engine keeps its data in.
    type: str
    default: /var/lib/docker
  existing_data:
    description:
      - What to do about images, containers and volumes that the engine would not see any more.
      - V(refuse) changes nothing and lists them. V(keep) leaves them where they are, hidden.
    type: str
    choices: [refuse, keep]
    default: refuse
  config_file:
    description: The engine's configuration file.
    type: str
    default: /etc/docker/daemon.json
  service:
    description: The engine's systemd unit.
    type: str
    default: docker.service
  missing_tools:
    description:
      - What to do where the host lacks a program that the layout needs. V(refuse) fails.
      - V(report) does nothing but ask whether the engine would take the layout, and returns the
        packages to install as RV(packages).
    type: str
    choices: [refuse, report]
    default: refuse
  variables:
    description:
      - The beginning of the names of variables to take options from, as C(docker_storage) takes the
        option O(driver) from the variable C(docker_storage_driver). An option that is given to the
        task itself goes before its variable.
      - It costs the controller less than a template for each option.
    type: str
seealso:
  - module: containerhost.storage.thinpool
  - module: containerhost.storage.mounted_volume
  - module: containerhost.storage.btrfs_filesystem
  - module: containerhost.storage.zfs_pool
  - module: containerhost.storage.storage_driver
"""

EXAMPLES = r"""
- name: Run Docker on overlay2, on a thin volume that grows with its pool
  containerhost.storage.storage_layout:
    devices: [/dev/disk/by-id/wwn-0x5000c500a1b2c3d4]

- name: Run it on a thin pool directly
  containerhost.storage.storage_layout:
    driver: devicemapper
    devices: [/dev/disk/by-id/wwn-0x5000c500a1b2c3d4]

- name: Run it on a btrfs over two disks
  containerhost.storage.storage_layout:
    driver: btrfs
    devices:
      - /dev/disk/by-id/wwn-0x5000c500a1b2c3d4
      - /dev/disk/by-id/wwn-0x5000c500a1b2c3d5
    btrfs_metadata_profile: raid1
"""

RETURN = r"""
state:
  description:
    - The engine after the run, as M(containerhost.storage.storage_driver) returns it; in check
      mode, as far as it can be told, as it would be. Each layer below it has its own name there.
  returned: success
  type: dict
  contains:
    storage:
      description: What the driver lies on, one of none, pool, thin, plain, btrfs and zfs.
      type: str
    missing_tools:
      description: The programs that the host lacks.
      type: list
      elements: str
    thinpool:
      description: The group and the pool, as M(containerhost.storage.thinpool) returns them.
      type: dict
    volume:
      description: The volume, as M(containerhost.storage.mounted_volume) returns it.
      type: dict
    btrfs:
      description: The filesystem, as M(containerhost.storage.btrfs_filesystem) returns it.
      type: dict
    selinux:
      description: >-
        On a host with SELinux, the type of the data root's label, which a new one gets before the
        engine starts on it. Null where it is not known before it is there.
      type: dict
      sample: {path: /var/lib/docker, type: container_var_lib_t}
    zfs:
      description: The pool, as M(containerhost.storage.zfs_pool) returns it.
      type: dict
choice:
  description: The driver that was chosen, why, and what speaks against each other one.
  returned: when O(driver=auto)
  type: dict
packages:
  description: The packages that bring the missing tools.
  returned: success
  type: list
  elements: str
autoextend:
  description: Whether the pool can extend itself, as M(containerhost.storage.thinpool) returns it.
  returned: when there is a pool in the layout
  type: dict
steps:
  description: What was done, or in check mode would be, each with its reason.
  returned: always
  type: list
  elements: dict
  sample:
    - reason: "Make volume group docker of /dev/disk/by-id/virtio-disk1"
      action: vgcreate docker /dev/disk/by-id/virtio-disk1
findings:
  description: What a person should know and that is no error.
  returned: always
  type: list
  elements: dict
recovered:
  description: What was put right first, as M(containerhost.storage.open_change) returns it.
  returned: when an earlier run was interrupted
  type: list
  elements: dict
would_recover:
  description: What would be put right first, as M(containerhost.storage.open_change) returns it.
  returned: in check mode, when an earlier run was interrupted
  type: list
  elements: dict
refusal:
  description: The stable name of what is wrong, by which a fleet can be counted.
  returned: when it is refused or fails
  type: str
  sample: disk_not_free
also_refused:
  description: The names of what else is wrong, where that is more than one thing.
  returned: when it is refused for several reasons
  type: list
  elements: str
  sample: [disk_not_free]
kept:
  description: The steps that were taken before another one failed, and that stay.
  returned: when a step failed
  type: list
  elements: dict
taken_back:
  description: The steps that were taken before another one failed, and that were taken back.
  returned: when a step failed
  type: list
  elements: dict
done:
  description: All steps that were taken before another one failed, kept or taken back.
  returned: when a step failed
  type: list
  elements: dict
failed_step:
  description: The step that failed, with its reason; null where none was at work.
  returned: when a step failed
  type: dict
undone:
  description: Whether all that was to be taken back after a failure was taken back.
  returned: when a step failed and there was something to take back
  type: bool
"""

from functools import partial

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.containerhost.storage.plugins.module_utils._core.door import wish
from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import reconcile
from ansible_collections.containerhost.storage.plugins.module_utils._host import disk
from ansible_collections.containerhost.storage.plugins.module_utils._layout.describe import describe
from ansible_collections.containerhost.storage.plugins.module_utils._layout.observe import observe
from ansible_collections.containerhost.storage.plugins.module_utils._layout.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._layout.wanted import OPTIONS


def main():
    module = AnsibleModule(
        argument_spec={**OPTIONS, "variables": {"type": "str"}}, supports_check_mode=True
    )
    params = wish(module, dict)
    reconcile(
        module,
        observe=partial(observe, params=params),
        plan=partial(plan, params=params),
        describe=partial(describe, params=params),
        hold=hold,
    )


def hold(claims):
    """Lock the disks that a step claims, or only check them where its program partitions them."""
    return (disk.hold if all(claim.locked for claim in claims) else disk.check)(claims)


if __name__ == "__main__":
    main()
