# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mount units, and the lines of fstab that stand in for them."""

from __future__ import annotations

import glob
from types import SimpleNamespace

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host import (
    mount_unit as _mount_unit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
    TableLine,
    check_where,
    escape,
    fstab_line,
    guarded,
    read_text,
)


@pytest.mark.parametrize(
    ("path", "name"),  # the names are what `systemd-escape --path` prints
    [
        ("/var/lib/docker", "var-lib-docker"),
        ("/var/lib/docker/", "var-lib-docker"),
        ("/srv/my-data", r"srv-my\x2ddata"),
        ("/srv/a b", r"srv-a\x20b"),
        ("/.hidden/.b", r"\x2ehidden-.b"),
        ("/srv/ü", r"srv-\xc3\xbc"),
        ("/srv/\udcff", r"srv-\xff"),  # a byte that is no UTF-8
        ("/", "-"),
    ],
)
def test_a_path_is_escaped_as_systemd_does_it(path, name):
    assert escape(path) == name


TABLE = """\
# /dev/sdz /var/lib/docker xfs defaults 0 0
#/dev/sdz /var/lib/docker xfs defaults 0 0
UUID=5f / ext4 defaults 0 1
/dev/sda1 /srv/a\\040b xfs noatime,prjquota 0 2
/dev/sda2 /srv/four/ xfs ro
/dev/sda3 /short xfs
"""


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("/", TableLine("UUID=5f", "/", "ext4", ("defaults",))),
        ("/srv/a b", TableLine("/dev/sda1", "/srv/a b", "xfs", ("noatime", "prjquota"))),
        ("/srv/a b/", TableLine("/dev/sda1", "/srv/a b", "xfs", ("noatime", "prjquota"))),
        ("/srv/four", TableLine("/dev/sda2", "/srv/four/", "xfs", ("ro",))),
        ("/var/lib/docker", None),
        ("/srv", None),
        ("/short", None),
    ],
)
def test_the_line_of_fstab_for_a_path(where, line):
    assert fstab_line(where, TABLE) == line


def test_fstab_is_read_where_no_text_is_given(monkeypatch):
    monkeypatch.setattr(_mount_unit, "read_text", {"/etc/fstab": TABLE}.__getitem__)
    assert fstab_line("/").source == "UUID=5f"
    monkeypatch.setattr(_mount_unit, "read_text", {"/etc/fstab": None}.__getitem__)
    assert fstab_line("/") is None


@pytest.mark.parametrize(("content", "text"), [(b"a\n", "a\n"), (b"\xff", "\udcff"), (None, None)])
def test_a_file_is_read_whatever_is_in_it(tmp_path, content, text):
    if content is not None:
        (tmp_path / "file").write_bytes(content)
    assert read_text(str(tmp_path / "file")) == text


@pytest.mark.parametrize("enabled", [True, False])
def test_a_unit_is_enabled_by_a_link_even_if_that_leads_nowhere(tmp_path, monkeypatch, enabled):
    monkeypatch.setattr(_mount_unit, "UNITS", str(tmp_path))
    (tmp_path / "multi-user.target.wants").mkdir()
    if enabled:
        (tmp_path / "multi-user.target.wants/srv.mount").symlink_to("/none")
    assert MountUnit("what", "/srv", "xfs", ()).enabled is enabled


def test_a_unit_says_what_is_mounted_where():
    unit = MountUnit("/dev/mapper/d-v", "/var/lib/docker", "xfs", ("noatime", "prjquota"))
    assert unit.name == "var-lib-docker.mount"
    assert "What=/dev/mapper/d-v\nWhere=/var/lib/docker\nType=xfs\n" in unit.text
    assert "Options=noatime,prjquota\n" in unit.text


GUARD = "# Kept by containerhost.storage\n[Unit]\nRequiresMountsFor=/d\nAssertPathIsMountPoint=/d\n"


@pytest.mark.parametrize(
    ("fstype", "text"),
    # ZFS mounts by a service of its own, and not by a unit that the first line could wait for
    [("xfs", GUARD), ("btrfs", GUARD), ("zfs", GUARD + "After=zfs-mount.service\n")],
)
def test_a_guard_waits_for_what_mounts_the_filesystem(fstype, text):
    assert MountUnit("what", "/d", fstype, ()).guard_text == text


# A path, and the lines of a guard and of a unit: systemd.unit(5) for the percent sign, and
# systemd.syntax(7) for quotes; RequiresMountsFor= is a list, all else goes to the end of its line.
WRITTEN = [
    ("/srv/a-b_c:1,2", "/srv/a-b_c:1,2", "/srv/a-b_c:1,2"),
    ("/srv/a b", '"/srv/a b"', "/srv/a b"),
    ("/srv/100%h", '"/srv/100%%h"', "/srv/100%%h"),
    ('/srv/a"b', '"/srv/a\\"b"', '/srv/a"b'),
    ("/srv/a\\x20b", '"/srv/a\\\\x20b"', "/srv/a\\x20b"),
    ("/srv/a'b", '"/srv/a\'b"', "/srv/a'b"),
    ("/srv/ü", "/srv/ü", "/srv/ü"),
]


@pytest.mark.parametrize(("where", "item", "line"), WRITTEN)
def test_systemd_reads_each_path_as_it_is(tmp_path, monkeypatch, where, item, line):
    unit = MountUnit("/dev/disk/by-id/a%b", where, "btrfs", ("subvol=/100%n",))
    assert unit.guard_text.splitlines()[2:4] == [
        f"RequiresMountsFor={item}",
        f"AssertPathIsMountPoint={line}",
    ]
    assert unit.text.splitlines()[2:8] == [
        "Description=Container storage on /dev/disk/by-id/a%%b",
        "",
        "[Mount]",
        "What=/dev/disk/by-id/a%%b",
        f"Where={line}",
        "Type=btrfs",
    ]
    assert "Options=subvol=/100%%n\n" in unit.text
    (tmp_path / "a.conf").write_text(unit.guard_text)
    monkeypatch.setattr(glob, "glob", lambda _pattern: [str(tmp_path / "a.conf")])
    assert guarded("docker.service", where)
    assert not guarded("docker.service", where + "x")


@pytest.mark.parametrize("path", ["/srv/a ", "/srv/a\\"])
def test_what_systemd_takes_off_the_end_of_a_line(path):
    with pytest.raises(StorageError, match="at its end") as error:
        check_where(path)
    assert error.value.details["refusal"] == "path_invalid"


@pytest.mark.parametrize(
    ("path", "fits"),
    [("/" + "a" * 247, True), ("/" + "a" * 248, False), ("/" + "ü" * 31, False)],
)
def test_a_path_has_to_fit_into_the_names_of_units_and_of_drop_ins(path, fits):
    if fits:
        check_where(path)
        return
    with pytest.raises(StorageError, match="too long") as error:
        check_where(path)
    assert error.value.details["refusal"] == "path_too_long"


REQUIRES, ASSERTS = "RequiresMountsFor=/d", "AssertPathIsMountPoint=/d"
ETC, RUN = "/etc/systemd/system/", "/run/systemd/system/"

# the files of a host, and whether docker.service is guarded against running without /d
DROP_INS = [
    ({}, False),
    ({f"{ETC}docker.service.d/50-d.conf": GUARD}, True),
    # one of the two lines does not do: see guard_text
    ({f"{ETC}docker.service.d/a.conf": f"[Unit]\n{REQUIRES}\n"}, False),
    ({f"{ETC}docker.service.d/a.conf": f"[Unit]\n{ASSERTS}\n"}, False),
    # whoever wrote them, and wherever
    ({f"{ETC}docker.service.d/a.conf": f"[Unit]\n  {ASSERTS}  \n{REQUIRES}"}, True),
    ({f"{ETC}docker.service.d/a.conf": REQUIRES, f"{ETC}docker.service.d/b.conf": ASSERTS}, True),
    ({f"{ETC}docker.service.d/a.conf": REQUIRES, f"{RUN}docker.service.d/b.conf": ASSERTS}, True),
    ({f"{RUN}docker.service.d/a.conf": GUARD}, True),
    ({"/usr/lib/systemd/system/docker.service.d/a.conf": GUARD}, True),
    ({"/lib/systemd/system/docker.service.d/a.conf": GUARD}, True),
    # another mount, another unit, another kind of file
    ({f"{ETC}docker.service.d/50-d.conf": GUARD.replace("/d", "/e")}, False),
    ({f"{ETC}containerd.service.d/50-d.conf": GUARD}, False),
    ({f"{ETC}docker.service.d/50-d.conf.bak": GUARD}, False),
]


@pytest.mark.parametrize(("files", "is_guarded"), DROP_INS)
def test_a_unit_is_guarded_by_both_lines(tmp_path, monkeypatch, files, is_guarded):
    for path, text in files.items():
        file = tmp_path / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    below = SimpleNamespace(
        escape=glob.escape, glob=lambda pattern: glob.glob(f"{tmp_path}{pattern}")
    )
    monkeypatch.setattr(_mount_unit, "glob", below)
    assert guarded("docker.service", "/d") == is_guarded
