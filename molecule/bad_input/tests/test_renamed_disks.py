# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kernel name that means another disk since the host was booted.

These tests come after those of the disks: the first name has to be free by then.
"""

from __future__ import annotations

import pytest

OURS, BLANK = "/dev/disk/by-id/virtio-disk12", "/dev/disk/by-id/virtio-disk13"


@pytest.fixture(scope="module")
def renamed(host, module, lab):
    """Make a group by a kernel name; return that name when it has come to mean a blank disk.

    A disk that is plugged in gets the first name that is free. At boot the names follow the
    places of the disks, and a new disk gets the first free place.
    """
    lab("disk", "add", "128M")
    name = host.check_output("realpath %s", OURS)
    made = module("thinpool", vg="named", name="pool", devices=[name])
    assert not made["failed"], made["msg"]
    lab("power", "off")
    lab("disk", "remove", "disk1")
    lab("disk", "add", "128M")
    lab("power", "on")
    assert host.check_output("realpath %s", BLANK) == name
    assert host.check_output("realpath %s", OURS) != name
    return name


def test_the_old_name_is_refused(host, module, renamed, unchanged):
    result = module("thinpool", vg="named", name="pool", devices=[renamed])
    assert result["failed"]
    assert f"{renamed}: it is not in volume group named" in result["msg"]
    assert f"If this is the disk to add, name it {BLANK}" in result["msg"]
    assert host.run("cmp --bytes 128M %s /dev/zero", BLANK).succeeded


def test_the_name_by_id_is_in_order(module, renamed, unchanged):
    result = module("thinpool", vg="named", name="pool", devices=[OURS])
    assert not result["failed"], result["msg"]
    assert result["steps"] == []
