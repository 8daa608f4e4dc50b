# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Molecule scenarios: real kernels and engines, on hosts of the lab. A row each."""

from __future__ import annotations

import random
import re

import yaml

from . import ROOT, run_and_read, seed, side_by_side

# What `make test` runs: these, and one of each group, another one with each commit. All others, and
# what takes an image that is long in the making, is for `make test-all`.
ALWAYS = ("default", "overlay2_lvm")
GROUPS = {
    "other layouts": ("direct_lvm", "btrfs", "loop_lvm", "vfs", "overlay2_existing"),
    "hosts that are not blank": ("takeover", "drift", "autoextend", "auto", "bad_input"),
    "runs that are broken off": (
        *("interrupted", "broken_plain", "broken_overlay2"),
        *("broken_devicemapper", "broken_btrfs", "reset_broken"),
    ),
}
# These take longest: with several at a time they start first, so that none runs alone at the end.
LONG = (
    *("overlay_layer", "broken_overlay2", "broken_zfs", "broken_btrfs", "broken_devicemapper"),
    *("zfs_pool", "interrupted", "bad_input", "overlay2_lvm", "engine_28", "auto"),
    *("overlay2_existing", "zfs", "broken_plain"),
)
HOST = ("release", "with", "memory")  # what an image is made for, as lab/lab names it
LIMIT = "5400"  # seconds for one scenario; longer means that something hangs

COLOUR = re.compile(r"\x1b\[[\d;]*m")
PHASE = re.compile(r"\[\S+ > (\w+)\] Executed: (Successful|Failed)")
SUMMARY = re.compile(r"^=+ .*\b(?:passed|failed|skipped|error)\b.* in [\d.]+s.* =+$")
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+::\S+)")


def run_part(new_row, options):
    """Run the scenarios; each starts its own hosts and destroys them.

    One after the other, or ``options.jobs`` at a time: each emulated host takes a processor.
    """
    everything = sorted(path.parent.name for path in ROOT.glob("molecule/*/molecule.yml"))
    wanted = options.scenario or (everything if options.all else sample(seed()))
    several = options.jobs > 1
    if several:
        wanted = sorted(wanted, key=lambda name: LONG.index(name) if name in LONG else len(LONG))

    def work(scenario):
        with new_row(f"molecule {scenario}") as row:
            if scenario in everything:
                test(row, scenario, prefix=f"{scenario}: " if several else "")
            else:
                row.check(f"there is no molecule/{scenario}/molecule.yml", False)

    with new_row("molecule images") as row:

        def ready(kind):
            name = "{} {}".format(*kind).strip()
            argv = [ROOT / "lab" / "lab", "ready", *map("--{}={}".format, HOST, kind)]
            row.check(name, run_and_read(argv, prefix=f"{name}: ")[0] == 0)

        side_by_side(options.jobs, ready, kinds(set(wanted) & set(everything)))

    side_by_side(options.jobs, work, wanted)


def sample(commit):
    """Return the scenarios that `make test` runs at a commit."""
    return [
        *ALWAYS,
        *(random.Random(f"{commit} {name}").choice(group) for name, group in GROUPS.items()),
    ]


def kinds(scenarios):
    """Return the kinds of host that scenarios take, as (release, extra, memory).

    A kind's image takes up to half an hour the first time, which is no scenario's time.
    """
    found = set()
    for scenario in scenarios:
        inventory = ROOT / "molecule" / scenario / "inventory" / "hosts.yml"
        for host in yaml.safe_load(inventory.read_text())["nodes"]["hosts"].values():
            machine = host["machine"]
            found.add((machine["release"], machine.get("with", ""), machine.get("memory", "2G")))
    return sorted(found)


def test(row, scenario, prefix):
    """Run one scenario: each phase counts as one, and so does each test of a verify phase."""
    status, output = molecule("test", scenario, prefix)
    for line in COLOUR.sub("", output.partition("\nDETAILS")[0]).splitlines():
        if phase := PHASE.search(line):
            if phase[1] != "verify":
                row.check(f"{phase[1]}: {phase[2]}", phase[2] == "Successful")
        elif SUMMARY.match(line):
            row.passed += number_of("passed", line)
            row.skipped += number_of("skipped", line)
        elif failed := FAILED.match(line):
            row.check(failed[1], False)
    if status:
        molecule("destroy", scenario, prefix)
    if status and not row.failures:
        reason = "it did not end in time" if status == 124 else f"molecule ended with {status}"
        row.check(reason, False)


def number_of(outcome, line):
    """Return how many tests pytest's last line says had that outcome."""
    found = re.search(rf"(\d+) {outcome}", line)
    return int(found[1]) if found else 0


def molecule(command, scenario, prefix):
    """Run molecule; return its exit status and its output."""
    return run_and_read(
        ["timeout", LIMIT, "molecule", command, "-s", scenario, "--no-command-borders"],
        env={"MOLECULE_GLOB": "molecule/*/molecule.yml", "NO_COLOR": "1", "ANSIBLE_NOCOLOR": "1"},
        prefix=prefix,
    )
