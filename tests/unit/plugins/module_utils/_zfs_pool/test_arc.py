# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The limit of the cache, as a table: at once and from every boot on, whoever sets it."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import GIB, MIB
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.pool import Arc
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool import arc
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.arc import (
    FILE,
    ArcState,
    Setting,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.plan import plan
from support.invariants import INVARIANTS, Technology, outcome
from support.zfs_pool_hosts import host, pool, want

LIVE = "/sys/module/zfs/parameters/zfs_arc_max"
PERSON = "/etc/modprobe.d/zfs.conf"
TEXT = f"# Kept by containerhost.storage\noptions zfs zfs_arc_max={GIB}\n"


def memory(limit=0, *settings, largest=None, text=None, total=4 * GIB):
    """A host of 4 GiB whose cache has this limit now, and gets these at boot."""
    live = Arc(GIB // 8, largest or limit or total // 2, limit, total)
    return host(pool(), arc=ArcState(live, text, settings))


OURS, THEIRS = Setting(FILE, GIB), Setting(PERSON, GIB)

CASES = [
    (memory(), want(arc_max=GIB), [FILE, LIVE]),
    (memory(2 * GIB), want(arc_max=GIB), [FILE, LIVE]),
    (memory(GIB), want(arc_max=GIB), [FILE]),
    (memory(0, OURS, text=TEXT), want(arc_max=GIB), [LIVE]),
    (memory(GIB, OURS, text=TEXT), want(arc_max=2 * GIB), [FILE, LIVE]),
    # ZFS is still to be loaded, or to be looked at
    (host(pool(), arc=ArcState()), want(arc_max=GIB), [FILE]),
    # as it should be, whoever has set it; without a wish it stays
    (memory(GIB, OURS, text=TEXT), want(arc_max=GIB), []),
    (memory(GIB, THEIRS), want(arc_max=GIB), []),
    (memory(GIB, Setting("/proc/cmdline", GIB)), want(arc_max=GIB), []),
    (memory(GIB, Setting(FILE, 2 * GIB), THEIRS, text=""), want(arc_max=GIB), []),
    (memory(), want(), []),
    (memory(3 * GIB, Setting(PERSON, 3 * GIB)), want(), []),
    # theirs is no more in force than ours, which comes later
    (memory(GIB, THEIRS, Setting(FILE, 2 * GIB), text=""), want(arc_max=GIB), [FILE]),
]

REFUSALS = [
    (memory(), want(arc_max=63 * MIB), "below 128 MiB"),
    (memory(total=GIB), want(arc_max=63 * MIB), "below 64 MiB"),
    (memory(), want(arc_max=128 * MIB), "arc_max=128 MiB: ZFS takes no notice of a limit below"),
    (memory(), want(arc_max=4 * GIB), "not below the 4 GiB of memory"),
    (memory(0, Setting(PERSON, 2 * GIB)), want(arc_max=GIB), "Take that line out, or ask for what"),
    (
        memory(GIB, THEIRS, Setting("/etc/tmpfiles.d/arc.conf", 2 * GIB)),
        want(arc_max=GIB),
        f"/etc/tmpfiles.d/arc.conf: it sets zfs_arc_max to {2 * GIB} (2 GiB), and 1 GiB is wanted",
    ),
]


@pytest.mark.parametrize(("state", "wanted", "steps"), CASES)
def test_plan(state, wanted, steps):
    assert outcome(plan, state, wanted) == steps


@pytest.mark.parametrize(("state", "wanted", "refusal"), REFUSALS)
def test_refusal(state, wanted, refusal):
    assert refusal in outcome(plan, state, wanted)


@pytest.mark.parametrize("holds", INVARIANTS, ids=lambda holds: holds.__name__)
@pytest.mark.parametrize(("state", "wanted", "steps"), CASES)
def test_invariant(holds, state, wanted, steps):
    holds(Technology(plan, describe), state, wanted)


FINDINGS = [
    (memory(), want(), ["arc_unlimited"]),
    (memory(largest=3 * GIB), want(), ["arc_unlimited"]),
    (memory(3 * GIB), want(), ["arc_unlimited"]),
    (memory(GIB), want(), []),
    (memory(3 * GIB, Setting(PERSON, 3 * GIB)), want(arc_max=3 * GIB), []),
    (memory(GIB, OURS, largest=2 * GIB), want(arc_max=GIB), ["arc_limit_ignored"]),
    (memory(), want(arc_max=GIB), []),
    (host(pool(), arc=ArcState()), want(), []),
]


@pytest.mark.parametrize(("state", "wanted", "topics"), FINDINGS)
def test_findings(state, wanted, topics):
    assert [finding.topic for finding in plan(state, wanted).findings] == topics


def test_both_files_have_the_whole_number_of_bytes():
    at_boot, now = plan(memory(), want(arc_max=GIB)).steps
    assert at_boot.content == TEXT
    assert (now.content, now.old) == (f"{GIB}\n", "0\n")


LINES = [
    ("modprobe.d/a.conf", "options zfs zfs_arc_max=1073741824", [GIB]),
    ("modprobe.d/a.conf", "options zfs zfs_arc_min=5 zfs_arc_max=0x40000000 zfs_a=7", [GIB]),
    ("modprobe.d/a.conf", "options zfs \\\n  zfs_arc_max=1073741824\n", [GIB]),
    ("modprobe.d/a.conf", "# options zfs zfs_arc_max=1073741824", []),
    ("modprobe.d/a.conf", "options zfs zfs_arc_min=1073741824", []),
    ("modprobe.d/a.conf", "options zfs zfs_arc_max=much", []),
    ("modprobe.d/a.txt", "options zfs zfs_arc_max=1073741824", []),
    ("tmpfiles.d/a.conf", f"w {LIVE} - - - - 1073741824", [GIB]),
    ("modprobe.d/odd.conf", "options zfs zfs_arc_max=" + "9" * 5000 + "\n", []),
    ("modprobe.d/odd.conf", "options zfs zfs_arc_max=\u0661\n", []),
    (
        "systemd/system/arc.service",
        f'[Service]\nExecStart=/bin/sh -c "echo 1073741824 > {LIVE}"\n',
        [GIB],
    ),
    (
        "systemd/system/arc.service",
        "[Service]\nExecStart=/sbin/modprobe zfs zfs_arc_max=1073741824\n",
        [GIB],
    ),
]


@pytest.fixture
def etc(tmp_path, monkeypatch):
    """A host whose files all lie in two folders; the first hides what is in the second."""
    folders = (str(tmp_path / "etc"), str(tmp_path / "lib"))
    monkeypatch.setattr(arc, "_MODPROBE", (folders, "modprobe.d/*.conf"))
    later = ((folders, "tmpfiles.d/*.conf"), (folders[:1], "systemd/system/*.service"))
    monkeypatch.setattr(arc, "_LATER", later)
    monkeypatch.setattr(arc, "_CMDLINE", str(tmp_path / "cmdline"))
    monkeypatch.setattr(arc, "FILE", str(tmp_path / "etc/modprobe.d/containerhost-zfs.conf"))
    return tmp_path


def put(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(("name", "text", "values"), LINES)
def test_whoever_sets_a_limit_is_found(etc, name, text, values):
    path = put(etc / "etc", name, text)
    assert arc.observe(GIB).settings == tuple(Setting(path, value) for value in values)


def test_the_last_one_is_in_force(etc):
    cmdline = put(etc, "cmdline", "ro zfs.zfs_arc_max=5 quiet")
    later = put(etc / "lib", "modprobe.d/z.conf", "options zfs zfs_arc_max=3")
    shadow = put(etc / "etc", "modprobe.d/m.conf", "options zfs zfs_arc_max=2")
    put(etc / "lib", "modprobe.d/m.conf", "options zfs zfs_arc_max=9")
    ours = put(etc / "etc", "modprobe.d/containerhost-zfs.conf", "options zfs zfs_arc_max=1")
    last = put(etc / "lib", "tmpfiles.d/a.conf", f"w {LIVE} - - - - 7")
    state = arc.observe(GIB)
    found = [(ours, 1), (shadow, 2), (later, 3), (cmdline, 5), (last, 7)]
    assert state.settings == tuple(Setting(*it) for it in found)
    assert state.text == "options zfs zfs_arc_max=1"


def test_without_a_wish_no_file_is_read(etc):
    put(etc / "etc", "modprobe.d/m.conf", "options zfs zfs_arc_max=2")
    assert arc.observe(None).settings == ()
