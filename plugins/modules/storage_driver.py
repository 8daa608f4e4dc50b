#!/usr/bin/python
# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: storage_driver
short_description: Keep the Docker engine on a storage driver, and prove that it runs on it
version_added: "1.0.0"
author:
  - containerhost.storage contributors (@containerhost)
description:
  - Sets the storage driver, its options and the data root in C(daemon.json), restarts the engine
    where that is needed, and asks the engine what it runs on.
  - Whatever would keep the engine from starting is refused before anything is touched, such as a
    driver that this version does not have, an option of another driver, a filesystem that cannot
    carry it, or a flag in the unit that collides with the file.
  - C(daemon.json) is edited, not written anew. Every other key stays as it is, byte for byte.
  - An engine that does not come up gets its old C(daemon.json) back and is restarted, and the error
    carries the engine's own reason.
  - A change that would hide images, containers or volumes is refused with a list of them.
  - Nothing is ever deleted. An option that is left out keeps what is there.
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
      - The storage driver, as in C(storage-driver) of C(daemon.json).
      - V(devicemapper) needs an engine before 25.0, V(aufs) and V(overlay) one before 24.0.
      - V(devicemapper) without a pool in O(options) keeps everything in sparse files, "loop-lvm",
        which is slow and not meant for production. To have that, ask for it by the size of its
        file, C(dm.loopdatasize).
      - V(btrfs) and V(zfs) need a data root on such a filesystem; for V(zfs), C(zfs.fsname) in
        O(options) names another place.
      - An engine that keeps its images in the containerd image store, as 29.0 and later do by
        default on a new host, leaves it for the driver that is given. Where C(daemon.json)
        switches it on, that takes O(containerd_image_store=false) as well.
    type: str
    choices: [overlay2, overlay, btrfs, zfs, devicemapper, vfs, aufs, fuse-overlayfs]
  containerd_image_store:
    description:
      - Whether containerd keeps the images, in its own root, instead of a storage driver, as in
        C(features.containerd-snapshotter) of C(daemon.json). Other features stay as they are.
      - V(true) needs an engine from 24.0 on, and cannot be combined with O(driver), with O(options)
        or with user namespaces. A C(storage-driver) that it would take for a snapshotter and not
        find, and options of drivers, are taken out of C(daemon.json).
      - V(false) pins it off, also against the default of an engine from 29.0 on.
      - When left out, it stays as it is, and is left for O(driver) where that is given.
    type: bool
  options:
    description:
      - The driver's options by their names, as in C(storage-opts) of C(daemon.json). When given,
        the driver has exactly these; an empty dictionary removes all.
      - A list as a value gives an option more than once, where the engine allows that.
      - Values are compared by what they mean to the engine, so V(10g) and V(10240m) are the same.
      - When left out, the present options stay, except those of another driver that is left behind
        by a change of O(driver).
    type: dict
  data_root:
    description:
      - The folder that the engine keeps its data in. Nothing is moved there.
    type: str
  config_file:
    description: The engine's configuration file. It need not exist, but must not be a link.
    type: str
    default: /etc/docker/daemon.json
  existing_data:
    description:
      - What to do about images, containers and volumes that the engine would not see any more after
        a change of O(driver), O(containerd_image_store) or O(data_root).
      - Another pool or dataset for the driver that is in use is always refused while it holds
        something, because the engine would show what it cannot find.
      - V(refuse) changes nothing and lists them.
      - V(keep) leaves them where they are, hidden. They are back as soon as the change is undone.
    type: str
    choices: [refuse, keep]
    default: refuse
  service:
    description: The engine's systemd unit.
    type: str
    default: docker.service
  restart:
    description:
      - Whether to restart the engine where that is needed, and to start it when it is stopped.
      - With V(false) the file is written, and a finding says that the engine still runs on the old
        settings; the next run with V(true) restarts it.
    type: bool
    default: true
seealso:
  - module: containerhost.storage.storage_layout
  - module: containerhost.storage.mounted_volume
  - module: containerhost.storage.thinpool
"""

EXAMPLES = r"""
- name: Run Docker on overlay2, with 10 GiB for each container
  containerhost.storage.storage_driver:
    driver: overlay2
    options:
      overlay2.size: 10G

- name: Run Docker on devicemapper and a thin pool
  containerhost.storage.storage_driver:
    driver: devicemapper
    options:
      dm.thinpooldev: /dev/mapper/docker-thinpool
      dm.use_deferred_removal: true

- name: Try Docker on devicemapper without a disk for it
  containerhost.storage.storage_driver:
    driver: devicemapper
    options:
      dm.loopdatasize: 20G

- name: Let containerd keep the images
  containerhost.storage.storage_driver:
    containerd_image_store: true

- name: Keep images and containers on another filesystem, and leave the driver as it is
  containerhost.storage.storage_driver:
    data_root: /srv/docker
"""

RETURN = r"""
state:
  description: The engine after the run; in check mode, as far as it can be told, as it would be.
  returned: success
  type: dict
  contains:
    version:
      description: The engine's version.
      type: str
    active:
      description: Whether it runs.
      type: bool
    driver:
      description: The driver that the engine itself reports, or containerd's snapshotter.
      type: str
    driver_status:
      description: The driver's account of itself, as the engine reports it.
      type: dict
    containerd_image_store:
      description: Whether containerd keeps the images, so that there is no storage driver.
      type: bool
    data_root:
      description: The folder that the engine keeps its data in.
      type: str
    options:
      description: The driver's options as they are configured.
      type: dict
    configured:
      description: The keys about storage in O(config_file).
      type: dict
    flags:
      description: The flags about storage that the unit gives to the engine, and where they stand.
      type: list
      elements: dict
    kernel:
      description: The kernel's release.
      type: str
    backing_filesystem:
      description: The filesystem below the data root.
      type: dict
    selinux:
      description: >-
        On a host with SELinux and with O(data_root), the type of that folder's label, which a new
        one gets before the engine starts on it. Null where it is not known before it is there.
      type: dict
      sample: {path: /srv/docker, type: container_var_lib_t}
    holds:
      description:
        - How many images, containers and volumes there are in the data root, by driver. When the
          data root is about to change, those of the new one as well, and what else is of value in
          the one that is left (C(others)), such as networks.
      type: list
      elements: dict
steps:
  description: What was done, or in check mode would be, each with its reason.
  returned: always
  type: list
  elements: dict
  sample:
    - reason: "Configure the engine: set storage-driver"
      action: write /etc/docker/daemon.json
    - reason: "Restart Docker 20.10.24: it reads its configuration only when it starts"
      action: systemctl restart -- docker.service
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
undone:
  description: Whether the old configuration is back in force after a failure.
  returned: when a step failed and there was something to take back
  type: bool
refusal:
  description: The stable name of what is wrong, by which a fleet can be counted.
  returned: when it is refused or fails
  type: str
  sample: data_hidden
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

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.containerhost.storage.plugins.module_utils._core.door import wish
from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import reconcile
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import DRIVERS
from ansible_collections.containerhost.storage.plugins.module_utils._host import files
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.keeper import (
    keeper,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    wanted_from,
)


def main():
    module = AnsibleModule(
        argument_spec={
            "driver": {"type": "str", "choices": list(DRIVERS)},
            "containerd_image_store": {"type": "bool"},
            "options": {"type": "dict"},
            "data_root": {"type": "str"},
            "config_file": {"type": "str", "default": "/etc/docker/daemon.json"},
            "existing_data": {"type": "str", "choices": ["refuse", "keep"], "default": "refuse"},
            "service": {"type": "str", "default": "docker.service"},
            "restart": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    engine = keeper(wish(module, wanted_from))
    if module.params["data_root"] and os.path.exists(files.SELINUX):
        engine = labelled(engine, module.params)
    reconcile(module, observe=engine.observe, plan=engine.plan, describe=engine.describe)


def labelled(engine, params):
    """The engine with the SELinux label of its data root below it."""
    from ansible_collections.containerhost.storage.plugins.module_utils._core.keeper import stack
    from ansible_collections.containerhost.storage.plugins.module_utils._selinux import (
        keeper as label,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._selinux.state import Wanted

    path = os.path.normpath(params["data_root"])
    return stack(label.keeper(Wanted(path, params["service"])), engine)


if __name__ == "__main__":
    main()
