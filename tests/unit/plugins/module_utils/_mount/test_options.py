# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mount options by what they mean, as tables. tests/loop holds them against a kernel."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._mount.options import (
    applied,
    check_kernel,
    check_options,
    is_of_each_mount,
    missing,
)

# what the kernel shows where nothing was asked for
BARE = {"xfs": "rw,relatime,inode64,logbufs=8,logbsize=32k,noquota", "btrfs": "rw,relatime"}

# filesystem; what is wanted; what the kernel shows besides BARE; what of it is not in force
MEANINGS = [
    # of every filesystem
    ("xfs", "noatime", "noatime", ""),
    ("xfs", "noatime", "", "noatime"),
    ("xfs", "relatime", "", ""),
    ("xfs", "atime", "", ""),
    ("xfs", "atime", "noatime", "atime"),
    ("xfs", "strictatime", "", "strictatime"),
    ("xfs", "rw", "", ""),
    ("xfs", "rw", "ro", "rw"),
    ("xfs", "ro", "ro", ""),
    ("xfs", "ro", "", "ro"),
    ("xfs", "suid,dev,exec,async,diratime,nolazytime,symfollow", "", ""),
    ("xfs", "exec", "noexec", "exec"),
    ("xfs", "user", "nosuid,nodev,noexec", ""),
    ("xfs", "user,exec,suid", "nodev", ""),
    ("xfs", "owner", "", "owner"),
    # not the kernel's: mount(8) and systemd read these, and no mount shows them
    ("xfs", "defaults,nofail,auto,noauto,_netdev,nouser,silent,rshared", "", ""),
    ("xfs", "x-systemd.device-timeout=30s,X-mount.mkdir,comment=a,x-gvfs-hide", "", ""),
    ("btrfs", "nofail,noatime", "", "noatime"),
    # the last one of several for one thing counts
    ("xfs", "largeio,nolargeio", "", ""),
    ("xfs", "nolargeio,largeio", "", "largeio"),
    # SELinux: off where the kernel shows no label of any kind
    ("xfs", "context=system_u:object_r:x_t:s0", "", ""),
    ("xfs", "context=system_u:object_r:x_t:s0", "context=system_u:object_r:x_t:s0", ""),
    ("xfs", "context=u:r:x_t:s0", "seclabel", "context=u:r:x_t:s0"),
    ("xfs", "context=u:r:x_t:s0", "context=u:r:y_t:s0", "context=u:r:x_t:s0"),
    # each way to write a quota is shown as one
    ("xfs", "prjquota,noatime", "", "prjquota,noatime"),
    ("xfs", "pquota", "prjquota", ""),
    ("xfs", "uquota", "usrquota", ""),
    ("xfs", "quota", "usrquota", ""),
    ("xfs", "gquota", "grpquota", ""),
    ("xfs", "gquota", "usrquota", "gquota"),
    ("xfs", "qnoenforce", "uqnoenforce", ""),
    ("xfs", "uquota", "uqnoenforce", "uquota"),
    ("xfs", "uquota,pquota", "usrquota,prjquota", ""),
    ("xfs", "noquota", "", ""),
    ("xfs", "noquota", "prjquota", "noquota"),
    # other units, and defaults
    ("xfs", "allocsize=64m", "allocsize=65536k", ""),
    ("xfs", "allocsize=65536", "allocsize=64k", ""),
    ("xfs", "allocsize=64k", "", "allocsize=64k"),
    ("xfs", "logbsize=262144", "logbsize=256k", ""),
    ("xfs", "logbsize=32k,logbufs=8,inode64,nodiscard,nolargeio", "", ""),
    ("xfs", "logbufs=4", "", "logbufs=4"),
    ("xfs", "inode32", "", "inode32"),
    ("xfs", "bsdgroups", "grpid", ""),
    ("xfs", "sysvgroups", "grpid", "sysvgroups"),
    ("xfs", "attr2,noikeep,dax=never,dax", "", ""),
    # btrfs
    ("btrfs", "compress", "compress=zlib:3", ""),
    ("btrfs", "compress=zlib", "compress=zlib:3", ""),
    ("btrfs", "compress=zlib:0", "compress=zlib:3", ""),
    ("btrfs", "compress=zstd", "compress=zstd:3", ""),
    ("btrfs", "compress=zstd", "compress=zstd", ""),
    ("btrfs", "compress=zstd:3", "compress=zstd:3", ""),
    ("btrfs", "compress=zstd:5", "compress=zstd:3", "compress=zstd:5"),
    ("btrfs", "compress=zstd:99", "compress=zstd:15", ""),
    ("btrfs", "compress=zstd:-5", "compress=zstd:-5", ""),
    ("btrfs", "compress=lzo:1", "compress=lzo", ""),
    ("btrfs", "compress-force=lzo", "compress-force=lzo:1", ""),
    ("btrfs", "compress=zstd", "compress-force=zstd:3", "compress=zstd"),
    ("btrfs", "compress=no", "", ""),
    ("btrfs", "compress-force=none", "compress=zstd:3", "compress-force=none"),
    ("btrfs", "nodatacow,compress", "compress=zlib:3", ""),
    ("btrfs", "compress,nodatacow", "nodatasum,nodatacow", ""),
    ("btrfs", "nodatacow,datasum", "", ""),
    ("btrfs", "nodatasum,datacow", "nodatasum", ""),
    ("btrfs", "datacow", "nodatasum,nodatacow", "datacow"),
    ("btrfs", "commit=30", "", ""),
    ("btrfs", "commit=0", "", ""),
    ("btrfs", "commit=5", "commit=5", ""),
    ("btrfs", "commit=5", "", "commit=5"),
    ("btrfs", "commit=30", "commit=5", "commit=30"),
    ("btrfs", "discard", "discard", ""),
    ("btrfs", "discard=sync", "discard", ""),
    ("btrfs", "discard=async", "discard=async", ""),
    ("btrfs", "discard=async", "discard", "discard=async"),
    ("btrfs", "discard", "discard=async", "discard"),
    ("btrfs", "nodiscard", "discard=async", "nodiscard"),
    ("btrfs", "space_cache", "space_cache=v2", "space_cache"),
    ("btrfs", "space_cache=v1", "space_cache", ""),
    ("btrfs", "space_cache=v2", "space_cache=v2", ""),
    ("btrfs", "max_inline=2k,metadata_ratio=0,fatal_errors=bug,barrier,acl,treelog", "", ""),
    ("btrfs", "max_inline=1m", "max_inline=4096", ""),
    ("btrfs", "ssd,ssd_spread", "ssd_spread", ""),
    ("btrfs", "ssd", "nossd", "ssd"),
    ("btrfs", "nossd_spread", "ssd_spread", "nossd_spread"),
    # shown only where it is not what the kernel takes by itself, which depends on its processors
    ("btrfs", "thread_pool=4", "", ""),
    ("btrfs", "thread_pool=4", "thread_pool=2", "thread_pool=4"),
    # a subvolume, as a table of the kernel's escapes it
    ("btrfs", "subvol=@docker/", "subvolid=256,subvol=/@docker", ""),
    ("btrfs", r"subvol=/a\b", r"subvol=/a\134b", ""),
    ("btrfs", "subvol=/@docker", "subvolid=5,subvol=/", "subvol=/@docker"),
]  # fmt: skip


def options(text):
    return [option for option in text.split(",") if option]


@pytest.mark.parametrize(("fstype", "wanted", "shown", "absent"), MEANINGS)
def test_what_is_in_force(fstype, wanted, shown, absent):
    wish = options(wanted)
    check_options(fstype, wish)
    live = options(BARE[fstype])
    if "atime" in wanted and "strictatime" not in wanted and "noatime" in shown:
        live.remove("relatime")
    live += options(shown)
    assert sorted(missing(fstype, wish, live)) == sorted(options(absent))
    # once it is mounted with them, nothing is left to do
    assert missing(fstype, wish, applied(fstype, wish, live)) == []
    assert missing(fstype, wish, applied(fstype, wish, ())) == []


@pytest.mark.parametrize(
    ("wanted", "shown", "absent"),
    [
        # what a kernel does not show is what it takes by itself
        ("logbsize=32k,logbufs=8,sunit=0,swidth=0", "rw,relatime", ""),
        ("logbsize=32k", "rw,logbsize=64k", "logbsize=32k"),
        ("sunit=0", "rw,sunit=8", "sunit=0"),
        ("swidth=0", "rw,swidth=8", "swidth=0"),
        # a mount is as read-only as the stricter of the two says, itself and its filesystem
        ("rw", "ro,relatime,rw", "rw"),
        ("rw", "rw,relatime,ro", "rw"),
        ("ro", "ro,relatime,rw", ""),
    ],
)
def test_what_the_kernel_shows_and_does_not(wanted, shown, absent):
    assert missing("xfs", options(wanted), options(shown)) == options(absent)


def test_defaults_of_btrfs_that_are_not_shown():
    wanted = ["metadata_ratio=0", "max_inline=2048", "commit=30"]
    assert missing("btrfs", wanted, ["rw"]) == []
    shown = ["rw", "metadata_ratio=1", "max_inline=1024", "commit=5"]
    assert missing("btrfs", wanted, shown) == wanted


def test_what_was_in_force_stays_where_nobody_speaks_of_it():
    live = ("rw", "relatime", "compress=zlib:3", "discard=async")
    after = applied("btrfs", ["noatime", "compress=zstd", "nofail"], live)
    assert after == ("rw", "discard=async", "noatime", "compress=zstd:3")


# what is wanted; a line of fstab for it; what that lacks
LINES = [
    ("noatime,nofail", "noatime", ""),
    ("pquota", "prjquota", ""),
    ("relatime,inode64", "defaults", ""),
    ("strictatime", "defaults", "strictatime"),
    ("noatime", "noatime,made.up=1", ""),
]


@pytest.mark.parametrize(("wanted", "line", "lacks"), LINES)
def test_a_line_of_fstab_means_what_a_mount_by_it_would(wanted, line, lacks):
    found = missing("xfs", options(wanted), options(line), written=True)
    assert found == options(lacks)


UNKNOWN = [
    ("xfs", "commit=30"), ("xfs", "compress=zstd"), ("btrfs", "prjquota"), ("btrfs", "bogus"),
    ("xfs", "nobarrier"), ("xfs", "norecovery"), ("xfs", "logdev=/dev/sdb"), ("xfs", "remount"),
    ("xfs", "bind"), ("xfs", "loop"), ("xfs", "context"), ("xfs", "x-a=%n"), ("xfs", "x-a=\\n"),
    ("btrfs", "inode_cache"), ("btrfs", 'comment="a"'),
]  # fmt: skip
WRONG = [
    ("xfs", "discard=sync", "xfs takes no value for discard, not sync"),
    ("xfs", "logbufs", "xfs takes a number from 2 to 8 for logbufs"),
    ("xfs", "logbufs=9", "not 9"),
    ("xfs", "logbsize=0", "a power of two from 16k to 256k"),
    ("xfs", "allocsize=5k", "a power of two from 4k to"),
    ("btrfs", "commit=1m", "a number of seconds"),
    ("btrfs", "commit=" + "9" * 5000, "a number of seconds"),
    ("btrfs", "compress=gzip", "zlib, lzo, zstd"),
    ("btrfs", "compress=zstd:x", "zlib, lzo, zstd"),
    ("btrfs", "compress=zlib:-1", "zlib, lzo, zstd"),
    ("btrfs", "discard=", "sync or async for discard. Correct"),
    ("btrfs", "commit=\u0663", "a number of seconds"),
    ("xfs", "noatime,prjquota", "one option has no space and no comma"),
    ("xfs", "noatime\n", "one option has no space and no comma"),
    ("xfs", "", "one option has no space and no comma"),
]


@pytest.mark.parametrize(("fstype", "option"), UNKNOWN)
def test_what_is_no_option_is_refused(fstype, option):
    with pytest.raises(StorageError, match="has no mount option") as refused:
        check_options(fstype, [option])
    assert refused.value.details["refusal"] == "mount_option_unknown"


@pytest.mark.parametrize(("fstype", "option", "words"), WRONG)
def test_a_value_that_is_not_taken_is_refused(fstype, option, words):
    with pytest.raises(StorageError) as refused:
        check_options(fstype, ["noatime", option])
    assert words in str(refused.value)
    assert refused.value.details["refusal"] == "option_value_invalid"


# filesystem and option; the least and the most that it takes; what is just outside of that
BOUNDS = [
    ("xfs", "logbufs", ("2", "8"), ("1", "9")),
    ("xfs", "logbsize", ("16k", "256k"), ("8k", "512k")),
    ("xfs", "allocsize", ("4k", "1g"), ("2k", "2g")),
    ("xfs", "sunit", ("0", "2147483647"), ("2147483648", "-1")),
    ("xfs", "swidth", ("0", "2147483647"), ("2147483648", "-1")),
    ("btrfs", "commit", ("0", "300"), ("301", "-1")),
    ("btrfs", "metadata_ratio", ("0", "2147483647"), ("2147483648", "-1")),
    ("btrfs", "thread_pool", ("1", "4096"), ("0", "4097")),
    ("btrfs", "max_inline", ("0", "9999999999"), ("99999999999", "-1")),
]


@pytest.mark.parametrize(("fstype", "option", "taken", "refused"), BOUNDS)
def test_a_number_is_taken_within_its_bounds(fstype, option, taken, refused):
    check_options(fstype, [f"{option}={value}" for value in taken])
    for value in refused:
        with pytest.raises(StorageError) as error:
            check_options(fstype, [f"{option}={value}"])
        assert error.value.details["refusal"] == "option_value_invalid"


@pytest.mark.parametrize("other", ["relatime", "atime", "strictatime"])
def test_two_ways_to_keep_the_time_of_access_are_refused(other):
    with pytest.raises(StorageError, match=f"=noatime, {other}: one says what the other takes"):
        check_options("xfs", ["noatime", "nofail", other])
    check_options("xfs", [other, other])


KERNELS = [
    ("xfs", "nosymfollow", "5.9.16", "5.10.0-28-amd64"),
    ("btrfs", "discard=async", "5.5.0-200-generic", "5.6.0"),
    ("btrfs", "compress=zstd:5", "5.0.1", "5.1"),
    ("btrfs", "compress-force=zstd:-5", "6.14.9", "6.15.0-rc1"),
]


@pytest.mark.parametrize(("fstype", "option", "old", "new"), KERNELS)
def test_an_option_that_the_kernel_is_too_old_for_is_refused(fstype, option, old, new):
    with pytest.raises(StorageError, match=f"the running kernel .{old}. does not have it"):
        check_kernel(fstype, ["noatime", option], old)
    for release in (new, "10.0", "", "strange", "4.18.0-553.el8_10.x86_64"):
        check_kernel(fstype, ["noatime", option], release)
    check_kernel(fstype, ["discard", "compress=zstd", "noatime"], old)
    check_options(fstype, [option])


def test_the_options_that_each_mount_has_for_itself():
    own = ["ro", "rw", "noatime", "nodev", "user", "nofail", "x-gvfs-hide", "nosymfollow"]
    assert [it for it in own if not is_of_each_mount(it)] == []
    of_all = ["lazytime", "sync", "compress", "compress=zstd", "discard", "noacl"]
    assert [it for it in of_all if is_of_each_mount(it)] == []
