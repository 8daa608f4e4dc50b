#!/usr/bin/python
# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: btrfs_filesystem
short_description: Keep a btrfs over one or more disks mounted where an engine needs it
version_added: "1.0.0"
author:
  - containerhost.storage contributors (@containerhost)
description:
  - Makes a btrfs filesystem of blank disks and a systemd mount unit for it, and keeps both as they
    are wanted. The C(btrfs) driver of an engine needs its data root on such a mount.
  - Units that need the mount are guarded, so that they cannot start while it is missing. A
    container engine would otherwise start on the empty folder below, and fill the wrong disk.
  - The filesystem grows, by disks that are added to O(devices) and with disks that have grown. It
    never shrinks, no disk is ever taken out of it, and nothing is overwritten.
  - Needs C(btrfs-progs) on the host.
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
  label:
    description:
      - The label of the filesystem, by which it is known. A btrfs with this label on one of
        O(devices) is the wanted one, also where an earlier run broke off before it was mounted.
      - A disk with a btrfs of another label, or with anything else on it, is refused. One on which
        a C(mkfs.btrfs) with this label was broken off is made anew.
    type: str
    required: true
  devices:
    description:
      - The disks of the filesystem, best by their links under C(/dev/disk/by-id). A kernel name
        such as C(/dev/sdb) is taken for a new filesystem only.
      - A disk that is not in the filesystem yet is added, and has to be blank. Data that is
        written already stays on the disks where it is until a person balances the filesystem.
      - A disk that is left out stays in it. For a filesystem that exists all can be left out.
    type: list
    elements: str
    default: []
  data_profile:
    description:
      - In how many copies and over how many disks data lies, see C(mkfs.btrfs(8)).
      - For a new filesystem the default is that of C(mkfs.btrfs), which is V(single). An existing
        one keeps what it has.
      - Where an existing filesystem has another profile it is not converted, since that rewrites
        every chunk and can take hours. The module adds the disks and goes on, and the finding
        C(btrfs_profile_differs), which is a warning, has the C(btrfs balance) command to run.
        Assert on RV(state.filesystem) where a play must not go on before that.
    type: str
    choices: [single, dup, raid0, raid1, raid1c3, raid1c4, raid10, raid5, raid6]
  metadata_profile:
    description:
      - The same for metadata. For a new filesystem the default is that of C(mkfs.btrfs), which is
        V(dup) on one disk and V(raid1) on several.
      - A filesystem that was made on one disk keeps V(dup) when another one is added.
    type: str
    choices: [single, dup, raid0, raid1, raid1c3, raid1c4, raid10, raid5, raid6]
  path:
    description: Where it is mounted.
    type: str
    required: true
  mount_options:
    description:
      - Options of the mount, such as C(compress=zstd). With C(subvol=PATH) that subvolume is
        mounted, which has to be there; without it what is mounted stays, and a new mount is that
        of the filesystem's default subvolume.
      - Reading a layer without V(noatime) writes to it, and so takes space from its snapshots.
      - They are compared with what is in force by their meaning (C(compress) is
        C(compress=zlib:3)); one that btrfs does not have, or that only mends it, is refused. One
        that is left out stays in force until the next mount.
      - Options of userspace, such as C(nofail), are written down and not compared. Systemd reads
        those that begin with C(x-systemd.) in C(/etc/fstab) only.
      - Options that the kernel has for the whole filesystem are refused where it is mounted at
        another path already without them, because the kernel would not heed them.
    type: list
    elements: str
    default: [noatime]
notes:
  - A new filesystem is mounted by the link of its first disk, since its UUID is not known before
    it is made; one that existed before is mounted by its UUID. Neither is changed into the other
    later on. It is never mounted by its label, which another disk may bear as well. In either
    case udev lets systemd mount it only when all of its disks are there.
  - A line of C(/etc/fstab) for the path is taken as it is, whether it names the filesystem by
    UUID, by label or by one of its disks.
  - A filesystem with a disk missing, or with a copy of one of its disks in the host, is refused
    even if nothing has to be done.
seealso:
  - module: containerhost.storage.btrfs_subvolume
  - module: containerhost.storage.mounted_volume
    description: The same on a logical volume with XFS.
  - module: containerhost.storage.storage_driver
  - module: containerhost.storage.storage_info
    description: Says how much of each btrfs is allocated to chunks.
  - name: btrfs documentation
    description: What the profiles and the mount options mean.
    link: https://btrfs.readthedocs.io/
"""

EXAMPLES = r"""
- name: The data root of Docker on a btrfs of two disks, metadata on both
  containerhost.storage.btrfs_filesystem:
    label: docker
    devices:
      - /dev/disk/by-id/virtio-disk1
      - /dev/disk/by-id/virtio-disk2
    metadata_profile: raid1
    path: /var/lib/docker
    required_by: [docker.service]

- name: Keep one that exists mounted, with compression
  containerhost.storage.btrfs_filesystem:
    label: docker
    path: /var/lib/docker
    mount_options: [noatime, compress=zstd]
    required_by: [docker.service]
"""

RETURN = r"""
state:
  description: The filesystem and its mount after the run, or after it in check mode.
  returned: success
  type: dict
  contains:
    filesystem:
      description: >-
        The filesystem, sizes in bytes. What nobody knows yet in check mode, or can be told only
        while it is mounted, is null.
      type: dict
      returned: success
      sample:
        type: btrfs
        uuid: 6b8f3c5e-0f5e-4f43-9d3a-0d2f7a2b8d11
        label: docker
        devices:
          - {id: 1, device: /dev/disk/by-id/virtio-disk1, size: 10737418240}
          - {id: 2, device: /dev/disk/by-id/virtio-disk2, size: 10737418240}
        data_profiles: [single]
        metadata_profiles: [raid1]
    mount:
      description: Where it is mounted, and the options in force.
      type: dict
      returned: success
      sample: {path: /var/lib/docker, options: [noatime, rw, subvol=/]}
    guarded:
      description: The units that cannot start without the mount.
      type: list
      elements: str
      returned: success
      sample: [docker.service]
steps:
  description: What was done, or in check mode would be, each with its reason.
  returned: always
  type: list
  elements: dict
  sample:
    - reason: Add /dev/disk/by-id/virtio-disk2 to btrfs docker
      action: btrfs device add /dev/disk/by-id/virtio-disk2 /var/lib/docker
findings:
  description: >-
    What a person should know and that is no error, such as profiles that differ from the wanted
    ones, or chunks that are all allocated.
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
  sample: label_ambiguous
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
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.profiles import LEAST
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem import (
    describe,
    observe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem.plan import (
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem.state import (
    wanted_from,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.door import wish
from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import reconcile
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import hold
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    MOUNT_ARGUMENTS,
)


def main():
    module = AnsibleModule(
        argument_spec={
            **MOUNT_ARGUMENTS,
            "label": {"type": "str", "required": True},
            "devices": {"type": "list", "elements": "str", "default": []},
            "data_profile": {"type": "str", "choices": list(LEAST)},
            "metadata_profile": {"type": "str", "choices": list(LEAST)},
            "path": {"type": "str", "required": True},
            "mount_options": {"type": "list", "elements": "str", "default": ["noatime"]},
        },
        supports_check_mode=True,
    )
    wanted = wish(module, wanted_from)
    reconcile(
        module,
        observe=partial(observe.observe, wanted=wanted),
        plan=partial(plan, wanted=wanted),
        describe=partial(describe.describe, wanted=wanted),
        hold=hold,
    )


if __name__ == "__main__":
    main()
