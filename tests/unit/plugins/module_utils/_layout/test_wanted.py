# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wish for a layout means: the driver, what it lies on, how large that is. As tables."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.choice import Choice
from ansible_collections.containerhost.storage.plugins.module_utils._layout.wanted import (
    OPTIONS,
    size_of,
    wanted_from,
)
from support.layout_hosts import options

DISK = ["/dev/disk/by-id/virtio-disk1"]


def chosen(driver, takes_disks=False):
    return Choice(driver, "It suits.", takes_disks, {})


# driver, devices, volume_kind, choice -> driver, storage
CASES = [
    # a host that was given its disks once need not have them in its inventory for ever
    ("overlay2", DISK, None, None, "overlay2", "thin"),
    ("overlay2", [], None, None, "overlay2", "thin"),
    ("overlay2", DISK, "thin", None, "overlay2", "thin"),
    ("overlay2", DISK, "plain", None, "overlay2", "plain"),
    ("overlay2", DISK, "none", None, "overlay2", "none"),
    # others that lie on any filesystem get one of their own when that is said
    ("overlay", DISK, None, None, "overlay", "none"),
    ("overlay", DISK, "thin", None, "overlay", "thin"),
    ("vfs", [], None, None, "vfs", "none"),
    ("vfs", DISK, "plain", None, "vfs", "plain"),
    ("aufs", DISK, None, None, "aufs", "none"),
    ("containerd", DISK, None, None, "containerd", "none"),
    ("containerd", DISK, "plain", None, "containerd", "plain"),
    # the pool itself, or the two files of loop-lvm
    ("devicemapper", DISK, None, None, "devicemapper", "pool"),
    ("devicemapper", [], None, None, "devicemapper", "pool"),
    ("devicemapper", DISK, "plain", None, "devicemapper", "pool"),
    ("devicemapper", [], "none", None, "devicemapper", "none"),
    # filesystems of their own, on disks
    ("btrfs", DISK, None, None, "btrfs", "btrfs"),
    ("btrfs", [], None, None, "btrfs", "none"),
    ("btrfs", [], "thin", None, "btrfs", "btrfs"),
    ("btrfs", DISK, "none", None, "btrfs", "none"),
    ("zfs", DISK, None, None, "zfs", "zfs"),
    ("zfs", [], None, None, "zfs", "none"),
    ("zfs", [], "plain", None, "zfs", "zfs"),
    ("zfs", DISK, "none", None, "zfs", "none"),
    # the choice looks at the host: what it does not take stays untouched
    ("auto", DISK, None, chosen("overlay2", True), "overlay2", "thin"),
    ("auto", DISK, None, chosen("overlay2"), "overlay2", "none"),
    ("auto", DISK, "plain", chosen("overlay2", True), "overlay2", "plain"),
    ("auto", DISK, None, chosen("btrfs", True), "btrfs", "btrfs"),
    ("auto", DISK, None, chosen("btrfs"), "btrfs", "none"),
    ("auto", DISK, None, chosen("zfs", True), "zfs", "zfs"),
    ("auto", DISK, None, chosen("zfs"), "zfs", "none"),
    ("auto", DISK, None, chosen("devicemapper"), "devicemapper", "none"),
    ("auto", [], None, chosen("containerd"), "containerd", "none"),
]


@pytest.mark.parametrize(("wish", "devices", "kind", "choice", "driver", "storage"), CASES)
def test_storage(wish, devices, kind, choice, driver, storage):
    params = options(driver=wish, devices=devices, volume_kind=kind)
    wanted = wanted_from(params, choice)
    assert (wanted.driver, wanted.storage) == (driver, storage)
    assert wanted.params == params


def test_every_driver_has_a_case():
    assert {case[0] for case in CASES} == set(OPTIONS["driver"]["choices"])


def test_no_driver_is_a_refusal_that_says_what_speaks_against_each():
    none = Choice("", "No driver works on this host.", False, {"zfs": "no module", "vfs": "broken"})
    with pytest.raises(StorageError) as refused:
        wanted_from(options(driver="auto"), none)
    assert "No driver works on this host. zfs: no module. vfs: broken." in str(refused.value)
    assert refused.value.details == {"refusal": "no_driver_possible"}


# what -> by headroom, as documented, with every size given
SIZES = [
    ("pool", "80%VG", "95%VG", "4g"),
    ("metadata", None, "1%VG", "64m"),
    ("thin", "95%VG", "95%VG", "9g"),
    ("plain", "80%VG", "95%VG", "9g"),
]
GIVEN = {"size": "4g", "metadata_size": "64m", "volume_size": "9g"}


@pytest.mark.parametrize(("what", "headroom", "documented", "given"), SIZES)
def test_sizes(what, headroom, documented, given):
    assert size_of(options(), what) == headroom
    assert size_of(options(sizing="documented"), what) == documented
    for sizing in ("headroom", "documented"):
        assert size_of(options(sizing=sizing, **GIVEN), what) == given


@pytest.mark.parametrize(
    ("more", "tools"),
    [
        ({"volume_kind": "none"}, ()),
        ({}, ("lvm", "thin_check", "mkfs.xfs", "mount")),
        ({"volume_kind": "plain"}, ("lvm", "mkfs.xfs", "mount")),
        ({"driver": "devicemapper"}, ("lvm", "thin_check")),
        ({"driver": "btrfs", "devices": DISK}, ("mkfs.btrfs", "mount")),
        ({"driver": "zfs", "devices": DISK}, ("zpool",)),
    ],
)
def test_tools(more, tools):
    assert wanted_from(options(**more), None).tools == tools
