# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a layer is said to change, against a look at the trees and at the layer by hand."""

from __future__ import annotations

import os

import pytest

UPPER = "/srv/layers/changes"
BIG = 17 * 2**20

# One of each kind of change; /srv/view shows the same lower layers without them.
CHANGES = """
cd /srv/app
echo new >new && ln new linked && ln -s /etc out && mkfifo pipe && mkdir folder
echo other >a && chmod 600 pair && printf x | dd of=big conv=notrunc status=none
rm -r b gone d && mkdir d && echo x >d/x
mv e moved && echo g >moved/f/g && rm only-base/o
sync
"""


@pytest.fixture(scope="module")
def changes(host, overlay):
    """Make the changes; return what the module tells of them."""
    host.check_output(CHANGES)
    result = overlay("/srv/app", report_changes=True)
    assert not result["failed"], result["msg"]
    assert result["steps"] == []
    return result["changes"]


@pytest.fixture(scope="module")
def trees(host, changes):
    """Return both trees, without and with the changes: path -> type, mode, link, content."""
    return tree(host, "/srv/view"), tree(host, "/srv/app")


def tree(host, folder):
    entries = host.check_output(f"cd {folder} && find . -mindepth 1 -printf '%P\t%y\t%m\t%l\n'")
    sums = host.check_output(f"cd {folder} && find . -type f -exec md5sum {{}} +")
    content = {line[36:]: line[:32] for line in sums.splitlines()}
    found = {}
    for line in entries.splitlines():
        path, *about = line.split("\t")
        found["/" + path] = (*about, content.get(path))
    return found


def tops(paths):
    """Return the paths that lie below no other one."""
    return {path for path in paths if not any(path.startswith(top + "/") for top in paths)}


def listed(changes, *kinds):
    return {one["path"] for one in changes["listed"] if one["change"] in kinds}


def in_opaque(changes, paths):
    """Return the paths in folders that hide what is below: there all counts as new."""
    return {path for path in paths if os.path.dirname(path) in listed(changes, "opaque")}


def test_what_is_deleted(host, changes, trees):
    below, merged = trees
    deleted = tops(set(below) - set(merged)) - in_opaque(changes, below)
    assert listed(changes, "deleted") == deleted
    whiteouts = host.check_output(f"find {UPPER} -type c -printf '/%P\n'").splitlines()
    assert listed(changes, "deleted") == set(whiteouts)
    assert changes["deleted"] == changes["device_whiteouts"] == len(whiteouts)


def test_what_is_added(changes, trees):
    below, merged = trees
    added = tops(set(merged) - set(below)) | in_opaque(changes, merged)
    assert listed(changes, "added", "redirected") == added


def test_what_is_modified(changes, trees):
    below, merged = trees
    differing = {path for path in set(below) & set(merged) if below[path] != merged[path]}
    differing -= in_opaque(changes, merged)
    assert differing == {"/a", "/big", "/pair"}
    assert listed(changes, "modified") == differing | {"/moved/f/g"}  # "/e/f/g" below


def test_what_hides_folders_below(host, changes):
    assert listed(changes, "opaque") == {"/d"}
    assert "opaque" in host.check_output(f"getfattr --name trusted.overlay.opaque {UPPER}/d")


def test_what_was_renamed(host, changes):
    (renamed,) = (one for one in changes["listed"] if one["change"] == "redirected")
    assert (renamed["path"], renamed["from"]) == ("/moved", "/e")
    mark = "getfattr --absolute-names --only-values --name trusted.overlay.redirect"
    assert host.check_output(f"{mark} {UPPER}/moved") == "e"


def test_sizes(host, changes):
    sizes = host.check_output(f"find {UPPER} -type f -printf '%i %s\n' | sort -u")
    assert changes["bytes"] == sum(int(line.split()[1]) for line in sizes.splitlines())
    assert changes["large_copy_ups"] == [{"path": "/big", "size": BIG}]
    assert changes["entries"] == int(host.check_output(f"find {UPPER} -mindepth 1 | wc -l"))


def test_an_overlay_without_an_upper_layer_changes_nothing(overlay):
    result = overlay("/srv/view", report_changes=True)
    assert "changes" not in result
    assert result["steps"] == []
