# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the test run. Each has ``run(new_row)``, and counts what it did in rows."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import traceback
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache"
BIN = ROOT / ".venv" / "bin"
COLLECTION = CACHE / "collections" / "ansible_collections" / "containerhost" / "storage"


class Row:
    """One line of the table at the end: what passed, failed and was skipped, and how long it took.

    ``failures`` holds a plain sentence for each thing that failed. ``prefix`` stands before each
    line of what it runs, where rows are worked on side by side.
    """

    def __init__(self, name):
        """Start with nothing counted."""
        self.name = name
        self.prefix = ""
        self.passed = self.skipped = 0
        self.failures = []
        self.seconds = 0.0

    @contextmanager
    def measured(self):
        """Show a heading, take the time, and turn an error of the part into a failure."""
        print(f"\n== {self.name} ".ljust(80, "="), flush=True)
        started = time.monotonic()
        try:
            yield self
        except Exception as error:  # whatever it is, the other parts are to run
            traceback.print_exc()
            self.failures.append(f"{self.name} could not run: {error}")
        self.seconds = time.monotonic() - started
        print(f"-- {self.name}: {self.summary()}", flush=True)

    def check(self, title, holds):
        """Count ``title`` as passed or failed."""
        if holds:
            self.passed += 1
        else:
            self.failures.append(f"{self.name}: {title}")
        return holds

    def command(self, title, argv, **options):
        """Run a command, its output live, and count it as passed if it exits with 0."""
        print(f"{self.prefix}-- {title}", flush=True)
        return self.check(title, self.run(argv, **options) == 0)

    def run(self, argv, **options):
        """Run a command, its output live; return its exit status."""
        if self.prefix:
            return run_and_read(argv, prefix=self.prefix, **options)[0]
        return run(argv, **options)

    def junit(self, path):
        """Count the test cases of a junit file."""
        for case in ElementTree.parse(path).iter("testcase"):
            skipped = case.find("skipped")
            if skipped is not None:
                self.skipped += skipped.text != "No tests applicable."
            else:
                bad = case.find("failure") is not None or case.find("error") is not None
                self.check(f"{case.get('classname')} {case.get('name')}", not bad)

    def summary(self):
        """Return the counts and the time as words."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {len(self.failures)} failed{skipped}, {clock(self.seconds)}"


def seed():
    """Return what a sample depends on: the commit, or the day where there is no git."""
    git = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    )
    return git.stdout.strip() or time.strftime("%Y-%m-%d")


def side_by_side(jobs, work, items):
    """Call ``work`` with each item, ``jobs`` at a time; raise what one of them raised."""
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        for done in [pool.submit(work, item) for item in items]:
            done.result()


def run(argv, cwd=ROOT, env=None):
    """Run a command with the tools of .venv first on PATH; return its exit status."""
    with start(argv, cwd, env) as process:
        return process.wait()


def run_and_read(argv, cwd=ROOT, env=None, prefix=""):
    """Run a command as ``run`` does, its output live; return its exit status and the output.

    ``prefix`` is shown before each line, for commands that run side by side.
    """
    lines = []
    with start(argv, cwd, env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for line in process.stdout:
            print(f"{prefix}{line}", end="", flush=True)
            lines.append(line)
    return process.returncode, "".join(lines)


def start(argv, cwd, env, **streams):
    """Start a command in the environment that all parts share."""
    sys.stdout.flush()
    return subprocess.Popen(
        [str(argument) for argument in argv],
        cwd=cwd,
        env={
            **os.environ,
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "ANSIBLE_COLLECTIONS_PATH": str(CACHE / "collections"),
            **(env or {}),
        },
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        **streams,
    )


def clock(seconds):
    """Return minutes:seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
