# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a run can end: the tables of docs/faults.md made anew and shown, and the tests that end it.

`make test` has these tests in its parts `unit` and `loop`; this is for a look at them alone.
"""

from __future__ import annotations

import os

from . import BIN, CACHE, ROOT, run
from .loop import install_tools

PAGE = ROOT / "docs" / "faults.md"
WRITE = """\
import pathlib, sys, tempfile
from ansible_collections.containerhost.storage.plugins.module_utils._core import journals
from support import faults
page = pathlib.Path(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    journals.FOLDER = folder + "/journals"
    page.write_text(faults.page(page.read_text(encoding="utf-8")), encoding="utf-8")
print(page.read_text(encoding="utf-8"))
"""


def run_part(new_row, options):
    """Write the page, show it, and end plans and modules at each of their steps."""
    paths = os.pathsep.join(map(str, (CACHE / "collections", ROOT / "tests" / "unit")))
    report = CACHE / "junit" / "faults.xml"
    report.unlink(missing_ok=True)
    with new_row("faults") as row:
        row.command(
            "docs/faults.md", [BIN / "python", "-c", WRITE, PAGE], env={"PYTHONPATH": paths}
        )
        install_tools()
        chosen = "wherever_it_ends or whatever_the_instant or way_back or faults_page or killed"
        status = run(
            [
                "pytest",
                "-q",
                "-rs",
                "tests/unit",
                "tests/loop",
                "-k",
                chosen,
                f"--junitxml={report}",
            ],
            env={"CONTAINERHOST_THOROUGH": "1"},
        )
        row.junit(report)
        if status and not row.failures:
            row.check(f"pytest ended with status {status}", False)
