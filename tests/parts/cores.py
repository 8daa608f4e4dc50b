# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The releases of ansible-core that the collection supports, each in an environment of its own."""

from __future__ import annotations

import sys

from . import CACHE, ROOT, side_by_side

# The pinned release of each, oldest first, and the Pythons that its controller runs on
# (https://docs.ansible.com/ansible/latest/reference_appendices/release_and_maintenance.html).
CORES = {
    "2.16.19": ((3, 10), (3, 12)),
    "2.17.14": ((3, 10), (3, 12)),
    "2.18.19": ((3, 11), (3, 13)),
    "2.19.14": ((3, 11), (3, 13)),
    "2.20.10": ((3, 12), (3, 14)),
    "2.21.5": ((3, 12), (3, 14)),
}
PLACE = CACHE / "cores"
TESTS = ROOT / "tests" / "requirements" / "unit.txt"


def wanted(options, python=sys.version_info[:2]):
    """Return those of CORES to test on: of all that ``python`` runs the oldest and the newest.

    With ``--all`` these are all.
    """
    able = [core for core, (first, last) in CORES.items() if first <= python <= last]
    return able if options.all else list(dict.fromkeys([*able[:1], *able[-1:]]))


def on_each(part, test, new_row, options):
    """Call ``test(row, core, binaries)`` for each core wanted, ``options.jobs`` at a time."""
    cores = wanted(options)

    def work(core):
        with new_row(f"{part} {core}") as row:
            if min(options.jobs, len(cores)) > 1:
                row.prefix = f"{core}: "
            binaries = install(row, core)
            if binaries:
                test(row, core, binaries)

    side_by_side(options.jobs, work, cores)


def install(row, core):
    """Return the folder of the tools of ``core``, made first if it is not there; None if it fails.

    What the unit tests need is there as well.
    """
    venv = PLACE / core
    binaries, marker = venv / "bin", venv / "complete"
    if marker.exists() and marker.read_text() == TESTS.read_text():
        return binaries
    make = [sys.executable, "-m", "venv", "--clear", venv]
    pip = [binaries / "python", "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    if row.run(make) or row.run([*pip, f"ansible-core=={core}", "--requirement", TESTS]):
        row.check(f"ansible-core {core} could not be installed", False)
        return None
    marker.write_text(TESTS.read_text())
    return binaries
