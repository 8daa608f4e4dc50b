#!/usr/bin/python
# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: thinpool
short_description: Keep an LVM thin pool that really extends itself
version_added: "1.0.0"
author:
  - containerhost.storage contributors (@containerhost)
description:
  - Makes a volume group and a thin pool on disks that are proven free, and keeps every setting of
    the pool as it is wanted, on every run.
  - A pool is never shrunk and never remade. What cannot be changed in place is refused.
  - Computes on every run whether the next step of autoextension fits into the volume group,
    because C(dmeventd) extends by a whole step or by nothing.
  - An option that is left out keeps what is there.
extends_documentation_fragment:
  - containerhost.storage.attributes
  - containerhost.storage.consent
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
    description: The thin pool.
    type: str
    required: true
  devices:
    description:
      - Disks that the volume group consists of. Those that are not in it yet are added to it;
        those that are in it and not named here stay.
      - A disk is only taken if it is not mounted, not swap, part of nothing, without any signature,
        and blank. No option overrides this.
      - A disk of up to 512 MiB is read whole for that. Of a larger one the first and last 16 MiB
        are read, 64 KiB at 127 places between, and then on from its start for two seconds, which
        are gigabytes of an SSD, or of what was discarded or never written. A finding says how much
        was read where it was not all.
      - A physical volume whose group is gone is taken too. Where there is still data behind its
        label, that needs O(consent).
      - Best named by their links under C(/dev/disk/by-id). A disk that is added to a group that
        exists already has to be named so, because the kernel's names change between boots.
    type: list
    elements: str
    default: []
  size:
    description:
      - The size of the pool's data, as C(80%VG) or as a size with a binary unit (C(100g)).
      - A pool that is larger than this, because it has extended itself, is in order.
      - For a new pool the default is C(80%VG), which leaves room for one step of 20 percent in a
        group of 100 extents or more (400 MiB where LVM's default of 4 MiB holds).
    type: str
  metadata_size:
    description:
      - The size of the pool's metadata, as C(1%VG) or as a size with a binary unit.
      - For a new pool the default is what LVM computes for O(size) and O(chunk_size), which is 64
        bytes for each chunk, and 2 MiB at least.
    type: str
  chunk_size:
    description:
      - The unit in which the pool hands out space, a multiple of 64 KiB. It cannot be changed.
      - For a new pool the default is 512 KiB, or what keeps the metadata at 128 MiB or less.
    type: str
  zero:
    description:
      - Whether chunks are zeroed when they are handed out. For a new pool the default is V(true).
    type: bool
  discards:
    description:
      - What happens to discards of a volume in the pool. For a new pool the default is
        V(passdown).
      - Changes from and to V(ignore) are possible only while the pool is inactive.
    type: str
    choices: [ignore, nopassdown, passdown]
  error_when_full:
    description:
      - Whether writes fail at once when the pool is full, and not only after they have waited for
        a minute. For a new pool the default is V(false).
    type: bool
  autoextend:
    description:
      - When and by how much the pool grows. For a new pool the default is 80 and 20.
      - Kept in a profile of LVM's that no other pool has, C(VG-POOL) with the hyphens of both names
        doubled. One that is attached already is kept where it is this pool's alone.
    type: dict
    suboptions:
      threshold:
        description: Percent used, from 50 to 99. V(100) turns autoextension off.
        type: int
      percent:
        description: By how much of its size the pool grows, from 1 to 100 percent.
        type: int
  monitor:
    description: Whether C(dmeventd) watches the pool. Without it no pool extends itself.
    type: bool
    default: true
  require_headroom:
    description:
      - Refuse instead of warn when the next step of autoextension does not fit.
    type: bool
    default: false
  state:
    description:
      - V(absent) removes the pool, all volumes in it, and its profile. The volume group and its
        disks stay. This needs O(consent).
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: containerhost.storage.storage_driver
  - module: containerhost.storage.mounted_volume
"""

EXAMPLES = r"""
- name: A pool with room for one step of autoextension
  containerhost.storage.thinpool:
    vg: docker
    name: thinpool
    devices: [/dev/disk/by-id/virtio-disk1]
    size: 80%VG
    autoextend: {threshold: 80, percent: 20}

- name: A second disk; the pool grows with its group, while containers run
  containerhost.storage.thinpool:
    vg: docker
    name: thinpool
    devices:
      - /dev/disk/by-id/virtio-disk1
      - /dev/disk/by-id/virtio-disk2
    size: 80%VG

- name: Remove the pool, with the seal that a run in check mode returned
  containerhost.storage.thinpool:
    vg: docker
    name: thinpool
    state: absent
    consent: 0f3c5a7e9b1d
"""

RETURN = r"""
state:
  description: The volume group and the pool after the run; in check mode, as they would be.
  returned: success
  type: dict
  sample:
    vg: {name: docker, size: 10733223936, free: 2134900736}
    pool: {name: thinpool, size: 8585740288, monitored: true, profile: docker-thinpool}
autoextend:
  description: Whether the pool can extend itself. Sizes are in bytes.
  returned: when the pool is to be present
  type: dict
  contains:
    threshold:
      description: Percent used at which the pool grows; 100 is never.
      type: int
    percent:
      description: By how much of its size it grows.
      type: int
    next_step_size:
      description: What the next step takes from the group, with metadata and its spare.
      type: int
    free_size:
      description: What the group has free.
      type: int
    can_extend:
      description: Whether the next step fits, and autoextension is on.
      type: bool
steps:
  description: What was done, or in check mode would be, each with its reason.
  returned: always
  type: list
  elements: dict
  sample:
    - reason: Start dmeventd's monitoring of thin pool docker/thinpool
      action: lvchange --monitor y docker/thinpool
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
seal:
  description:
    - The mark of what would be destroyed, to be given back as O(consent).
    - It is for this host, this pool and its volumes, and for the chunks in use by then. One that
      is written or discarded meanwhile makes another seal; what is written over in place does not
      show.
  returned: when something would be destroyed
  type: str
destroys:
  description: What would be destroyed.
  returned: when something would be destroyed
  type: list
  elements: str
refusal:
  description: The stable name of what is wrong, by which a fleet can be counted.
  returned: when it is refused or fails
  type: str
  sample: disk_not_free
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
"""

from functools import partial

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.containerhost.storage.plugins.module_utils._core.door import wish
from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import reconcile
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import hold
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.observe import observe
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.spec import OPTIONS
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.state import (
    wanted_from,
)


def main():
    module = AnsibleModule(
        argument_spec={
            **OPTIONS,
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "consent": {"type": "str"},
        },
        supports_check_mode=True,
    )
    wanted = wish(module, wanted_from)
    reconcile(
        module,
        observe=partial(observe, wanted=wanted),
        plan=partial(plan, wanted=wanted),
        describe=partial(describe, wanted=wanted),
        hold=hold,
    )


if __name__ == "__main__":
    main()
