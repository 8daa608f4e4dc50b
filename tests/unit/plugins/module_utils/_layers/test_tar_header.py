# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers are read as Python's tarfile, GNU tar's rules and Go's have them; damage is named."""

from __future__ import annotations

import contextlib
import io
import tarfile

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._layers import tar_header
from ansible_collections.containerhost.storage.plugins.module_utils._layers.entry import (
    Mark,
    cleaned,
    mark_of,
)
from hypothesis import given
from hypothesis import strategies as st
from support.layer_tars import Item, tar_of

LONG = "/".join(["x" * 60] * 5)


def header(item, form=tarfile.PAX_FORMAT):
    """All blocks of one entry but its content."""
    tar = tar_of([item], form)
    with tarfile.open(fileobj=io.BytesIO(tar), errors="surrogateescape") as archive:
        return tar[: archive.getmembers()[0].offset_data]


def records(*pairs, kind=b"x", then=None):
    """A PAX header with records as bytes, before an ordinary header."""
    body = b""
    for key, value in pairs:
        size = len(key) + len(value) + 3
        size += len(str(size + len(str(size))))
        body += b"%d %b=%b\n" % (size, key, value)
    head = bytearray(header(Item("pax"), tarfile.USTAR_FORMAT))
    head[124:136] = b"%011o\0" % len(body)
    head[156:157] = kind
    return (
        bytes(head)
        + body.ljust(-(-len(body) // 512) * 512, b"\0")
        + (then if then is not None else header(Item("name"), tarfile.USTAR_FORMAT))
    )


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (Item("etc/a", data=b"abc"), {"kind": "file", "size": 3, "mtime": 1_600_000_000 * 10**9}),
        (Item("./a//b/../c"), {"path": b"a/c"}),
        (Item("/abs"), {"name": b"/abs", "path": b"abs"}),
        (Item("..a/b."), {"path": b"..a/b."}),
        (Item("./", "folder"), {"path": b"", "kind": "folder"}),
        (Item("dir", "folder", mode=0o1777), {"name": b"dir/", "path": b"dir", "mode": 0o1777}),
        (Item("s", "symlink", target="../../x/./y"), {"target": b"../../x/./y"}),
        (Item("l", "link", target="./a/b"), {"target": b"a/b", "size": 0}),
        (Item("c", "char", device=(1, 3)), {"device": (1, 3)}),
        (Item("b", "block", device=(259, 7)), {"device": (259, 7)}),
        (Item("f", "fifo", mode=0o4711), {"mode": 0o4711, "kind": "fifo"}),
        (Item("o", uid=2_000_000, gid=2_097_151), {"uid": 2_000_000, "gid": 2_097_151}),
        (Item("\udcff\udcfe"), {"path": b"\xff\xfe"}),
        (Item("x" * 90 + "/" + "y" * 90), {"path": b"x" * 90 + b"/" + b"y" * 90}),
    ],
    ids=lambda it: it.path if isinstance(it, Item) else "",
)  # fmt: skip
def test_an_entry_in_each_format(item, expected, form):
    entry = tar_header.read_header(header(item, form))
    assert {key: getattr(entry, key) for key in expected} == expected


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (Item(LONG), {"path": LONG.encode()}),
        (Item("l", "symlink", target=LONG), {"target": LONG.encode()}),
        (Item("u", uid=4_000_000_000, gid=1 << 33), {"uid": 4_000_000_000, "gid": 1 << 33}),
        (Item("t", mtime=1 << 36), {"mtime": 0}),  # os.Chtimes of the engine has no such time
        (Item("t", mtime=9_000_000_000), {"mtime": 9_000_000_000 * 10**9}),
        (Item("t", mtime=-5), {"mtime": 0}),
    ],
)
def test_what_the_old_format_has_no_room_for(item, expected, form):
    entry = tar_header.read_header(header(item, form))
    assert {key: getattr(entry, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([(b"mtime", b"1.5")], {"mtime": 1_500_000_000}),
        ([(b"mtime", b"1600000000.1234567899")], {"mtime": 1_600_000_000_123_456_789}),
        ([(b"mtime", b"7.")], {"mtime": 7 * 10**9}),
        ([(b"mtime", b"-1.5")], {"mtime": 0}),
        ([(b"mtime", b"")], {"mtime": 1_600_000_000 * 10**9}),
        ([(b"path", b"a\xff/b")], {"path": b"a\xff/b"}),
        ([(b"path", b"one"), (b"path", b"two")], {"path": b"two"}),
        ([(b"uid", b"123456789"), (b"gid", b"7")], {"uid": 123456789, "gid": 7}),
        ([(b"size", b"8589934592")], {"size": 1 << 33}),
        (
            [(b"SCHILY.xattr.security.capability", b"\1\0\0\2\0=\n\0"), (b"comment", b"x")],
            {"xattrs": ((b"security.capability", b"\1\0\0\2\0=\n\0"),)},
        ),
        ([(b"GNU.sparse.map", b"0,0"), (b"GNU.sparse.size", b"4096")],
         {"size": 4096, "extents": ((0, 0),)}),
        ([(b"GNU.sparse.offset", b"0"), (b"GNU.sparse.numbytes", b"0"),
          (b"GNU.sparse.size", b"9"), (b"GNU.sparse.name", b"n")],
         {"size": 9, "extents": ((0, 0),), "path": b"n"}),
        ([(b"GNU.sparse.major", b"7")], {"size": 0, "extents": None}),
    ],
)  # fmt: skip
def test_records_of_pax(pairs, expected):
    entry = tar_header.read_header(records(*pairs))
    assert {key: getattr(entry, key) for key in expected} == expected


def test_the_second_record_of_pax_takes_the_place_of_the_first():
    raw = records((b"path", b"one"), then=records((b"uid", b"5")))
    entry = tar_header.read_header(raw)
    assert (entry.path, entry.uid) == (b"name", 5)


def test_records_for_all_that_follow_are_an_entry_of_their_own():
    entry = tar_header.read_header(records((b"comment", b"0123"), kind=b"g", then=b""))
    assert (entry.kind, entry.path) == ("global", b"")


def test_an_old_archive_has_folders_by_their_slash():
    raw = bytearray(header(Item("old"), tarfile.USTAR_FORMAT))
    raw[156:157] = b"\0"
    raw[257:265] = bytes(8)
    raw[0:4] = b"old/"
    entry = tar_header.read_header(bytes(raw))
    assert (entry.kind, entry.path, entry.device) == ("folder", b"old", (0, 0))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        header(Item("a"))[:-1],
        header(Item("a")) + header(Item("b")),
        records((b"path", b"a\0b")),
        records((b"mtime", b"1.x")),
        records((b"mtime", b"x")),
        records((b"uid", b"0x5")),
        records((b"size", b"9" * 30)),
        records((b"GNU.sparse.map", b"0,5,3,1"), (b"GNU.sparse.size", b"9")),
        records((b"GNU.sparse.map", b"0"), (b"GNU.sparse.size", b"9")),
        records((b"GNU.sparse.numbytes", b"0")),
        records((b"", b"x")),
        records((b"path", b"a")).replace(b"9 path=a", b"8 path=a"),
        records((b"path", b"a")).replace(b"9 path=a", b"x path=a"),
        header(Item("a")).replace(b"0000644", b"00006x4"),
        header(Item("a"))[:124] + b"\xff" * 12 + header(Item("a"))[136:],  # a size of -1
    ],
)
def test_what_is_no_header(raw):
    with pytest.raises(tar_header.HeaderError):
        tar_header.read_header(raw)


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (header(Item("../x")), "entry_outside"),
        (header(Item("a/../../x")), "entry_outside"),
        (header(Item("/..")), "entry_outside"),
        (header(Item("l", "link", target="../x")), "entry_outside"),
        (header(Item("a"))[:156] + b"S" + header(Item("a"))[157:], "entry_unsupported"),
        (header(Item("a"))[:156] + b"7" + header(Item("a"))[157:], "entry_unsupported"),
        (
            records((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0")),
            "entry_unsupported",
        ),
    ],
)
def test_what_no_engine_lays_out_is_refused(raw, refusal):
    with pytest.raises(StorageError) as caught:
        tar_header.read_header(raw)
    assert caught.value.details["refusal"] == refusal


@given(st.binary(max_size=2048))
def test_whatever_stands_there_is_an_entry_or_named(raw):
    with contextlib.suppress(tar_header.HeaderError, StorageError):
        tar_header.read_header(raw)


@pytest.mark.parametrize(
    ("path", "mark"),
    [
        (b"a", None),
        (b"a.wh.b", None),
        (b".wh.a", Mark("whiteout", b"a")),
        (b"d/.wh..profile", Mark("whiteout", b"d/.profile")),
        (b"d/.wh..wh..opq", Mark("opaque", b"d")),
        (b".wh..wh..opq", Mark("opaque", b"")),
        (b".wh..wh.plnk", Mark("own", b".wh..wh.plnk")),
        (b".wh..wh.plnk/12.34", Mark("own", b".wh..wh.plnk/12.34")),
        (b"d/.wh..wh.aufs", Mark("own", b"d/.wh..wh.aufs")),
    ],
)
def test_marks(path, mark):
    assert mark_of(path) == mark


@pytest.mark.parametrize("path", [b".wh.", b"a/.wh..", b".wh..."])
def test_a_whiteout_of_nothing(path):
    with pytest.raises(StorageError):
        mark_of(path)


@given(st.lists(st.sampled_from([b"a", b".", b"..", b"", b".a", b"a."]), max_size=6))
def test_a_cleaned_name_never_leads_out(parts):
    try:
        path = cleaned(b"/".join(parts))
    except StorageError:
        return
    assert not path.startswith(b"/")
    assert not {b".", b".."} & set(path.split(b"/"))
