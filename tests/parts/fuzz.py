# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strange parameters, answers and trees: refused or planned soundly, and never a traceback.

Those of answers and trees are with the tests of what reads them, marked ``fuzz``.
"""

from __future__ import annotations

from . import CACHE, run
from .loop import install_tools

SAMPLE, ALL = 2_000, 20_000  # inputs of all fuzzers together
TESTS = ("pytest", "-q", "-m", "fuzz", "tests/fuzz", "tests/unit", "tests/loop")


def run_part(new_row, options):
    """Run pytest over the fuzzers, and count its tests.

    ``options.seed`` gives other inputs; the same seed gives the same ones.
    """
    report = CACHE / "junit" / "fuzz.xml"
    report.unlink(missing_ok=True)
    inputs = ALL if options.all else SAMPLE
    with new_row("fuzz") as row:
        install_tools()
        print(f"-- {inputs} inputs, seed {options.seed}", flush=True)
        status = run(
            [*TESTS, f"--junitxml={report}"],
            env={"CONTAINERHOST_FUZZ": str(inputs), "CONTAINERHOST_FUZZ_SEED": options.seed},
        )
        row.junit(report)
        if status and not row.failures:
            row.check(f"pytest ended with status {status}", False)
