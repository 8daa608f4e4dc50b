# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filesystems, quotas and mounts of subvolumes, read from made-up files of the kernel."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import filesystem
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.filesystem import (
    Limit,
    QuotaGroup,
    Quotas,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    parse_mountinfo,
)

# The top at /srv, the subvolume /docker at /var/lib/docker, a part of that bound on itself, an
# XFS inside of it, another btrfs, and a mount whose subvolume has been deleted.
TABLE = parse_mountinfo(
    """27 1 254:0 / / rw - ext4 /dev/vda rw
40 27 0:40 / /srv rw - btrfs /dev/vdb rw,subvol=/
41 27 0:40 /docker /var/lib/docker rw - btrfs /dev/vdb rw,subvol=/docker
42 41 0:40 /docker/btrfs /var/lib/docker/btrfs rw - btrfs /dev/vdb rw,subvol=/docker
43 41 8:16 / /var/lib/docker/volumes/v/_data rw - xfs /dev/sdb rw
44 40 0:41 / /srv/other ro - btrfs /dev/vdc ro,subvol=/
45 27 0:40 /gone//deleted /mnt rw - btrfs /dev/vdb rw
"""
)


@pytest.mark.parametrize(
    ("location", "found"),
    [
        (
            "/docker",
            ["/var/lib/docker", "/var/lib/docker/btrfs", "/var/lib/docker/volumes/v/_data"],
        ),
        ("/docker/btrfs", ["/var/lib/docker/btrfs"]),
        ("/docker/volumes", ["/var/lib/docker/volumes/v/_data"]),
        ("/docker/btrfs/subvolumes/x", []),
        ("/docke", []),
        ("/docker2", []),
        ("/other", ["/srv/other"]),
        ("/othe", []),
    ],
)
def test_uses_of_a_subvolume(location, found):
    assert list(filesystem.uses("0:40", location, [TABLE])) == found


def test_a_path_whose_mount_is_not_seen_is_refused():
    """In a chroot the mount of its root is not in the table."""
    with pytest.raises(StorageError, match="does not see what it is mounted on") as refused:
        filesystem.filesystem_of("/opt", TABLE[1:])
    assert refused.value.details == {"refusal": "mount_not_visible"}


def test_every_namespace_counts():
    elsewhere = parse_mountinfo("9 1 0:40 /docker/x /x rw - btrfs /dev/vdb rw\n")
    assert filesystem.uses("0:40", "/docker/x", [TABLE, elsewhere]) == ("/x",)


def test_another_filesystem_is_no_use():
    assert filesystem.uses("0:41", "/docker", [TABLE]) == ()


@pytest.mark.parametrize(
    ("path", "folder", "inside"),
    [
        ("/foo", "/foo", True),
        ("/foo/bar", "/foo", True),
        ("/foobar", "/foo", False),
        ("/foo", "/foo/bar", False),
        ("/foo", "/", True),
    ],
)
def test_inside(path, folder, inside):
    assert filesystem.is_inside(path, folder) == inside


@pytest.fixture
def sysfs(tmp_path, monkeypatch):
    """``sysfs(name, text)`` writes a file of the filesystem with the UUID u."""
    monkeypatch.setattr(filesystem, "SYSFS", str(tmp_path))
    (tmp_path / "features").mkdir()

    def write(name, text=""):
        file = tmp_path / "u" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")

    return write


def test_the_filesystem_of_a_path(sysfs):
    sysfs("devices/vdb")
    found = filesystem.filesystem_of("/srv/a", TABLE)
    assert found == ("btrfs", "0:40", "/srv", False, "u")
    assert filesystem.filesystem_of("/srv/other/a", TABLE) == (
        "btrfs",
        "0:41",
        "/srv/other",
        True,
        None,
    )
    assert filesystem.filesystem_of("/home", TABLE).fstype == "ext4"


def test_a_host_without_btrfs_has_no_uuid(tmp_path, monkeypatch):
    monkeypatch.setattr(filesystem, "SYSFS", str(tmp_path / "none"))
    assert filesystem.find_uuid("/dev/vdb") is None


def test_quotas(sysfs):
    assert filesystem.observe_quotas(None) == Quotas(False)
    sysfs("label")
    assert filesystem.observe_quotas("u") == Quotas(False)
    sysfs("qgroups/0_5/limit_flags", 0)  # as before Linux 6.1
    assert filesystem.observe_quotas("u") == Quotas(True, True)
    sysfs("qgroups/inconsistent", 1)
    assert filesystem.observe_quotas("u") == Quotas(True, False)
    sysfs("qgroups/inconsistent", 0)
    assert filesystem.observe_quotas("u") == Quotas(True, True)


@pytest.mark.parametrize(
    ("flags", "limits"), [(0, (None, None)), (1, (10, None)), (2, (None, 20)), (3, (10, 20))]
)
def test_a_limit_counts_only_with_its_flag(sysfs, flags, limits):
    values = {"referenced": 7, "exclusive": 5, "max_referenced": 10, "max_exclusive": 20}
    for name, value in {**values, "limit_flags": flags}.items():
        sysfs(f"qgroups/0_256/{name}", value)
    expected = QuotaGroup(Limit(limits[0], 7), Limit(limits[1], 5))
    assert filesystem.observe_quota_group("u", 256) == expected


def test_no_quota_group(sysfs):
    sysfs("qgroups/0_5/limit_flags", 0)
    assert filesystem.observe_quota_group("u", 256) is None
    assert filesystem.observe_quota_group(None, 256) is None
