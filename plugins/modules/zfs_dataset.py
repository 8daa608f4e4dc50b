#!/usr/bin/python
# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: zfs_dataset
short_description: Keep a ZFS filesystem, volume, snapshot or clone
version_added: "1.0.0"
author:
  - containerhost.storage contributors (@containerhost)
description:
  - Makes a dataset, and keeps its properties as they are wanted, on every run. Whatever differs
    is set in one command; where nothing differs, two commands read all there is to know.
  - Values are compared by what they mean. C(10G) is C(10240M) is 10737418240, C(true) is C(on),
    and C(none) is no limit.
  - Nothing is destroyed but what was asked for and consented to. A volume is never shrunk.
  - The type follows from what is given. A name with C(@) is a snapshot, O(origin) makes a clone,
    the property C(volsize) a volume, and anything else is a filesystem.
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
  name:
    description: The dataset, as C(pool/filesystem) or C(pool/filesystem@snapshot).
    type: str
    required: true
  properties:
    description:
      - Properties and their values, as in zfsprops(7). Names with a colon are properties of your
        own, and mean nothing to ZFS.
      - Sizes are binary, as C(512K), C(10G) or C(1.5T). Without a unit they are bytes. V(none) and
        0 take a quota, a reservation or a limit away.
      - A value is a line of at most 8191 bytes. It is given to ZFS as it is, and nothing in it is
        expanded.
      - A value that is in force already is in order, also where it is inherited or the default.
        Nothing is set then, so the dataset goes on following what is above it.
      - C(volsize) makes a volume. It reserves all of its size, unless C(refreservation) says
        otherwise. It is rounded up to whole blocks.
      - What is fixed when a dataset is made (C(volblocksize), C(casesensitivity), C(encryption)
        and more) is refused where it differs.
    type: dict
    default: {}
  inherit:
    description:
      - Properties that the dataset is to have no value of its own for, so that they are inherited
        or the default again.
    type: list
    elements: str
    default: []
  origin:
    description:
      - The snapshot that the dataset is a clone of. It is cloned if the dataset is not there yet.
    type: str
  rename_from:
    description:
      - The name that the dataset has now. It is renamed if it is there under that name and
        O(name) is not.
    type: str
  promote:
    description:
      - Whether a clone is made independent of its origin. What it was cloned from becomes its
        clone then.
    type: bool
    default: false
  parents:
    description: Whether filesystems that are missing above are made, with ZFS's defaults.
    type: bool
    default: false
  recursive:
    description:
      - For a snapshot whether it is of all datasets below as well, taken or destroyed together.
      - For another dataset that is to be V(absent) whether all that is below it, snapshots
        included, is destroyed with it.
    type: bool
    default: false
  clones:
    description:
      - For O(state=absent) whether clones, wherever they lie, are destroyed with what they were
        cloned from.
    type: bool
    default: false
  state:
    description:
      - V(absent) destroys the dataset. This needs O(consent).
    type: str
    choices: [present, absent]
    default: present
notes:
  - Keys of encrypted datasets are not loaded or changed by this module. Quotas of users, groups and
    projects, and bookmarks are not kept by it.
  - The seal covers the names and guids of all that would be destroyed, and what they hold. What
    is written to one of them after check mode, or removed from it, makes the consent void, and so
    does mounting it anew. What happens elsewhere in the pool does not.
  - In a pool that is imported with C(-R), C(mountpoint) is as it is set, without that root.
  - A value that only the present mount has (C(mount -o remount,ro)) is not taken for one that is
    set, whatever C(zfs get) shows.
seealso:
  - module: containerhost.storage.storage_info
  - module: containerhost.storage.storage_driver
"""

EXAMPLES = r"""
- name: A filesystem for the engine
  containerhost.storage.zfs_dataset:
    name: tank/docker
    properties:
      mountpoint: /var/lib/docker
      quota: 100G
      compression: lz4
      atime: false

- name: A sparse volume
  containerhost.storage.zfs_dataset:
    name: tank/disk1
    properties:
      volsize: 20G
      volblocksize: 16K
      refreservation: none

- name: Follow the filesystem above again
  containerhost.storage.zfs_dataset:
    name: tank/docker
    inherit: [compression, recordsize]

- name: A snapshot of a filesystem and of all below it
  containerhost.storage.zfs_dataset:
    name: tank/docker@before-upgrade
    recursive: true
    properties:
      org.example:reason: upgrade to 28.5

- name: A clone that stands on its own
  containerhost.storage.zfs_dataset:
    name: tank/docker-copy
    origin: tank/docker@before-upgrade
    promote: true

- name: See what would go with a filesystem
  containerhost.storage.zfs_dataset:
    name: tank/old
    state: absent
    recursive: true
  check_mode: true
  register: old

- name: Destroy just that
  containerhost.storage.zfs_dataset:
    name: tank/old
    state: absent
    recursive: true
    consent: "{{ old.seal }}"
"""

RETURN = r"""
state:
  description:
    - The pool and the dataset after the run; in check mode, as they would be. What is not known
      before it is done is C(null).
  returned: success
  type: dict
  contains:
    pool:
      description: The pool, C(null) where it is not imported.
      type: dict
      contains:
        name:
          description: Its name.
          type: str
        health:
          description: As C(zpool status) calls it, such as C(ONLINE) or C(DEGRADED).
          type: str
        capacity:
          description: How much of it is allocated, in percent.
          type: int
    dataset:
      description:
        - The dataset, C(null) where there is none. Sizes are in bytes. C(device) is a volume's.
        - C(properties) has those that were named, each with its C(value) and C(source).
      type: dict
  sample:
    pool: {name: tank, health: ONLINE, capacity: 12}
    dataset:
      name: tank/docker
      type: filesystem
      guid: "8514837192817236871"
      mountpoint: /var/lib/docker
      used: 196608
      properties:
        quota: {value: "107374182400", source: local}
        compression: {value: lz4, source: inherited from tank}
steps:
  description: What was done, or in check mode would be, each with its reason.
  returned: always
  type: list
  elements: dict
  sample:
    - reason: Set quota (was 0) of tank/docker
      action: zfs set quota=107374182400 tank/docker
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
  description: The mark of what would be destroyed, to be given back as O(consent).
  returned: when something would be destroyed
  type: str
destroys:
  description:
    - What would be destroyed, in the order in which it would go. Each is told with its guid, how
      much it refers to, and a mark of what it holds.
  returned: when something would be destroyed
  type: list
  elements: str
  sample:
    - snapshot tank/old@a (guid 92817236871, 8.5 MiB, content 3f9a1c22)
    - filesystem tank/old (guid 85148371928, 9 MiB, content 71d0b4e8)
refusal:
  description: The stable name of what is wrong, by which a fleet can be counted.
  returned: when it is refused or fails
  type: str
  sample: dataset_busy
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
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.observe import (
    observe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import (
    wanted_from,
)


def main():
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "properties": {"type": "dict", "default": {}},
            "inherit": {"type": "list", "elements": "str", "default": []},
            "origin": {"type": "str"},
            "rename_from": {"type": "str"},
            "promote": {"type": "bool", "default": False},
            "parents": {"type": "bool", "default": False},
            "recursive": {"type": "bool", "default": False},
            "clones": {"type": "bool", "default": False},
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
    )


if __name__ == "__main__":
    main()
