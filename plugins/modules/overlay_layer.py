#!/usr/bin/python
# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_layer
short_description: Keep an overlay mounted, and tell what its upper layer changes
version_added: "1.0.0"
author:
  - containerhost.storage contributors (@containerhost)
description:
  - Mounts an overlay of folders, now and at every boot, and keeps its layers and options as they
    are wanted.
  - Refuses, before anything is written, what the kernel answers with C(Invalid argument) or takes
    without a word. Layers that overlap or that another overlay uses, a work folder that is not
    empty or on another filesystem than the upper layer, filesystems that cannot carry an upper
    layer, lists of layers that are too long, and options that exclude each other or that this
    kernel does not know.
  - Reports what the upper layer adds, changes and deletes. For that nothing is mounted, no link is
    followed, and no mount is crossed. Where a layer was moved away since it was mounted, or its
    name does not tell which folder it is, a finding says so, and there are no figures.
  - Never removes, empties or changes a layer. The kernel does not change the options of an overlay
    that is mounted; where they differ, it is unmounted and mounted again, unless it is in use.
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
  path:
    description: The mount point. It is made where it is missing.
    type: str
    required: true
  state:
    description:
      - V(mounted) is mounted with these layers and options.
      - V(unmounted) is not mounted now; what mounts it at boot is left as it is.
      - V(absent) is not mounted, and not mounted at boot either. All layers stay as they are.
    type: str
    choices: [mounted, unmounted, absent]
    default: mounted
  lower:
    description:
      - The lower layers, the uppermost first. They are only read.
      - They are handed to the kernel by the names that are given here. A list that is too long for
        a mount becomes shorter by symbolic links with short names.
      - Left out, those of the present mount or of its unit are kept. So it is with every option
        below.
    type: list
    elements: str
  upper:
    description:
      - The upper layer, which takes all that is written. It is made where it is missing.
      - An overlay without one is read only, and needs two lower layers.
    type: str
  work:
    description:
      - An empty folder for the kernel's own use, on the filesystem of O(upper) and not in it. It is
        made where it is missing.
    type: str
  redirect_dir:
    description: Whether folders of a lower layer can be renamed. Linux 4.10.
    type: str
    choices: ["on", "off", follow, nofollow]
  index:
    description: Whether hard links survive being copied up, by an index in O(work). Linux 4.13.
    type: bool
  metacopy:
    description:
      - Whether a change of owner or mode copies up only that, and not the data. Linux 4.19.
      - It needs O(redirect_dir=on), and is not safe where others can write to a layer.
    type: bool
  xino:
    description: Whether inode numbers are unique over layers on several filesystems. Linux 4.17.
    type: str
    choices: ["on", "off", auto]
  volatile:
    description:
      - Whether to leave out every sync. Linux 5.10. After a crash the upper layer is lost.
      - The kernel mounts no overlay on the same O(work) after such a one, so it cannot be
        O(persistent), and its options cannot be changed.
    type: bool
  userxattr:
    description:
      - Whether marks are kept in attributes that users may write (C(user.overlay.)). Linux 5.11.
        In a user namespace there is no other way.
    type: bool
  persistent:
    description:
      - Whether a systemd mount unit mounts it at boot, once its layers are there.
      - Left out, this stays as it is. A new mount is persistent where systemd runs the host, unless
        it is O(volatile) or a layer lies in memory.
    type: bool
  report_changes:
    description: Whether to read what the upper layer changes, and return it as RV(changes).
    type: bool
    default: false
  limit:
    description: How many changes RV(changes) lists by name. All of them are counted.
    type: int
    default: 100
seealso:
  - module: containerhost.storage.storage_info
  - module: containerhost.storage.storage_driver
  - name: Overlay Filesystem
    description: What the layers, marks and options mean.
    link: https://docs.kernel.org/filesystems/overlayfs.html
"""

EXAMPLES = r"""
- name: A writable view of two read-only trees, now and at every boot
  containerhost.storage.overlay_layer:
    path: /srv/app
    lower: [/srv/layers/app, /srv/layers/base]
    upper: /srv/layers/changes
    work: /srv/layers/work

- name: What has been changed in it
  containerhost.storage.overlay_layer:
    path: /srv/app
    report_changes: true
  check_mode: true
  register: app

- name: Show the files that were copied whole for a small change
  ansible.builtin.debug:
    var: app.changes.large_copy_ups

- name: A scratch view of the system's configuration, gone at the next boot
  containerhost.storage.overlay_layer:
    path: /mnt/etc
    lower: [/etc]
    upper: /run/etc/upper
    work: /run/etc/work
    volatile: true

- name: Take the first one down, and keep its layers
  containerhost.storage.overlay_layer:
    path: /srv/app
    state: absent
"""

RETURN = r"""
state:
  description:
    - The mount after the run, or after it in check mode. Options are those in force, with the
      kernel's defaults. Layers and options are V(none) where nothing is mounted.
  returned: success
  type: dict
  sample:
    path: /srv/app
    mounted: true
    persistent: true
    lower: [/srv/layers/app, /srv/layers/base]
    upper: /srv/layers/changes
    work: /srv/layers/work
    options:
      redirect_dir: follow
      index: false
      metacopy: false
      xino: "off"
      volatile: false
      userxattr: false
changes:
  description: What the upper layer changes against the lower ones. Sizes are in bytes.
  returned: success, when O(report_changes) and there is an upper layer
  type: dict
  contains:
    upper:
      description: The layer.
      type: str
    entries:
      description: All that is in it.
      type: int
    added:
      description:
        - Entries of which the lower layers show none of that name. All that is in a folder which
          hides theirs counts as added.
      type: int
    modified:
      description:
        - Entries that replace one of a lower layer. A folder counts if its owner or mode differ.
      type: int
    deleted:
      description: Whiteouts, each of which hides an entry of a lower layer.
      type: int
    opaque:
      description: Folders that hide all that a lower layer has in theirs.
      type: int
    redirected:
      description: Entries that were renamed, and still show what lies below their old name.
      type: int
    metacopy:
      description: Files of which only owner, mode and the like were copied up.
      type: int
    device_whiteouts:
      description: Whiteouts that are a device file 0:0.
      type: int
    attribute_whiteouts:
      description: Whiteouts that are an empty file with an attribute (Linux 6.7).
      type: int
    orphan_whiteouts:
      description:
        - Whiteouts of either kind that hide nothing. Or a device file 0:0 that was not meant as
          one.
      type: int
    foreign_marks:
      description: Entries with marks that this mount does not read, for O(userxattr) is otherwise.
      type: int
    unread:
      description: Folders that were not read, because something is mounted there.
      type: int
    bytes:
      description: The sizes of all files that were added or modified. A hard link counts once.
      type: int
    allocated:
      description: What they take on disk.
      type: int
    large_copy_ups:
      description: The largest files, of 16 MiB and more, that replace one of a lower layer.
      type: list
      elements: dict
      sample: [{path: /var/lib/db/data.mdb, size: 1073741824}]
    listed:
      description: The first changes, O(limit) of them. C(from) says where a renamed one comes from.
      type: list
      elements: dict
      sample:
        - {path: /etc/motd, change: added, size: 12}
        - {path: /etc/issue, change: deleted}
    truncated:
      description: Whether there are more than are listed.
      type: bool
steps:
  description: What was done, or in check mode would be, each with its reason.
  returned: always
  type: list
  elements: dict
  sample:
    - reason: Let systemd mount /srv/app at boot
      action: systemctl enable --quiet srv-app.mount
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
  sample: mount_busy
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
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.observe import (
    observe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.state import (
    wanted_from,
)


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "str", "required": True},
            "state": {
                "type": "str",
                "choices": ["mounted", "unmounted", "absent"],
                "default": "mounted",
            },
            "lower": {"type": "list", "elements": "str"},
            "upper": {"type": "str"},
            "work": {"type": "str"},
            "redirect_dir": {"type": "str", "choices": ["on", "off", "follow", "nofollow"]},
            "index": {"type": "bool"},
            "metacopy": {"type": "bool"},
            "xino": {"type": "str", "choices": ["on", "off", "auto"]},
            "volatile": {"type": "bool"},
            "userxattr": {"type": "bool"},
            "persistent": {"type": "bool"},
            "report_changes": {"type": "bool", "default": False},
            "limit": {"type": "int", "default": 100},
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
