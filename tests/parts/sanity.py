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

from . import BIN, CACHE, cores, run

PLACE = CACHE / "sanity"
# A home of its own: its environments stay in the checkout, and go with `make clean`.
HOME = PLACE / "home"

# It tries every Python on PATH, and a version manager's shims are there without running.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# ansible-test would download a script that installs pip; Python brings one along.
GET_PIP = """\
import ensurepip

ensurepip.bootstrap()
"""


def run_part(new_row, options):
    """Run the sanity tests on each core, a row each."""
    for core in cores.wanted(options):
        with new_row(f"sanity {core}") as row:
            binaries = cores.install(row, core)
            if binaries and row.command("the collection can be built", build_argv()):
                make_home(binaries)
                test(row, core, binaries)


def make_home(binaries):
    """Give ansible-test a home in which it finds pip and its index."""
    pattern = "lib/*/site-packages/ansible_test/_internal/python_requirements.py"
    (requirements,) = binaries.parent.glob(pattern)
    version = re.search(r"\bpip='([\d.]+)'", requirements.read_text()).group(1)
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(GET_PIP)
    for settings in (".config", ".pip"):  # where pip finds its index
        if not (HOME / settings).exists() and (Path.home() / settings).exists():
            (HOME / settings).symlink_to(Path.home() / settings)


def build_argv():
    """Return the command that packs the collection."""
    return [
        *(BIN / "ansible-galaxy", "collection", "build", "--force"),
        *("--output-path", PLACE),
    ]


def test(row, core, binaries):
    """Unpack the artifact and run every sanity test on it, each counted as one."""
    tree = PLACE / core / "ansible_collections" / "containerhost" / "storage"
    shutil.rmtree(PLACE / core, ignore_errors=True)
    (artifact,) = PLACE.glob("*.tar.gz")
    tree.mkdir(parents=True)
    run(["tar", "--extract", "--file", artifact, "--directory", tree])
    artifact.unlink()
    run(["git", "init", "--quiet", tree])
    status = run(
        ["ansible-test", "sanity", "--python", "default", "--junit", "--color", "no"],
        cwd=tree,
        env={"HOME": str(HOME), "PATH": f"{binaries}:{PATH}"},
    )
    reports = sorted((tree / "tests" / "output" / "junit").glob("*.xml"))
    for report in reports:
        row.junit(report)
    if not reports or (status and not row.failures):
        row.check(f"ansible-test ended with status {status}", False)
