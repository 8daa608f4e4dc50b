# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with a disk in every state that is not free, made once for all modules."""

from __future__ import annotations

import pytest
from traces import traces

ID = "/dev/disk/by-id/virtio-disk{}"
MADE = "/root/disks-are-made"

# name -> the commands that bring a disk into that state; the first gets disk 1, and so on
STATES = {
    "mounted": "mkfs.ext4 -q {disk} && mount -o ro {disk} /mnt",
    "swap": "mkswap {disk} && swapon {disk}",
    "other group": "vgcreate other {disk}",
    "md member": "mdadm --create /dev/md0 --run --level=1 --raid-devices=2 {disk} missing",
    "filesystem": "mkfs.ext4 -q {disk}",
    "partition table": "printf 'label: gpt\n,,\n' | sfdisk --quiet {disk}",
    "unknown data": "printf x | dd of={disk} bs=1M seek=20 conv=sync oflag=direct status=none",
    "too small": "true",
    "free": "true",
    "half of a group": "true",
}


@pytest.fixture(scope="module")
def disk(host):
    """Bring the disks into their states; return their names by state."""
    named = {state: ID.format(number) for number, state in enumerate(STATES, 1)}
    if not host.file(MADE).exists:
        for state, commands in STATES.items():
            host.check_output(commands.format(disk=named[state]))
        host.check_output("udevadm settle && touch %s", MADE)
    return named


@pytest.fixture
def unchanged(host, disk):
    """Prove that a test writes nothing: to no disk, not for LVM, the engine or systemd."""
    before = traces(host)
    yield
    assert traces(host) == before
