#!/usr/bin/python
# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: data_root_reset
short_description: Empty the data root of a Docker engine, and nothing besides
version_added: "1.0.0"
author:
  - containerhost.storage contributors (@containerhost)
description:
  - Removes the images, layers, containers, networks, plugins and the build cache of an engine. Its
    volumes stay, unless O(volumes=destroy).
  - Says first what would go, by name and with a seal; the real run needs that seal as O(consent).
  - With O(only_of) it removes only what drivers have left that the engine is no longer on.
  - The engine stands still while what goes is renamed aside, which can be taken back. It is removed
    once the engine runs again.
  - Nothing is removed across a mount point or through a link, and nothing that no engine has made.
  - A data root in which there is nothing but what an engine makes at its first start is left alone.
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
    description: The data root, such as C(/var/lib/docker).
    type: str
    required: true
  volumes:
    description: What becomes of the volumes.
    type: str
    choices: [keep, destroy]
    default: keep
  only_of:
    description:
      - The drivers whose leftovers alone are to go, with their containers. The engine goes on
        running. A driver that it is on is refused.
      - Without any, all of the data root goes.
    type: list
    elements: str
    choices:
      - overlay2
      - overlay
      - btrfs
      - zfs
      - devicemapper
      - vfs
      - aufs
      - fuse-overlayfs
    default: []
  engine:
    description:
      - What becomes of an engine that ran on it. One whose layers are in a thin pool does not start
        on an empty data root before the pool has been made anew.
    type: str
    choices: [started, stopped]
    default: started
  config_file:
    description: The engine's configuration file.
    type: str
    default: /etc/docker/daemon.json
  service:
    description: The engine's systemd unit.
    type: str
    default: docker.service
  consent:
    description: The seal of the plan, as RV(seal) of a run in check mode gives it.
    type: str
  plans:
    description:
      - A folder on the controller, for fleets. In check mode the plan of each host is written to a
        file there, by the host's name; without, the run takes its consent from that file, and
        refuses a host that has changed since, naming what has changed.
      - A relative path is one from the folder that Ansible is started in.
    type: str
notes:
  - An engine that had chosen its driver itself would choose anew on an empty data root, and from
    Docker 29 on take the containerd image store. Where it might, C(storage-driver) is set to the
    driver that it was on.
  - The engine's images in the containerd image store, and layers that are ZFS datasets, are not in
    its data root; a data root that has these is refused.
seealso:
  - module: containerhost.storage.storage_info
  - module: containerhost.storage.storage_layout
"""

EXAMPLES = r"""
- name: See what would go
  containerhost.storage.data_root_reset:
    path: /var/lib/docker
  check_mode: true
  register: reset

- name: Empty the data root, and keep the volumes
  containerhost.storage.data_root_reset:
    path: /var/lib/docker
    consent: "{{ seal_that_a_person_has_read }}"

- name: Have each host's plan in a file, and without --check do what it says
  containerhost.storage.data_root_reset:
    path: /var/lib/docker
    plans: plans

- name: Remove what devicemapper has left
  containerhost.storage.data_root_reset:
    path: /var/lib/docker
    only_of: [devicemapper]
    consent: 1f0c6c1d2a3b
"""

RETURN = r"""
state:
  description:
    - The data root after the run, or after it in check mode.
  returned: success
  type: dict
  contains:
    path:
      description: The data root.
      returned: success
      type: str
    engine:
      description: The engine's unit; null where no engine is installed.
      returned: success
      type: str
    used_by_engine:
      description: Whether that engine keeps its data there.
      returned: success
      type: bool
removable:
  description:
    - What would go, or went. With user namespaces there is an entry for each of their folders.
    - RV(ignore:holds) is as in
      RV(containerhost.storage.storage_info#module:storage.inventory).
  returned: always, once it is read
  type: list
  elements: dict
  sample:
    - path: /var/lib/docker
      names: [containers, image, overlay2]
      holds: {root: /var/lib/docker, images: [], containers: []}
plan:
  description: The file that the plan was written to.
  returned: in check mode, with O(plans), when something would be destroyed
  type: str
changed_since:
  description: What has changed since the plan was written.
  returned: with O(plans), when the host is not as the plan says
  type: list
  elements: str
  sample: [container web is new, image shop:1 is gone]
steps:
  description: What was done, or in check mode would be, each with its reason.
  returned: always
  type: list
  elements: dict
  sample:
    - reason: Put /var/lib/docker/overlay2 aside
      action: >-
        rename /var/lib/docker/overlay2 to
        /var/lib/docker/.containerhost-storage-aside/overlay2
findings:
  description: What a person should know and that is no error.
  returned: always
  type: list
  elements: dict
seal:
  description: What O(consent) has to be for this plan, on this host, as it is.
  returned: when something would be destroyed
  type: str
  sample: 1f0c6c1d2a3b
destroys:
  description: What would be destroyed, kind by kind. The last line marks all of it.
  returned: when something would be destroyed
  type: list
  elements: str
  sample:
    - 2 images of overlay2 (debian:12, shop:1; 213.2 MiB)
    - all of that is in /var/lib/docker, content 8d4f0a7c1b2e
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
  sample: data_root_mounts
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
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset import (
    describe,
    observe,
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset.state import (
    OPTIONS,
    wanted_from,
)


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    wanted = wish(module, wanted_from)
    reconcile(
        module,
        observe=partial(observe.observe, wanted=wanted),
        plan=partial(plan.plan, wanted=wanted),
        describe=partial(describe.describe, wanted=wanted),
    )


if __name__ == "__main__":
    main()
