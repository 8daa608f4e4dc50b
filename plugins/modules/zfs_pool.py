#!/usr/bin/python
# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: zfs_pool
short_description: Keep a ZFS pool, and a filesystem of it mounted where an engine needs it
version_added: "1.0.0"
author:
  - containerhost.storage contributors (@containerhost)
description:
  - Makes a pool of blank disks, knows its members by their disks whatever name the pool recorded,
    adds disks, and lets the pool use what a disk has grown by. Where nothing is to be done, two
    commands read all there is to know.
  - Keeps a filesystem of the pool mounted at O(path), and guards the units that need it, so that
    they cannot start while it is missing. A container engine would otherwise start on the empty
    folder below, and fill the wrong disk.
  - Keeps the cache of ZFS below a limit, if one is given.
  - Takes only disks that are blank, mounts only over a folder in which nothing is lost from sight,
    never forces anything, and never removes a disk. An option that is left out keeps what is there.
extends_documentation_fragment:
  - containerhost.storage.attributes
  - containerhost.storage.mount
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  name:
    description:
      - The pool. A new one cannot be called C(log), or begin with C(mirror), C(raidz), C(draid) or
        C(spare). One that is there already can.
    type: str
    required: true
  devices:
    description:
      - Whole disks that the pool consists of, best by their names under C(/dev/disk/by-id). Those
        that are not members yet are added, and have to be blank. A disk on which a C(zpool create)
        that was killed has left two blank partitions, and nothing else, is taken for blank.
      - A disk of the pool that is not named stays in it. With a pool that is there already, this
        can be left out.
      - When a named disk has grown, the pool is let use all of it.
    type: list
    elements: str
    default: []
  layout:
    description:
      - How a new pool spreads data over its disks. All O(devices) become one vdev, and V(stripe)
        makes one of each. For a new pool the default is V(stripe), which is lost with any of its
        disks.
      - A pool of another layout is refused. More disks for a mirror or a raidz are taken as whole
        vdevs, of as many disks as those that are there.
    type: str
    choices: [stripe, mirror, raidz1, raidz2, raidz3]
  ashift:
    description:
      - The block size of disks that are taken, as a power of two. For a new pool the default is 12
        (4 KiB), and for more disks that of their pool. It never changes for a disk that is taken.
    type: int
    choices: [9, 10, 11, 12, 13, 14, 15, 16]
  dataset:
    description:
      - The filesystem in the pool that is mounted at O(path), without the name of the pool. It is
        made if it is not there, and so are those above it.
      - Without it, the pool's own filesystem is mounted there, as C(zpool create -m) does it.
    type: str
  path:
    description:
      - Where the filesystem is mounted. Without a path only the pool is kept.
      - ZFS mounts it there by itself. A filesystem with C(mountpoint=legacy) and a line in fstab
        is taken as it is.
    type: str
  arc_max:
    description:
      - How much memory the cache of ZFS may take, with a binary unit (C(2g)). It is set at once,
        and for every boot in a file of modprobe.d.
      - Where another file of modprobe.d or tmpfiles.d, a unit or the kernel's command line sets
        the same, that is left to do it.
      - Where the module is loaded from an initramfs, that has to be made anew by other means.
    type: str
notes:
  - The filesystem of a new pool has C(mountpoint=none), so that nothing in the pool is mounted but
    what was given a place. Other properties are kept by M(containerhost.storage.zfs_dataset).
  - A pool that is not imported is not imported by this module, which says what to do instead. It
    may be in use by another host.
seealso:
  - module: containerhost.storage.zfs_dataset
  - module: containerhost.storage.storage_driver
  - module: containerhost.storage.mounted_volume
"""

EXAMPLES = r"""
- name: The data root of Docker on a pool of one disk
  containerhost.storage.zfs_pool:
    name: docker
    devices: [/dev/disk/by-id/virtio-disk1]
    dataset: data
    path: /var/lib/docker
    required_by: [docker.service]
    arc_max: 1g

- name: A mirror, without a place for its datasets
  containerhost.storage.zfs_pool:
    name: tank
    layout: mirror
    devices:
      - /dev/disk/by-id/wwn-0x5000c500a1b2c3d4
      - /dev/disk/by-id/wwn-0x5000c500a1b2c3d5

- name: A pool that was made with zpool create -m /var/lib/docker
  containerhost.storage.zfs_pool:
    name: zpool-docker
    path: /var/lib/docker
    required_by: [docker.service]
"""

RETURN = r"""
state:
  description: The pool, its filesystem and its mount after the run, or after it in check mode.
  returned: success
  type: dict
  sample:
    pool:
      name: docker
      health: ONLINE
      used: 1081344
      available: 9663676416
      members:
        - disk: /dev/disk/by-id/virtio-disk1
          path: /dev/disk/by-id/virtio-disk1-part1
          state: ONLINE
          role: data
          group: ""
    dataset: {name: docker/data, mountpoint: /var/lib/docker, canmount: "on", mounted: "yes"}
    mount: {path: /var/lib/docker, options: [rw, xattr, noacl]}
    guarded: [docker.service]
    arc: {limit: 1073741824, largest: 1073741824, memory: 8255569920}
steps:
  description: What was done, or in check mode would be, each with its reason.
  returned: always
  type: list
  elements: dict
  sample:
    - reason: Add /dev/disk/by-id/virtio-disk2 to pool docker
      action: zpool add docker /dev/disk/by-id/virtio-disk2
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
  sample: too_few_disks
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
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import check
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    MOUNT_ARGUMENTS,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.observe import observe
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.state import (
    wanted_from,
)


def main():
    module = AnsibleModule(
        argument_spec={
            **MOUNT_ARGUMENTS,
            "name": {"type": "str", "required": True},
            "devices": {"type": "list", "elements": "str", "default": []},
            "layout": {
                "type": "str",
                "choices": ["stripe", "mirror", "raidz1", "raidz2", "raidz3"],
            },
            "ashift": {"type": "int", "choices": list(range(9, 17))},
            "dataset": {"type": "str"},
            "path": {"type": "str"},
            "arc_max": {"type": "str"},
        },
        supports_check_mode=True,
    )
    wanted = wish(module, wanted_from)
    reconcile(
        module,
        observe=partial(observe, wanted=wanted),
        plan=partial(plan, wanted=wanted),
        describe=partial(describe, wanted=wanted),
        hold=check,
    )


if __name__ == "__main__":
    main()
