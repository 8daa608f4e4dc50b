# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of the kernel's headers, as a C compiler makes them."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import ioctl


@pytest.mark.parametrize(
    ("machine", "numbers"),
    [
        ("x86_64", (0x81F8943C, 0x80086601, 0xD000941E)),
        ("aarch64", (0x81F8943C, 0x80086601, 0xD000941E)),
        ("ppc64le", (0x41F8943C, 0x40086601, 0xD000941E)),
    ],
)
def test_the_numbers_are_those_of_the_headers(monkeypatch, machine, numbers):
    monkeypatch.setattr(ioctl.platform, "machine", lambda: machine)
    device_info = ioctl.number("\x94", 30, 4096, both=True)
    assert (ioctl.number("\x94", 60, 504), ioctl.number("f", 1, 8), device_info) == numbers
