# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module's parameters mean."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem.state import (
    candidates,
    wanted_from,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from support.btrfs_disks import ROOT, UUID, part
from support.lvm_hosts import disk

PARAMS = {
    "label": "docker",
    "devices": [],
    "data_profile": None,
    "metadata_profile": None,
    "path": ROOT,
    "mount_options": ["noatime"],
    "required_by": [],
    "existing_data": "refuse",
}


def wanted(**more):
    return wanted_from({**PARAMS, **more})


def test_the_subvolume_is_taken_out_of_the_options_however_it_is_written():
    for text in ("@docker", "/@docker", "/@docker/"):
        found = wanted(mount_options=["noatime", f"subvol={text}", "compress=zstd"])
        assert (found.subvolume, found.options) == ("/@docker", ("noatime", "compress=zstd"))
    assert wanted(mount_options=["subvol=/"]).subvolume == "/"
    assert wanted().subvolume is None


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"label": ""}, "btrfs does not take it"),
        ({"label": "-f"}, "take it for an option"),
        ({"label": "a\nb"}, "btrfs does not take it"),
        ({"label": "ä" * 128}, "1 to 255 bytes"),
        ({"path": "var/lib/docker"}, "not a plain absolute path"),
        ({"path": "/var/../lib"}, "not a plain absolute path"),
        ({"mount_options": ["noatime,compress=zstd"]}, "no space and no comma"),
        ({"mount_options": ["noatime\nExecStart=x"]}, "no space and no comma"),
        ({"mount_options": [""]}, "no space and no comma"),
        ({"mount_options": ["device=/dev/vdb"]}, "udev tells the kernel all devices"),
        ({"mount_options": ["degraded"]}, "written to by halves"),
        ({"mount_options": ["subvolid=256"]}, "subvol=PATH"),
    ],
)
def test_what_no_host_could_have(more, wrong):
    with pytest.raises(StorageError) as refused:
        wanted(**more)
    assert wrong in str(refused.value)


OTHER = UUID.replace("6b", "7c")

CHOICES = [
    # named, parts on the host, mounted at the path, the filesystems that it may be
    ([1], [], None, ()),
    ([1], [part()], None, (UUID,)),
    ([1, 2], [part(), part(2)], None, (UUID,)),
    ([1], [part(), part(2, uuid=OTHER)], None, (UUID,)),
    ([1], [part(), part(2, uuid=OTHER)], OTHER, (UUID,)),
    ([1, 2], [part(), part(2, uuid=OTHER)], None, (UUID, OTHER)),
    ([], [part(), part(2, uuid=OTHER)], OTHER, (OTHER,)),
    ([], [part(), part(2, uuid=OTHER)], None, (UUID, OTHER)),
    ([], [part(label="other")], UUID, ()),
    ([3], [part()], None, (UUID,)),
]


@pytest.mark.parametrize(("named", "parts", "there", "uuids"), CHOICES)
def test_which_filesystem_is_meant(named, parts, there, uuids):
    assert candidates([disk(number) for number in named], parts, there, "docker") == uuids
