# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible that peer and ours are run with: the same one for both, in its own environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import BENCHMARK, CACHE, COLLECTIONS, ROOT, VENV
from .errors import BenchError

REQUIREMENTS = BENCHMARK / "requirements.txt"
STAMP = VENV / "requirements.txt"


def ensure() -> None:
    """Make the environment if it is not there, or is of other requirements."""
    wanted = sys.version + "\n" + REQUIREMENTS.read_text()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return
    print("Installing community.general for the peer, once ...", flush=True)
    checked([sys.executable, "-m", "venv", "--clear", str(VENV)])
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "-q"]
    checked([*pip, "--disable-pip-version-check", "-r", str(REQUIREMENTS)])
    STAMP.write_text(wanted)


def install_collection() -> None:
    """Build and install the collection, as users have it; what is measured then stays the same."""
    galaxy = [str(VENV / "bin" / "ansible-galaxy"), "collection"]
    checked([*galaxy, "build", "--force", f"--output-path={CACHE / 'build'}", str(ROOT)])
    (tarball,) = (CACHE / "build").glob("*.tar.gz")
    shutil.rmtree(COLLECTIONS, ignore_errors=True)
    where = [f"--collections-path={COLLECTIONS}", "--offline", "--no-deps"]
    checked([*galaxy, "install", *where, str(tarball)])
    shutil.rmtree(CACHE / "build")


def checked(argv: list[str]) -> str:
    """Run a command and return what it printed; raises BenchError if it failed."""
    env = {**os.environ, "ANSIBLE_CONFIG": str(BENCHMARK / "ansible.cfg")}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        raise BenchError(f"{' '.join(argv)} failed:\n{(done.stderr or done.stdout)[-2000:]}")
    return done.stdout


def versions() -> dict[str, str]:
    """Return what is measured against: community.general and ansible-core."""
    code = "import ansible.release as r, ansible; print(r.__version__, ansible.__path__[0])"
    core, package = checked([str(VENV / "bin" / "python"), "-c", code]).split(maxsplit=1)
    collections = Path(package.strip()).with_name("ansible_collections")
    manifest = json.loads((collections / "community" / "general" / "MANIFEST.json").read_text())
    general = manifest["collection_info"]["version"]
    return {"ansible-core": core, "community.general": general}
