# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's answers, as bytes. tests/loop/test_btrfs_subvolume.py has the kernel itself."""

from __future__ import annotations

import sys

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import kernel

UUID = bytes(range(1, 17))
TEXT = "01020304-0506-0708-090a-0b0c0d0e0f10"


@pytest.mark.parametrize(
    ("flags", "uuids", "expected"),
    [
        (0, (UUID, bytes(16), bytes(16)), (256, TEXT, None, None, False)),
        (1, (UUID, UUID, bytes(16)), (256, TEXT, TEXT, None, True)),
        (1 << 48, (bytes(16), bytes(16), UUID), (256, None, None, TEXT, False)),
    ],
)
def test_info(monkeypatch, flags, uuids, expected):
    answer = kernel._INFO.pack(256, b"a", 5, 256, 7, flags, *uuids).ljust(504, b"\0")
    monkeypatch.setattr(kernel, "ask", lambda path, number, argument: answer)
    assert kernel.subvolume_info("/srv/a") == expected


@pytest.mark.parametrize(("flags", "expected"), [(0, False), (0x00800000, True), (4, False)])
def test_nodatacow(monkeypatch, flags, expected):
    answer = flags.to_bytes(4, sys.byteorder) + bytes(4)
    monkeypatch.setattr(kernel, "ask", lambda path, number, argument: answer)
    assert kernel.is_nodatacow("/srv/a") == expected


@pytest.mark.parametrize(
    ("flags", "expected"), [(0, False), (0x00800000, False), (0x10, True), (0x20, True)]
)
def test_what_chattr_protects(monkeypatch, flags, expected):
    answer = flags.to_bytes(4, sys.byteorder) + bytes(4)
    monkeypatch.setattr(kernel, "ask", lambda path, number, argument: answer)
    assert kernel.is_fixed("/srv/a") == expected


def test_a_file_and_a_link_are_not_opened(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("file", "link"):
        with pytest.raises(OSError, match=r"irectory|symbolic"):
            kernel.subvolume_info(tmp_path / name)


def test_a_folder_without_the_property(tmp_path):
    assert kernel.compression_of(tmp_path) is None
