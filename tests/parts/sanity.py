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
import sys
from pathlib import Path

from . import BIN, CACHE, run

# The maintained releases of ansible-core, oldest first, and the Pythons that their controller
# runs on (https://docs.ansible.com/ansible/latest/reference_appendices/release_and_maintenance.html).
CORES = {
    "2.19.14": ((3, 11), (3, 13)),
    "2.20.10": ((3, 12), (3, 14)),
    "2.21.5": ((3, 12), (3, 14)),
}
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


def oldest_and_newest(python=sys.version_info[:2]):
    """Return the oldest and the newest of CORES that ``python`` runs; one if they are the same."""
    able = [core for core, (first, last) in CORES.items() if first <= python <= last]
    return list(dict.fromkeys([able[0], able[-1]])) if able else []


def run_part(new_row, options):
    """Run the sanity tests on each core, a row each."""
    for core in oldest_and_newest():
        with new_row(f"sanity {core}") as row:
            binaries = install(row, core)
            if binaries and row.command("the collection can be built", build_argv()):
                test(row, core, binaries)


def install(row, core):
    """Return the folder of the tools of ``core``, made first if it is not there."""
    venv = PLACE / f"core-{core}"
    binaries, marker = venv / "bin", venv / "complete"
    if not marker.exists():
        make = [sys.executable, "-m", "venv", "--clear", venv]
        pip = [binaries / "python", "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        if run(make) or run([*pip, f"ansible-core=={core}"]):
            row.check(f"ansible-core {core} could not be installed", False)
            return None
        marker.touch()
    (requirements,) = venv.glob("lib/*/site-packages/ansible_test/_internal/python_requirements.py")
    version = re.search(r"\bpip='([\d.]+)'", requirements.read_text()).group(1)
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(GET_PIP)
    for settings in (".config", ".pip"):  # where pip finds its index
        if not (HOME / settings).exists() and (Path.home() / settings).exists():
            (HOME / settings).symlink_to(Path.home() / settings)
    return binaries


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
