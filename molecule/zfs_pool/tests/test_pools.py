# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other pools and filesystems: redundant ones, those that people made, and what is refused."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module", autouse=True)
def mirror(host, steps, disks):
    """Two disks are a mirror called tank."""
    command = f"zpool create -o ashift=12 -O mountpoint=none tank mirror {disks[2]} {disks[3]}"
    if host.run("zpool list tank").rc:
        assert steps("tank", layout="mirror", devices=disks[2:4]) == [command]
    return disks[2:4]


def test_a_mirror_is_known_again(host, steps, mirror):
    assert steps("tank", devices=mirror) == []
    assert steps("tank", layout="mirror", devices=mirror[::-1]) == []
    assert "mirror-0" in host.check_output("zpool status tank")


def test_a_mirror_grows_with_both_of_its_disks(host, lab, steps, mirror):
    for disk in ("disk3", "disk4"):
        lab("disk", "resize", disk, "2G")
    [step] = steps("tank", devices=mirror)
    assert step == f"zpool online -e tank {mirror[0]} {mirror[1]}"
    assert int(host.check_output("zpool list -Hpo size tank")) > 1.8 * 2**30
    assert steps("tank", devices=mirror) == []


def test_what_is_not_a_whole_vdev_is_refused(refusal, mirror, disks):
    assert "made of mirrors of 2 disks, and 1 more is" in refusal("tank", devices=disks[2:5])


def test_another_layout_is_refused(refusal, mirror):
    words = refusal("tank", layout="raidz1", devices=mirror)
    assert "it is a mirror, and not a raidz1" in words


def test_disks_of_unequal_size_are_refused(host, refusal, lab, disks):
    """`zpool` would want to be forced."""
    if host.run("test -e /dev/disk/by-id/virtio-disk6").rc:
        lab("disk", "add", "1G")
    pair = [disks[4], "/dev/disk/by-id/virtio-disk6"]
    assert "the disks differ in size" in refusal("new", layout="mirror", devices=pair)


def test_a_disk_of_another_pool_is_refused(host, refusal, mirror, disks):
    assert "it is a member of ZFS pool tank" in refusal("new", devices=[mirror[0]])
    host.check_output("zpool export tank")
    try:
        assert "it is a member of ZFS pool tank" in refusal("new", devices=[mirror[0]])
    finally:
        host.check_output("zpool import tank")


def test_a_disk_with_a_filesystem_is_refused(host, refusal, disks):
    host.check_output("mkfs.ext4 -q %s", disks[4])
    assert "other data (ext4)" in refusal("new", devices=[disks[4]])
    assert "other data (ext4)" in refusal("tank", devices=[disks[4]])
    host.check_output("wipefs --all --quiet %s; blkdiscard --zeroout %s", disks[4], disks[4])


def test_a_pool_of_another_host_is_refused(host, lab, refusal, mirror):
    """The host that used it was cut off, and this one has another id.

    At boot a pool of the cache file is taken by whoever has the file.
    """
    host.check_output("cp /etc/hostid /root/hostid && zgenhostid -f deadbeef")
    host.check_output("rm /etc/zfs/zpool.cache && sync")
    lab("power", "reset")
    try:
        assert "Another system used it last" in refusal("tank", devices=mirror)
    finally:
        host.check_output("cp /root/hostid /etc/hostid && zpool import -a && zfs mount -a")
        host.check_output("systemctl reset-failed docker; systemctl start docker")


def test_a_pool_that_is_read_only_is_refused(host, refusal, mirror):
    host.check_output("zpool export tank && zpool import -o readonly=on tank")
    try:
        words = refusal("tank", devices=mirror, dataset="x", path="/srv/x")
        assert "it is imported read-only" in words
    finally:
        host.check_output("zpool export tank && zpool import tank")


def test_a_line_in_fstab_is_taken_as_it_is(host, steps, mirror):
    host.check_output("zfs create -o mountpoint=legacy tank/legacy && mkdir -p /srv/legacy")
    host.check_output("echo 'tank/legacy /srv/legacy zfs defaults,nofail 0 0' >> /etc/fstab")
    host.check_output("systemctl daemon-reload")
    wish = {"devices": mirror, "dataset": "legacy", "path": "/srv/legacy"}
    assert steps("tank", **wish) == ["mount -- /srv/legacy"]
    assert steps("tank", **wish) == []
    assert host.check_output("zfs get -Ho value mountpoint tank/legacy") == "legacy"


def test_a_filesystem_that_somebody_has_placed_is_refused(host, refusal, mirror):
    host.check_output("zfs create -o mountpoint=/srv/placed tank/placed")
    words = refusal("tank", devices=mirror, dataset="placed", path="/srv/elsewhere")
    assert "it is mounted at /srv/placed, and wanted at /srv/elsewhere" in words


def test_files_below_the_mount_are_refused(host, refusal, steps, mirror):
    host.check_output("mkdir -p /srv/full && touch /srv/full/file")
    wish = {"devices": mirror, "dataset": "full", "path": "/srv/full"}
    assert "files that are no engine's (file)" in refusal("tank", **wish)
    assert "zfs mount tank/full" in steps("tank", existing_data="keep", **wish)
    assert host.mount_point("/srv/full").filesystem == "zfs"
    assert steps("tank", **wish) == []


def test_a_pool_is_called_as_a_part_of_the_answers_and_made_once_more(host, steps, disks):
    """A `zpool create` that is killed at its beginning leaves blank partitions."""
    command = f"zpool create -o ashift=12 -O mountpoint=none cache {disks[4]}"
    assert steps("cache", devices=[disks[4]]) == [command]
    assert steps("cache", devices=[disks[4]]) == []
    host.check_output("zpool destroy cache")
    host.check_output("blkdiscard --zeroout %s-part1 && udevadm settle", disks[4])
    partitions = host.check_output("sfdisk --dump %s", disks[4])
    assert partitions.count("start=") == 2
    assert steps("cache", devices=[disks[4]]) == [command]
    assert steps("cache", devices=[disks[4]]) == []
    host.check_output("zpool destroy cache")
    host.check_output("wipefs --all --quiet %s; blkdiscard --zeroout %s", disks[4], disks[4])


def test_a_pool_with_an_alternate_root_is_refused(host, refusal, mirror):
    host.check_output("zpool export tank && zpool import -R /mnt tank")
    try:
        words = refusal("tank", devices=mirror, dataset="x", path="/srv/x")
        assert "it is imported with the alternate root /mnt" in words
    finally:
        host.check_output("zpool export tank && zpool import tank")


def test_a_pool_that_was_made_as_dockers_documentation_does_it(host, steps, disks):
    """`zpool create -m`: the pool's own filesystem is mounted."""
    host.check_output("zpool create -m /srv/whole whole %s", disks[4])
    wish = {"devices": [disks[4]], "path": "/srv/whole"}
    assert steps("whole", **wish) == []
    host.check_output("zfs unmount whole")
    assert steps("whole", **wish) == ["zfs mount whole"]
    host.check_output("zpool destroy whole")
    host.check_output("wipefs --all --quiet %s; blkdiscard --zeroout %s", disks[4], disks[4])
    assert steps("whole", **wish) == [
        f"zpool create -o ashift=12 -O mountpoint=/srv/whole -O canmount=off whole {disks[4]}",
        "zfs set canmount=on whole",
        "zfs mount whole",
    ]
    assert steps("whole", **wish) == []


def test_without_a_limit_the_seeds_warning_is_told(host, pool, mirror):
    host.check_output("echo %s > /sys/module/zfs/parameters/zfs_arc_max", str(1536 * 2**20))
    topics = [it["topic"] for it in pool("tank", devices=mirror)["findings"]]
    host.check_output("echo %s > /sys/module/zfs/parameters/zfs_arc_max", str(512 * 2**20))
    assert topics == ["arc_unlimited"]


def test_another_limit_is_not_contradicted(host, refusal, mirror):
    host.check_output("echo options zfs zfs_arc_max=1073741824 > /etc/modprobe.d/theirs.conf")
    words = refusal("tank", devices=mirror, arc_max="256m")
    assert "/etc/modprobe.d/theirs.conf: it sets zfs_arc_max to 1073741824 (1 GiB)" in words
    host.check_output("rm /etc/modprobe.d/theirs.conf")


def test_a_pool_that_has_lost_a_disk_serves_and_does_not_grow(host, lab, pool, refusal, mirror):
    lab("disk", "remove", "disk4")
    host.check_output("zpool scrub -w tank")
    result = pool("tank", devices=mirror[:1])
    assert (result["failed"], result["changed"]) == (False, False)
    assert "pool_health" in [it["topic"] for it in result["findings"]]
    lab("disk", "add", "2G")
    lab("disk", "add", "2G")
    new = [f"/dev/disk/by-id/virtio-disk{number}" for number in (7, 8)]
    assert "it is DEGRADED, and does not grow" in refusal("tank", devices=[mirror[0], *new])


def test_a_module_that_is_not_built_for_this_kernel_is_refused(host, refusal, mirror):
    """As after an update of the kernel without its headers."""
    host.check_output("systemctl stop docker.socket docker zfs-zed; zpool export -a")
    host.check_output("modprobe --remove zfs")
    loaded = refusal("tank", devices=mirror)
    assert "Load it with `modprobe zfs`" in loaded
    host.check_output("mv /lib/modules/$(uname -r)/updates/dkms /root/dkms && depmod")
    try:
        assert "its module is not built for the kernel that runs" in refusal("tank", devices=mirror)
    finally:
        host.check_output("mv /root/dkms /lib/modules/$(uname -r)/updates/dkms && depmod")
        host.check_output("modprobe zfs && zpool import -a && systemctl start docker")
