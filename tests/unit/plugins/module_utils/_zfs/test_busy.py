# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who uses a dataset, by the tables and the open files of every process."""

from __future__ import annotations

import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import busy

# /proc, of this process (10), a container's (41) and one that works in the filesystem (7).
OURS = (
    "27 1 254:0 / / rw shared:1 - ext4 /dev/vda rw\n"
    "40 27 0:44 / /tank/a rw shared:9 - zfs tank/a rw\n"
)
UDEV = (  # goes when ours goes
    "85 1 254:0 / / rw master:1 - ext4 /dev/vda rw\n"
    "95 85 0:44 / /tank/a rw master:9 - zfs tank/a rw\n"
)
THEIRS = "90 80 0:44 / /data\\040x rw - zfs tank/a rw\n91 80 0:9 / /o rw - zfs tank/ab rw\n"


@pytest.fixture
def proc(tmp_path, monkeypatch):
    places = {"self": OURS, "7": OURS, "41": THEIRS, "5": UDEV}
    folder = tmp_path / "proc"
    for name, table in places.items():
        (folder / name / "ns").mkdir(parents=True)
        (folder / name / "fd").mkdir()
        (folder / name / "mountinfo").write_text(table)
        (folder / name / "comm").write_text({"7": "dd\n", "41": "sleep\n"}.get(name, "x\n"))
        (folder / name / "cgroup").write_text(
            f"0::/system.slice/docker-{'ab12' * 16}.scope\n" if name == "41" else "0::/\n"
        )
        number = {"41": 2, "5": 3}.get(name, 1)
        os.symlink(f"mnt:[{number}]", folder / name / "ns" / "mnt")
        os.symlink("/", folder / name / "cwd")
    real_open, real_list, real_link = open, os.listdir, os.readlink

    def moved(path):
        return path.replace("/proc/", f"{folder}/", 1) if str(path).startswith("/proc/") else path

    monkeypatch.setattr(
        "builtins.open", lambda path, *more, **kw: real_open(moved(path), *more, **kw)
    )
    monkeypatch.setattr(os, "readlink", lambda path: real_link(moved(path)))
    monkeypatch.setattr(
        os, "listdir", lambda path: real_list(folder if path == "/proc" else moved(path))
    )
    return folder


def test_a_mount_in_another_namespace_is_found_with_its_process(proc):
    (use,) = busy.find_uses({"tank/a": "filesystem"})
    assert use.dataset == "tank/a"
    assert use.foreign
    assert use.how == (
        "mounted at /data x in the mount namespace of process 41 (sleep) of container ab12ab12ab12"
    )


def test_what_is_mounted_elsewhere_only_stays_when_nothing_is_unmounted_here(proc):
    (proc / "self" / "mountinfo").write_text("")
    found = busy.find_uses({"tank/a": "filesystem"})
    assert ["41" in use.how or "5 (x)" in use.how for use in found] == [True, True]


def test_an_open_file_is_found_with_its_process(proc):
    os.symlink("/tank/a/log", proc / "7" / "fd" / "3")
    os.symlink("/tank/ab", proc / "7" / "fd" / "4")
    found = [use.how for use in busy.find_uses({"tank/a": "filesystem"}) if not use.foreign]
    assert found == ["/tank/a/log is held open by process 7 (dd)"]


def test_what_is_mounted_on_a_folder_of_it_is_found(proc):
    (proc / "self" / "mountinfo").write_text(OURS + "50 40 0:50 / /tank/a/m rw - tmpfs t rw\n")
    assert "what /tank/a/m is mounted on" in [
        use.how for use in busy.find_uses({"tank/a": "filesystem"})
    ]


def test_nothing_is_found_of_another_dataset(proc):
    assert busy.find_uses({"tank/b": "filesystem"}) == ()


def test_the_use_of_a_volume_is_that_of_its_device(proc, monkeypatch):
    glance = busy.disks.glance("/nowhere")._replace(exists=True, holders=("vg-lv",), swap=True)
    monkeypatch.setattr(busy.disks, "glance", lambda path: glance)
    assert [use.how for use in busy.find_uses({"tank/v": "volume"})] == ["part of vg-lv", "swap"]
