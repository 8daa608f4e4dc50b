# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real engines on this machine's own kernel: one release of Debian, with ``--all`` each of them.

Their packages are unpacked into .cache/engines and never installed: some 80 MB to download and 250
MB on disk for each release, once.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys

from . import CACHE, ROOT, seed
from .loop import TOOLS as FILESYSTEMS
from .loop import install_tools

sys.path.insert(0, str(ROOT / "lab"))

from containerhost_lab import image, packages, shell, store

ENGINES = CACHE / "engines"
RELEASES = ("bookworm", "trixie", "testing")  # engines 20.10, 26.1 and 28
# The engine brings containerd and runc; busybox is what its images are made of.
PACKAGES = ("docker.io", "busybox-static")
# What the lab uses as well to make a tree of packages, and where it finds their archive.
TOOLS = {"mmdebstrap": "mmdebstrap", packages.KEYRING: "debian-archive-keyring"}


def run_part(new_row, options):
    """For each release get its engine, run pytest against it, and count the tests.

    Which one it is where it is one depends on the commit.
    """
    for release in RELEASES if options.all else [random.Random(seed()).choice(RELEASES)]:
        report = CACHE / "junit" / f"store-{release}.xml"
        report.unlink(missing_ok=True)
        with new_row(f"store {release}") as row:
            lacks = what_it_lacks()
            if lacks:
                print(f"-- skipped: {lacks}", flush=True)
                row.skipped += 1
                continue
            install_tools({**FILESYSTEMS, **TOOLS})
            obtain(release)
            # In namespaces of its own: whatever ends it, no mount and no process is left.
            status = row.run(
                shell.isolated(["pytest", "-q", "-rs", "tests/store", f"--junitxml={report}"]),
                env={"CONTAINERHOST_ENGINE": release},
            )
            if report.exists():
                row.junit(report)
            if status and not row.failures:
                row.check(f"pytest ended with status {status}", False)


def what_it_lacks():
    """Say why no engine can be run on this machine; nothing where one can."""
    if os.geteuid():
        return "running an engine needs root"
    if not shutil.which("apt-get"):
        return "there is no apt-get, which gets the engines' packages"
    return ""


def obtain(release):
    """Return the folder with a release's engine below its usr, unpacked if it is not there yet."""
    wanted = {"release": release, "packages": list(PACKAGES)}
    place = ENGINES / release
    if place.exists() and json.loads((place / store.RECIPE).read_text()) != wanted:
        image.discard(place)
    return store.obtain(
        ENGINES, release, wanted, lambda folder: unpack(wanted, folder), image.discard
    )


def unpack(wanted, folder):
    """Unpack the packages and what they depend on below a folder; none of their scripts is run."""
    release = wanted["release"]
    print(f"-- getting the engine of {release}: some 80 MB", flush=True)
    argv = [
        "mmdebstrap", "--mode=root", "--variant=extract", "--quiet",
        "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
        # Debian testing's lists run out a week after a mirror was last refreshed.
        '--aptopt=Acquire::Check-Valid-Until "false"',
        "--include=" + ",".join(wanted["packages"]), release, str(folder),
    ]  # fmt: skip
    shell.run(shell.isolated(argv), doing=f"unpacking the engine of {release}", patience=0)
    for path in folder.iterdir():
        if path.name != "usr":
            image.discard(path)
    image.discard(folder / "usr" / "share")
