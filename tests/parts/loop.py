# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real filesystems on loop files, on this machine's own kernel: what it lacks is skipped."""

from __future__ import annotations

import os
import shutil

from . import CACHE, run

# What is looked for, and the package that brings it.
TOOLS = {"mkfs.btrfs": "btrfs-progs", "mkfs.xfs": "xfsprogs"}


def run_part(new_row, options):
    """Install the filesystems' tools where that is possible, run pytest, and count its tests."""
    report = CACHE / "junit" / "loop.xml"
    report.unlink(missing_ok=True)
    with new_row("loop") as row:
        install_tools()
        status = run(
            ["pytest", "-q", "-rs", "tests/loop", f"--junitxml={report}"],
            env={"CONTAINERHOST_THOROUGH": "1"} if options.all else None,
        )
        row.junit(report)
        if status and not row.failures:
            row.check(f"pytest ended with status {status}", False)


def install_tools(tools=TOOLS):
    """Install what is missing, as root on Debian or Ubuntu; elsewhere the tests are skipped.

    ``tools`` are programs, or files by their whole path -> the package that brings them.
    """
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    packages = sorted(
        {
            package
            for tool, package in tools.items()
            if not shutil.which(tool, path=path) and not os.path.exists(tool)
        }
    )
    if packages and not os.geteuid() and shutil.which("apt-get"):
        print(f"-- installing {', '.join(packages)}", flush=True)
        quiet = ["apt-get", "--quiet=2", "-o", "DPkg::Lock::Timeout=300"]
        run([*quiet, "update"])
        run([*quiet, "install", "--yes", "--no-install-recommends", *packages])
