# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test sanity, on what `ansible-galaxy collection build` packs and nothing else.

ansible-test passes silently over files that are links, or that git ignores: it has to run in a
real tree with its own .git.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from . import BIN, CACHE
from .cores import on_each

PLACE = CACHE / "sanity"

# It tries every Python on PATH, and a version manager's shims are there without running.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# ansible-test would download a script that installs pip; Python brings one along.
GET_PIP = """\
import ensurepip

ensurepip.bootstrap()
"""


def run_part(new_row, options):
    """Run the sanity tests on each core, a row each."""
    on_each("sanity", test, new_row, options)


def make_home(core, binaries):
    """Return a home for ansible-test, in which it finds pip and its index.

    One for each core: what two make there at once would collide, and goes with `make clean`.
    """
    home = PLACE / f"home-{core}"
    pattern = "lib/*/site-packages/ansible_test/_internal/python_requirements.py"
    (requirements,) = binaries.parent.glob(pattern)
    version = re.search(r"\bpip='([\d.]+)'", requirements.read_text()).group(1)
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(GET_PIP)
    for settings in (".config", ".pip"):  # where pip finds its index
        if not (home / settings).exists() and (Path.home() / settings).exists():
            (home / settings).symlink_to(Path.home() / settings)
    return home


def test(row, core, binaries):
    """Build the artifact, unpack it and run every sanity test on it, each counted as one."""
    place = PLACE / core
    shutil.rmtree(place, ignore_errors=True)
    build = [BIN / "ansible-galaxy", "collection", "build", "--output-path", place]
    if not row.command("the collection can be built", build):
        return
    (artifact,) = place.glob("*.tar.gz")
    tree = place / "ansible_collections" / "containerhost" / "storage"
    tree.mkdir(parents=True)
    row.run(["tar", "--extract", "--file", artifact, "--directory", tree])
    row.run(["git", "init", "--quiet", tree])
    status = row.run(
        ["ansible-test", "sanity", "--python", "default", "--junit", "--color", "no"],
        cwd=tree,
        env={"HOME": str(make_home(core, binaries)), "PATH": f"{binaries}:{PATH}"},
    )
    reports = sorted((tree / "tests" / "output" / "junit").glob("*.xml"))
    for report in reports:
        row.junit(report)
    if not reports or (status and not row.failures):
        row.check(f"ansible-test ended with status {status}", False)
