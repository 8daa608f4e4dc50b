# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mount options on this machine's own kernel: what it shows of each, and what it refuses."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._mount.options import (
    applied,
    check_options,
    missing,
)
from support.loops import sh

# One wish a word.
OF_ALL = """
rw ro noatime relatime atime strictatime nodiratime nosuid nodev noexec user owner
user,exec lazytime nolazytime sync async dirsync nosymfollow
defaults,nofail,_netdev,x-systemd.device-timeout=30s,comment=a auto noauto,silent
"""
OF = {
    "xfs": OF_ALL + """
nouuid inode32 inode64 largeio nolargeio swalloc noalign discard nodiscard wsync filestreams grpid
bsdgroups nogrpid sysvgroups logbufs=4 logbufs=8 logbsize=32k logbsize=65536 logbsize=256k
allocsize=64k allocsize=65536 allocsize=1m allocsize=1g sunit=0,swidth=0 noquota attr2 noikeep
""",
    "btrfs": OF_ALL + """
acl noacl autodefrag noautodefrag barrier nobarrier nodatacow nodatasum datacow datasum
nodatacow,datasum nodatasum,datacow nodatacow,compress compress,nodatacow compress compress=zlib
compress=zlib:0 compress=zlib:9 compress=zstd compress=zstd:3 compress=zstd:15 compress=zstd:99
compress=lzo compress=lzo:1 compress=no compress=none compress-force compress-force=zstd:1
compress-force=no compress=zstd,compress-force=zstd compress-force=zstd,compress=lzo
compress=zstd,nodatasum commit=0 commit=5 commit=30 commit=300 discard discard=sync discard=async
nodiscard discard,nodiscard enospc_debug noenospc_debug fatal_errors=bug fatal_errors=panic
flushoncommit noflushoncommit max_inline=0 max_inline=2048 max_inline=2k max_inline=4096
max_inline=1m metadata_ratio=0 metadata_ratio=5 skip_balance space_cache=v2 ssd nossd ssd_spread
ssd,ssd_spread nossd,ssd_spread ssd_spread,nossd_spread notreelog treelog
user_subvol_rm_allowed subvol=/
""",
}  # fmt: skip
QUOTAS = """
quota uquota usrquota uqnoenforce qnoenforce gquota grpquota gqnoenforce pquota prjquota pqnoenforce
uquota,pquota uquota,gquota,pquota prjquota,noquota
"""
REFUSED = {
    "xfs": "commit=30 compress=zstd nobarrier norecovery bogus discard=sync logbufs=9 allocsize=5k "
    "logbsize=5 prjquota=1 acl",
    "btrfs": "prjquota bogus inode_cache compress=gzip discard=often space_cache=v3 logbufs=8 "
    "fatal_errors=never commit=x subvol= autodefrag=1",
}


class Disk:
    """A filesystem on a loop device, mounted as it is told."""

    def __init__(self, fstype, folder):
        self.fstype, self.where = fstype, folder / "mnt"
        self.where.mkdir()
        image = folder / "image"
        with open(image, "wb") as stream:
            stream.truncate(400 * 1024**2)
        sh(f"mkfs.{fstype}", "-q", str(image))
        self.device = sh("losetup", "--find", "--show", str(image))

    def shown(self, *options):
        """What the kernel shows once it is mounted so; None where it refuses."""
        argv = ["mount", "-t", self.fstype, "-o", ",".join(options) or "defaults"]
        argv += [self.device, str(self.where)]
        if subprocess.run(argv, capture_output=True, check=False).returncode:
            return None
        with open("/proc/self/mountinfo", encoding="utf-8") as stream:
            (line,) = [it for it in stream.read().splitlines() if f" {self.where} " in it]
        sh("umount", str(self.where))
        left, _dash, right = line.partition(" - ")
        return [*left.split(" ")[5].split(","), *right.split(" ")[2].split(",")]

    def clean(self):
        subprocess.run(["umount", str(self.where)], check=False, capture_output=True)
        subprocess.run(["losetup", "--detach", self.device], check=False)


@pytest.fixture(params=OF)
def disk(request, tmp_path):
    if os.geteuid():
        pytest.skip("mounting loop files needs root")
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    if not shutil.which(f"mkfs.{request.param}", path=path):
        pytest.skip(f"mkfs.{request.param} is not installed on this machine")
    with open("/proc/filesystems", encoding="ascii") as stream:
        if f"\t{request.param}\n" not in stream.read():
            pytest.skip(f"this machine's kernel has no {request.param}")
    found = Disk(request.param, tmp_path)
    try:
        yield found
    finally:
        found.clean()


def differences(disk, wishes):
    """Wishes that are judged otherwise than by what the kernel shows."""
    bare = disk.shown()
    for wish in wishes.split():
        options = wish.split(",")
        check_options(disk.fstype, options)
        shown = disk.shown(*options)
        if shown is None:
            yield f"{wish}: the kernel refuses it"
        elif missing(disk.fstype, options, shown):
            yield f"{wish}: mounted so, the kernel shows {shown}"
        elif bool(missing(disk.fstype, options, bare)) != (set(shown) != set(bare)):
            yield f"{wish}: {bare} becomes {shown}, and {missing(disk.fstype, options, bare)}"
        elif missing(disk.fstype, options, applied(disk.fstype, options, bare)):
            yield f"{wish}: not said to be in force after {applied(disk.fstype, options, bare)}"


def test_each_option_is_in_force_once_it_is_mounted_with_and_not_before(disk):
    assert list(differences(disk, OF[disk.fstype])) == []


def test_each_way_to_write_a_quota(disk):
    if disk.fstype != "xfs":
        pytest.skip("a matter of XFS")
    if disk.shown("prjquota") is None:
        pytest.skip("this machine's kernel has no quotas on XFS")
    assert list(differences(disk, QUOTAS)) == []


def test_what_the_kernel_refuses_is_refused_before(disk):
    for option in REFUSED[disk.fstype].split():
        assert disk.shown(option) is None, option
        with pytest.raises(StorageError):
            check_options(disk.fstype, [option])
