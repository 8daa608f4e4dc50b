# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real engines, each with a data root of its own, and what can be put into one.

``engine(driver, release=..., on=..., flags=()) -> Engine``
    Start an engine on an empty data root. ``driver`` is vfs, btrfs or overlay2. ``release`` is the
    one that is tested, unless it is named. ``on`` is what the root lies on: "folder" (of the test),
    "btrfs", "ext4" or "xfs", or one of these with options of its mount, "xfs:pquota". The engine
    has ``root``, ``driver``, ``release``, ``api`` (``get``, ``post``, ``delete``),
    ``start(driver=None)``, ``stop()`` and ``kill()``. However the test ends, the engine and its
    containers end, and all is unmounted and removed.
``fill(engine, seed=1, files=100) -> Made`` (realengine.content)
    Put images, containers, volumes and networks into a running engine; say what was made.
``filled(driver) -> (engine, made)``
    The same as these two, made once for all tests that only read, or stop and start; whatever the
    test before did, it runs with what was made.
``disks.made(kind) -> Path``
    One more filesystem, say for a second data root.
``release``
    The release of Debian that this run tests: CONTAINERHOST_ENGINE, or bookworm. The engines are in
    .cache/engines/<release>; ``python tests/run store`` gets them, nothing here does.

Engine processes have a mount namespace of their own: a merged tree of a running container is not
mounted for the test. Layers, uppers and subvolumes are there for both.
"""

from __future__ import annotations

import contextlib
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


@contextlib.contextmanager
def some_disks(folder):
    """Filesystems below a folder, unmounted at the end."""
    found = Disks(folder)
    try:
        yield found
    finally:
        found.clean()


@contextlib.contextmanager
def some_engines(folder, disks, kernel, tested):
    """Engines below a folder, ended at the end."""
    started = []

    def start(driver, release=tested, on=None, flags=()):
        tree = ENGINES / release
        if not (tree / "recipe.json").exists():
            pytest.skip(f"the engine of {release} is not there: python tests/run store gets it")
        on = on or ("btrfs" if driver == "btrfs" else "folder")
        kind = on.partition(":")[0]
        lacks = {"overlay" if driver == "overlay2" else kind, kind} - {"folder"} - kernel
        if lacks:
            pytest.skip(f"this machine's kernel has no {', '.join(sorted(lacks))}")
        where = folder if on == "folder" else disks.made(on)
        made = Engine(release, tree, driver, where / f"root{len(started)}", flags)
        started.append(made)
        return made.start()

    try:
        yield start
    finally:
        for one in started:
            one.clean()


@pytest.fixture
def disks(tmp_path, kernel):
    with some_disks(tmp_path) as found:
        yield found


@pytest.fixture
def engine(tmp_path, disks, kernel, release):
    with some_engines(tmp_path, disks, kernel, release) as start:
        yield start


@pytest.fixture(scope="session")
def filled(tmp_path_factory, kernel, release):
    folder, done = tmp_path_factory.mktemp("filled"), {}
    with (
        some_disks(folder) as own_disks,
        some_engines(folder, own_disks, kernel, release) as start,
    ):

        def get(driver):
            if driver not in done:
                engine = start(driver)
                done[driver] = engine, fill_engine(engine)
            engine, made = done[driver]
            if not engine.running:
                engine.start()
                for name in sorted(set(made.running) - set(made.restarted)):
                    engine.api.post(f"/containers/{name}/start")
            return engine, made

        yield get


@pytest.fixture
def fill():
    return fill_engine
