# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module on real btrfs filesystems over loop devices. What systemd and udev do is played."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import (
    devices,
    profiles,
    superblock,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core import lock
from ansible_collections.containerhost.storage.plugins.module_utils._core.journal import (
    open_changes,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host import disk as host_disk
from ansible_collections.containerhost.storage.plugins.module_utils._host import (
    mount_unit,
    mounts,
    udev,
)
from ansible_collections.containerhost.storage.plugins.modules import btrfs_filesystem
from support.instants import killed_at, sampled
from support.loops import sh

MIB = 1024**2
SIZE = 300 * MIB


class Ended(Exception):  # noqa: N818
    """The module has exited; its result is the argument."""


class Host:
    """Loop devices with names that would survive a reboot, a mount point, and its units."""

    def __init__(self, loops):
        self.folder, self.loops = loops.folder, loops
        self.where, self.units = loops.folder / "root", loops.folder / "units"
        self.udev = loops.folder / "udev"
        for folder in (self.units / "multi-user.target.wants", self.udev, loops.folder / "by-id"):
            folder.mkdir(parents=True)
        self.devices, self.commands = {}, []

    def disk(self, name, size=SIZE):
        """A blank disk; its stable name."""
        image = self.folder / f"{name}.img"
        if not image.exists():
            with open(image, "wb") as stream:
                stream.truncate(size)
        device = sh("losetup", "--find", "--show", str(image))
        self.devices[name] = device
        (self.folder / "by-id" / name).symlink_to(device)
        self.know(name)
        return self.name(name)

    def name(self, name):
        return f"/dev/..{self.folder}/by-id/{name}"

    def know(self, name, *lines):
        """What udev knows of a disk."""
        number = os.stat(self.devices[name]).st_rdev
        record = ["", f"S:..{self.folder}/by-id/{name}", *lines, ""]
        path = self.udev / f"b{os.major(number)}:{os.minor(number)}"
        path.write_text("\n".join(record))

    def pull(self, name):
        """Take a disk away."""
        sh("losetup", "--detach", self.devices.pop(name))
        (self.folder / "by-id" / name).unlink()

    def digest(self):
        """A hash over what is on each disk; holes are passed over."""
        for mount in mounts.mounts():
            if mount.path.startswith(f"{self.folder}/"):
                sh("sync", "--file-system", mount.path)
        for device in self.devices.values():
            sh("sync", device)
        return [self._digest(path) for path in sorted(self.folder.glob("*.img"))]

    def _digest(self, path):
        found, end = hashlib.sha256(), 0
        with open(path, "rb", buffering=0) as stream, contextlib.suppress(OSError):  # no more data
            while True:
                start = stream.seek(end, os.SEEK_DATA)
                end = stream.seek(start, os.SEEK_HOLE)
                stream.seek(start)
                found.update(b"%d" % start + stream.read(end - start))
        return found.hexdigest()

    def systemctl(self, verb, *words):
        """All of systemd that the module needs."""
        if verb == "enable":
            (self.units / "multi-user.target.wants" / words[-1]).symlink_to("x")
        if verb == "restart":
            settings = dict(
                line.split("=", 1)
                for line in (self.units / words[-1]).read_text().splitlines()
                if "=" in line
            )
            what = settings["What"].replace("/dev/disk/by-uuid/", "UUID=")
            sh("mount", "-t", settings["Type"], "-o", settings["Options"], what, settings["Where"])
        return 0, "", ""

    def unit(self):
        (path,) = self.units.glob("*.mount")
        return path.read_text()

    def clean(self):
        for device in self.devices.values():
            subprocess.run(["losetup", "--detach", device], check=False)


@pytest.fixture
def host(loops, monkeypatch):
    found = Host(loops)
    monkeypatch.setattr(udev, "RECORDS", f"{found.udev}/b")
    monkeypatch.setattr(devices, "_UDEV", f"{found.udev}/b")
    monkeypatch.setattr(host_disk, "stable", tuple)
    monkeypatch.setattr(mount_unit, "UNITS", str(found.units))
    monkeypatch.setattr(lock, "PATH", str(found.folder / "lock"))
    real = basic.AnsibleModule.run_command

    def run_command(self, argv, **more):
        found.commands.append(" ".join(argv))
        return found.systemctl(*argv[1:]) if argv[0] == "systemctl" else real(self, argv, **more)

    def end(self, **result):
        raise Ended(result)

    monkeypatch.setattr(basic.AnsibleModule, "run_command", run_command)
    monkeypatch.setattr(basic.AnsibleModule, "exit_json", end)
    monkeypatch.setattr(
        basic.AnsibleModule, "fail_json", lambda self, **it: end(self, failed=True, **it)
    )
    yield found
    loops.clean()
    found.clean()


def run(host, check=False, **options):
    """Run the module once; a result has ``commands``, all that were run."""
    host.commands.clear()
    arguments = {"label": "docker", "path": str(host.where), "_ansible_check_mode": check}
    with patch_module_args({**arguments, **options}), pytest.raises(Ended) as ended:
        btrfs_filesystem.main()
    return {**ended.value.args[0], "commands": list(host.commands)}


def settles(host, **options):
    """Check mode, the real run, the second run: what they say has to fit together."""
    before = host.digest()
    planned = run(host, check=True, **options)
    assert not planned.get("failed"), planned
    assert host.digest() == before
    done = run(host, **options)
    assert not done.get("failed"), done
    for key in ("steps", "changed", "findings"):
        assert planned[key] == done[key], key
    again = run(host, **options)
    assert (again["changed"], again["commands"]) == (False, []), again
    return done


def refuses(host, words, **options):
    """The refusal is the same in check mode, and nothing is written before it."""
    before = host.digest()
    for check in (True, False):
        result = run(host, check=check, **options)
        assert result.get("failed"), result
        assert words in result["msg"]
        assert result["changed"] is False
    assert host.digest() == before


def shown(host, pattern):
    """What ``btrfs filesystem`` says of the mounted filesystem."""
    text = sh("btrfs", "filesystem", "show", "--raw", str(host.where))
    text += sh("btrfs", "filesystem", "usage", "--raw", str(host.where))
    return re.findall(pattern, text)


# --- made, and kept


def test_made_on_one_disk_and_kept(host):
    one = host.disk("one")
    done = settles(host, devices=[one])
    found = done["state"]["filesystem"]
    assert sh("findmnt", "-no", "UUID,LABEL", str(host.where)).split() == [found["uuid"], "docker"]
    assert shown(host, r"(?m)^(Data|Metadata),(\w+):") == [("Data", "single"), ("Metadata", "DUP")]
    assert (found["data_profiles"], found["metadata_profiles"]) == (["single"], ["dup"])
    assert f"What={one}\n" in host.unit()


@pytest.mark.parametrize("label", ["vol$HOME", "~", "${HOME}"])
def test_nothing_is_expanded_in_a_label(host, monkeypatch, label):
    monkeypatch.setenv("HOME", "/root")
    one = host.disk("one")
    done = settles(host, devices=[one], label=label)
    assert done["state"]["filesystem"]["label"] == label
    assert sh("btrfs", "filesystem", "label", str(host.where)) == label


def break_off(disk):
    """Leave a disk as mkfs.btrfs does that is killed before its last write."""
    with open(disk, "r+b", buffering=0) as stream:
        for place in (64 * 1024, 64 * 1024**2):
            stream.seek(place + 64)
            assert stream.read(8) == b"_BHRfS_M"
            stream.seek(place + 64)
            stream.write(b"!BHRfS_M")


def test_what_a_killed_mkfs_has_left_is_made_anew_if_it_is_ours(host):
    disks = [host.disk("one"), host.disk("two")]
    sh("mkfs.btrfs", "-q", "-L", "docker", *disks)
    for disk in disks:
        break_off(disk)
    refuses(host, "label docker was broken off on it", devices=disks, label="other")
    done = settles(host, devices=disks)
    assert done["steps"][0]["action"].startswith("mkfs.btrfs ")
    three = host.disk("three")
    sh("mkfs.btrfs", "-q", "-L", "docker", three)
    break_off(three)
    refuses(host, "was broken off on it", devices=[*disks, three])


def test_a_label_that_is_no_text_is_nobodys(host):
    one = host.disk("one")
    sh("mkfs.btrfs", "-q", "-L", os.fsdecode(b"docker\xff"), one)
    refuses(host, r"it is in another btrfs: label docker\xff", devices=[one])


def test_made_on_two_with_profiles(host):
    disks = [host.disk("one"), host.disk("two")]
    done = settles(host, devices=disks, data_profile="raid0", metadata_profile="raid1")
    assert shown(host, r"(?m)^(Data|Metadata),(\w+):") == [("Data", "RAID0"), ("Metadata", "RAID1")]
    assert [one["size"] for one in done["state"]["filesystem"]["devices"]] == [SIZE, SIZE]
    assert done["findings"] == []


def test_what_mkfs_makes_by_itself_is_known_beforehand(host):
    disks = [host.disk("one"), host.disk("two")]
    planned = run(host, check=True, devices=disks)["state"]["filesystem"]
    done = settles(host, devices=disks)["state"]["filesystem"]
    assert {**planned, "uuid": done["uuid"]} == done


def test_a_run_that_broke_off_is_gone_on_from(host):
    disks = [host.disk("one"), host.disk("two")]
    sh("mkfs.btrfs", "-q", "-L", "docker", "-m", "raid1", *disks)
    host.where.mkdir()
    done = settles(host, devices=disks, metadata_profile="raid1")
    assert not any(step["action"].startswith("mkfs") for step in done["steps"])
    uuid = done["state"]["filesystem"]["uuid"]
    assert f"What=/dev/disk/by-uuid/{uuid}\n" in host.unit()


def test_a_disk_is_added_and_the_data_stays(host):
    one = host.disk("one")
    settles(host, devices=[one])
    (host.where / "file").write_text("kept")
    done = settles(host, devices=[one, host.disk("two")])
    assert [step["action"].split()[:3] for step in done["steps"]] == [["btrfs", "device", "add"]]
    assert len(shown(host, r"devid +\d+ size")) == 2
    assert (host.where / "file").read_text() == "kept"
    # a disk that is left out stays in it
    assert run(host, devices=[one])["changed"] is False
    assert run(host)["changed"] is False


def test_a_disk_that_has_grown_is_filled(host):
    disks = [host.disk("one"), host.disk("two")]
    settles(host, devices=disks)
    os.truncate(host.folder / "two.img", 2 * SIZE + 1024)
    sh("losetup", "--set-capacity", host.devices["two"])
    done = settles(host, devices=disks)
    assert [step["action"] for step in done["steps"]] == [
        f"btrfs filesystem resize 2:max {host.where}"
    ]
    assert shown(host, r"devid +\d+ size (\d+)") == [str(SIZE), str(2 * SIZE)]


def test_it_grows_by_what_was_resized_while_it_was_not_mounted(host):
    one = host.disk("one")
    settles(host, devices=[one])
    sh("umount", str(host.where))
    os.truncate(host.folder / "one.img", 2 * SIZE)
    sh("losetup", "--set-capacity", host.devices["one"])
    assert len(settles(host, devices=[one])["steps"]) == 2
    assert shown(host, r"devid +\d+ size (\d+)") == [str(2 * SIZE)]


# --- profiles


def test_the_balance_that_is_named_brings_the_profiles(host):
    one = host.disk("one")
    settles(host, devices=[one])
    (host.where / "file").write_bytes(os.urandom(MIB))
    wish = {"data_profile": "raid1", "metadata_profile": "raid1"}
    done = settles(host, devices=[one, host.disk("two")], **wish)
    (finding,) = done["findings"]
    assert (finding["level"], finding["topic"]) == ("warning", "btrfs_profile_differs")
    sh(*re.search(r"`(btrfs balance start .*)`", finding["message"])[1].split())
    assert run(host, **wish)["findings"] == []
    assert shown(host, r"(?m)^(?:Data|Metadata),(\w+):") == ["RAID1", "RAID1"]
    # and back, which the kernel does for metadata only when it is told twice
    (finding,) = run(host, metadata_profile="single")["findings"]
    sh(*re.search(r"`(btrfs balance start .*)`", finding["message"])[1].split())
    assert run(host, metadata_profile="single")["findings"] == []


def test_profiles_are_seen_before_it_is_mounted(host):
    disks = [host.disk("one"), host.disk("two"), host.disk("three")]
    sh("mkfs.btrfs", "-q", "-L", "docker", "-d", "raid1", "-m", "raid1c3", *disks)
    done = settles(host, devices=disks, data_profile="single", metadata_profile="raid1c3")
    assert "data in raid1, metadata in raid1c3" in done["findings"][0]["message"]


def test_mixed_chunks(host):
    one = host.disk("one")
    sh("mkfs.btrfs", "-q", "-L", "docker", "--mixed", one)
    done = settles(host, devices=[one], metadata_profile="dup")
    assert done["state"]["filesystem"]["data_profiles"] == ["single"]
    (finding,) = done["findings"]
    sh(*re.search(r"`(btrfs balance start .*)`", finding["message"])[1].split())
    assert run(host, metadata_profile="dup")["findings"] == []


@pytest.mark.parametrize(
    ("data", "metadata"), [("single", "single"), ("single", "dup"), ("dup", "dup")]
)
def test_the_smallest_disk_is_that_of_mkfs(host, data, metadata):
    least = profiles.smallest(data, metadata)
    command = ["mkfs.btrfs", "-q", "-d", data, "-m", metadata]
    small = subprocess.run([*command, host.disk("small", least - 4096)], check=False)
    assert small.returncode == 1
    sh(*command, host.disk("large", least))


# --- the mount


def test_a_subvolume_that_a_person_has_mounted_stays_what_is_mounted(host):
    one = host.disk("one")
    settles(host, devices=[one])
    sh("btrfs", "subvolume", "create", str(host.where / "@docker"))
    sh("umount", str(host.where))
    for path in host.units.glob("**/*.mount"):
        path.unlink()
    sh("mount", "-o", "noatime,subvol=@docker", one, str(host.where))
    settles(host)
    assert "Options=noatime,subvol=/@docker\n" in host.unit()
    assert run(host, mount_options=["noatime", "subvol=@docker"])["commands"] == []
    refuses(host, "subvolume /@docker of btrfs docker is mounted there", mount_options=["subvol=/"])
    # the default subvolume is mounted where none is named, and that is no drift
    sh("umount", str(host.where))
    sh("mount", one, str(host.where))
    sh("btrfs", "subvolume", "set-default", str(host.where / "@docker"))
    sh("umount", str(host.where))
    for path in host.units.glob("**/*.mount"):
        path.unlink()
    settles(host, devices=[one])
    assert sh("findmnt", "-no", "FSROOT", str(host.where)) == "/@docker"


def test_a_folder_of_it_is_no_mount_of_it(host):
    settles(host, devices=[host.disk("one")])
    (host.where / "in").mkdir()
    sh("mount", "--bind", str(host.where / "in"), str(host.where))
    refuses(host, "a folder of btrfs docker is mounted there (/in)")


def test_the_kernel_heeds_the_options_of_the_first_mount_only(host):
    one = host.disk("one")
    sh("mkfs.btrfs", "-q", "-L", "docker", one)
    mnt = host.loops.mount("mnt", one)
    second = host.loops.mount("second", one, "-o", "compress=zstd,noatime")
    options = sh("findmnt", "-no", "OPTIONS", str(second))
    assert "noatime" in options
    assert "compress" not in options
    sh("umount", str(second))
    options = ["noatime", "compress=zstd"]
    refuses(host, "mounted at", devices=[one], mount_options=options)
    message = run(host, devices=[one], mount_options=options)["msg"]
    sh(*re.search(rf"`(mount -o remount,compress=zstd {mnt})`", message)[1].split())
    settles(host, devices=[one], mount_options=options)


# --- refused, with nothing written


def test_another_filesystem_on_a_disk(host):
    one = host.disk("one")
    sh("mkfs.btrfs", "-q", "-L", "backup", one)
    refuses(host, "it is in another btrfs: label backup", devices=[one])
    two = host.disk("two")
    sh("mkswap", two)
    refuses(host, "swap space", devices=[two])
    three = host.disk("three")
    settles(host, devices=[three])
    refuses(host, "it is in another btrfs: label backup", devices=[three, one])
    refuses(host, "swap space", devices=[three, two])


def test_a_disk_that_was_taken_out_is_not_blank(host):
    disks = [host.disk("one"), host.disk("two")]
    settles(host, devices=disks, metadata_profile="single")
    (host.where / "file").write_bytes(os.urandom(MIB))
    sh("btrfs", "device", "remove", host.devices["two"], str(host.where))
    assert run(host, devices=disks[:1])["changed"] is False
    refuses(host, "it holds unknown data", devices=disks)


@pytest.mark.parametrize("mounted", [True, False])
def test_a_copy_of_a_disk(host, mounted):
    one = host.disk("one")
    settles(host, devices=[one])
    sh("umount", str(host.where))
    sh("cp", str(host.folder / "one.img"), str(host.folder / "copy.img"))
    if mounted:
        sh("mount", one, str(host.where))
    host.disk("copy")
    host.know("copy", "E:ID_FS_TYPE=btrfs")
    refuses(host, f"its device 1 is there twice, {one} and {host.devices['copy']}", devices=[one])
    refuses(host, "its device 1 is there twice", devices=[one, host.name("copy")])


def test_a_disk_that_is_missing(host):
    disks = [host.disk("one"), host.disk("two")]
    settles(host, devices=disks)
    sh("umount", str(host.where))
    host.pull("two")
    sh("btrfs", "device", "scan", "--forget")
    refuses(host, f"not found: 1 of its 2 devices, {disks[1]}; found: {disks[0]}", devices=disks)
    sh("mount", "-o", "degraded,noatime", disks[0], str(host.where))
    refuses(host, "not found: device 2", devices=disks[:1])


def test_two_filesystems_of_one_label(host):
    disks = [host.disk("one"), host.disk("two")]
    for disk in disks:
        sh("mkfs.btrfs", "-q", "-L", "docker", disk)
    refuses(host, "this host has 2 filesystems of that label", devices=disks)
    host.know("two", "E:ID_FS_TYPE=btrfs")
    settles(host, devices=disks[:1])
    refuses(host, "this host has 2 filesystems of that label", devices=disks)


def test_a_filesystem_of_that_label_on_a_disk_that_is_not_named(host):
    sh("mkfs.btrfs", "-q", "-L", "docker", host.disk("one"))
    host.know("one", "E:ID_FS_TYPE=btrfs")
    refuses(host, f"there is one on {host.devices['one']} already", devices=[host.disk("two")])


def test_superblocks_say_what_the_tool_shows(host):
    disks = [host.disk("one"), host.disk("two")]
    sh("mkfs.btrfs", "-q", "-L", "a label", *disks)
    for disk in disks:
        text = sh("btrfs", "inspect-internal", "dump-super", disk)
        found = superblock.read_superblock(disk)
        for name, value in (
            ("fsid", found.uuid),
            ("label", found.label),
            ("num_devices", found.devices),
            ("sectorsize", found.sector),
            ("dev_item.devid", found.id),
            ("dev_item.total_bytes", found.size),
        ):
            assert re.search(rf"(?m)^{re.escape(name)}\t+(.*)$", text)[1] == str(value), name


# --- killed


def test_killed_wherever_it_is_the_next_run_goes_on_from_there(loops, host):
    """Made of one disk, then given a second: two lives, killed at one instant each."""
    for instant in sampled(0):
        one, two = host.disk(f"one{instant}"), host.disk(f"two{instant}")
        came = []
        for disks in ([one], [one, two]):
            came.append(
                killed_at(
                    instant, lambda disks=disks: run(host, devices=disks), basic.AnsibleModule
                )
            )
            done = run(host, devices=disks)
            assert not done.get("failed"), done
            assert len(shown(host, r"devid +\d+ size")) == len(disks)
            if disks == [one]:
                (host.where / "file").write_text("kept")
            again = run(host, devices=disks)
            assert (again["changed"], again["commands"]) == (False, []), again
            assert open_changes() == []
        assert (host.where / "file").read_text() == "kept"
        sh("umount", str(host.where))
        for path in host.units.glob("**/*.mount"):
            path.unlink()
        for name in (f"one{instant}", f"two{instant}"):
            host.pull(name)
        if not any(came):
            assert instant > 5
            break
