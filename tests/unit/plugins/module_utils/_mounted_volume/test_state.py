# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mounted volume as it is wanted, observed and described."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import parse_amount
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._host.xfs import Xfs
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import LogicalVolume
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import Place
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume import (
    describe as _describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume import (
    observe as _observe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume import (
    state as _state,
)
from support.lvm_hosts import EXTENT, disk, group, groups

ROOT = "/var/lib/docker"
GIVEN = {
    "vg": "my-vg",
    "name": "data",
    "pool": None,
    "size": None,
    "path": ROOT,
    "mount_options": ["noatime", "prjquota"],
    "required_by": ["docker.service"],
    "existing_data": "refuse",
    "devices": [],
}
UNIT = MountUnit("/dev/mapper/my--vg-data", ROOT, "xfs", ("noatime", "prjquota"))
PLACE = Place("my-vg/data", UNIT, ("docker.service",), False)
WANTED = _state.Wanted("my-vg", "data", None, None, PLACE)

WISHES = [
    ({}, WANTED),
    ({"pool": "thinpool"}, WANTED._replace(pool="thinpool")),
    ({"size": "80%VG"}, WANTED._replace(size=parse_amount("80%VG", "size"))),
    ({"existing_data": "keep"}, WANTED._replace(place=PLACE._replace(keep_existing=True))),
    ({"devices": ["/dev/vdb"]}, WANTED._replace(devices=("/dev/vdb",))),
    ({"required_by": []}, WANTED._replace(place=PLACE._replace(required_by=()))),
]

NO_WISHES = [
    ({"vg": "a b"}, "The volume group name 'a b'"),
    ({"name": "x_tmeta"}, "The logical volume name 'x_tmeta'"),
    ({"pool": "x_tmeta"}, "The logical volume name 'x_tmeta'"),
    ({"size": "10"}, "size=10: it has no unit"),
    ({"path": "docker"}, "path='docker': it is not a plain absolute path"),
]


@pytest.mark.parametrize(("given", "wanted"), WISHES)
def test_what_is_wanted(given, wanted):
    assert _state.wanted_from({**GIVEN, **given}) == wanted


@pytest.mark.parametrize(("given", "refusal"), NO_WISHES)
def test_what_no_host_could_have(given, refusal):
    with pytest.raises(StorageError) as refused:
        _state.wanted_from({**GIVEN, **given})
    assert refusal in str(refused.value)


XFS = Xfs("5f", 4096, 1000, 0, True)

# the volume's device, its superblock, what is mounted there:
# what is ours, which content is examined, the size of the mounted filesystem
HOSTS = [
    (None, None, None, False, None, 0),
    (None, None, "254:1", False, None, 0),
    ("254:1", None, None, False, "examined", 0),
    ("254:1", XFS, None, False, "examined", 0),
    ("254:1", XFS, "254:2", False, "examined", 0),
    ("254:1", XFS, "254:1", True, None, 4000),
    ("254:1", None, "254:1", True, None, 0),
]


@pytest.mark.parametrize(("device", "xfs", "mounted", "ours", "examined", "size"), HOSTS)
def test_what_is_read(monkeypatch, device, xfs, mounted, ours, examined, size):
    found = disk(devno=device) if device else disk(exists=False, devno="254:1")

    def read_superblock(path):
        assert device, "there is nothing to read"
        return xfs

    class Seen:
        def __init__(self, is_ours):
            self.ours = bool(mounted and is_ours(Mount(mounted, "/", ROOT, "xfs", "/dev/dm-1", ())))

    monkeypatch.setattr(_observe, "observe_group", lambda run, name, devices: (name, devices))
    monkeypatch.setattr(_observe, "with_rules", lambda run, groups: (*groups, "rules"))
    monkeypatch.setattr(_observe, "identify", lambda path: found)
    monkeypatch.setattr(_observe, "observe_mount", lambda run, place, is_ours: Seen(is_ours))
    monkeypatch.setattr(_observe, "read_superblock", read_superblock)
    monkeypatch.setattr(_observe, "examine", lambda run, path: "examined")
    monkeypatch.setattr(_observe, "mounted_size", lambda path, xfs: 4000)
    seen = _observe.observe(None, WANTED._replace(devices=("/dev/vdb",)))
    assert seen.groups == ("my-vg", ("/dev/vdb",), *([] if device else ["rules"]))
    assert (seen.mount.ours, seen.device, seen.filesystem_size) == (ours, examined, size)
    assert seen.xfs == (xfs if device else None)


class NotMounted:
    ours, guarded = False, ()


def described(*lvs, xfs=None):
    state = _state.State(groups(group(*lvs, name="my-vg")), None, xfs, NotMounted, 0)
    return _describe.describe(state, WANTED)


def test_nothing_is_described_as_nothing():
    assert described() == {"volume": None, "filesystem": None, "mount": None, "guarded": []}


@pytest.mark.parametrize(("pool", "told"), [("", None), ("thinpool", "thinpool")])
def test_a_volume_is_described_in_bytes(pool, told):
    volume = LogicalVolume("data", "u", 100, "linear", "public", pool=pool)
    seen = described(volume, xfs=XFS)
    assert seen["volume"] == {
        "name": "my-vg/data",
        "device": UNIT.what,
        "size": 100 * EXTENT,
        "pool": told,
    }
    assert seen["filesystem"] == {"type": "xfs", "uuid": "5f", "ftype": True}
