# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies at a path, as the table of mounts tells it and as the kernel itself has it."""

from __future__ import annotations

import os
import random
import re
import subprocess

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts
from support.fuzz import share

NAMES = (
    b"a",
    b"a/b",
    b"a/b/c",
    b"ab",
    b"with space",
    b"tab\there",
    b"back\\slash",
    b"byte\xff",
    b"#",
)
SEEDS = range(share(0.003))
STEPS = 40


@pytest.fixture
def tree(tmp_path):
    """A folder with a tmpfs of its own, in which anything may be mounted anywhere."""
    if os.geteuid():
        pytest.skip("mounting needs root")
    top = os.fsencode(os.path.realpath(tmp_path / "tree"))
    os.mkdir(top)
    if not call("mount", "-t", "tmpfs", "tmpfs", top):
        pytest.skip("this machine mounts no tmpfs")
    call("mount", "--make-private", top)
    try:
        yield top
    finally:
        call("umount", "--lazy", top)  # with all that is on it, also what no path leads to


def call(*argv):
    return not subprocess.run(argv, check=False, capture_output=True).returncode


def mount_at(path):
    """``(device, mount point)`` of what the kernel finds at a path, by its number for the mount."""
    descriptor = os.open(path, os.O_PATH)
    try:
        with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as stream:
            number = re.search(r"mnt_id:\s*(\d+)", stream.read())[1]
    finally:
        os.close(descriptor)
    with open("/proc/self/mountinfo", "rb") as stream:
        (line,) = (
            it for it in stream.read().split(b"\n") if it.startswith(b"%s " % number.encode())
        )
    _id, _parent, devno, _root, where, *_more = line.split(b" ")
    where = re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), where)
    return devno.decode(), os.fsdecode(where)


def change(random_, top):
    """Mount, bind, move or unmount something somewhere."""
    places = [os.path.join(top, name) for name in NAMES]
    for place in places:
        os.makedirs(place, exist_ok=True)
    one, two = random_.choice(places), random_.choice(places)
    how = random_.choice(["mount", "mount", "bind", "move", "umount"])
    if how == "mount":
        call("mount", "-t", "tmpfs", "tmpfs", one)
    elif how == "bind":
        call("mount", "--bind", one, two)
    elif how == "move":
        call("mount", "--move", one, two)
    else:
        call("umount", one)
    return f"{how} {one!r} {two!r}"


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_a_path_lies_on_what_the_kernel_says(tree, seed):
    random_, done = random.Random(seed), []
    for _step in range(STEPS):
        done.append(change(random_, tree))
        table = mounts.mounts()
        for name in (b"", *NAMES):
            path = os.path.join(tree, name).rstrip(b"/")
            if not os.path.isdir(path):
                continue
            text, there = os.fsdecode(path), mount_at(path)
            found = mounts.mount_of(text, table)
            assert (found.devno, found.path) == there, (text, done)
            found = mounts.mounted_at(text, table)
            assert (found and (found.devno, found.path)) == (there if there[1] == text else None), (
                text,
                done,
            )
