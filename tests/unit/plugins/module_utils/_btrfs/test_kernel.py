# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's answers, as bytes. tests/loop/test_btrfs_subvolume.py has the kernel itself."""

from __future__ import annotations

import errno
import os
import struct
import sys

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import ioctl, kernel

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


def test_a_file_and_a_link_are_not_opened(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("file", "link"):
        with pytest.raises(OSError, match=r"irectory|symbolic"):
            kernel.subvolume_info(tmp_path / name)


def test_a_folder_without_the_property(tmp_path):
    assert kernel.compression_of(tmp_path) is None


def test_what_a_subvolume_holds_whatever_it_is_called_and_however_much_it_is(monkeypatch):
    """include/uapi/linux/btrfs.h: at most 255 at once, and EOVERFLOW where there are more."""
    there = {300 + number: (256 + number % 2, f"s{number}\n".encode()) for number in range(511)}
    there[299] = (256, b"\xff")
    above = {256: b"", 257: b"a/b c/"}
    asked = []

    def ask(path, request, argument, partly=None):
        assert path == "/srv/a"
        assert len(argument) == 4096
        assert request == kernel.number("\x94", request & 0xFF, 4096, both=True)
        if request & 0xFF == 61:
            assert partly == errno.EOVERFLOW
            (least,) = struct.unpack_from("=Q", argument)
            asked.append(least)
            told = sorted(it for it in there if it >= least)[:255]
            pairs = b"".join(struct.pack("=QQ", it, there[it][0]) for it in told)
            return argument[:8] + pairs.ljust(255 * 16, b"\0") + bytes((len(told),)) + bytes(7)
        folder, one = struct.unpack_from("=QQ", argument)
        assert there[one][0] == folder
        return argument[:16] + there[one][1].ljust(256, b"\0") + above[folder].ljust(3824, b"\0")

    monkeypatch.setattr(kernel, "ask", ask)
    found = kernel.held_in("/srv/a")
    assert len(found) == 512
    assert found == [
        (one, "/srv/a/" + os.fsdecode(above[there[one][0]] + there[one][1]))
        for one in sorted(there)
    ]
    assert asked == [0, 554, 809]


def test_an_answer_that_is_right_as_far_as_it_goes(tmp_path, monkeypatch):
    def call(_folder, _request, answer):
        answer[0] = 7
        raise OSError(errno.EOVERFLOW, "Value too large for defined data type")

    monkeypatch.setattr(ioctl.fcntl, "ioctl", call)
    assert ioctl.ask(str(tmp_path), 1, bytes(2), errno.EOVERFLOW) == b"\x07\0"
    for partly in (None, errno.EPERM):
        with pytest.raises(OSError, match="too large"):
            ioctl.ask(str(tmp_path), 1, bytes(2), partly)
