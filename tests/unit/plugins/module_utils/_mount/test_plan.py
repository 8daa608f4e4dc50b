# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mount that units need: what is done for it, and the way back, as tables."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    StorageError,
    moves,
    pauses_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
    TableLine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._mount.plan import plan_mount
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    Folder,
    MountState,
    Place,
)

WHERE = "/var/lib/docker"
UNIT = MountUnit("/dev/mapper/docker-data", WHERE, "xfs", ("noatime", "prjquota"))
PLACE = Place("docker/data", UNIT, ("docker.service",), False)
GUARD = "/etc/systemd/system/docker.service.d/50-var-lib-docker.conf"
LIVE = Mount("252:0", "/", WHERE, "xfs", UNIT.what, ("rw", "noatime", "prjquota"))
PLAIN = LIVE._replace(options=("rw",))
TABLE = TableLine("UUID=5f", WHERE, "xfs", UNIT.options)
FOREIGN = "[Mount]\nWhat=/dev/sdz\n"


def blank(**more):
    """Nothing is mounted, and the engine runs on the empty folder."""
    values = {
        "mounted": None,
        "ours": False,
        "unit_text": None,
        "enabled": False,
        "table": None,
        "guarded": (),
        "guard_texts": {},
        "active": ("docker.service",),
        "folder": Folder(Holdings(WHERE)),
        "folder_exists": True,
    }
    return MountState(**{**values, **more})


def settled(**more):
    """All is as wanted."""
    values = {
        "mounted": LIVE,
        "ours": True,
        "unit_text": UNIT.text,
        "enabled": True,
        "guarded": ("docker.service",),
        "guard_texts": {"docker.service": UNIT.guard_text},
        "active": (),
        "folder": None,
    }
    return blank(**{**values, **more})


def remounted(**more):
    """The right thing is mounted, with other options than wanted, and the engine runs on it."""
    return settled(mounted=PLAIN, active=("docker.service",), **more)


def told(steps):
    """The steps as a table has them: commands, and files with what becomes of them."""
    return [
        " ".join(step.argv)
        if hasattr(step, "argv")
        else f"{'remove' if step.content is None else 'write'} {step.path}"
        for step in steps
    ]


RELOAD, STOP = "systemctl daemon-reload", "systemctl stop -- docker.service"
START = "systemctl start -- docker.service"
FORGIVE = "systemctl reset-failed -- docker.service"
ENABLE = "systemctl enable --quiet --no-reload -- var-lib-docker.mount"
MOUNT, UMOUNT = "systemctl restart -- var-lib-docker.mount", f"umount -- {WHERE}"
MKDIR = f"mkdir --parents --mode 0711 -- {WHERE}"
FILES = [f"write {UNIT.path}", f"write {GUARD}", RELOAD]

STEPS = [
    (blank(), [*FILES, STOP, ENABLE, MOUNT, FORGIVE, START]),
    (blank(active=()), [*FILES, ENABLE, MOUNT]),
    (blank(active=(), folder_exists=False), [MKDIR, *FILES, ENABLE, MOUNT]),
    (blank(table=TABLE), [f"write {GUARD}", RELOAD, STOP, f"mount -- {WHERE}", FORGIVE, START]),
    (settled(), []),
    (settled(folder_exists=False), []),
    (settled(unit_text=None, enabled=False, table=TABLE), []),
    (settled(unit_text=FOREIGN), [f"write {UNIT.path}", RELOAD]),
    (settled(guarded=(), guard_texts={}), [f"write {GUARD}", RELOAD]),
    (settled(enabled=False), [ENABLE]),
    (remounted(), [STOP, UMOUNT, MOUNT, FORGIVE, START]),
    (remounted(table=TABLE), [STOP, UMOUNT, f"mount -- {WHERE}", FORGIVE, START]),
]


@pytest.mark.parametrize(("mount", "steps"), STEPS)
def test_what_is_done(mount, steps):
    parts, after = plan_mount(mount, PLACE)
    assert told(move.step for move in moves(parts)) == steps
    assert plan_mount(after, PLACE)[0] == ()
    assert (after.ours, after.folder_exists, after.folder) == (True, True, None)
    assert (after.enabled, after.active, after.guarded) == (True, (), PLACE.required_by)
    assert after.guard_texts == {"docker.service": UNIT.guard_text}
    assert set(UNIT.options) <= set(after.mounted.options)


def way_back(mount):
    """All steps that take a mount back, the units last."""
    parts = plan_mount(mount, PLACE)[0]
    undo = [step for part in reversed(parts) for step in part.undo]
    return [*undo, *(step for pause in pauses_of(parts) for step in pause.back)]


STOP_MOUNT = "systemctl stop -- var-lib-docker.mount"
LET_GO = "systemctl disable --quiet --no-reload --now -- var-lib-docker.mount"
REMOVE = [f"remove {UNIT.path}", f"remove {GUARD}", RELOAD]

# What was there before, and how it is brought back, whichever step fails.
WAYS_BACK = [
    (blank(), [LET_GO, *REMOVE, FORGIVE, START]),
    (blank(active=()), [LET_GO, *REMOVE]),
    (blank(unit_text=FOREIGN, enabled=True), [f"write {UNIT.path}", f"remove {GUARD}", RELOAD,
                                              STOP_MOUNT, FORGIVE, START]),
    (blank(table=TABLE), [f"remove {GUARD}", RELOAD, STOP_MOUNT, FORGIVE, START]),
    # a failed remount: what was mounted is mounted again before the engine starts
    (remounted(), [RELOAD, "systemctl start -- var-lib-docker.mount", FORGIVE, START]),
    (remounted(unit_text=FOREIGN), [f"write {UNIT.path}", RELOAD,
                                    "systemctl start -- var-lib-docker.mount", FORGIVE, START]),
    (remounted(table=TABLE, enabled=False), [RELOAD, "mount --all", FORGIVE, START]),
]  # fmt: skip


@pytest.mark.parametrize(("mount", "steps"), WAYS_BACK)
def test_the_way_back(mount, steps):
    assert told(way_back(mount)) == steps


def test_a_guard_is_written_for_the_name_that_systemd_has():
    named = PLACE._replace(required_by=("dockerd",))
    mount = settled(guarded=(), guard_texts={}, names={"dockerd": "docker.service"})
    parts, after = plan_mount(mount, named)
    # on a live mount as well: systemd reads it at once, and so it holds without a reboot
    assert told(move.step for move in moves(parts)) == [f"write {GUARD}", RELOAD]
    assert after.guarded == ("docker.service",)
    assert plan_mount(after, named)[0] == ()


def test_a_unit_waits_by_the_name_that_it_was_given():
    """The engine above the mount may wait by that name as well: it is stopped and started once."""
    named = PLACE._replace(required_by=("dockerd.service",))
    [part] = plan_mount(blank(names={"dockerd.service": "docker.service"}), named)[0]
    [pause] = part.pauses
    assert (pause.unit, told(pause.stop), told(pause.start)) == (
        "dockerd.service", [STOP], [FORGIVE, START],
    )  # fmt: skip


def test_the_way_back_restores_what_the_files_held():
    mount = settled(unit_text=FOREIGN, guarded=(), guard_texts={"docker.service": "[Unit]\n"})
    back = {step.path: step for step in way_back(mount) if hasattr(step, "content")}
    assert {path: (step.old, step.content) for path, step in back.items()} == {
        UNIT.path: (UNIT.text, FOREIGN),
        GUARD: (UNIT.guard_text, "[Unit]\n"),
    }


def test_a_folder_that_was_made_stays():
    made, mount = plan_mount(blank(active=(), folder_exists=False), PLACE)[0]
    assert (told(made.steps), made.undo) == ([MKDIR], ())
    assert MKDIR not in told(mount.steps)


def test_a_mount_that_failed_is_asked_for_its_reason():
    [part] = plan_mount(blank(), PLACE)[0]
    assert part.diagnose[:3] == ("journalctl", "--unit", "var-lib-docker.mount")


@pytest.mark.parametrize("table", [None, TABLE])
def test_whoever_mounts_it_calls_a_program_that_has_to_be_there(table):
    [part] = plan_mount(blank(table=table), PLACE)[0]
    assert part.steps[-1].needs == ("mount",)


def test_no_mount_is_planned_over_what_it_would_hide():
    held = blank(folder=Folder(Holdings(WHERE, {"overlay2": 1})))
    with pytest.raises(StorageError, match="would hide 1 images"):
        plan_mount(held, PLACE)
    assert plan_mount(held, PLACE._replace(keep_existing=True))[0]
