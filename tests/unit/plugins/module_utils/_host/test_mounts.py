# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mounts, swap and tables, read from made-up files of the kernel."""

from __future__ import annotations

import io
import os
from types import SimpleNamespace

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
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


GOOD = "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard"
STRANGE = [
    *(GOOD[:length] for length in range(GOOD.index("rw,discard"))),
    "x", " ", "- - -", "27 1 254:0 / / rw -", "27 1 254:0 / / rw - ext4", "\x00" * 5000,
    "27 1 254:0 / / rw - ext4 /dev/vda",
    "27 1 254 / / rw - ext4 /dev/vda rw", "27 1 254: / / rw - ext4 /dev/vda rw",
    "27 1 a:0 / / rw - ext4 /dev/vda rw", "a 1 254:0 / / rw - ext4 /dev/vda rw",
    "27 a 254:0 / / rw - ext4 /dev/vda rw",
    "27 1 254:0 / relative rw - ext4 /dev/vda rw", "27 1 254:0 / / rw -  /dev/vda rw",
]  # fmt: skip


@pytest.mark.parametrize("line", STRANGE)
def test_a_line_that_is_short_or_strange_is_refused_by_its_number(line):
    with pytest.raises(StorageError, match="line 2 is not as proc_pid_mountinfo") as refused:
        _mounts.parse_mountinfo(f"{GOOD}\n{line}\n", "/proc/7/mountinfo")
    text = str(refused.value)
    assert text.startswith("/proc/7/mountinfo: line 2")
    assert len(text) < 500
    assert text.isprintable()
    assert refused.value.details["refusal"] == "answer_unreadable"


@pytest.mark.parametrize("length", [1, 20, len(GOOD) - 3, len(GOOD)])
def test_a_table_that_ends_within_a_line_is_refused(length):
    with pytest.raises(StorageError, match="line 2 is not"):
        _mounts.parse_mountinfo(f"{GOOD}\n{GOOD[:length]}")


def test_an_empty_table_has_no_mounts():
    assert _mounts.parse_mountinfo("") == []


ODD = ["a:b:c", "shared", "shared:", ":", "propagate_from:2 unbindable"]


@pytest.mark.parametrize("tags", ODD)
def test_optional_fields_may_come_that_nobody_knows(tags):
    text = f"{GOOD.replace('shared:1', tags)}\n28 27 0:5 / /srv rw - tmpfs  rw\n"
    mount = _mounts.parse_mountinfo(text)[1]
    assert (mount.path, mount.source, mount.below.folder) == ("/srv", "", "/srv")


# numbers, parents and paths of mounts; those that no path leads to
COVERED = [
    ("1 0 /, 2 1 /a, 3 1 /b", ""),
    ("1 0 /, 2 1 /a, 3 2 /a", "2"),
    ("1 0 /, 2 1 /a, 3 2 /a, 4 3 /a", "2 3"),
    ("1 0 /, 3 2 /a, 2 1 /a", "2"),  # moved, so that it comes after what is on it
    ("1 0 /, 2 1 /a/b, 3 1 /a", "2"),
    ("1 0 /, 2 1 /a/b, 3 1 /a, 4 3 /a/b", "2"),
    ("1 0 /, 2 1 /a/b, 4 2 /a/b/c, 3 1 /a", "2 4"),
    ("1 0 /, 2 1 /a, 3 2 /a/b, 4 2 /a", "2 3"),
    ("1 0 /, 2 1 /a, 3 1 /ab", ""),
    ("1 0 /, 2 1 /, 3 1 /a", "1 3"),
    ("1 0 /, 2 1 /a, 3 1 /", "1 2"),
    ("1 1 /, 2 1 /a", ""),
    # what the process does not see the parent of
    ("5 4 /a, 6 5 /a/b", ""),
    # as no kernel has it
    ("1 2 /a, 2 1 /a", "1 2"),
]


def table_of(text):
    rows = [row.split() for row in text.split(", ")]
    lines = [f"{one} {on} 0:{one} / {path} rw - tmpfs t rw\n" for one, on, path in rows]
    return _mounts.parse_mountinfo("".join(lines))


@pytest.mark.parametrize(("text", "covered"), COVERED)
def test_what_is_mounted_over_is_covered(text, covered):
    table = table_of(text)
    assert " ".join(it.devno[2:] for it in table if it.covered) == " ".join(covered.split())


def test_what_is_covered_is_not_what_lies_there():
    table = table_of("1 0 /, 3 2 /a, 2 1 /a, 4 1 /b/c, 5 1 /b")
    assert _mounts.mounted_at("/a", table).devno == "0:3"
    assert _mounts.mount_of("/a/x", table).devno == "0:3"
    assert _mounts.mounted_at("/b/c", table) is None
    assert _mounts.mount_of("/b/c/d", table).devno == "0:5"


def test_a_stack_of_thousands_is_read():
    text = "1 0 /, " + ", ".join(f"{number + 1} {number} /a" for number in range(1, 5000))
    table = table_of(text)
    assert sum(mount.covered for mount in table) == 4998
    assert _mounts.mounted_at("/a", table).devno == "0:5000"


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

short
/dev/a\000b  partition  1024  0     -6
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
    # as os.readlink() and os.path.realpath() have it (PEP 383)
    assert [mount.path for mount in _mounts.mounts("7")] == ["/a\udcff"]
