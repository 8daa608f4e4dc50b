# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The profiles of a btrfs, by sysfs and by its tree of chunks."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import profiles
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.profiles import Profiles
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import MIB

# btrfs-progs 6.2
TREE = """chunk tree
leaf 22036480 items 5 free space 15626 generation 6 owner CHUNK_TREE
\titem 0 key (DEV_ITEMS DEV_ITEM 1) itemoff 16185 itemsize 98
\t\tio_align 4096 io_width 4096 sector_size 4096 type 0
\titem 2 key (FIRST_CHUNK_TREE CHUNK_ITEM 13631488) itemoff 16105 itemsize 80
\t\tlength 8388608 owner 2 stripe_len 65536 type DATA|single
\titem 3 key (FIRST_CHUNK_TREE CHUNK_ITEM 22020096) itemoff 15993 itemsize 112
\t\tlength 8388608 owner 2 stripe_len 65536 type SYSTEM|DUP
\titem 4 key (FIRST_CHUNK_TREE CHUNK_ITEM 30408704) itemoff 15881 itemsize 112
\t\tlength 33554432 owner 2 stripe_len 65536 type METADATA|DUP
"""


def test_chunks():
    assert profiles.parse_chunks(TREE) == Profiles(("single",), ("dup",))
    more = TREE + "\t\tlength 1 owner 2 stripe_len 65536 type DATA|RAID1C3\n"
    assert profiles.parse_chunks(more) == Profiles(("raid1c3", "single"), ("dup",))
    mixed = TREE.replace("|DUP", "").replace("DATA|single", "DATA|METADATA|RAID1")
    assert profiles.parse_chunks(mixed) == Profiles(("raid1",), ("raid1",), mixed=True)
    assert profiles.parse_chunks("") == Profiles((), ())


def test_sysfs(tmp_path, monkeypatch):
    monkeypatch.setattr(profiles, "SYSFS", str(tmp_path))
    assert profiles.active_profiles("u") is None
    for name in ("data/single", "data/raid1", "metadata/raid1", "system/raid1"):
        (tmp_path / "u/allocation" / name).mkdir(parents=True)
    (tmp_path / "u/allocation/data/flags").touch()
    assert profiles.active_profiles("u") == Profiles(("raid1", "single"), ("raid1",))
    (tmp_path / "u/allocation/mixed/dup").mkdir(parents=True)
    assert profiles.active_profiles("u") == Profiles(("dup",), ("dup",), mixed=True)


@pytest.mark.parametrize(
    ("data", "metadata", "least"),
    [
        ("single", "single", 45),
        ("single", "dup", 109),
        ("dup", "dup", 229),
        ("single", "raid1", 69),
        ("raid1", "raid1", 125),
        ("raid0", "raid10", 125),
    ],
)
def test_the_smallest_disk(data, metadata, least):
    assert profiles.smallest(data, metadata) == least * MIB


def test_what_mkfs_makes_by_itself():
    assert profiles.default_profiles(1) == Profiles(("single",), ("dup",))
    assert profiles.default_profiles(2) == Profiles(("single",), ("raid1",))
