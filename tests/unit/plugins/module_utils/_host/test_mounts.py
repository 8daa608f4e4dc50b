# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mounts, swap and tables, read from made-up files of the kernel."""

from __future__ import annotations

import io
import os
from types import SimpleNamespace

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts as _mounts
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount

# proc_pid_mountinfo(5); the second line has two optional fields, the third none.
MOUNTINFO = r"""27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
40 27 253:4 / /var/lib/docker rw,noatime shared:9 master:1 - xfs /dev/mapper/vg-d rw,prjquota
41 27 254:16 /sub /mnt/with\040space ro - btrfs /dev/vd\134b rw,subvol=/sub
42 40 0:44 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw,lowerdir=/a:/b
43 27 254:32 / /mnt rw - ext4 /dev/vdc rw
44 27 254:48 / /mnt rw - xfs /dev/vdd rw
"""
TABLE = _mounts.parse_mountinfo(MOUNTINFO)


def test_fields():
    assert TABLE[1] == Mount(
        devno="253:4",
        root="/",
        path="/var/lib/docker",
        fstype="xfs",
        source="/dev/mapper/vg-d",
        options=("rw", "noatime", "prjquota"),
        below=_mounts.Below("/var/lib/docker", shared="1", master=None),
    )
    assert TABLE[3].below == _mounts.Below("/overlay2/x/merged", shared="9", master="1")
    assert TABLE[0].below is None


HERE = "27 1 254:0 / / rw {} - ext4 /dev/vda rw\n40 27 0:40 / /srv/m rw shared:9 - overlay o rw\n"
SERVICE = "51 1 254:0 / / rw {} - ext4 /dev/vda rw\n52 51 0:40 / {} rw {} - overlay o rw\n"
ALONG = [
    ("shared:1", "shared:1", "/srv/m", "shared:9", True),
    ("shared:1", "master:1", "/srv/m", "master:9", True),  # a service with PrivateMounts=
    ("shared:1", "shared:60 master:1", "/srv/m", "shared:61 master:9", True),
    ("shared:1", "shared:60", "/srv/m", "master:9", False),
    ("shared:1", "", "/srv/m", "master:9", False),
    ("shared:1", "master:1", "/elsewhere", "master:9", False),
    ("master:1", "shared:1", "/srv/m", "shared:9", False),  # one way only
    ("", "", "/srv/m", "shared:9", False),
]


@pytest.mark.parametrize(("here", "there", "path", "groups", "along"), ALONG)
def test_what_is_unmounted_along_with_it(here, there, path, groups, along):
    [_root, mine] = _mounts.parse_mountinfo(HERE.format(here))
    [_root, other] = _mounts.parse_mountinfo(SERVICE.format(there, path, groups))
    assert _mounts.goes_along(other, mine) is along


def test_the_root_of_a_container_stays():
    """Docker 20.10 leaves it a slave of the mount that it was made from."""
    [_root, mine] = _mounts.parse_mountinfo(HERE.format("shared:1"))
    [root] = _mounts.parse_mountinfo("248 221 0:40 / / rw master:9 - overlay o rw\n")
    assert not _mounts.goes_along(root, mine)


def test_escapes_are_undone():
    assert (TABLE[2].path, TABLE[2].source) == ("/mnt/with space", "/dev/vd\\b")


@pytest.mark.parametrize("strange", ["\u2028", "\x0c", "\x85"])
def test_a_path_may_hold_what_python_takes_for_the_end_of_a_line(strange):
    [mount] = _mounts.parse_mountinfo(f"27 1 254:0 / /a{strange}b rw - ext4 /dev/vda rw\n")
    assert mount.path == f"/a{strange}b"


def test_a_filesystem_without_options_of_its_own_has_those_of_the_mount():
    [mount] = _mounts.parse_mountinfo("27 1 254:0 / /a rw,noatime - ext4 /dev/vda\n")
    assert (mount.source, mount.options) == ("/dev/vda", ("rw", "noatime"))


def test_the_real_table_of_this_process():
    assert any(mount.path == "/" for mount in _mounts.mounts())


AT = [
    ("/var/lib/docker", "/dev/mapper/vg-d"),
    ("/var/lib/docker/", "/dev/mapper/vg-d"),
    ("/var/lib/docker/sub", None),
    ("/var/lib", None),
    ("/mnt", "/dev/vdd"),  # the uppermost of two
]


@pytest.mark.parametrize(("path", "source"), AT)
def test_mounted_at(path, source):
    mount = _mounts.mounted_at(path, TABLE)
    assert (mount and mount.source) == source


OF = [
    ("/", "/dev/vda"),
    ("/etc", "/dev/vda"),
    ("/var/lib/docker", "/dev/mapper/vg-d"),
    ("/var/lib/docker/containers", "/dev/mapper/vg-d"),
    ("/var/lib/docker-old", "/dev/vda"),  # no child of /var/lib/docker
    ("/mnt/x", "/dev/vdd"),
    ("/not/made/yet", "/dev/vda"),
]


@pytest.mark.parametrize(("path", "source"), OF)
def test_mount_of(path, source):
    assert _mounts.mount_of(path, TABLE).source == source


def test_mount_of_a_link_is_that_of_its_target(tmp_path):
    link = tmp_path / "link"
    link.symlink_to("/var/lib/docker")
    assert _mounts.mount_of(str(link), TABLE).source == "/dev/mapper/vg-d"


@pytest.fixture
def namespaces(monkeypatch):
    """Two namespaces. What 11 saw went with it, and 8 ends before its table is read."""
    links = {"self": "mnt:[1]", "9": "mnt:[1]", "8": "mnt:[2]", "10": "mnt:[2]", "11": None}
    read = {"self": TABLE[:1], "10": TABLE[1:3]}

    def readlink(path):
        return links[path.split("/")[2]] or gone(path)

    def gone(path):
        raise FileNotFoundError(path)

    monkeypatch.setattr(os, "listdir", lambda path: ["9", "10", "8", "11", "self", "sys"])
    monkeypatch.setattr(os, "readlink", readlink)
    monkeypatch.setattr(_mounts, "mounts", lambda it: gone(it) if it == "8" else read[it])
    return read


def test_every_namespace_is_read_once_and_this_one_first(namespaces):
    assert _mounts.tables() == namespaces
    assert list(_mounts.tables()) == ["self", "10"]


def test_devices_mounted_in_any_namespace_are_found(namespaces):
    assert _mounts.mounted_devices({"253:4", "254:0"}) == ("/", "/var/lib/docker")
    assert _mounts.mounted_devices({"254:99"}) == ()


TABLES = [
    ("", False),
    ("/dev/vdb /srv xfs defaults 0 0\n", True),
    ("/dev/disk/by-id/virtio-disk1 /srv xfs defaults 0 0\n", True),
    ("# /dev/vdb /srv xfs defaults 0 0\n", False),
    ("  # /dev/vdb\n", False),
    ("/dev/vdb1 /srv xfs defaults 0 0\n", False),
    ("crypt /dev/vdb none luks\n", True),
]


@pytest.mark.parametrize(("text", "named"), TABLES)
def test_devices_in_tables(tmp_path, monkeypatch, text, named):
    table = tmp_path / "fstab"
    table.write_text(text)
    monkeypatch.setattr(_mounts, "TABLES", (str(table), str(tmp_path / "none")))
    found = _mounts.devices_in_tables({"/dev/vdb", "/dev/disk/by-id/virtio-disk1"})
    assert found == ((str(table),) if named else ())


SWAPS = r"""Filename    Type       Size  Used  Priority
/dev/vdc    partition  1024  0     -2
/swap\040file file      1024  0     -3
/dev/gone   partition  1024  0     -4
/dev/dm-1   partition  1024  0     -5
"""


def test_swap_in_use(monkeypatch):
    """A file has no number of its own; what has gone since then is no swap, nor is the heading."""
    numbers = {"/dev/vdc": os.makedev(254, 32), "/swap file": 0, "/dev/dm-1": os.makedev(253, 1)}
    numbers["Filename"] = os.makedev(1, 1)

    def look(path):
        if path not in numbers:
            raise FileNotFoundError(path)
        return SimpleNamespace(st_rdev=numbers[path])

    monkeypatch.setattr(_mounts, "text_of", lambda path: SWAPS)
    with monkeypatch.context() as own:
        own.setattr(os, "stat", look)
        found = _mounts.swap_devices()
    assert found == {"254:32", "0:0", "253:1"}


def test_a_table_is_read_whatever_is_in_it(tmp_path, monkeypatch):
    table = tmp_path / "fstab"
    table.write_bytes(b"\xff /dev/vdb\n")
    monkeypatch.setattr(_mounts, "TABLES", (str(table),))
    assert _mounts.devices_in_tables({"/dev/vdb"}) == (str(table),)


def test_the_kernels_table_is_read_whatever_is_in_it(monkeypatch):
    def fake(path, **how):
        assert path == "/proc/7/mountinfo"
        return io.TextIOWrapper(io.BytesIO(b"27 1 254:0 / /a\xff rw - ext4 /dev/vda rw\n"), **how)

    monkeypatch.setattr(_mounts, "open", fake, raising=False)
    assert [mount.path for mount in _mounts.mounts("7")] == ["/a\udcff"]
