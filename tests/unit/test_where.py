# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages that say where a change goes name files that are there, and every room."""

from __future__ import annotations

import pathlib
import re

TOP = pathlib.Path(__file__).parents[2]
ROOMS = TOP / "plugins" / "module_utils"
WHERE = (TOP / "docs" / "where.md").read_text()
ARCHITECTURE = (TOP / "docs" / "architecture.md").read_text()


def named(text):
    """The files that a page's tables name; one without a folder lies in that of the one before."""
    found = []
    for row in re.findall(r"^\|.*\|$", text, re.MULTILINE):
        folder = ""
        for path in re.findall(r"`([\w/]+\.py)`", row):
            folder = path.rpartition("/")[0] or folder
            found.append(f"{folder}/{path.rpartition('/')[2]}")
    return found


def test_the_files_are_there():
    files = [*named(WHERE), *named(ARCHITECTURE)]
    assert len(files) > 50
    assert [path for path in files if not (ROOMS / path).is_file()] == []


def test_every_room_is_on_the_map():
    rooms = sorted(path.name for path in ROOMS.glob("_*") if path.is_dir())
    assert len(rooms) > 10
    assert [room for room in rooms if f"{room}/" not in ARCHITECTURE] == []
