# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a mount refuses, and what it says of the folder below, as tables."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
    TableLine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._mount.rules import (
    mount_findings,
    require_nothing_hidden,
    require_own_mount,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    Folder,
    Link,
    MountState,
    Place,
)

WHERE = "/var/lib/docker"
UNIT = MountUnit("/dev/mapper/docker-data", WHERE, "xfs", ("noatime", "nofail"))
PLACE = Place("docker/data", UNIT, ("docker.service",), False)
LIVE = Mount("252:0", "/", WHERE, "xfs", UNIT.what, ("rw", "noatime"))
PLAIN = LIVE._replace(options=("rw",))
LINE = TableLine(UNIT.what, WHERE, "xfs", ("noatime", "nofail"))
SHORT = LINE._replace(options=("defaults",))


def state(mounted=None, ours=False, table=None, folder=None):
    return MountState(
        mounted, ours, None, False, table, (), {}, (), folder=folder, folder_exists=True
    )


def refusal(check, *arguments):
    try:
        check(*arguments)
    except StorageError as error:
        return str(error)
    return ""


# what is mounted, whether that is ours, fstab's line: what is refused
OWN = [
    (None, False, None, ""),
    (LIVE, True, None, ""),
    (LIVE, False, None, "/dev/mapper/docker-data (xfs) is mounted there, not docker/data"),
    (None, False, LINE, ""),
    (LIVE, True, LINE, ""),
    (LIVE, True, LINE._replace(source="/dev/sdz"), "/etc/fstab: it mounts /dev/sdz"),
    (None, False, LINE._replace(source="UUID=5f"), ""),
    # a line that lacks an option is wrong when the option is missing, and not before
    (LIVE, True, SHORT, ""),
    # those that no mount shows are not missing in it
    (PLAIN, True, SHORT, "lacks the options noatime. Mend"),
    (None, False, SHORT, "lacks the options noatime. Mend"),
    (None, False, LINE._replace(options=("noatime",)), ""),
    (PLAIN, True, LINE, ""),
]


@pytest.mark.parametrize(("mounted", "ours", "table", "wrong"), OWN)
def test_a_path_is_this_mounts_own(mounted, ours, table, wrong):
    found = refusal(require_own_mount, state(mounted, ours, table), PLACE, {UNIT.what, "UUID=5f"})
    assert (wrong in found) if wrong else not found


def test_a_line_lacks_what_a_mount_by_it_would_not_have():
    """Nobody writes down what the kernel takes by itself."""
    place = PLACE._replace(unit=UNIT._replace(options=("relatime", "inode64", "prjquota")))
    found = refusal(require_own_mount, state(PLAIN, True, SHORT), place, {UNIT.what})
    assert "its line for /var/lib/docker lacks the options prjquota. Mend" in found


@pytest.mark.parametrize("mounted", [None, LIVE])
def test_a_unit_that_there_is_not_is_not_said_to_be_guarded(mounted):
    found = state(mounted, ours=True)._replace(unknown=("dokcer",))
    with pytest.raises(StorageError, match="required_by=dokcer: systemd has no unit") as refused:
        require_own_mount(found, PLACE, {UNIT.what})
    assert refused.value.details["refusal"] == "unit_missing"


LINKS = [
    (Link(WHERE, "/data/docker"), "/var/lib/docker: it is a link to /data/docker, and systemd"),
    (
        Link("/var/lib", "/data/docker"),
        "/var/lib/docker: /var/lib is a link, so it is /data/docker in truth, and systemd",
    ),
]


@pytest.mark.parametrize("mounted", [None, LIVE])
@pytest.mark.parametrize(("link", "words"), LINKS)
def test_no_mount_point_leads_through_a_link(link, words, mounted):
    found = refusal(
        require_own_mount, state(mounted, bool(mounted))._replace(link=link), PLACE, {UNIT.what}
    )
    assert words in found
    assert "Name /data/docker in its place" in found


BIND = Mount("254:1", "/data", f"{WHERE}/in", "ext4", "/dev/vda", ("rw",))
NFS = Mount("0:50", "/", f"{WHERE}/nfs", "nfs4", "nas:/x", ("rw",))
HELD = [
    (None, ""),
    (Folder(Holdings(WHERE)), ""),
    (Folder(Holdings(WHERE, {"overlay2": 2, "vfs": 1}), size=2048), "3 images (2 KiB)"),
    (Folder(Holdings(WHERE, {}, {"vfs": 1, "overlay2": 1})), "2 containers (0 B)"),
    (Folder(Holdings(WHERE, {}, {}, 4)), "4 volumes (0 B)"),
    (Folder(Holdings(WHERE, others={"network": 2, "swarm membership": 1})), "2 networks, 1 swarm "),
    (Folder(Holdings(WHERE), mounts=(BIND,)), f"at {WHERE}/in (the folder /data of ext4 /dev/vda)"),
    (Folder(Holdings(WHERE), mounts=(NFS,)), f"what is mounted at {WHERE}/nfs (nfs4 nas:/x)"),
    (
        Folder(Holdings(WHERE), mounts=(NFS,) * 7),
        f"{WHERE}/nfs (nfs4 nas:/x), and at 2 more (0 B)",
    ),
    (Folder(Holdings(WHERE), tuple("abcde")), "no engine's (a, b, c, d, e) (0 B)"),
    (Folder(Holdings(WHERE), tuple("abcdef")), "no engine's (a, b, c, d, e, ...) (0 B)"),
    (Folder(Holdings(WHERE, {"vfs": 1}, {}, 2)), "1 images, 2 volumes (0 B)"),
]


@pytest.mark.parametrize(("folder", "held"), HELD)
def test_nothing_is_hidden_unless_it_is_wanted(folder, held):
    mount = state(folder=folder)
    found = refusal(require_nothing_hidden, mount, PLACE)
    assert (held in found) if held else not found
    assert not refusal(require_nothing_hidden, mount, PLACE._replace(keep_existing=True))


# who keeps the mount: what is told of options that systemd reads in fstab only
UNHEEDED = [
    (None, ["systemd heeds noauto, x-systemd.device-timeout=30s in /etc/fstab only"]),
    (LINE, []),
]


@pytest.mark.parametrize(("table", "told"), UNHEEDED)
def test_an_option_that_does_nothing_is_told(table, told):
    idle = ("noatime", "nofail", "noauto", "x-systemd.device-timeout=30s", "x-gvfs-hide")
    found = mount_findings(state(table=table), PLACE._replace(unit=UNIT._replace(options=idle)))
    assert [one.topic for one in found] == ["mount_option_unheeded"] * len(told)
    assert all(words in one.message for one, words in zip(found, told))


@pytest.mark.parametrize(("folder", "held"), HELD)
def test_what_is_hidden_is_told(folder, held):
    found = mount_findings(state(folder=folder), PLACE)
    assert [(one.level, one.topic) for one in found] == [("warning", "hidden_data")] * bool(held)
    assert all(held in one.message for one in found)
