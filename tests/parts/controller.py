# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on the controller, on each ansible-core: plugins, playbooks, the installation."""

from __future__ import annotations

from . import CACHE
from .cores import on_each

TESTS = ("tests/unit/plugins/action", "tests/unit/plugins/filter", "tests/controller")


def run_part(new_row, options):
    """Run the tests on each core, a row each."""
    on_each("controller", test, new_row, options)


def test(row, core, binaries):
    """Run pytest by the Python of ``core``, and count its tests."""
    report = CACHE / "junit" / f"controller-{core}.xml"
    report.unlink(missing_ok=True)
    argv = [binaries / "python", "-m", "pytest", "-q", *TESTS]
    status = row.run([*argv, f"--junitxml={report}"], env={"ANSIBLE_COLLECTIONS_PATH": ""})
    row.junit(report)
    if status and not row.failures:
        row.check(f"pytest ended with status {status}", False)
