#!/usr/bin/python
# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: btrfs_subvolume
short_description: Keep a btrfs subvolume or snapshot, addressed by its path
version_added: "1.0.0"
author:
  - containerhost.storage contributors (@containerhost)
description:
  - Makes a subvolume or a snapshot at a path, and keeps its quota, compression, copy on write and
    write protection as they are wanted, on every run.
  - The filesystem may be mounted anywhere, at any of its subvolumes, and more than once.
  - Removes a subvolume only when nothing uses it, in any mount namespace; a process that works in
    it or holds a file of it open counts. Btrfs itself would remove one from under the feet of its
    mounts without a word.
  - What would keep one of several subvolumes from being removed (swap, C(btrfs send), C(chattr +i))
    is found before the first one goes.
  - A plain folder, a file or a symbolic link at the path is an error, and a subvolume is never
    replaced by another one.
  - Looks at other subvolumes only when one is to be removed, so that it takes the same time on a
    host with thousands of them.
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
requirements:
  - btrfs-progs 5.7 or later on the host, and C(chattr) for O(nodatacow)
  - Linux 5.7 or later
options:
  path:
    description:
      - Where the subvolume is or is to be, as an absolute path without symbolic links.
      - The folder that holds it has to be there. It may be a subvolume itself.
    type: str
    required: true
  snapshot_of:
    description:
      - The path of the subvolume that this one is a snapshot of, on the same filesystem. A new
        snapshot takes over its limits.
      - A subvolume that is there already has to be a snapshot of it, told by the UUIDs.
    type: str
  readonly:
    description:
      - Whether the subvolume is read-only. A new one is writable by default.
      - A subvolume that was received can be made read-only but not writable.
    type: bool
  quota:
    description:
      - Limits in bytes, as sizes with a binary unit (C(10g)), or V(none) to lift one.
      - The filesystem has to have its quotas on, and consistent. This module does not turn them
        on, because that slows down every snapshot on the filesystem.
    type: dict
    suboptions:
      referenced:
        description: Of all data that the subvolume holds, shared with others or not.
        type: str
      exclusive:
        description: Of the data that no other subvolume shares.
        type: str
  compression:
    description:
      - How new files in the subvolume are compressed, as V(none), V(lzo), V(zlib) or V(zstd). Files
        that are there stay as they are.
      - V(none) is no compression even where the filesystem is mounted with some.
      - A level, as in V(zstd:9), is kept in the property, but btrfs does not use it; a finding says
        so. The level of the mount is the one in force.
    type: str
  nodatacow:
    description:
      - Whether new files in the subvolume are overwritten in place, without copy on write. They
        have no checksums and are not compressed.
      - It can be changed only while the subvolume is empty.
    type: bool
  recursive:
    description:
      - With O(state=absent), remove the subvolumes inside of this one too. Each is listed, and
        covered by the seal.
    type: bool
    default: false
  state:
    description:
      - V(absent) removes the subvolume with all data in it. This needs O(consent).
      - The seal covers the generation of each subvolume. What is written to one of them after the
        check makes it stale; what is written elsewhere on the filesystem does not.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: containerhost.storage.storage_info
  - module: containerhost.storage.storage_driver
"""

EXAMPLES = r"""
- name: A subvolume that holds 20 GiB at most
  containerhost.storage.btrfs_subvolume:
    path: /srv/data
    quota: {referenced: 20g}
    compression: zstd

- name: A subvolume for databases
  containerhost.storage.btrfs_subvolume:
    path: /srv/postgres
    nodatacow: true

- name: A read-only snapshot
  containerhost.storage.btrfs_subvolume:
    path: /srv/snapshots/data-before-upgrade
    snapshot_of: /srv/data
    readonly: true

- name: Lift a limit
  containerhost.storage.btrfs_subvolume:
    path: /srv/data
    quota: {referenced: none}

- name: Look at what would be removed
  containerhost.storage.btrfs_subvolume:
    path: /srv/data
    recursive: true
    state: absent
  check_mode: true
  register: removal

- name: Remove just that
  containerhost.storage.btrfs_subvolume:
    path: /srv/data
    recursive: true
    state: absent
    consent: "{{ removal.seal | default(omit) }}"
"""

RETURN = r"""
state:
  description: The subvolume after the run; in check mode, as it would be, as far as can be known.
  returned: success
  type: dict
  contains:
    path:
      description: The path that was given.
      type: str
    filesystem:
      description: The UUID of the filesystem.
      type: str
    subvolume:
      description: The subvolume; V(null) where there is none.
      type: dict
      contains:
        id:
          description: Its number. V(null) in check mode for one that is still to be made.
          type: int
        uuid:
          description: Its UUID. V(null) in check mode for one that is still to be made.
          type: str
        parent_uuid:
          description: The UUID of what it is a snapshot of; V(null) if it is none.
          type: str
        received_uuid:
          description: The UUID that it had where it was sent from; V(null) if it was not received.
          type: str
        location:
          description: Its path from the top of the filesystem, wherever that is mounted.
          type: str
        readonly:
          description: Whether it is read-only.
          type: bool
        compression:
          description: The property; V(null) where it is not set.
          type: str
        nodatacow:
          description: Whether new files are overwritten in place.
          type: bool
        quota:
          description: >-
            Limits and use in bytes, V(referenced) and V(exclusive); V(null) where quotas are off.
          type: dict
  sample:
    path: /srv/data
    filesystem: 0c3bd3f0-8ddc-4f2b-9a5e-2f4d5c3d7f10
    subvolume:
      id: 256
      uuid: e1c4949b-dfab-8741-b074-be87fbaf787a
      parent_uuid: null
      received_uuid: null
      location: /data
      readonly: false
      compression: zstd
      nodatacow: false
      quota:
        referenced: {limit: 21474836480, used: 16384}
        exclusive: {limit: null, used: 16384}
steps:
  description: What was done, or in check mode would be, each with its reason.
  returned: always
  type: list
  elements: dict
  sample:
    - reason: Limit to 20 GiB the referenced bytes of /srv/data
      action: btrfs qgroup limit 21474836480 /srv/data
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
  description: What would be destroyed.
  returned: when something would be destroyed
  type: list
  elements: str
  sample:
    - subvolume /srv/data (ID 256, UUID e1c4949b-dfab-8741-b074-be87fbaf787a, generation 42)
refusal:
  description: The stable name of what is wrong, by which a fleet can be counted.
  returned: when it is refused or fails
  type: str
  sample: children_exist
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
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume import (
    describe,
    observe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume.plan import (
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume.state import (
    wanted_from,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.door import wish
from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import reconcile


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "str", "required": True},
            "snapshot_of": {"type": "str"},
            "readonly": {"type": "bool"},
            "quota": {
                "type": "dict",
                "options": {"referenced": {"type": "str"}, "exclusive": {"type": "str"}},
            },
            "compression": {"type": "str"},
            "nodatacow": {"type": "bool"},
            "recursive": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "consent": {"type": "str"},
        },
        supports_check_mode=True,
    )
    wanted = wish(module, wanted_from)
    reconcile(
        module,
        observe=partial(observe.observe, wanted=wanted),
        plan=partial(plan, wanted=wanted),
        describe=partial(describe.describe, wanted=wanted),
    )


if __name__ == "__main__":
    main()
