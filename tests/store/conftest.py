# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real engines, each with a data root of its own, and what can be put into one.

``engine(driver, release=..., on=..., flags=()) -> Engine``
    Start an engine on an empty data root. ``driver`` is vfs, btrfs or overlay2. ``release`` is the
    one that is tested, unless it is named. ``on`` is what the root lies on: "folder" (of the test),
    "btrfs", "ext4" or "xfs". The engine has ``root``, ``driver``, ``release``, ``api`` (``get``,
    ``post``, ``delete``), ``start(driver=None)``, ``stop()`` and ``kill()``. However the test ends,
    the engine and its containers end, and all is unmounted.
``fill(engine, seed=1, files=100) -> Made`` (realengine.content)
    Put images, containers, volumes and networks into a running engine; say what was made.
``disks.made(kind) -> Path``
    One more filesystem, say for a second data root.
``release``
    The release of Debian that this run tests: CONTAINERHOST_ENGINE, or bookworm. The engines are in
    .cache/engines/<release>; ``python tests/run store`` gets them, nothing here does.

Engine processes have a mount namespace of their own: a merged tree of a running container is not
mounted for the test. Layers, uppers and subvolumes are there for both.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from realengine.content import fill as fill_engine
from realengine.disks import Disks
from realengine.process import Engine

ENGINES = Path(__file__).parents[2] / ".cache" / "engines"


@pytest.fixture(scope="session")
def release():
    return os.environ.get("CONTAINERHOST_ENGINE", "bookworm")


@pytest.fixture(scope="session")
def kernel():
    """The filesystems that this machine's kernel knows."""
    if os.geteuid():
        pytest.skip("running an engine needs root")
    if shutil.which("modprobe"):
        subprocess.run(["modprobe", "--quiet", "-a", "overlay", "btrfs", "xfs"], check=False)
    return set(Path("/proc/filesystems").read_text(encoding="ascii").split())


@pytest.fixture
def disks(tmp_path, kernel):
    found = Disks(tmp_path)
    try:
        yield found
    finally:
        found.clean()


@pytest.fixture
def engine(tmp_path, disks, kernel, release):
    started = []

    def start(driver, release=release, on=None, flags=()):
        tree = ENGINES / release
        if not (tree / "recipe.json").exists():
            pytest.skip(f"the engine of {release} is not there: python tests/run store gets it")
        on = on or ("btrfs" if driver == "btrfs" else "folder")
        lacks = {"overlay2": {"overlay"}}.get(driver, set()) | {on} - {"folder"} - kernel
        if lacks - kernel:
            pytest.skip(f"this machine's kernel has no {', '.join(sorted(lacks - kernel))}")
        where = tmp_path if on == "folder" else disks.made(on)
        made = Engine(release, tree, driver, where / f"root{len(started)}", flags)
        started.append(made)
        return made.start()

    try:
        yield start
    finally:
        for one in started:
            one.clean()


@pytest.fixture
def fill():
    return fill_engine
