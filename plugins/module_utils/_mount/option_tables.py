# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The mount options of Linux, of XFS and of btrfs: what each sets, as the kernel shows it. Data.

From mount(8), xfs(5), btrfs(5), and the kernel: fs/proc_namespace.c, fs/xfs/xfs_super.c
(xfs_fs_parameters, xfs_fs_show_options) and fs/btrfs/super.c (btrfs_fs_parameters,
btrfs_show_options). Left out is what mends a filesystem once (rescue, norecovery, clear_cache),
what names devices, and what the kernels of today have lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

# Name of a setting -> the text that mountinfo has for it, '' where that is nothing.
Settings = Mapping[str, str]


class Values(NamedTuple):
    """An option with a value."""

    takes: str  # what values, for people
    read: Callable[[str], Settings | None]  # None for a value that it does not take


def _switch(shown: str, *off: str) -> dict[str, Settings]:
    """An option that is shown, and others that take it back, or are the default."""
    return {shown: {shown: shown}, **{name: {shown: ""} for name in off}}


def _each(names: Iterable[str], settings: Settings) -> dict[str, Settings]:
    """Several options that set the same."""
    return dict.fromkeys(names, settings)


_NO_USER = {"nosuid": "nosuid", "nodev": "nodev"}
_NO_PROGRAM = {**_NO_USER, "noexec": "noexec"}

# Of every filesystem, without a value. What sets nothing is not the kernel's to keep: mount(8) or
# systemd reads it, or no file tells of it.
FLAGS: dict[str, Settings] = {
    "rw": {"access": "rw"},
    "ro": {"access": "ro"},
    "noatime": {"atime": "noatime"},
    "relatime": {"atime": "relatime"},
    "strictatime": {"atime": ""},
    # "not as strict as that" leaves what the kernel takes by itself
    **_each(("atime", "norelatime", "nostrictatime"), {"atime": "relatime"}),
    **_switch("nodiratime", "diratime"),
    **_switch("nosuid", "suid"),
    **_switch("nodev", "dev"),
    **_switch("noexec", "exec"),
    **_switch("nosymfollow", "symfollow"),
    **_switch("lazytime", "nolazytime"),
    **_switch("sync", "async"),
    **_switch("dirsync"),
    **_each(("user", "users"), _NO_PROGRAM),
    **_each(("owner", "group"), _NO_USER),
    **_each(
        ("defaults", "auto", "noauto", "nofail", "_netdev", "nouser", "silent", "loud", "iversion",
         "noiversion", "private", "rprivate", "shared", "rshared", "slave", "rslave"),
        {},
    ),
}  # fmt: skip

# The settings of those that each mount of a filesystem has for itself.
OF_EACH_MOUNT = {
    "access", "atime", "nodiratime", "nosuid", "nodev", "noexec", "nosymfollow",
}  # fmt: skip

# The labels of SELinux, in place of those in the filesystem.
CONTEXTS = ("context", "fscontext", "defcontext", "rootcontext")

_QUOTAS = {"usrquota": "", "grpquota": "", "prjquota": ""}


def _quota(kind: str, shown: str, *names: str) -> dict[str, Settings]:
    return _each((shown, *names), {kind: shown})


_XFS: dict[str, Settings] = {
    **_switch("nouuid"),
    **_switch("inode32"),
    "inode64": {"inode32": ""},
    **_switch("largeio", "nolargeio"),
    **_switch("swalloc"),
    **_switch("noalign"),
    **_switch("discard", "nodiscard"),
    **_switch("wsync"),
    **_switch("filestreams"),
    **_switch("grpid", "nogrpid", "sysvgroups"),
    "bsdgroups": {"grpid": "grpid"},
    **_quota("usrquota", "usrquota", "uquota", "quota"),
    **_quota("usrquota", "uqnoenforce", "qnoenforce"),
    **_quota("grpquota", "grpquota", "gquota"),
    **_quota("grpquota", "gqnoenforce"),
    **_quota("prjquota", "prjquota", "pquota"),
    **_quota("prjquota", "pqnoenforce"),
    "noquota": _QUOTAS,
    # Shown by some kernels only, or as what the device can do.
    **_each(("attr2", "noattr2", "ikeep", "noikeep", "dax"), {}),
}

_BTRFS: dict[str, Settings] = {
    **_switch("noacl", "acl"),
    **_switch("autodefrag", "noautodefrag"),
    **_switch("nobarrier", "barrier"),
    "nodatacow": {"datacow": "nodatacow", "datasum": "nodatasum"},
    "datacow": {"datacow": ""},
    "nodatasum": {"datasum": "nodatasum"},
    "datasum": {"datasum": "", "datacow": ""},
    **_switch("enospc_debug", "noenospc_debug"),
    **_switch("flushoncommit", "noflushoncommit"),
    **_switch("notreelog", "treelog"),
    **_switch("skip_balance"),
    **_switch("user_subvol_rm_allowed"),
    "ssd": {"ssd": "ssd"},
    "nossd": {"ssd": "nossd", "ssd_spread": ""},
    "ssd_spread": {"ssd": "ssd", "ssd_spread": "ssd_spread"},
    "nossd_spread": {"ssd_spread": ""},
    "discard": {"discard": "discard"},
    "nodiscard": {"discard": ""},
    "compress": {"compress": "compress=zlib:3"},
    "compress-force": {"compress": "compress-force=zlib:3"},
    "space_cache": {"space_cache": "space_cache"},
}

FILESYSTEMS: dict[str, dict[str, Settings]] = {"xfs": _XFS, "btrfs": _BTRFS, "zfs": {}}

_FACTORS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def _number(text: str, least: int, most: int) -> int | None:
    """A whole number within bounds, or None."""
    if not re.fullmatch(r"[0-9]{1,10}", text) or not least <= int(text) <= most:
        return None
    return int(text)


def _bytes(text: str) -> int | None:
    """A size as the kernel reads one, in bytes, or None: 65536, 64k, 1M."""
    match = re.fullmatch(r"([0-9]{1,10})([kmg]?)", text.lower(), re.ASCII)
    return int(match[1]) * _FACTORS[match[2]] if match else None


def _count(name: str, least: int, most: int, default: int | None = None) -> Values:
    def read(text: str) -> Settings | None:
        number = _number(text, least, most)
        if number is None:
            return None
        return {name: "" if number == default else f"{name}={number}"}

    return Values(f"a number from {least} to {most}", read)


def _one_of(name: str, texts: Mapping[str, str]) -> Values:
    def read(text: str) -> Settings | None:
        return {name: texts[text]} if text in texts else None

    return Values(" or ".join(texts), read)


def _power_of_two(name: str, least: int, most: int, default: int | None = None) -> Values:
    """A size in KiB within bounds that is a power of two."""

    def read(text: str) -> Settings | None:
        size = _bytes(text)
        if size is None or size & (size - 1) or not least * 1024 <= size <= most * 1024:
            return None
        return {name: "" if size == default else f"{name}={size // 1024}k"}

    return Values(f"a power of two from {least}k to {most}k", read)


def _commit(text: str) -> Settings | None:
    seconds = _number(text, 0, 300)  # the kernel warns of more
    if seconds is None:
        return None
    return {"commit": "" if seconds in (0, 30) else f"commit={seconds}"}


def _dax(text: str) -> Settings | None:
    return {} if text in ("always", "never", "inode") else None


def _max_inline(text: str) -> Settings | None:
    size = _bytes(text)
    if size is None:
        return None
    # The kernel takes a sector at most, and most have 4 KiB.
    return {"max_inline": "" if size == 2048 else f"max_inline={min(size, 4096)}"}


# The level of each algorithm that stands for none, and the highest.
_LEVELS = {"zlib": (3, 9), "zstd": (3, 15)}


def _compression(name: str) -> Values:
    def read(text: str) -> Settings | None:
        if text in ("no", "none"):
            return {"compress": ""}
        algorithm, colon, level = text.partition(":")
        if colon and not re.fullmatch(r"-?[0-9]{1,3}", level):
            return None
        if algorithm == "lzo":  # it has no levels, and one that is given counts for nothing
            return {"compress": f"{name}=lzo"}
        if algorithm not in _LEVELS or (algorithm == "zlib" and level.startswith("-")):
            return None
        default, most = _LEVELS[algorithm]
        return {"compress": f"{name}={algorithm}:{min(int(level or 0) or default, most)}"}

    return Values("zlib, lzo, zstd (each with a level: zstd:3) or no", read)


def _subvolume(text: str) -> Settings | None:
    plain = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
    return {"subvol": "subvol=/" + plain.strip("/")} if text else None


VALUES: dict[str, dict[str, Values]] = {
    "xfs": {
        "logbufs": _count("logbufs", 2, 8, default=8),
        "logbsize": _power_of_two("logbsize", 16, 256, default=32 * 1024),
        "allocsize": _power_of_two("allocsize", 4, 1024**2),
        "sunit": _count("sunit", 0, 2**31 - 1, default=0),
        "swidth": _count("swidth", 0, 2**31 - 1, default=0),
        "dax": Values("always, never or inode", _dax),
    },
    "btrfs": {
        "commit": Values("a number of seconds from 0 to 300", _commit),
        "compress": _compression("compress"),
        "compress-force": _compression("compress-force"),
        "discard": _one_of("discard", {"sync": "discard", "async": "discard=async"}),
        "fatal_errors": _one_of("fatal_errors", {"bug": "", "panic": "fatal_errors=panic"}),
        "max_inline": Values("a size in bytes, or with k", _max_inline),
        "metadata_ratio": _count("metadata_ratio", 0, 2**31 - 1, default=0),
        "space_cache": _one_of("space_cache", {"v1": "space_cache", "v2": "space_cache=v2"}),
        "thread_pool": _count("thread_pool", 1, 4096),
        "subvol": Values("the path of a subvolume", _subvolume),
    },
}

# Options, as patterns, and the kernel that was the first to take them: those that are younger than
# the oldest kernel that engines of today are run on.
SINCE: tuple[tuple[str, str, tuple[int, int]], ...] = (
    ("", "nosymfollow", (5, 10)),
    ("btrfs", "compress(-force)?=zstd:-.*", (6, 15)),
    ("btrfs", "compress(-force)?=zstd:.*", (5, 1)),
    ("btrfs", "discard=.*", (5, 6)),
)
