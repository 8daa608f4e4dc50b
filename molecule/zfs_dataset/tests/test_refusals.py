# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused, before anything is written: `zpool history -i` is the same afterwards.

Refusals that need no host to be shown are in the unit tests.
"""

from __future__ import annotations

import pytest

# Those of OpenZFS 2.1, which Debian 12 has, are no refusals with later ones.
PROMPTED = {"encryption": True, "keyformat": "passphrase"}
NOWHERE = {"keylocation": "file:///nowhere"}
REFUSALS = [
    ("tank/a%b", {}, "ZFS takes no such characters"),
    ("nowhere/a", {}, "no pool nowhere is imported on this host"),
    ("tank/not/here", {}, "its parent tank/not is not there"),
    ("tank/x", {"properties": {"quotta": "1G"}}, "Did you mean quota?"),
    ("tank/x", {"properties": {"prefetch": "none"}}, "the ZFS of this host does not know it"),
    ("tank/x", {"properties": {"volsize": "1T"}}, "it reserves 1 TiB, and tank has"),
    ("tank/x", {"properties": PROMPTED}, "would be asked for at a prompt"),
    ("tank/x", {"properties": {**PROMPTED, **NOWHERE}}, "there is no such file, or it is empty"),
    ("tank/x", {"properties": NOWHERE}, "it is not to be encrypted"),
    ("tank/fs", {"properties": {"snapdir": "disabled"}}, "Give one of hidden, visible"),
    ("tank/fs", {"properties": {"recordsize": "2M"}}, "Give 1 MiB at most"),
    ("tank/fs", {"properties": {"quota": "50M", "reservation": "60M"}}, "below what is reserved"),
    ("tank/fs", {"properties": {"sharenfs": "rw,quota=1"}}, "on, off, or options such as"),
    ("tank/fs", {"properties": {"org.example:x": "two\nlines"}}, "a line of at most 8191 bytes"),
    ("tank/fs", {"properties": {"mlslabel": "none"}}, "the ZFS of Linux takes no labels"),
    ("tank/x", {"origin": "tank/not@s"}, "its origin tank/not@s is not there"),
    ("tank/fs", {"properties": {"casesensitivity": "mixed"}}, "is chosen when a dataset is made"),
    ("tank/fs", {"properties": {"volsize": "1G"}}, "it is one of volumes, and tank/fs is a file"),
    ("tank/fs", {"properties": {"quota": "1M"}}, "are used already"),
    ("tank/fs", {"properties": {"refquota": "1M"}}, "are referenced already"),
    ("tank/fs", {"properties": {"reservation": "9G"}}, "are available"),
    ("tank/fs@s", {"properties": {"atime": False}}, "tank/fs@s is a snapshot"),
    ("tank/block", {"properties": {"volsize": "16M"}}, "a volume is never shrunk"),
    ("tank/block", {"properties": {"volblocksize": "64K"}}, "is chosen when a dataset is made"),
    ("tank", {"state": "absent"}, "it is the root of its pool"),
    ("tank/fs", {"state": "absent"}, "there is more below it: tank/fs/sub, tank/fs@s"),
    ("tank/fs", {"state": "absent", "recursive": True}, "others were cloned from it"),
    ("tank/held", {"state": "absent", "recursive": True}, "snapshots are held: tank/held@s"),
    ("tank/alone", {"state": "absent"}, "this would destroy filesystem tank/alone (guid "),
    ("tank/alone", {"state": "absent", "consent": "0" * 12}, "is not for this plan"),
    ("plain/a", {"properties": {"compression": "zstd"}}, "does not have feature@zstd_compress"),
]


@pytest.fixture(scope="module", autouse=True)
def things(host):
    """Make what the refusals are about."""
    host.check_output(
        "zfs create tank/fs && head -c 8M /dev/urandom >/tank/fs/data && sync"
        " && zfs create tank/fs/sub && zfs snapshot tank/fs@s && zfs clone tank/fs@s tank/clone"
        " && zfs create -s -V 32M tank/block"
        " && zfs create tank/held && zfs snapshot tank/held@s && zfs hold keep tank/held@s"
        " && zfs create tank/alone && zfs create small/fs"
        " && truncate --size 128M /root/plain.img && zpool create -d plain /root/plain.img"
    )
    # Space and use are counted when a transaction group is written.
    host.check_output("zpool sync")


@pytest.mark.parametrize(("target", "options", "wrong"), REFUSALS)
def test_refused(refusal, target, options, wrong):
    assert wrong in refusal(target, **options)


def test_a_filesystem_that_another_mount_namespace_holds(host, refusal):
    host.check_output(
        "systemd-run --unit=holder --property=PrivateMounts=yes --property=MountFlags=private"
        " sleep 1000 && sleep 1 && umount /tank/alone"
    )
    try:
        said = refusal("tank/alone", state="absent")
        assert "tank/alone is mounted at /tank/alone in the mount namespace of process" in said
        assert "(sleep)" in said
        # ZFS itself says only that.
        assert "busy" in host.run("zfs destroy tank/alone").stderr
    finally:
        host.check_output("systemctl stop holder && zfs mount tank/alone")


def test_a_filesystem_with_an_open_file(host, refusal):
    host.check_output("systemd-run --unit=reader --working-directory=/tank/alone sleep 1000")
    try:
        for options in (
            {"state": "absent"},
            {"properties": {"mountpoint": "/elsewhere"}},
        ):
            assert "/tank/alone is held open by process" in refusal("tank/alone", **options)
        assert "it is in use" in refusal("tank/other", rename_from="tank/alone")
    finally:
        host.check_output("systemctl stop reader")


def test_a_volume_that_is_mounted(host, refusal):
    host.check_output("mkfs.ext4 -q /dev/zvol/tank/block && mount /dev/zvol/tank/block /mnt")
    try:
        assert "tank/block is mounted at /mnt" in refusal("tank/block", state="absent")
    finally:
        host.check_output("umount /mnt")


def test_a_full_pool(host, refusal, dataset):
    host.run("head -c 1G /dev/zero >/small/fs/fill")
    host.check_output("zpool sync")
    try:
        assert "there is no space left in small" in refusal("small/more")
        assert "pool_almost_full" in [it["topic"] for it in dataset("small/fs")["findings"]]
    finally:
        host.check_output("rm /small/fs/fill && zpool sync")


def test_a_pool_that_is_imported_read_only(host, refusal):
    host.check_output("zpool export small && zpool import -o readonly=on small")
    try:
        assert "it is imported read-only" in refusal("small/more")
    finally:
        host.check_output("zpool export small && zpool import small")


def test_a_degraded_pool_is_used_and_nothing_destroyed_in_it(host, disks, refusal, dataset):
    host.check_output("zpool offline tank %s", disks[1])
    try:
        result = dataset("tank/fs", properties={"atime": False})
        assert [step["action"] for step in result["steps"]] == ["zfs set atime=off tank/fs"]
        assert [it["topic"] for it in result["findings"]] == ["pool_health"]
        assert "its pool tank is DEGRADED" in refusal("tank/alone", state="absent")
    finally:
        host.check_output("zpool online tank %s", disks[1])


def test_a_suspended_pool_is_not_waited_for(host, dataset, wait_until):
    sectors = 128 * 2**20 // 512
    host.check_output(
        "truncate --size 128M /root/doomed.img && losetup /dev/loop7 /root/doomed.img"
        f" && dmsetup create doomed --table '0 {sectors} linear /dev/loop7 0'"
        " && zpool create doomed /dev/mapper/doomed"
        f" && dmsetup load doomed --table '0 {sectors} error' && dmsetup resume doomed"
    )
    # What writes there waits for ever, so nobody waits for it.
    host.check_output("systemd-run --no-block sh -c 'echo x >/doomed/x; zpool sync doomed'")
    wait_until(lambda: host.file("/proc/spl/kstat/zfs/doomed/state").contains("SUSPENDED"), 120)
    result = dataset("doomed/a")
    assert result["failed"]
    assert "Pool doomed: it is suspended" in result["msg"]


def test_a_kernel_without_the_module(host, dataset):
    """The last one: a pool that is suspended keeps the module in use, so its device is moved."""
    host.check_output("mv /dev/zfs /dev/zfs.away")
    try:
        result = dataset("tank/fs")
        assert result["failed"]
        assert "there is no /dev/zfs" in result["msg"]
        assert "`modprobe zfs`" in result["msg"]
    finally:
        host.check_output("mv /dev/zfs.away /dev/zfs")
