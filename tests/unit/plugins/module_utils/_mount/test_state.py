# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mount as it is found: what is in force, what is guarded, what runs, what would be hidden."""

from __future__ import annotations

import os
from types import SimpleNamespace

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
    Link,
    Place,
    check_options,
    check_path,
    missing_options,
)

WHERE = "/var/lib/docker"

# what is wanted, what the kernel shows, what is missing: test_options.py has all of them
OPTIONS = [
    ("noatime", "rw,noatime", ""),
    ("noatime", "rw", "noatime"),
    ("noatime,pquota", "rw,noatime,noquota", "pquota"),
    ("nofail,noatime", "rw", "noatime"),
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
SHOW = "Id={}\nLoadState={}\nActiveState={}\n"


def observe(monkeypatch, mounted=None, files=(), guarded=(), active="active", **more):
    """Observe a place on a host with one mount and these files; 252:0 is what is wanted there.

    :param guarded: the units that are.
    :param more: ``units`` that need it; ``real``, of those that systemd calls otherwise; those
        that are ``gone``; whether a file of a unit is a ``link``.
    """
    asked = []
    real, gone = more.get("real", {}), more.get("gone", ())

    class Run:
        def read(self, argv):
            asked.append(argv)
            return "\n".join(
                SHOW.format(real.get(name, name), "not-found" if name in gone else "loaded", active)
                for name in argv[5:]
            )

    monkeypatch.setattr(_observe, "mounts", lambda: [mounted] if mounted else [])
    monkeypatch.setattr(_observe, "read_text", dict(files).get)
    monkeypatch.setattr(_observe._mount_unit, "guarded", lambda unit, where: unit in guarded)
    monkeypatch.setattr(_observe._mount_unit, "fstab_line", lambda where: ("line of", where))
    monkeypatch.setattr(_observe, "_folder", lambda where, table: ("below", where))
    monkeypatch.setattr(_observe, "is_its_own_name", lambda unit: not more.get("link"))
    wanted = PLACE._replace(required_by=more.get("units", PLACE.required_by))
    found = observe_mount(Run(), wanted, lambda mount: mount.devno == "252:0")
    return found, asked


def test_where_all_is_as_wanted_no_command_is_run_and_no_folder_read(monkeypatch):
    found, asked = observe(monkeypatch, RIGHT, {GUARD: "guard"}, guarded=("docker.service",))
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
    properties = "Id,LoadState,ActiveState"
    assert asked == ("systemctl", "show", "--property", properties, "--", "docker.service")
    assert (found.mounted, found.ours, found.folder) == (mounted, ours, folder)
    assert (found.unit_text, found.guarded, found.guard_texts) == ("unit", (), {})
    assert found.active == ("docker.service",)


@pytest.mark.parametrize("common", [(), ("noatime", "prjquota")])
def test_an_option_that_is_none_is_refused_beside_those_that_are_common(common):
    check_options("xfs", common)
    with pytest.raises(StorageError, match="has no mount option"):
        check_options("xfs", [*common, "bogus"])


def test_a_unit_that_is_guarded_is_looked_at_where_the_mount_changes(monkeypatch):
    checked = []
    monkeypatch.setattr(_observe, "_check_kernel", checked.append)
    lacking = RIGHT._replace(options=("rw",))
    _found, asked = observe(monkeypatch, lacking, guarded=("docker.service",))
    assert len(asked) == len(checked) == 1


@pytest.mark.parametrize(
    ("state", "runs"),
    [
        ("active", True), ("activating", True), ("reloading", True), ("inactive", False),
        ("failed", False), ("deactivating", False),
    ],
)  # fmt: skip
def test_a_unit_that_starts_runs(monkeypatch, state, runs):
    found, _asked = observe(monkeypatch, active=state)
    assert found.active == (("docker.service",) if runs else ())


def test_without_units_no_command_is_run(monkeypatch):
    found, asked = observe(monkeypatch, units=())
    assert (found.active, asked) == ((), [])


ALIAS = {"units": ("dockerd",), "real": {"dockerd.service": "docker.service"}, "link": True}
# how a unit is named; who is guarded; whether systemd is asked though the mount is as wanted
NAMES = [
    ({}, ("docker.service",), False),
    ({}, (), True),
    ({"units": ("docker",)}, ("docker.service",), False),
    ({"link": True}, ("docker.service",), True),
    (ALIAS, ("docker.service",), True),
    # a guard by the other name is none
    (ALIAS, ("dockerd.service",), True),
]


@pytest.mark.parametrize(("named", "guarded", "asks"), NAMES)
def test_a_unit_is_guarded_by_the_name_that_systemd_has_for_it(monkeypatch, named, guarded, asks):
    found, asked = observe(monkeypatch, RIGHT, {GUARD: "guard"}, guarded=guarded, **named)
    place = PLACE._replace(required_by=named.get("units", PLACE.required_by))
    assert bool(asked) is asks
    assert found.required(place) == ("docker.service",)
    assert found.guarded == tuple({"docker.service"} & {*guarded})
    assert found.guard_texts == {"docker.service": "guard"}
    assert found.unknown == ()


def test_a_kernel_that_is_too_old_for_an_option_is_refused_where_it_is_to_mount(monkeypatch):
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(release="5.4.0"))
    wanted = place(("noatime", "nosymfollow"))
    for name, value in (("mounts", list), ("_folder", lambda *_: None)):
        monkeypatch.setattr(_observe, name, value)
    with pytest.raises(StorageError, match="does not have it"):
        observe_mount(None, wanted, lambda _mount: False)


def test_a_unit_of_two_names_is_stopped_once(monkeypatch):
    found, _asked = observe(monkeypatch, **{**ALIAS, "units": ("dockerd", "docker.service")})
    assert found.active == ("docker.service",)


def test_a_unit_that_there_is_not_is_seen(monkeypatch):
    found, _asked = observe(
        monkeypatch, RIGHT, units=("docker", "dokcer"), gone=("dokcer.service",)
    )
    assert found.unknown == ("dokcer",)


def test_a_link_on_the_way_is_seen(tmp_path):
    top = os.path.realpath(tmp_path)
    os.makedirs(f"{top}/data/docker")
    os.symlink("data", f"{top}/lib")
    os.symlink("nowhere", f"{top}/gone")
    seen = {
        path: _observe._link(f"{top}/{path}")
        for path in ("data/docker", "data/new/folder", "lib", "lib/docker", "gone")
    }
    assert seen == {
        "data/docker": None,
        "data/new/folder": None,
        "lib": Link(f"{top}/lib", f"{top}/data"),
        "lib/docker": Link(f"{top}/lib", f"{top}/data/docker"),
        "gone": Link(f"{top}/gone", f"{top}/nowhere"),
    }


def test_a_link_right_below_the_root_is_seen(monkeypatch):
    monkeypatch.setattr(os.path, "islink", lambda path: path == "/srv")
    monkeypatch.setattr(os.path, "realpath", lambda path: path.replace("/srv", "/data"))
    assert _observe._link("/srv/docker") == Link("/srv", "/data/docker")


def test_a_link_is_a_part_of_what_is_observed(monkeypatch):
    monkeypatch.setattr(_observe, "_link", lambda where: ("link", where))
    found, _asked = observe(monkeypatch, RIGHT, guarded=("docker.service",))
    assert found.link == ("link", WHERE)


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


# where something is mounted below the folder: whether that is told as a mount
MOUNTS = [
    ("own", True),
    ("own/deeper", True),
    ("volumes", True),
    ("volumes/a/_data", False),  # of a volume that the engine mounts for its containers
    ("containers", True),
    ("containers/5f/mounts/shm", False),
    ("overlay2/5f/merged", False),
    ("btrfs", False),  # an engine mounts the folders of some drivers on themselves
    ("plugins", False),
    ("plugins/5f/rootfs", False),
    # of an engine that maps users
    ("165536.165536", True),
    ("165536.165536/own", True),
    ("165536.165536/overlay2/5f/merged", False),
    ("165536.165536/plugins", False),
    ("../docker2/own", None),
]


@pytest.mark.parametrize(("path", "told"), MOUNTS)
def test_what_is_mounted_in_the_folder_is_called_that(tmp_path, monkeypatch, path, told):
    top = tmp_path / "docker"
    (top / path).mkdir(parents=True)
    monkeypatch.setattr(_observe, "observe_holdings", lambda where: NONE)
    monkeypatch.setattr(_observe, "observe_others", lambda where: {})
    mount = RIGHT._replace(path=os.path.normpath(top / path))
    monkeypatch.setattr(_observe, "bytes_below", lambda folders, without: 0)
    found = _observe._folder(str(top), [RIGHT, mount])
    assert found.mounts == ((mount,) if told else ())
    entry, slash, _rest = path.partition("/")
    assert found.foreign == ((entry,) if slash and entry == "own" else ())


def test_a_folder_that_is_not_there_holds_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(_observe, "observe_holdings", lambda where: NONE)
    assert _observe._folder(str(tmp_path / "none"), []) == Folder(NONE)


def test_a_mount_is_described(monkeypatch):
    found, _asked = observe(monkeypatch, RIGHT, guarded=("docker.service",))
    assert describe_mount(found) == {
        "mount": {"path": WHERE, "options": ["noatime", "rw"]},
        "guarded": ["docker.service"],
    }
    assert describe_mount(found._replace(ours=False))["mount"] is None
