#!/usr/bin/python
# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: storage_info
short_description: Report the storage of a container host, and what is not as it should be
version_added: "1.0.0"
author:
  - containerhost.storage contributors (@containerhost)
description:
  - Reads disks, LVM, mounts and the container engine in one call, and changes nothing.
  - Says of each disk whether it is free to take, with every reason if it is not, by the same rules
    as M(containerhost.storage.thinpool).
  - Says of each thin pool whether its next step of autoextension fits, as
    M(containerhost.storage.thinpool) computes it.
  - What a host does not have is empty in the report, never an error. What cannot be read is a
    finding.
extends_documentation_fragment:
  - containerhost.storage.attributes.info_module
  - containerhost.storage.attributes
options:
  gather:
    description:
      - What to report. Nothing else is read.
      - V(disks) runs C(wipefs) once for each disk that looks empty, and reads up to 96 MiB of it.
      - V(lvm) runs C(lvm fullreport) once.
      - V(engine) runs C(systemctl show) once, and C(dockerd --version) while the engine is stopped.
      - V(mounts) and V(tools) run no command.
    type: list
    elements: str
    choices: [disks, lvm, mounts, engine, tools]
    default: [disks, lvm, mounts, engine, tools]
seealso:
  - module: containerhost.storage.thinpool
  - module: containerhost.storage.storage_driver
  - module: containerhost.storage.mounted_volume
"""

EXAMPLES = r"""
- name: Read everything
  containerhost.storage.storage_info:
  register: host

- name: Show the disks that are free to take, by the names that survive a reboot
  ansible.builtin.debug:
    msg: "{{ host.storage.disks | selectattr('free') | map(attribute='name') }}"

- name: Show why the others are not
  ansible.builtin.debug:
    msg: "{{ item.device }}: {{ item.reasons | join('; ') }}"
  loop: "{{ host.storage.disks | rejectattr('free') }}"
  loop_control:
    label: "{{ item.device }}"

- name: Fail where a pool cannot extend itself
  ansible.builtin.assert:
    that: host.findings | selectattr('topic', 'eq', 'autoextend_headroom') | length == 0
    fail_msg: "{{ host.findings | map(attribute='message') | join(' ') }}"

- name: Ask for the engine only, which is cheap
  containerhost.storage.storage_info:
    gather: [engine, tools]
"""

RETURN = r"""
storage:
  description: What was asked for in O(gather), each under its name. All sizes are in bytes.
  returned: success
  type: dict
  contains:
    disks:
      description: Every disk of the host, without those in memory and without empty drives.
      returned: when V(disks) is gathered
      type: list
      elements: dict
      contains:
        device:
          description: The name that the kernel gave it at this boot.
          type: str
          sample: /dev/vdb
        name:
          description: The name that still means this disk after a reboot; empty if it has none.
          type: str
          sample: /dev/disk/by-id/virtio-disk1
        links:
          description: All names that survive a reboot, the best one first.
          type: list
          elements: str
        serial:
          description: The serial number; empty if it has none.
          type: str
        wwn:
          description: The World Wide Name; empty if it has none.
          type: str
        size:
          description: The size.
          type: int
        size_human:
          description: The size for people.
          type: str
          sample: 10 GiB
        readonly:
          description: Whether the kernel refuses to write to it.
          type: bool
        partitions:
          description: The partitions on it.
          type: list
          elements: str
        signatures:
          description: Names of the filesystems, tables and members that are seen on it.
          type: list
          elements: str
          sample: [LVM2_member]
        holders:
          description: The devices that are made of it or of its partitions.
          type: list
          elements: str
          sample: [dm-0]
        mounts:
          description: Where it or a partition of it is mounted, in any mount namespace.
          type: list
          elements: str
        swap:
          description: Whether it or a partition of it is in use as swap.
          type: bool
        free:
          description: Whether it can be taken for storage.
          type: bool
        reasons:
          description: Why it is not free. Empty for a free disk.
          type: list
          elements: str
          sample: ["it is mounted at /"]
    lvm:
      description: The host's LVM.
      returned: when V(lvm) is gathered
      type: dict
      contains:
        groups:
          description: >-
            The volume groups, each with its V(devices), its V(volumes), and its thin V(pools). A
            pool is given as in RV(containerhost.storage.thinpool#module:state), and its
            V(autoextend) as in RV(containerhost.storage.thinpool#module:autoextend).
          type: list
          elements: dict
          sample:
            - name: docker
              size: 4286578688
              free: 767557632
              missing: 0
              devices: [{device: /dev/vdb, size: 2143289344, free: 767557632, missing: false}]
              volumes: []
              pools:
                - name: thinpool
                  size: 3426746368
                  data_percent: 2.23
                  monitored: true
                  autoextend:
                    threshold: 80
                    percent: 20
                    next_step_size: 708837376
                    free_size: 767557632
                    can_extend: true
        orphans:
          description: Physical volumes that are in no group.
          type: list
          elements: dict
          sample: [{device: /dev/vdd, size: 1073741824}]
    mounts:
      description: >-
        What is mounted of the filesystems that keep files. Filesystems of the kernel, in memory,
        and the layers of containers are left out.
      returned: when V(mounts) is gathered
      type: list
      elements: dict
      contains:
        path:
          description: Where it is mounted.
          type: str
        source:
          description: The device, dataset or export.
          type: str
        root:
          description: Which folder of the filesystem is mounted; V(/) is all of it.
          type: str
        fstype:
          description: The type of the filesystem.
          type: str
        options:
          description: Options of the mount and of the filesystem.
          type: list
          elements: str
        size:
          description: The size; V(none) for a filesystem of another host.
          type: int
        available:
          description: What users can still write; V(none) for a filesystem of another host.
          type: int
    engine:
      description: >-
        The container engine, as in RV(containerhost.storage.storage_driver#module:state). Only
        RV(storage.engine.installed) where there is none.
      returned: when V(engine) is gathered
      type: dict
      contains:
        installed:
          description: Whether the host has an engine.
          type: bool
      sample:
        installed: true
        version: 20.10.24
        active: true
        driver: devicemapper
        data_root: /var/lib/docker
        options: {dm.thinpooldev: /dev/mapper/docker-thinpool}
        holds: [{root: /var/lib/docker, images: {devicemapper: 12}, containers: {}, volumes: 3}]
    tools:
      description: Which programs the host has, by name.
      returned: when V(tools) is gathered
      type: dict
      sample: {lvm: true, thin_check: true, mkfs.xfs: true, dockerd: true, zfs: false}
findings:
  description: What a person should know. Empty where all is in order.
  returned: success
  type: list
  elements: dict
  contains:
    level:
      description: How much it matters.
      type: str
      choices: [info, warning]
    topic:
      description: A name to filter by, which stays the same.
      type: str
      sample: autoextend_headroom
    message:
      description: What it is, with the numbers, and what to do about it.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import Reader
from ansible_collections.containerhost.storage.plugins.module_utils._info.report import (
    TOPICS,
    observe,
    report,
)


def main():
    module = AnsibleModule(
        argument_spec={
            "gather": {
                "type": "list",
                "elements": "str",
                "choices": list(TOPICS),
                "default": list(TOPICS),
            }
        },
        supports_check_mode=True,
    )
    try:
        seen = observe(Reader(module), module.params["gather"])
    except StorageError as error:
        module.fail_json(msg=str(error), **error.details)
    module.exit_json(changed=False, **report(seen))


if __name__ == "__main__":
    main()
