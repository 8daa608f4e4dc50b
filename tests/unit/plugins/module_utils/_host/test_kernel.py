# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a kernel has, by made-up folders of modules."""

from __future__ import annotations

import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._host import kernel

DEP = "kernel/drivers/md/dm-thin-pool.ko.zst: kernel/drivers/md/dm-bufio.ko.zst\n"


@pytest.mark.parametrize(
    ("files", "loaded", "lacks"),
    [
        ({"modules.dep": DEP}, False, False),
        ({"modules.builtin": "kernel/drivers/md/dm-thin-pool.ko\n"}, False, False),
        ({"modules.dep": "kernel/fs/xfs/xfs.ko:\n"}, False, True),
        ({"modules.dep": "kernel/fs/xfs/xfs.ko:\n"}, True, False),
        ({"modules.dep": "kernel/x/not-dm-thin-pool.ko:\n"}, False, True),
        ({}, False, False),  # nobody knows, as in a container
    ],
)
def test_a_module_is_missing_only_where_that_is_certain(
    tmp_path, monkeypatch, files, loaded, lacks
):
    monkeypatch.setattr(kernel, "LOADED", str(tmp_path / "loaded"))
    monkeypatch.setattr(kernel, "MODULES", str(tmp_path / "modules"))
    if loaded:
        (tmp_path / "loaded" / "dm_thin_pool").mkdir(parents=True)
    folder = tmp_path / "modules" / os.uname().release
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    assert kernel.lacks_module("dm-thin-pool") is lacks
