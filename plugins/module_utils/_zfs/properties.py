# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The properties of datasets: which can be set, on what, and when two values mean the same.

From ``module/zcommon/zfs_prop.c`` and zfsprops(7) of OpenZFS 2.0 to 2.4. A property that is not
here may still be set where the host's own ZFS lists it; its values are compared as they are.
"""

from __future__ import annotations

from typing import NamedTuple

BOTH = ("filesystem", "volume")
FILESYSTEM = ("filesystem",)
VOLUME = ("volume",)

UNLIMITED = str(2**64 - 1)  # how `zfs get -p` shows a limit of none


class Property(NamedTuple):
    """A property that ZFS knows and a person can choose."""

    form: str  # "size" (bytes), "count", "word" (one of ``words``), "text"
    of: tuple[str, ...] = BOTH  # the types of dataset that have it
    setting: str = "inherited"  # or "own" (is not inherited), or "once" (when it is made only)
    words: tuple[str, ...] = ()
    same: tuple[tuple[str, str], ...] = ()  # pairs (word, word that ZFS shows for it)
    none: str = ""  # what "none" is as a number; "" where it is no value


_SWITCH = ("on", "off")
_GZIP = tuple(f"gzip-{level}" for level in range(1, 10))
_ZSTD = tuple(f"zstd-{level}" for level in range(1, 20))
_FAST = tuple(f"zstd-fast-{level}" for level in (*range(1, 11), *range(20, 101, 10), 500, 1000))
_DIGESTS = ("sha512", "skein", "edonr", "blake3")
_ALONE = tuple(it for it in _DIGESTS if it != "edonr")  # what dedup may trust without comparing
_CIPHERS = tuple(f"aes-{bits}-{mode}" for bits in (128, 192, 256) for mode in ("ccm", "gcm"))


def _switch(of: tuple[str, ...] = FILESYSTEM, setting: str = "inherited") -> Property:
    return Property("word", of, setting, _SWITCH)


def _word(
    *words: str,
    of: tuple[str, ...] = BOTH,
    setting: str = "inherited",
    same: tuple[tuple[str, str], ...] = (),
) -> Property:
    return Property("word", of, setting, words, same)


def _size(of: tuple[str, ...], setting: str = "own", none: str = "") -> Property:
    return Property("size", of, setting, none=none)


def _text(of: tuple[str, ...] = FILESYSTEM, setting: str = "inherited") -> Property:
    return Property("text", of, setting)


PROPERTIES = {
    "aclinherit": _word(
        *("discard", "noallow", "restricted", "passthrough", "passthrough-x"),
        of=FILESYSTEM,
        same=(("secure", "restricted"),),
    ),
    "aclmode": _word("discard", "groupmask", "passthrough", "restricted", of=FILESYSTEM),
    "acltype": _word(
        *("off", "posix", "nfsv4"),
        of=FILESYSTEM,
        same=(("noacl", "off"), ("disabled", "off"), ("posixacl", "posix")),
    ),
    "atime": _switch(),
    "canmount": _word("on", "off", "noauto", of=FILESYSTEM, setting="own"),
    "casesensitivity": _word("sensitive", "insensitive", "mixed", of=FILESYSTEM, setting="once"),
    "checksum": _word(*_SWITCH, "fletcher2", "fletcher4", "sha256", "noparity", *_DIGESTS),
    "compression": _word(
        *(*_SWITCH, "lzjb", "gzip", *_GZIP, "zle", "lz4", "zstd", "zstd-fast", *_ZSTD, *_FAST),
        same=(("gzip-6", "gzip"), ("zstd-fast-1", "zstd-fast")),
    ),
    "context": _text(setting="own"),
    "copies": Property("count"),
    "dedup": _word(
        *(*_SWITCH, "verify", "sha256", "sha256,verify", *_ALONE),
        *(f"{digest},verify" for digest in _DIGESTS),
    ),
    "defaultgroupobjquota": Property("count", FILESYSTEM, "own", none="0"),
    "defaultgroupquota": _size(FILESYSTEM, none="0"),
    "defaultprojectobjquota": Property("count", FILESYSTEM, "own", none="0"),
    "defaultprojectquota": _size(FILESYSTEM, none="0"),
    "defaultuserobjquota": Property("count", FILESYSTEM, "own", none="0"),
    "defaultuserquota": _size(FILESYSTEM, none="0"),
    "defcontext": _text(setting="own"),
    "devices": _switch(),
    "direct": _word("disabled", "standard", "always", of=FILESYSTEM),
    "dnodesize": _word("legacy", "auto", "1k", "2k", "4k", "8k", "16k", of=FILESYSTEM),
    "encryption": _word(*_SWITCH, *_CIPHERS, setting="once"),
    "exec": _switch(),
    "filesystem_limit": Property("count", FILESYSTEM, "own", none=UNLIMITED),
    "fscontext": _text(setting="own"),
    "keyformat": _word("none", "raw", "hex", "passphrase", setting="once"),
    "keylocation": _text(BOTH, "own"),
    "logbias": _word("latency", "throughput"),
    "longname": _switch(),
    "mountpoint": _text(),
    "nbmand": _switch(),
    "normalization": _word(
        "none", "formC", "formD", "formKC", "formKD", of=FILESYSTEM, setting="once"
    ),
    "overlay": _switch(),
    "pbkdf2iters": Property("count", BOTH, "once"),
    "prefetch": _word("none", "metadata", "all"),
    "primarycache": _word("all", "none", "metadata"),
    "quota": _size(FILESYSTEM, none="0"),
    "readonly": _switch(BOTH),
    "recordsize": _size(FILESYSTEM, "inherited"),
    "redundant_metadata": _word("all", "most", "some", "none"),
    "refquota": _size(FILESYSTEM, none="0"),
    "refreservation": _size(BOTH, none="0"),
    "relatime": _switch(),
    "reservation": _size(BOTH, none="0"),
    "rootcontext": _text(setting="own"),
    "secondarycache": _word("all", "none", "metadata"),
    "setuid": _switch(),
    "sharenfs": _text(),
    "sharesmb": _switch(),  # smb_validate_shareopts() of smb.c takes no options
    "snapdev": _word("hidden", "visible"),
    "snapdir": _word("disabled", "hidden", "visible", of=FILESYSTEM),
    "snapshot_limit": Property("count", BOTH, "own", none=UNLIMITED),
    "special_small_blocks": _size(BOTH, "inherited", none="0"),
    "sync": _word("standard", "always", "disabled"),
    "utf8only": _switch(setting="once"),
    "volblocksize": _size(VOLUME, "once"),
    "volmode": _word("default", "full", "dev", "none", same=(("geom", "full"),)),
    "volsize": _size(VOLUME),
    "volthreading": _switch(VOLUME, "own"),
    "vscan": _switch(),
    "xattr": _word(*_SWITCH, "sa", "dir", of=FILESYSTEM),
    "zoned": _switch(),
}

# What only later releases than 2.0 have, where the kernel does not say what it knows.
LATER = frozenset(
    name for name in PROPERTIES if name.startswith("default") and name.endswith("quota")
) | {"direct", "longname", "prefetch", "volthreading"}

# What is read of each dataset besides; the last of these are numbers.
NUMBERS = ("guid", "used", "available", "referenced", "usedbydataset")
SHOWN = (
    *("type", "origin", "mounted", "keystatus", "encryptionroot", "receive_resume_token"),
    *NUMBERS,
)

READ_ONLY = {
    "available", "clones", "compressratio", "createtxg", "creation", "defer_destroy",
    "encryptionroot", "filesystem_count", "guid", "inconsistent", "ivsetguid", "keyguid",
    "keystatus", "logicalreferenced", "logicalused", "mounted", "name", "numclones", "objsetid",
    "origin", "pbkdf2salt", "prevsnap", "receive_resume_token", "redact_snaps", "redacted",
    "refcompressratio", "referenced", "remaptxg", "snapshot_count", "snapshots_changed",
    "snapshots_changed_nsecs", "type", "unique", "used", "usedbychildren", "usedbydataset",
    "usedbyrefreservation", "usedbysnapshots", "useraccounting", "userrefs", "written",
    "written@", *(f"{who}{what}used@" for who in ("user", "group", "project")
                  for what in ("", "obj")),
}  # fmt: skip

# What `zfs set` changes together with more than a value, what `zfs get` does not show unless it is
# named, and what the ZFS of Linux has and does not take (zfs_valid_proplist()).
ELSEWHERE = {
    "version": "`zfs upgrade` raises it, and nothing lowers it",
    "mlslabel": "the ZFS of Linux takes no labels",
    **{
        f"{who}{what}quota@": f"`zfs set` and `zfs {who}space` keep the quotas of {who}s"
        for who in ("user", "group", "project")
        for what in ("", "obj")
    },
}


def feature(name: str, value: str) -> str:
    """The pool feature that a value needs, by its name in zpool-features(7); '' for none.

    :param value: as ``values.canonical()`` gives it
    """
    if name in ("recordsize", "volblocksize"):
        return "large_blocks" if int(value) > 128 * 1024 else ""
    if name in ("checksum", "dedup"):
        digest = value.partition(",")[0]
        return digest if digest in _DIGESTS else ""
    if name == "compression":
        if value.startswith("zstd"):
            return "zstd_compress"
        return "lz4_compress" if value == "lz4" else ""
    needs = {
        "dnodesize": ("large_dnode", "legacy"),
        "encryption": ("encryption", "off"),
        "filesystem_limit": ("filesystem_limits", UNLIMITED),
        "longname": ("longname", "off"),
        "snapshot_limit": ("filesystem_limits", UNLIMITED),
        "special_small_blocks": ("allocation_classes", "0"),
    }
    needed, without = needs.get(name, ("", value))
    return "" if value == without else needed


# Every feature that feature() may name.
FEATURES = (
    *_DIGESTS,
    *("allocation_classes", "encryption", "filesystem_limits", "large_blocks", "large_dnode"),
    *("longname", "lz4_compress", "zstd_compress"),
)
