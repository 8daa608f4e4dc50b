# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit tests: planners as tables, parsers on recorded output, modules with a fake host."""

from __future__ import annotations

from . import CACHE, run


def run_part(new_row, options):
    """Run pytest, and count its tests."""
    report = CACHE / "junit" / "unit.xml"
    report.unlink(missing_ok=True)
    with new_row("unit") as row:
        status = run(["pytest", "-q", f"--junitxml={report}"])
        row.junit(report)
        if status and not row.failures:
            row.check(f"pytest ended with status {status}", False)
