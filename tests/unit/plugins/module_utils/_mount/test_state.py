# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mount as it is found: what is in force, what is guarded, what runs, what would be hidden."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import DRIVERS
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._mount import (
    observe as _observe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.describe import (
    describe_mount,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.observe import (
    observe_mount,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    Folder,
    Place,
    check_path,
    missing_options,
)

WHERE = "/var/lib/docker"

# what is wanted, what the kernel shows, what is missing
OPTIONS = [
    ("noatime", "rw,noatime", ""),
    ("noatime", "rw", "noatime"),
    ("noatime,prjquota", "rw,noatime,noquota", "prjquota"),
    ("prjquota,noatime", "rw", "prjquota,noatime"),
    # each way to write a quota is shown as one
    ("pquota", "rw,prjquota", ""),
    ("uquota", "rw,usrquota", ""),
    ("quota", "rw,usrquota", ""),
    ("gquota", "rw,grpquota", ""),
    ("gquota", "rw,usrquota", "gquota"),
    # not the kernel's: mount(8) and systemd read these, and no mount shows them
    ("defaults", "rw", ""),
    ("nofail", "rw", ""),
    ("nofail,noatime", "rw", "noatime"),
    # the kernel shows a level that was not asked for
    ("compress=zstd", "rw,compress=zstd:3", ""),
    ("compress=zstd:3", "rw,compress=zstd:3", ""),
    ("compress=zstd:5", "rw,compress=zstd:3", "compress=zstd:5"),
    ("compress-force=lzo", "rw,compress-force=lzo:1", ""),
    ("commit=5", "rw,commit=5:1", "commit=5"),
]


def place(options=("noatime",)):
    unit = MountUnit("/dev/mapper/docker-data", WHERE, "xfs", tuple(options))
    return Place("docker/data", unit, ("docker.service",), False)


@pytest.mark.parametrize(("wanted", "live", "missing"), OPTIONS)
def test_the_options_that_are_missing(wanted, live, missing):
    mounted = Mount("252:0", "/", WHERE, "xfs", "/dev/dm-0", tuple(live.split(",")))
    assert ",".join(missing_options(place(wanted.split(",")), mounted)) == missing


def test_where_nothing_is_mounted_every_option_is_missing():
    assert missing_options(place(("noatime", "nofail")), None) == ["noatime"]


@pytest.mark.parametrize("path", ["/srv", "/var/lib/docker", "/srv/a b", "/.hidden"])
def test_a_plain_path_is_taken(path):
    check_path(path)


@pytest.mark.parametrize("path", ["", "/", "//srv", "srv", "./srv", "/srv/", "/srv/../a", "/a//b"])
def test_any_other_path_is_refused(path):
    with pytest.raises(StorageError, match="not a plain absolute path"):
        check_path(path)


PLACE = place()
GUARD = PLACE.unit.guard_path("docker.service")
RIGHT = Mount("252:0", "/", WHERE, "xfs", "/dev/dm-0", ("rw", "noatime"))
WRONG = RIGHT._replace(devno="252:9")
SHOW = "Id=docker.service\nActiveState={}\n"


def observe(monkeypatch, mounted=None, files=(), guarded=False, active="active", units=None):
    """Observe a place on a host with one mount and these files; 252:0 is what is wanted there."""
    asked = []

    class Run:
        def read(self, argv):
            asked.append(argv)
            return SHOW.format(active) + "\n" + "Id=other.service\nActiveState=active\n"

    monkeypatch.setattr(_observe, "mounts", lambda: [mounted] if mounted else [])
    monkeypatch.setattr(_observe, "read_text", dict(files).get)
    monkeypatch.setattr(_observe._mount_unit, "guarded", lambda unit, where: guarded)
    monkeypatch.setattr(_observe._mount_unit, "fstab_line", lambda where: ("line of", where))
    monkeypatch.setattr(_observe, "_folder", lambda where, table: ("below", where))
    wanted = PLACE if units is None else PLACE._replace(required_by=units)
    found = observe_mount(Run(), wanted, lambda mount: mount.devno == "252:0")
    return found, asked


def test_where_all_is_as_wanted_no_command_is_run_and_no_folder_read(monkeypatch):
    found, asked = observe(monkeypatch, RIGHT, {GUARD: "guard"}, guarded=True)
    assert asked == []
    assert (found.mounted, found.ours, found.active, found.folder) == (RIGHT, True, (), None)
    assert found.guarded == ("docker.service",)
    assert found.guard_texts == {"docker.service": "guard"}
    assert found.table == ("line of", WHERE)


# what is mounted: whether it is ours, whether the folder below is looked at
UNSETTLED = [
    (None, False, ("below", WHERE)),
    (WRONG, False, ("below", WHERE)),
    (RIGHT._replace(options=("rw",)), True, None),
]


@pytest.mark.parametrize(("mounted", "ours", "folder"), UNSETTLED)
def test_where_something_is_to_change_the_units_are_looked_at(monkeypatch, mounted, ours, folder):
    found, [asked] = observe(monkeypatch, mounted, {PLACE.unit.path: "unit"})
    assert asked == ("systemctl", "show", "--property", "Id,ActiveState", "docker.service")
    assert (found.mounted, found.ours, found.folder) == (mounted, ours, folder)
    assert (found.unit_text, found.guarded, found.guard_texts) == ("unit", (), {})
    assert found.active == ("docker.service",)


@pytest.mark.parametrize(
    ("state", "runs"),
    [("active", True), ("activating", True), ("inactive", False), ("failed", False)],
)
def test_a_unit_that_starts_runs(monkeypatch, state, runs):
    found, _asked = observe(monkeypatch, active=state)
    assert found.active == (("docker.service",) if runs else ())


def test_without_units_no_command_is_run(monkeypatch):
    found, asked = observe(monkeypatch, units=())
    assert (found.active, asked) == ((), [])


NONE = Holdings(WHERE)

# what the folder holds as the engine counts it, its entries: what is nobody's, what else is of
# value, whether the size is worth reading
FOLDERS = [
    (NONE, [], Folder(NONE)),
    (NONE, ["image", "overlay2", "volumes", "swarm", "lost+found"], Folder(NONE)),
    (NONE, [*DRIVERS], Folder(NONE)),
    (NONE, ["image", "b", "a"], Folder(NONE, ("a", "b"), size=7)),
    (
        NONE,
        ["swarm", "swarm/state"],
        Folder(Holdings(WHERE, others={"swarm membership": 1}), size=7),
    ),
    # the folder of an engine with user namespaces is a data root too
    (NONE, ["image", "7.7", "7.7/image"], Folder(NONE)),
    (
        NONE,
        ["7.7", "7.7/swarm", "7.7/swarm/state"],
        Folder(Holdings(WHERE, others={"swarm membership": 1}), size=7),
    ),
    (Holdings(WHERE, {"overlay2": 1}), [], Folder(Holdings(WHERE, {"overlay2": 1}), size=7)),
    (Holdings(WHERE, {}, {"vfs": 1}), [], Folder(Holdings(WHERE, {}, {"vfs": 1}), size=7)),
    (Holdings(WHERE, {}, {}, 1), [], Folder(Holdings(WHERE, {}, {}, 1), size=7)),
]


@pytest.mark.parametrize(("holdings", "entries", "folder"), FOLDERS)
def test_what_a_mount_would_hide(tmp_path, monkeypatch, holdings, entries, folder):
    for entry in entries:
        (tmp_path / entry).mkdir()
    monkeypatch.setattr(_observe, "observe_holdings", lambda where: holdings)

    def bytes_below(folders, without):
        assert (folders, without) == ([str(tmp_path)], {WHERE})
        return 7

    monkeypatch.setattr(_observe, "bytes_below", bytes_below)
    assert _observe._folder(str(tmp_path), [RIGHT]) == folder


def test_a_folder_that_is_not_there_holds_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(_observe, "observe_holdings", lambda where: NONE)
    assert _observe._folder(str(tmp_path / "none"), []) == Folder(NONE)


def test_a_mount_is_described(monkeypatch):
    found, _asked = observe(monkeypatch, RIGHT, guarded=True)
    assert describe_mount(found) == {
        "mount": {"path": WHERE, "options": ["noatime", "rw"]},
        "guarded": ["docker.service"],
    }
    assert describe_mount(found._replace(ours=False))["mount"] is None
