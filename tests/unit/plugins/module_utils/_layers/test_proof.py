# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A layer is proven by its digest; what is damaged is named, with the entry where that is known."""

from __future__ import annotations

import base64
import gzip
import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._layers import tar_split
from ansible_collections.containerhost.storage.plugins.module_utils._layers.crc64 import (
    as_kept,
    crc64,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.proof import prove
from hypothesis import given
from hypothesis import strategies as st
from support.layer_tars import (
    Item,
    crc_of,
    diff_id,
    lay,
    records_of,
    split_of,
    tar_of,
    write_split,
)  # fmt: skip

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="devices and owners take root")

ITEMS = [
    Item("./", "folder", mode=0o755),
    Item("etc/", "folder", mode=0o755),
    Item("etc/hosts", data=b"127.0.0.1\n"),
    Item("etc/empty"),
    Item("etc/\udcff", data=b"x" * 513),
    Item("etc/link", "symlink", target="/etc/hosts"),
    Item("etc/hard", "link", target="etc/hosts"),
    Item("etc/.wh.old"),
    Item("null", "char", device=(1, 3)),
    Item("pipe", "fifo"),
    Item("last", data=b"z" * 1024),
]


@pytest.fixture
def layer(tmp_path):
    """A layer's folder, and the paths and texts that tell of it."""
    root = tmp_path / "layer"
    root.mkdir()
    lay(ITEMS, root)
    tar = tar_of(ITEMS, trailer=bytes(3000))
    return root, split_of(tmp_path / "tar-split.json.gz", tar), tar


def refused(*args):
    with pytest.raises(StorageError) as caught:
        prove(*map(str, args))
    return caught.value.details["refusal"], caught.value.details.get("entry"), str(caught.value)


def test_a_layer_is_proven(layer):
    root, split, tar = layer
    taken = []
    proof = prove(str(root), split, diff_id(tar), lambda entry, content: taken.append(entry.path))
    assert proof == (diff_id(tar), len(ITEMS), len(tar))
    assert taken[1:4] == [b"etc", b"etc/hosts", b"etc/empty"]


def test_content_is_given_as_it_is_hashed(layer):
    root, split, tar = layer
    seen = {}

    def take(entry, content):
        if content:
            seen[entry.path] = b"".join(data for _at, data in content.pieces())

    prove(str(root), split, diff_id(tar), take)
    assert seen == {
        b"etc/hosts": b"127.0.0.1\n", b"etc/\xff": b"x" * 513, b"last": b"z" * 1024
    }  # fmt: skip


def test_a_large_sparse_file(tmp_path):
    root = tmp_path / "layer"
    root.mkdir()
    data = bytes(3 << 20) + b"middle" + bytes(2 << 20) + b"end"
    tar = tar_of([Item("big", data=data)])
    with open(root / "big", "wb") as stream:
        stream.seek(3 << 20)
        stream.write(b"middle")
        stream.seek(len(data) - 3)
        stream.write(b"end")
    assert os.stat(root / "big").st_blocks * 512 < len(data)
    read = bytearray(len(data))
    pieces = []

    def take(_entry, content):
        for at, piece in content.pieces():
            pieces.append(len(piece))
            read[at : at + len(piece)] = piece

    prove(str(root), split_of(tmp_path / "s", tar), diff_id(tar), take)
    assert read == data
    assert sum(pieces) < 1 << 20


def test_a_sparse_file_whose_tar_is_without_its_holes(tmp_path):
    root = tmp_path / "layer"
    root.mkdir()
    (root / "s").write_bytes(bytes(1000) + b"data" + bytes(1000))
    extents = {"GNU.sparse.map": "1000,4", "GNU.sparse.size": "2004"}
    import io
    import tarfile

    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        it = tarfile.TarInfo("s")
        it.size, it.pax_headers = 4, extents
        tar.addfile(it, io.BytesIO(b"data"))
    tar = stream.getvalue()
    at = tar.index(b"data", 1024 + 512)
    records = [
        {"type": 2, "payload": base64.b64encode(tar[:at]).decode()},
        {"type": 1, "name": "s", "size": 2004, "payload": ""},
        {"type": 2, "payload": base64.b64encode(tar[at + 4 :]).decode()},
    ]
    split = write_split(tmp_path / "split", records)
    prove(str(root), split, diff_id(tar))
    (root / "s").write_bytes(bytes(999) + b"xdata" + bytes(1000))
    assert refused(root, split, diff_id(tar))[:2] == ("layer_unproven", "s")


def test_names_that_were_lost_before_there_was_name_raw(tmp_path, layer):
    root, _split, tar = layer
    records = records_of(tar)
    for record in records:
        if record.pop("name_raw", None):
            record["name"] = "etc/\ufffd"
    assert prove(str(root), write_split(tmp_path / "old", records), diff_id(tar)).entries == 11


@pytest.mark.parametrize(
    ("change", "entry", "word"),
    [
        (lambda root: (root / "last").write_bytes(b"z" * 1023 + b"y"), "last", "content"),
        (lambda root: (root / "last").write_bytes(b"z" * 1023), "last", "1023 bytes"),
        (lambda root: (root / "etc/hosts").unlink(), "etc/hosts", "No such file"),
        (lambda root: put_in(root / "last", os.mkfifo), "last", "no plain file"),
        (lambda root: put_in(root / "last", os.mkdir), "last", "no plain file"),
        (lambda root: put_in(root / "last", lambda it: os.symlink("etc/hosts", it)), "last",
         "no plain file"),
    ],
)  # fmt: skip
def test_the_first_entry_that_differs_is_named(layer, change, entry, word):
    root, split, tar = layer
    change(root)
    refusal, named, text = refused(root, split, diff_id(tar))
    assert (refusal, named) == ("layer_unproven", entry)
    assert word in text


def put_in(path, make):
    path.unlink()
    make(path)


def test_no_link_is_followed_to_a_file(layer, tmp_path):
    root, split, tar = layer
    (root / "etc").rename(tmp_path / "elsewhere")
    (root / "etc").symlink_to(tmp_path / "elsewhere")
    refusal, named, _text = refused(root, split, diff_id(tar))
    assert (refusal, named) == ("entry_behind_link", "etc")


def test_a_wrong_header_is_told_as_that(layer):
    root, split, tar = layer
    refusal, named, text = refused(root, split, diff_id(tar + b"\0"))
    assert (refusal, named) == ("layer_unproven", None)
    assert "no file differs" in text


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:" + "0" * 63, "md5:" + "0" * 64, "x\n"])
def test_no_digest(layer, digest):
    assert refused(layer[0], layer[1], digest)[0] == "layer_unproven"


def of(record, **change):
    return {**record, **change}


@pytest.mark.parametrize(
    "change",
    [
        lambda it: [*it[:1], "no", *it[1:]],
        lambda it: [*it[:1], {"type": 3, "payload": ""}, *it[1:]],
        lambda it: [*it[:1], {"type": True, "payload": ""}, *it[1:]],
        lambda it: [*it[:1], {"type": 2, "payload": "%%"}, *it[1:]],
        lambda it: [*it[:1], {"type": 2}, *it[1:]],
        lambda it: [*it[:1], [], *it[1:]],
        lambda it: [of(one, name="other") if one.get("name") == "last" else one for one in it],
        lambda it: [of(one, size=3) if one.get("name") == "last" else one for one in it],
        lambda it: [of(one, size=-1) if one.get("name") == "last" else one for one in it],
        lambda it: [of(one, size="3") if one.get("name") == "last" else one for one in it],
        lambda it: it[1:],
        lambda it: [one for one in it if one.get("name") != "etc/"],
        lambda it: [it[0], it[1], it[1], *it[2:]],
        lambda it: [{"type": 2, "payload": "A" * (17 << 20)}, *it],
        lambda it: [{"type": 2, "payload": "A" * (12 << 20)}, *it],
    ],
)
def test_a_damaged_record_is_named(layer, tmp_path, change):
    root, _split, tar = layer
    split = write_split(tmp_path / "bad", change(records_of(tar)))
    refusal, _entry, text = refused(root, split, diff_id(tar))
    assert refusal == "tar_split_damaged"
    assert split in text


@pytest.mark.parametrize(
    "spoil", [lambda it: it[:-9], lambda it: b"", lambda it: b"no", lambda it: it[:40] + it[50:]]
)
def test_a_damaged_file_is_named(layer, tmp_path, spoil):
    root, split, tar = layer
    bad = tmp_path / "bad"
    with open(split, "rb") as stream:
        bad.write_bytes(spoil(stream.read()))
    # Nothing at all is a record of nothing: the digest is another.
    assert refused(root, bad, diff_id(tar))[0] in ("tar_split_damaged", "layer_unproven")


def test_no_record_at_all(layer, tmp_path):
    assert refused(layer[0], tmp_path / "none", diff_id(layer[2]))[0] == "tar_split_damaged"


@given(st.binary(max_size=200), st.integers(0, 200))
def test_a_crc_is_that_of_go(data, at):
    assert as_kept(crc64(data)) == crc_of(data)
    assert crc64(data[at:], crc64(data[:at])) == crc64(data)
    assert crc64(b"123456789") == 0xB90956C775A41001


@given(st.binary(max_size=60))
def test_whatever_a_record_is_nothing_but_a_refusal_comes_of_it(line):
    refusals = set()
    try:
        tar_split._record("path", line)
    except StorageError as error:
        refusals.add(error.details["refusal"])
    assert refusals <= {"tar_split_damaged"}


def test_long_padding_is_read_in_little_memory(layer, tmp_path):
    root, _split, tar = layer
    padding = bytes(1 << 20)
    line = b'{"type":2,"payload":"' + base64.b64encode(padding) + b'","position":9}\n'
    with gzip.open(_split, "rb") as old, gzip.open(tmp_path / "long", "wb", 1) as new:
        new.write(old.read())
        for _line in range(12):
            new.write(line)
    prove(str(root), str(tmp_path / "long"), diff_id(tar + padding * 12))
