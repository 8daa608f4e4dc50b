# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An aufs tree, as Docker left it."""

from __future__ import annotations

import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.aufs import (
    read_tree,
    tree_findings,
)


@pytest.fixture
def root(tmp_path):
    """Two layers over a base: ``top`` deletes a file and hides a folder of it."""
    aufs = tmp_path / "aufs"
    layers = {"base": "", "middle": "base\n", "top": "middle\nbase\n"}
    for name, parents in layers.items():
        for room in ("layers", "diff", "mnt"):
            (aufs / room).mkdir(parents=True, exist_ok=True)
        (aufs / "layers" / name).write_text(parents)
        (aufs / "diff" / name).mkdir()
    for path in ("base/etc/motd", "base/etc/issue", "middle/usr/bin", "top/etc/new"):
        (aufs / "diff" / path).parent.mkdir(parents=True, exist_ok=True)
        (aufs / "diff" / path).write_text("x" * 5000)
    (aufs / "diff/top/etc/.wh.motd").touch()
    (aufs / "diff/top/usr").mkdir()
    (aufs / "diff/top/usr/.wh..wh..opq").touch()
    for own in (".wh..wh.aufs", ".wh..wh.orph/x", ".wh..wh.plnk/y"):
        path = aufs / "diff/top" / own
        path.parent.mkdir(exist_ok=True)
        path.write_text("of aufs itself")
    return tmp_path


def test_a_tree(root):
    found = read_tree(str(root))
    assert found["path"] == str(root / "aufs")
    layers = {one["id"]: one for one in found["details"]}
    assert layers["top"]["parents"] == ["middle", "base"]
    counts = {
        name: [one[key] for key in ("entries", "whiteouts", "opaque")]
        for name, one in layers.items()
    }
    assert counts == {"base": [3, 0, 0], "middle": [2, 0, 0], "top": [3, 1, 1]}
    assert (found["layers"], found["entries"]) == (3, 8)
    assert (found["whiteouts"], found["opaque"], found["mounted"]) == (1, 1, 0)
    files = [path for path in (root / "aufs/diff").rglob("*") if path.stat().st_size == 5000]
    assert found["bytes"] == sum(path.stat().st_blocks * 512 for path in files)
    assert [one.topic for one in tree_findings(found)] == ["aufs_tree"]


def test_no_tree(tmp_path):
    assert read_tree(str(tmp_path)) is None
    assert tree_findings(None) == []


def test_a_torn_tree_is_told(root):
    os.unlink(root / "aufs/layers/base")
    found = read_tree(str(root))
    layers = {one["id"]: one for one in found["details"]}
    assert layers["top"]["missing_parents"] == ["base"]
    assert (layers["base"]["parents"], layers["base"]["diff"]) == ([], True)
    torn = tree_findings(found)[1]
    assert (torn.topic, torn.level) == ("aufs_torn", "warning")
    assert "2 layers" in torn.message


def test_links_are_not_followed(root, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_text("s" * 5000)
    before = read_tree(str(root))
    (root / "aufs/diff/top/out").symlink_to(outside)
    (root / "aufs/diff/whole").symlink_to(outside)
    found = read_tree(str(root))
    assert found["bytes"] == before["bytes"]
    assert found["entries"] == before["entries"] + 1
    assert not next(one for one in found["details"] if one["id"] == "whole")["diff"]


def test_a_hard_link_counts_once(root):
    before = read_tree(str(root))["bytes"]
    os.link(root / "aufs/diff/base/etc/motd", root / "aufs/diff/base/etc/same")
    assert read_tree(str(root))["bytes"] == before
