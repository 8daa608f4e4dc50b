# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any tree gives an inventory: no traceback, and nothing that is damaged is passed over."""

from __future__ import annotations

import json
import os
import shutil
import stat

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.door import leaving
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.findings import (
    findings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.identity import (
    identity,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.observe import (
    Host,
    observe,
)
from support.data_roots import FOLDERS, filled
from support.fuzz import HOSTILE, inputs
from support.mangled import mangled_json

pytestmark = pytest.mark.fuzz

HOST = Host(driver="overlay2")
SECRET = "hunter2"
# What the inventory does not look into: contents of volumes, keys, what an image was made of.
CLOSED = ("/_data", "/certificates", "tar-split", "/raft/")


def paths_of(root):
    """Every path below a root, sorted, but for what no inventory looks into."""
    found = []
    for folder, folders, files in os.walk(root):
        found += [os.path.join(folder, name) for name in (*folders, *files)]
    return sorted(it for it in found if not any(part in it[len(root) :] for part in CLOSED))


def damage(chance, path):
    """Something is done to what is at a path; returns what it was."""
    it = os.lstat(path)
    names = [
        name for name in HOSTILE if name not in ("", ".", "..") and not set(name) & {"/", "\0"}
    ]
    if stat.S_ISDIR(it.st_mode):
        how = chance.choice(("link", "file", "remove", "stray", "stray folder"))
        if how.startswith("stray"):
            odd = os.path.join(path, chance.choice(names)[:200])
            if not os.path.lexists(odd):
                os.mkdir(odd) if how == "stray folder" else os.symlink("/etc", odd)
            return how
        shutil.rmtree(path)
        if how == "link":
            os.symlink(chance.choice(("/etc", "/", ".", "nowhere", path)), path)
        elif how == "file":
            os.close(os.open(path, os.O_CREAT))
        return how
    if not stat.S_ISREG(it.st_mode) or it.st_size > 1 << 20:  # damaged before
        return ""
    how = chance.choice(("link", "folder", "pipe", "remove", "cut", "bytes", "mangled", "large"))
    if how in ("link", "folder", "pipe", "remove"):
        os.unlink(path)
        if how == "link":
            os.symlink(chance.choice(("/etc/passwd", "/dev/zero", path)), path)
        elif how == "folder":
            os.mkdir(path)
        elif how == "pipe":
            os.mkfifo(path)
        return how
    with open(path, "rb+") as stream:
        content = stream.read()
        if how == "large":
            stream.truncate(1 << 36)
            return how
        changed = bytearray(content)
        if how == "mangled" and path.endswith(".json"):
            changed = bytearray(mangled_json(chance, content.decode()).encode())
        elif how == "cut" and changed:
            del changed[chance.randrange(len(changed)) :]
        elif changed:
            for _each in range(chance.randint(1, 5)):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
        stream.seek(0)
        stream.truncate()
        stream.write(changed)
    return how


def is_named(found, path):
    """Whether what is at a path, or what it lies in, is told as unreadable or left over."""
    told = [it.path.partition(": ")[0] for it in found.unreadable]
    told += [it.path for it in found.leftovers]
    return any(path == it or path.startswith(it + "/") for it in told)


class Tree:
    """A sound root that is damaged and mended again: only what was damaged is copied anew."""

    def __init__(self, folder, driver):
        self.sound = str(filled(folder / f"{driver}.sound", driver).path)
        self.place = str(folder / driver)
        shutil.copytree(self.sound, self.place, symlinks=True)
        self.damaged = set()

    def damage(self, chance, path):
        self.damaged.add(path[len(self.place) + 1 :].partition("/")[0])
        return damage(chance, path)

    def mend(self):
        for name in self.damaged:
            for path in (os.path.join(self.place, name), os.path.join(self.sound, name)):
                if path.startswith(self.place + "/"):
                    remove(path)
                elif os.path.isdir(path):
                    shutil.copytree(path, os.path.join(self.place, name), symlinks=True)
                else:
                    shutil.copy(path, os.path.join(self.place, name))
        self.damaged = set()


def remove(path):
    """Remove what is at a path, if anything is."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def test_any_tree_gives_an_inventory(tmp_path):
    """Up to four paths of a sound root are damaged; the rest is read."""
    trees = {driver: Tree(tmp_path, driver) for driver in FOLDERS}
    for chance in inputs("inventory", 0.05):
        driver = chance.choice(sorted(trees))
        tree = trees[driver]
        for _each in range(chance.randint(1, 4)):
            tree.damage(chance, chance.choice(paths_of(tree.place)))
        found = observe(tree.place, HOST._replace(driver=driver))
        text = json.dumps(leaving(describe(found)))
        assert SECRET not in text
        assert len(identity(found)) == 64
        assert SECRET not in str([*findings(found)])
        assert not any(it.path.startswith("/etc") for it in found.volumes)
        tree.mend()


def test_nothing_that_is_unreadable_is_lost(tmp_path):
    """What becomes a link, a pipe, a folder or a file is named with its path."""
    tree = Tree(tmp_path, "overlay2")
    before = observe(tree.place, HOST)
    # What a driver has in a layer is for those who read layers.
    paths = [it for it in paths_of(tree.place) if f"{tree.place}/overlay2/" not in it]
    for chance in inputs("unreadable", 0.03):
        path = chance.choice(paths)
        how = tree.damage(chance, path)
        if how in ("link", "pipe", "folder", "file"):
            found = observe(tree.place, HOST)
            assert is_named(found, path), (how, path)
            assert identity(found) != identity(before), (how, path)
        tree.mend()
        assert chance.random() < 0.9 or observe(tree.place, HOST) == before
