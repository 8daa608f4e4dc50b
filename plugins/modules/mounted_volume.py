#!/usr/bin/python
# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mounted_volume
short_description: Keep a logical volume with an XFS filesystem mounted where an engine needs it
version_added: "1.0.0"
author:
  - containerhost.storage contributors (@containerhost)
description:
  - Makes a plain or a thin logical volume, an XFS filesystem on it, and a systemd mount unit, and
    keeps all three as they are wanted.
  - Units that need the mount are guarded, so that they cannot start while it is missing. A
    container engine would otherwise start on the empty folder below, and fill the wrong disk.
  - Formats only a volume that is blank, mounts only over a folder in which nothing is lost from
    sight, and never shrinks anything.
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
  vg:
    description: The volume group.
    type: str
    required: true
  name:
    description: The logical volume.
    type: str
    required: true
  devices:
    description:
      - Disks that the volume group consists of, as in M(containerhost.storage.thinpool). With
        O(pool) the group is there already, and this can be left out.
    type: list
    elements: str
    default: []
  pool:
    description: The thin pool in which the volume lies. Without it the volume is a plain one.
    type: str
  size:
    description:
      - The size of the volume, as C(80%VG) or as a size with a binary unit (C(100g)).
      - It grows, with its filesystem, and never shrinks. For a new volume the default is C(80%VG).
    type: str
  path:
    description: Where it is mounted.
    type: str
    required: true
  mount_options:
    description:
      - Options of the mount. Those of the default serve an engine on overlay2, C(prjquota) for
        its C(overlay2.size).
      - They are compared with what is in force by their meaning; one that XFS does not have is
        refused. One that is left out stays in force until the next mount.
      - Options of userspace, such as C(nofail), are written down and not compared. Systemd reads
        those that begin with C(x-systemd.) in C(/etc/fstab) only.
    type: list
    elements: str
    default: [noatime, prjquota]
seealso:
  - module: containerhost.storage.thinpool
  - module: containerhost.storage.storage_driver
"""

EXAMPLES = r"""
- name: The data root of Docker on a plain volume
  containerhost.storage.mounted_volume:
    vg: docker
    name: data
    devices: [/dev/disk/by-id/virtio-disk1]
    size: 80%VG
    path: /var/lib/docker
    required_by: [docker.service]

- name: The same in a thin pool
  containerhost.storage.mounted_volume:
    vg: docker
    name: data
    pool: thinpool
    path: /var/lib/docker
    required_by: [docker.service]
"""

RETURN = r"""
state:
  description: The volume, its filesystem and its mount after the run, or after it in check mode.
  returned: success
  type: dict
  sample:
    volume: {name: docker/data, device: /dev/mapper/docker-data, size: 8585740288, pool: null}
    filesystem: {type: xfs, uuid: 6b8f3c5e-0f5e-4f43-9d3a-0d2f7a2b8d11, ftype: true}
    mount: {path: /var/lib/docker, options: [noatime, prjquota, rw]}
    guarded: [docker.service]
steps:
  description: What was done, or in check mode would be, each with its reason.
  returned: always
  type: list
  elements: dict
  sample:
    - reason: Grow volume docker/data to 16 GiB
      action: lvextend --extents 4096 docker/data
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
  sample: no_space
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
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import hold
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    MOUNT_ARGUMENTS,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume import describe
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.observe import (
    observe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.plan import (
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.state import (
    wanted_from,
)


def main():
    module = AnsibleModule(
        argument_spec={
            **MOUNT_ARGUMENTS,
            "vg": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "devices": {"type": "list", "elements": "str", "default": []},
            "pool": {"type": "str"},
            "size": {"type": "str"},
            "path": {"type": "str", "required": True},
            "mount_options": {
                "type": "list",
                "elements": "str",
                "default": ["noatime", "prjquota"],
            },
        },
        supports_check_mode=True,
    )
    wanted = wish(module, wanted_from)
    reconcile(
        module,
        observe=partial(observe, wanted=wanted),
        plan=partial(plan, wanted=wanted),
        describe=partial(describe.describe, wanted=wanted),
        hold=hold,
    )


if __name__ == "__main__":
    main()
