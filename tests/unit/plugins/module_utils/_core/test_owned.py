# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way to a file: who else could put his own in its place."""

from __future__ import annotations

import os

from ansible_collections.containerhost.storage.plugins.module_utils._core.owned import foreign_way


def test_what_is_roots_is_trusted_whoever_looks(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    assert foreign_way("/usr/bin/env") == ("", "")


def test_a_long_way_through_links_is_gone_to_its_end(tmp_path):
    """The kernel follows 40 links, and a folder behind the last one is looked at."""
    (tmp_path / "end").mkdir()
    (tmp_path / "end").chmod(0o777)
    for number in range(39):
        target = "end" if number == 0 else f"link{number - 1}"
        os.symlink(target, tmp_path / f"link{number}")
    folder, wrong = foreign_way(f"{tmp_path}/link38/file")
    assert (folder, wrong) == (f"{tmp_path}/end", "others than root can write to it")
    (tmp_path / "end").chmod(0o755)
    assert foreign_way(f"{tmp_path}/link38/file") == ("", "")
