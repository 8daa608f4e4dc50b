# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Imports go down only: which room may import from which others, wherever the import stands."""

from __future__ import annotations

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[4]
UTILS = ("plugins", "module_utils")
COLLECTION = ["ansible_collections", "containerhost", "storage"]

# From the bottom up: each room, and what it may import from besides itself and, but for those two,
# _core and _host. What reads a technology imports from nothing that keeps some of it.
ROOMS = {
    "_core": (),
    "_host": ("_core",),
    "_lvm": (),
    "_btrfs": (),
    "_zfs": (),
    "_overlay": (),
    "_layers": (),
    "_docker": (),
    "_inventory": ("_docker",),
    "_selinux": (),
    "_mount": ("_docker",),
    "_thinpool": ("_lvm",),
    "_btrfs_subvolume": ("_btrfs",),
    "_zfs_dataset": ("_zfs",),
    "_overlay_layer": ("_overlay",),
    "_mounted_volume": ("_lvm", "_docker", "_mount"),
    "_btrfs_filesystem": ("_btrfs", "_docker", "_mount"),
    "_zfs_pool": ("_zfs", "_zfs_dataset", "_docker", "_mount"),
    "_storage_driver": ("_docker",),
    "_data_root_reset": ("_docker", "_inventory"),
    "_info": ("_lvm", "_btrfs", "_zfs", "_overlay", "_docker", "_inventory", "_thinpool",
              "_storage_driver"),
    "_layout": (
        "_lvm", "_docker", "_mount", "_thinpool", "_mounted_volume", "_btrfs_filesystem",
        "_zfs_pool", "_storage_driver", "_selinux", "_info",
    ),
}  # fmt: skip


def allowed(room):
    """The rooms that files of this one may import from."""
    base = () if room in ("_core", "_host") else ("_core", "_host")
    return {room, *base, *ROOMS[room]}


def imported(text, package):
    """``(line, room)`` of each import from a room, also in functions and for types only.

    :param package: the list of the names that relative imports of ``text`` start from
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = base + (node.module.split(".") if node.module else [])
            names = [[*base, alias.name] for alias in node.names]
        else:
            continue
        for name in names:
            if name[:5] == [*COLLECTION, *UTILS]:
                yield node.lineno, name[5]


def test_every_room_has_its_place():
    folder = ROOT.joinpath(*UTILS)
    assert sorted(it.parent.name for it in folder.glob("*/__init__.py")) == sorted(ROOMS)


def test_the_table_goes_down_only():
    order = list(ROOMS)
    assert [room for room in order if not allowed(room) <= {*order[: order.index(room) + 1]}] == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_what_it_is_built_on(room):
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: imports from {other}"
        for path in sorted(ROOT.joinpath(*UTILS, room).rglob("*.py"))
        for line, other in imported(
            path.read_text(), [*COLLECTION, *path.relative_to(ROOT).parent.parts]
        )
        if other not in allowed(room)
    ]
    assert wrong == []


PREFIX = ".".join([*COLLECTION, *UTILS])


@pytest.mark.parametrize(
    "text",
    [
        f"import {PREFIX}._zfs.names",
        f"from {PREFIX} import _zfs",
        f"from {PREFIX}._zfs import names",
        f"from {PREFIX}._zfs.names import pool_of",
        f"if TYPE_CHECKING:\n    from {PREFIX}._zfs.pool import Seen",
        f"def late():\n    from {PREFIX}._zfs import pool",
        "from .._zfs import names",
        "from .._zfs.names import pool_of",
        "from .. import _zfs",
    ],
)
def test_an_import_is_seen_however_it_is_written(text):
    found = imported(text, [*COLLECTION, *UTILS, "_lvm"])
    assert [room for _line, room in found] == ["_zfs"]
