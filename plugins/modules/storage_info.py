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
  - Reads disks, LVM, btrfs, ZFS, overlay mounts, the container engine and what its storage drivers
    keep on disk in one call, and changes nothing.
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
      - V(btrfs) runs C(btrfs filesystem usage) once for each btrfs that is mounted.
      - V(zfs) runs C(zpool list), C(zpool status) and C(zfs list) where the kernel has ZFS.
      - V(engine) runs C(systemctl show) once, and C(dockerd --version) while the engine is stopped.
      - V(driver_data) needs what V(engine) and V(zfs) read, which is read once for all. It counts
        names in the data root.
      - V(driver_usage) needs what V(driver_data) reads, and looks at every file of every layer,
        which takes some ten seconds for each million of them. It is not read by default.
      - V(inventory) needs what V(engine) and V(zfs) read. It reads the engine's own records, some
        files for each image, layer and container, and asks a running engine once for each
        container. It is not read by default.
      - V(inventory_usage) needs what V(inventory) reads, and looks at every file of every volume
        and of what containers have written. It is not read by default.
      - V(drivers) needs what V(engine) and V(disks) read, and runs no command of its own. It is not
        read by default.
      - V(overlay), V(mounts), V(tools) and V(open_changes) run no command.
    type: list
    elements: str
    choices:
      - disks
      - lvm
      - btrfs
      - zfs
      - overlay
      - mounts
      - engine
      - driver_data
      - driver_usage
      - inventory
      - inventory_usage
      - drivers
      - tools
      - open_changes
    default: [disks, lvm, btrfs, zfs, overlay, mounts, engine, driver_data, tools, open_changes]
  workload:
    description:
      - What the host's containers mostly do, for RV(storage.drivers.choice).
      - V(general) is what nothing else describes.
      - V(high_density) is many containers of few images, such as platforms, CI and builds. Where
        overlay2 works it is taken also on btrfs and ZFS, since it alone lets containers share in
        memory what they read of an image.
      - V(large_files) is for large files that containers change in their own layer. overlay2 copies
        such a file whole at the first write, btrfs and ZFS copy the blocks that change. It is still
        better to keep such files in volumes, which no driver has a part in.
    type: str
    choices: [general, high_density, large_files]
    default: general
  devices:
    description:
      - The disks that may be taken for a driver, for RV(storage.drivers.choice). They are not
        looked at. Where this is empty, the choice keeps to the filesystem that is there, and disks
        that are free count for RV(storage.drivers.candidates) only.
    type: list
    elements: str
    default: []
  data_root:
    description:
      - Where the engine's data is to be, for RV(storage.drivers.choice). By default where it is.
    type: str
  service:
    description: The engine's systemd unit.
    type: str
    default: docker.service
seealso:
  - module: containerhost.storage.thinpool
  - module: containerhost.storage.storage_driver
  - module: containerhost.storage.mounted_volume
  - module: containerhost.storage.btrfs_subvolume
  - module: containerhost.storage.zfs_dataset
  - module: containerhost.storage.overlay_layer
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

- name: Ask which driver to take for large files, with a disk to spend
  containerhost.storage.storage_info:
    gather: [drivers]
    workload: large_files
    devices: [/dev/disk/by-id/virtio-disk1]
  register: advice

- name: Show the answer
  ansible.builtin.debug:
    msg: "{{ advice.storage.drivers.choice }}"

- name: Ask for the engine only, which is cheap
  containerhost.storage.storage_info:
    gather: [engine, tools]

- name: Fail where a btrfs has handed out all of its space, although df shows some
  ansible.builtin.assert:
    that: host.findings | selectattr('topic', 'eq', 'btrfs_chunks_allocated') | length == 0
    fail_msg: "{{ host.findings | map(attribute='message') | join(' ') }}"

- name: Count the bytes that each storage driver keeps, which takes its time
  containerhost.storage.storage_info:
    gather: [driver_usage]
  register: drivers

- name: Read what the data roots hold, which needs no engine that runs
  containerhost.storage.storage_info:
    gather: [inventory]
  register: held

- name: Show which volumes no container uses
  ansible.builtin.debug:
    msg: "{{ item.volumes | selectattr('used_by', 'eq', []) | map(attribute='name') }}"
  loop: "{{ held.storage.inventory }}"
  loop_control:
    label: "{{ item.root }}"

- name: Show what drivers of the past have left behind
  ansible.builtin.debug:
    msg: "{{ item.path }}: {{ item.layers }} layers of {{ item.driver }}"
  loop: "{{ host.storage.driver_data | selectattr('in_use', 'eq', false) }}"
  loop_control:
    label: "{{ item.path }}"
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
        read_size:
          description:
            - How many bytes of it were read to find out whether it is blank. A disk of up to 512
              MiB is read whole; a larger one at its start, its end and 127 places between, and on
              from its start only by a module that is going to take it.
            - V(0) for a disk that is seen to hold something without that.
          type: int
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
    btrfs:
      description: Each btrfs that is mounted, once however often it is. V(none) is what is unknown.
      returned: when V(btrfs) is gathered
      type: list
      elements: dict
      sample:
        - uuid: de060d4c-99b6-4da0-90fa-fb47166db38b
          label: ""
          devices: [vdb]
          mount: /var/lib/docker
          size: 93952409600
          allocated: 93952409600
          unallocated: 0
          available: 89656393728
          data_size: 91804925952
          data_used: 2158221066
          metadata_size: 1073741824
          metadata_used: 536870912
          global_reserve: 67108864
      contains:
        uuid:
          description: The UUID of the filesystem.
          type: str
        label:
          description: Its label; empty if it has none.
          type: str
        devices:
          description: The devices that it is made of.
          type: list
          elements: str
        mount:
          description: A place where it is mounted, if possible all of it.
          type: str
        size:
          description: The size of all devices; V(none) without the C(btrfs) command.
          type: int
        allocated:
          description: >-
            What is handed out to chunks of data and of metadata; V(none) without the C(btrfs)
            command.
          type: int
        unallocated:
          description: What is left for new chunks; V(none) without the C(btrfs) command.
          type: int
        available:
          description: What C(df) shows, which counts the room in chunks of data.
          type: int
        data_size:
          description: The size of all chunks of data. Copies on other devices count once.
          type: int
        data_used:
          description: What is used in them.
          type: int
        metadata_size:
          description: The size of all chunks of metadata.
          type: int
        metadata_used:
          description: What is used in them.
          type: int
        global_reserve:
          description: The part of the metadata that btrfs keeps for itself.
          type: int
    zfs:
      description: The host's ZFS. Empty where the kernel has none, or its tools are missing.
      returned: when V(zfs) is gathered
      type: dict
      sample:
        pools:
          - name: tank
            guid: "12041087711863105283"
            health: ONLINE
            size: 10200547328
            allocated: 215040
            free: 10200332288
            capacity: 0
            fragmentation: 0
            members:
              - path: /dev/disk/by-id/virtio-disk1-part1
                state: ONLINE
                role: data
                group: ""
                errors: 0
                disk: /dev/disk/by-id/virtio-disk1
        datasets:
          - name: tank/docker
            type: filesystem
            used: 98304
            available: 9881348096
            referenced: 98304
            mountpoint: /var/lib/docker
            mounted: true
            layers: 12
        arc: {size: 4194304, largest: 1034788864, limit: 0, memory: 2069577728}
      contains:
        pools:
          description: >-
            The pools that are imported, with their V(members). A member is known by its V(disk),
            whatever V(path) the pool has recorded, and has a V(role): V(data), V(log), V(cache),
            V(spare), V(special) or V(dedup). V(errors) are all that it had.
          type: list
          elements: dict
        datasets:
          description: >-
            The filesystems and volumes. The layers that an engine keeps as datasets are not listed,
            but counted in V(layers) of the one that they are in.
          type: list
          elements: dict
        arc:
          description: >-
            The cache in memory: its V(size), what it may grow to (V(largest)), the V(limit) that an
            administrator has set (V(0) for none), and the host's V(memory). V(none) without ZFS.
          type: dict
    overlay:
      description: Each overlay mount that the host sees, those of running containers included.
      returned: when V(overlay) is gathered
      type: list
      elements: dict
      sample:
        - path: /srv/app
          lower: [/srv/layers/app, /srv/layers/base]
          data: []
          upper: /srv/layers/local
          work: /srv/layers/local.work
          options:
            {redirect_dir: follow, index: false, metacopy: false, volatile: false, userxattr: false,
             xino: "off"}
          extra_options: []
          missing: []
      contains:
        path:
          description: Where it is mounted.
          type: str
        lower:
          description: The lower layers, the uppermost first, as the mount names them.
          type: list
          elements: str
        data:
          description: Lower layers that only the contents of files are taken from.
          type: list
          elements: str
        upper:
          description: The upper layer; V(none) for a mount that is read-only.
          type: str
        work:
          description: The work folder; V(none) for a mount that is read-only.
          type: str
        options:
          description: The options of overlay that are in force, defaults of the kernel included.
          type: dict
        extra_options:
          description: Other options of the mount.
          type: list
          elements: str
        missing:
          description: Layers that are not there any more, or not under that name.
          type: list
          elements: str
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
    driver_data:
      description: >-
        What storage drivers keep on disk for the engine, one entry for each driver and each place:
        the data root of the engine, C(/var/lib/docker), what an engine with user namespaces has
        below them, and the root of containerd for the containerd image store. Drivers of the past
        are listed like the one in use; a driver that has no folder and no records is not. What is
        in an aufs tree is in RV(storage.driver_usage).
      returned: when V(driver_data) is gathered
      type: list
      elements: dict
      sample:
        - driver: devicemapper
          root: /var/lib/docker
          path: /var/lib/docker/devicemapper
          snapshotter: false
          present: true
          in_use: false
          layers: 4
          images: 1
          containers: 1
          dataset: ""
          loop_files:
            - path: /var/lib/docker/devicemapper/devicemapper/data
              size: 107374182400
              allocated: 323616768
              device: null
      contains:
        driver:
          description: The storage driver of the engine, or the snapshotter of containerd.
          type: str
          sample: overlay2
        root:
          description: The data root, or the root of containerd.
          type: str
        path:
          description: The driver's folder in it.
          type: str
        snapshotter:
          description: >-
            Whether it is a snapshotter of containerd: those are used for the containerd image
            store. They are listed where they are in use or keep anything, be it for the engine or
            for another program such as Kubernetes.
          type: bool
        present:
          description: Whether the folder is there. If not, the engine still has records of it.
          type: bool
        in_use:
          description: >-
            Whether the engine is on it, or would be after its next start. V(none) where that cannot
            be told: the engine is stopped and looks for a driver itself, or it cannot be read.
          type: bool
        layers:
          description: >-
            How many layers of images and of containers there are; V(none) where the folder does not
            tell.
          type: int
        images:
          description: How many images the engine has of it; V(none) for a snapshotter not in use.
          type: int
        containers:
          description: >-
            How many containers the engine has of it; V(none) for a snapshotter not in use.
          type: int
        dataset:
          description: For V(zfs), the dataset that the layers are in; else empty.
          type: str
        loop_files:
          description: >-
            The sparse files of loop-lvm, for V(devicemapper), in use or not: their V(path), the
            V(size) they may grow to, what is V(allocated) on disk, and the loop V(device) that they
            are attached to.
          type: list
          elements: dict
    driver_usage:
      description: >-
        What each entry of RV(storage.driver_data) that has a folder takes on disk. A file with
        several names counts once; what is mounted in the folder does not count.
      returned: when V(driver_usage) is gathered
      type: list
      elements: dict
      sample:
        - driver: aufs
          root: /var/lib/docker
          path: /var/lib/docker/aufs
          snapshotter: false
          bytes: 36864
          content_bytes: null
          tree:
            path: /var/lib/docker/aufs
            layers: 1
            entries: 8
            whiteouts: 1
            opaque: 1
            bytes: 36864
            mounted: 0
            details:
              - id: 4c6a0d2f
                parents: []
                missing_parents: []
                diff: true
                entries: 8
                whiteouts: 1
                opaque: 1
                bytes: 36864
                unread: 0
      contains:
        driver:
          description: The storage driver of the engine, or the snapshotter of containerd.
          type: str
        root:
          description: The data root, or the root of containerd.
          type: str
        path:
          description: The driver's folder in it.
          type: str
        snapshotter:
          description: Whether it is a snapshotter of containerd.
          type: bool
        bytes:
          description: >-
            Bytes on disk. For V(zfs) what ZFS counts for the layers, for loop-lvm what its files
            take. V(none) where files do not tell: layers of btrfs share what they have in common
            (see RV(storage.btrfs)), and those on a thin pool are in that (see RV(storage.lvm)).
          type: int
        content_bytes:
          description: >-
            For a snapshotter, what containerd keeps beside it of compressed layers, for all
            snapshotters of that root.
          type: int
        tree:
          description: >-
            For V(aufs), what is in the tree, on any kernel: the layers with their V(parents) (the
            nearest first), what they hold, the files that they delete from a layer below
            (V(whiteouts)), and the folders that hide all below (V(opaque)). V(unread) are folders
            that could not be read. V(mounted) are mounts of the tree.
          type: dict
    inventory:
      description:
        - What each data root holds, read from its files, whether or not an engine runs or knows the
          driver. The roots are those of RV(storage.driver_data); one that holds nothing is left
          out. Where an engine runs, what it answers is compared with it, and a difference is a
          finding (V(inventory_differs)).
        - What cannot be read with certainty is in RV(storage.inventory[].unreadable) and is not
          taken for nothing. No link is followed below a root.
        - What may be secret is not in it. Of labels there are the names alone; what containers and
          plugins are started with is not read; passwords in options of volumes are hidden.
      returned: when V(inventory) is gathered
      type: list
      elements: dict
      contains:
        root:
          description: The data root; with user namespaces, the folder of their numbers in it.
          type: str
          sample: /var/lib/docker
        identity:
          description: >-
            A digest of names, identities and sizes, the same as long as what is held is the same.
            Whether a container runs is not in it.
          type: str
        images:
          description: >-
            The images of each V(driver), with V(tags), V(digests) and the V(parent) that the old
            builder has noted. V(layers) are chain IDs, the lowest first; V(missing) are those that
            are damaged or not there; V(bytes) is the size of all, V(none) where it is not known.
          type: list
          elements: dict
          sample:
            - driver: overlay2
              id: sha256:9c7a54a9a43cca047013b82af109fe963fde787f63f9e016fdc3384500c2823d
              tags: [hello-world:latest]
              digests: []
              parent: ""
              layers: [sha256:01bb4fce3eb1b56b05adf99504dafd31907a5aadac736e36b27595c8b92f07f1]
              bytes: 13256
              missing: []
              readable: true
        layers:
          description: >-
            The layers of images: the chain ID (V(id)), the DiffID (V(diff)), the V(parent), by what
            name the driver has it (V(cache_id)), whether its tar can be put together again
            (V(tar_split)) and whether the driver has it (V(present); V(none) where that cannot be
            told, as for ZFS without its tools).
          type: list
          elements: dict
        containers:
          description: >-
            The containers, with their V(state) as Docker calls it, their restart policy
            (V(restart), and after how many V(retries) it gives up), what they mount (V(attached)),
            their V(networks), the size that their own layer is limited to (V(size_limit)), names of
            labels, by what names the driver has their own layer (V(mount_id), V(init_id)), and
            whether containerd keeps that instead (V(stored)).
          type: list
          elements: dict
          sample:
            - id: 3f4a4d6f0a5d7a5b3f2f7f7d9a5f4c3e2d1c0b9a8f7e6d5c4b3a2f1e0d9c8b7a
              name: web
              driver: overlay2
              image: sha256:9c7a54a9a43cca047013b82af109fe963fde787f63f9e016fdc3384500c2823d
              image_name: shop:1
              state: running
              restart: on-failure
              retries: 3
              attached:
                - type: volume
                  name: data
                  source: ""
                  destination: /data
                  driver: local
                  writable: true
              networks: [front]
              size_limit: 20G
              labels: [com.docker.compose.project]
              present: true
              readable: true
        volumes:
          description: >-
            The volumes, with their V(driver), V(options), names of V(labels), the folder (V(path),
            empty for what is elsewhere), whether they are V(recorded) in the engine's table, and
            the containers that use them (V(used_by)).
          type: list
          elements: dict
          sample:
            - name: data
              driver: local
              options: {type: cifs, device: //server/share, o: "username=u,password=***"}
              labels: [team]
              path: /var/lib/docker/volumes/data
              recorded: true
              used_by: [3f4a4d6f0a5d7a5b3f2f7f7d9a5f4c3e2d1c0b9a8f7e6d5c4b3a2f1e0d9c8b7a]
              bytes: null
              readable: true
        networks:
          description: >-
            The networks that the engine remembers; V(own) are those that every engine makes.
          type: list
          elements: dict
          sample:
            - id: 7d86d31b1478e7cca9ebed7e73aa0fdeec46c5ca29497431d3007d2d9e15ed99
              name: front
              driver: bridge
              scope: local
              internal: false
              labels: []
              own: false
        build_cache:
          description: >-
            What BuildKit keeps: the IDs of its V(records), their V(bytes), and by what names the
            driver has layers of it alone (V(snapshots)). V(none) where it was never used.
          type: dict
        plugins:
          description: The engine's plugins, with what they were pulled as (V(reference)).
          type: list
          elements: dict
        swarm:
          description: The membership of a swarm; V(none) for a host that is in none.
          type: dict
          sample:
            manager: true
            address: 10.0.0.2
            listen: "0.0.0.0:2377"
            peers: ["10.0.0.2:2377"]
        stores:
          description: >-
            What containerd keeps for the engine: its V(namespaces), each with images, containers
            and snapshots, and how many V(blobs) of pulled content there are. That of the engine's
            own containerd, and that of the host's where it has anything of the engine.
          type: list
          elements: dict
        leftovers:
          description:
            - What is there and belongs to nothing, each with a V(path), or a V(name) in that file.
            - The V(kind) is V(layer_without_record), V(layer_perhaps_without_record) (some record
              could not be read), V(layer_half_removed), V(layer_half_written),
              V(layer_of_no_container), V(container_without_config), V(tag_without_image),
              V(other_driver) (it keeps something, and the engine is not on it), V(foreign) (no
              engine makes such) or V(trust_key).
          type: list
          elements: dict
          sample:
            - kind: other_driver
              path: /var/lib/docker/devicemapper
              driver: devicemapper
              name: ""
        below:
          description: >-
            What is below the root and is no file of its filesystem. The V(kind) is V(mount),
            V(subvolume), V(dataset) or V(thin_device); V(own) tells whether an engine makes such by
            itself. Subvolumes are looked for in the root and in its folders of layers, volumes and
            containers.
          type: list
          elements: dict
          sample:
            - kind: mount
              path: /var/lib/docker/backup
              name: /dev/vdc
              bytes: null
              own: false
        unreadable:
          description: What cannot be read with certainty, and why.
          type: list
          elements: dict
          sample:
            - path: /var/lib/docker/volumes/metadata.db
              why: it has no first page of bbolt's
    inventory_usage:
      description: >-
        What containers' own layers and volumes take on disk, for each root of
        RV(storage.inventory), by IDs and by names. V(none) where files do not tell. A file with
        several names counts once; what is mounted in there does not count.
      returned: when V(inventory_usage) is gathered
      type: list
      elements: dict
      sample:
        - root: /var/lib/docker
          containers: {3f4a4d6f0a5d7a5b3f2f7f7d9a5f4c3e2d1c0b9a8f7e6d5c4b3a2f1e0d9c8b7a: 8192}
          volumes: {data: 73728}
    drivers:
      description: Which storage drivers the host can have, and what becomes of the one in use.
      returned: when V(drivers) is gathered
      type: dict
      contains:
        candidates:
          description: Every driver that there is, and the containerd image store as V(containerd).
          type: list
          elements: dict
          contains:
            driver:
              description: The name.
              type: str
            possible:
              description: Whether the engine can have it, at the price of what it C(needs).
              type: bool
            in_use:
              description: Whether it runs on it.
              type: bool
            reasons:
              description: Every reason against it, a clause each. Empty where it is possible.
              type: list
              elements: str
            needs:
              description: What has to be made for it first. Empty where nothing has.
              type: str
          sample:
            - {driver: overlay2, possible: true, in_use: true, reasons: [], needs: ""}
            - driver: btrfs
              possible: true
              in_use: false
              reasons: []
              needs: "a disk: /var/lib/docker is on ext4, not on btrfs"
            - driver: devicemapper
              possible: false
              in_use: false
              reasons: [Docker 25.0 removed it]
              needs: ""
        choice:
          description:
            - The driver to take. One that holds images or containers is kept. It depends on nothing
              that taking it changes, so the same is chosen again afterwards.
          type: dict
          contains:
            driver:
              description: >-
                The driver, or V(containerd) for the containerd image store. Empty where there is no
                engine.
              type: str
            why:
              description: Why, in a sentence or two.
              type: str
            takes_disks:
              description: >-
                Whether the place of its data is to be made of O(devices), or has been. Not where it
                holds something that would be hidden.
              type: bool
            against:
              description: What speaks against each of the others, by name.
              type: dict
          sample:
            driver: overlay2
            why: /var/lib/docker is on ext4; overlay2 suits most work, and every engine from 1.12 on
              has it.
            takes_disks: false
            against: {vfs: it copies every layer whole, aufs: this kernel has no aufs}
        outlook:
          description:
            - What a newer engine would do to this host. What is said of V(26) holds for 25 to 28,
              what is said of V(29) from 29.0.1 on.
          type: list
          elements: dict
          contains:
            version:
              description: The version of the newer engine.
              type: str
            verdict:
              description:
                - V(ok) is that all is there after the upgrade.
                - V(changes_driver) is that it starts on another driver, and the present one holds
                  nothing.
                - V(hides_data) is that it starts on another driver, and shows none of the images
                  and containers that the present one holds. They stay on disk.
                - V(refuses_to_start) is that it does not start.
              type: str
              choices: [ok, changes_driver, hides_data, refuses_to_start]
            driver:
              description: The driver that it would run on, as in RV(storage.drivers.candidates).
              type: str
            why:
              description: Why, in a sentence or two.
              type: str
            before:
              description: What to do before the upgrade. Empty for nothing.
              type: str
          sample:
            - version: "26"
              verdict: refuses_to_start
              driver: ""
              why: Docker 25.0 removed the devicemapper driver, and /etc/docker/daemon.json asks for
                it.
              before: Set storage-driver to overlay2 and take out the options of devicemapper, or
                stay before Docker 25.0.
    tools:
      description: Which programs the host has, by name.
      returned: when V(tools) is gathered
      type: dict
      sample: {lvm: true, thin_check: true, mkfs.xfs: true, dockerd: true, zfs: false}
    open_changes:
      description: >-
        What a run has begun and not ended, as M(containerhost.storage.open_change) returns it.
        Empty where all have ended.
      returned: when V(open_changes) is gathered
      type: list
      elements: dict
      sample: []
findings:
  description: What a person should know. Empty where all is in order.
  returned: success
  type: list
  elements: dict
  contains:
    level:
      description: How much it matters.
      type: str
      choices: [info, warning, error]
    topic:
      description: A name to filter by, which stays the same.
      type: str
      sample: autoextend_headroom
    message:
      description: What it is, with the numbers, and what to do about it.
      type: str
refusal:
  description: The stable name of what is wrong, by which a fleet can be counted.
  returned: when it is refused or fails
  type: str
  sample: root_required
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.containerhost.storage.plugins.module_utils._core.door import (
    fail,
    leave,
    wish,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    StorageError,
    unexpected,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import Reader
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import WORKLOADS
from ansible_collections.containerhost.storage.plugins.module_utils._info.drivers import Wish
from ansible_collections.containerhost.storage.plugins.module_utils._info.report import (
    DEFAULT,
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
                "default": DEFAULT,
            },
            "workload": {"type": "str", "choices": list(WORKLOADS), "default": "general"},
            "devices": {"type": "list", "elements": "str", "default": []},
            "data_root": {"type": "str"},
            "service": {"type": "str", "default": "docker.service"},
        },
        supports_check_mode=True,
    )
    wishes = ("workload", "devices", "data_root", "service")
    wanted = wish(module, lambda params: Wish(*(params[name] for name in wishes)))
    try:
        seen = observe(Reader(module), module.params["gather"], wanted)
    except StorageError as error:
        fail(module, error)
    except Exception as error:  # no user sees a traceback
        fail(module, unexpected(error, "nothing has been changed"))
    leave(module, {"changed": False, **report(seen)})


if __name__ == "__main__":
    main()
