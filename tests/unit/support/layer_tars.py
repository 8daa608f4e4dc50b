# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers for tests, made without the code under test: by Python's tarfile and by hand."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import io
import json
import os
import shutil
import stat
import subprocess
import tarfile
from typing import NamedTuple

TYPES = {
    "file": tarfile.REGTYPE, "folder": tarfile.DIRTYPE, "symlink": tarfile.SYMTYPE,
    "link": tarfile.LNKTYPE, "char": tarfile.CHRTYPE, "block": tarfile.BLKTYPE,
    "fifo": tarfile.FIFOTYPE,
}  # fmt: skip


class Item(NamedTuple):
    """One entry of a tar, as a test writes it; names are bytes as surrogates."""

    path: str
    kind: str = "file"
    data: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: float = 1_600_000_000
    target: str = ""
    device: tuple = (0, 0)
    xattrs: tuple = ()  # of (name, text)


def tar_of(items, form=tarfile.PAX_FORMAT, trailer=b""):
    """The tar of items, by Python's tarfile."""
    stream = io.BytesIO()
    with tarfile.open(
        fileobj=stream, mode="w", format=form, encoding="utf-8", errors="surrogateescape"
    ) as tar:
        for item in items:
            it = tarfile.TarInfo(item.path)
            it.type, it.mode, it.uid, it.gid = TYPES[item.kind], item.mode, item.uid, item.gid
            it.mtime, it.linkname = item.mtime, item.target
            it.devmajor, it.devminor = item.device
            it.size = len(item.data) if item.kind == "file" else 0
            it.pax_headers = {f"SCHILY.xattr.{name}": text for name, text in item.xattrs}
            tar.addfile(it, io.BytesIO(item.data))
    return stream.getvalue() + trailer


def diff_id(tar):
    """The digest of a tar, as engines write it."""
    return "sha256:" + hashlib.sha256(tar).hexdigest()


_TABLE = []
for _byte in range(256):
    for _bit in range(8):
        _byte = (_byte >> 1) ^ (0xD800000000000000 if _byte & 1 else 0)
    _TABLE.append(_byte)


def crc_of(data):
    """CRC-64 (ISO), a byte at a time, as tar-split keeps it."""
    crc = (1 << 64) - 1
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 255] ^ (crc >> 8)
    return (crc ^ ((1 << 64) - 1)).to_bytes(8, "big")


def records_of(tar):
    """The records of tar-split for a tar, as dicts."""
    found, at = [], 0

    def segment(until):
        if until > at:
            payload = base64.b64encode(tar[at:until]).decode()
            found.append({"type": 2, "payload": payload, "position": len(found)})

    with tarfile.open(
        fileobj=io.BytesIO(tar), encoding="utf-8", errors="surrogateescape"
    ) as archive:
        for it in archive:
            segment(it.offset_data)
            at = it.offset_data
            size = it.size if it.isreg() else 0
            name = os.fsencode(it.name + ("/" if it.isdir() else ""))
            record = {"type": 1, "payload": None, "position": len(found)}
            try:
                record["name"] = name.decode()
            except UnicodeDecodeError:
                record["name_raw"] = base64.b64encode(name).decode()
            if size:
                record["size"] = size
                record["payload"] = base64.b64encode(crc_of(tar[at : at + size])).decode()
            found.append(record)
            at += size
    segment(len(tar))
    return found


def write_split(path, records):
    """Write a ``tar-split.json.gz``."""
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        for record in records:
            stream.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
    return str(path)


def split_of(path, tar):
    """Write the ``tar-split.json.gz`` of a tar."""
    return write_split(path, records_of(tar))


def lay(items, root):
    """Lay items over a tree, as an engine does with a driver that has whole trees."""
    root = os.fsencode(root)
    dressed, mine = {}, set()
    for item in items:
        path = os.fsencode(item.path).strip(b"/")
        folder, _slash, base = path.rpartition(b"/")
        full = os.path.join(root, path)
        if folder:
            os.makedirs(os.path.join(root, folder), mode=0o755, exist_ok=True)
        if base == b".wh..wh..opq":
            for name in os.listdir(os.path.join(root, folder)):
                if os.path.join(folder, name) not in mine:
                    _remove(os.path.join(root, folder, name))
            continue
        if base.startswith(b".wh."):
            _remove(os.path.join(root, folder, base[4:]))
            continue
        mine.add(path)
        if item.kind != "folder" or not os.path.isdir(full) or os.path.islink(full):
            _remove(full)
        if item.kind == "folder":
            os.makedirs(full, exist_ok=True)
        elif item.kind == "symlink":
            os.symlink(os.fsencode(item.target), full)
        elif item.kind == "link":
            target = os.path.join(root, os.fsencode(item.target).strip(b"/"))
            os.link(target, full, follow_symlinks=False)
        elif item.kind == "file":
            with open(full, "wb") as stream:
                stream.write(item.data)
        else:
            kind = {"char": stat.S_IFCHR, "block": stat.S_IFBLK, "fifo": stat.S_IFIFO}[item.kind]
            os.mknod(full, kind, os.makedev(*item.device))
        _dress(full, item)
        if item.kind == "folder":
            dressed[full] = item
    for full, item in dressed.items():
        if os.path.isdir(full) and not os.path.islink(full):
            _dress(full, item)


def _remove(full):
    with contextlib.suppress(FileNotFoundError):
        if os.path.isdir(full) and not os.path.islink(full):
            shutil.rmtree(full)
        else:
            os.unlink(full)


def _dress(full, item):
    os.lchown(full, item.uid, item.gid)
    if not os.path.islink(full):
        os.chmod(full, item.mode)
    for name, text in item.xattrs:
        os.setxattr(full, name, os.fsencode(text), follow_symlinks=False)
    time = round(item.mtime * 10**9)
    os.utime(full, ns=(time, time), follow_symlinks=False)


def snapshot(root):
    """All of a tree that a process in it could see; hard links as groups of names."""
    root = os.fsencode(root)
    found, groups = {}, {}
    for folder, folders, files in os.walk(root):
        for name in [b".", *folders, *files] if folder == root else [*folders, *files]:
            full = os.path.join(folder, name)
            path = os.path.relpath(full, root)
            it = os.lstat(full)
            kind = stat.S_IFMT(it.st_mode)
            content = None
            if stat.S_ISREG(it.st_mode):
                with open(full, "rb") as stream:
                    content = stream.read()
            elif stat.S_ISLNK(it.st_mode):
                content = os.readlink(full)
            xattrs = {
                one: os.getxattr(full, one, follow_symlinks=False)
                for one in os.listxattr(full, follow_symlinks=False)
                if not one.startswith("trusted.overlay.")
            }
            mode = None if stat.S_ISLNK(it.st_mode) else stat.S_IMODE(it.st_mode)
            found[path] = (
                kind, mode, it.st_uid, it.st_gid, it.st_mtime_ns, it.st_rdev, content, xattrs,
            )  # fmt: skip
            if not stat.S_ISDIR(it.st_mode):
                groups.setdefault(it.st_ino, set()).add(path)
    return found, sorted(map(sorted, groups.values()))


@contextlib.contextmanager
def merged(layers, at):
    """Layers of overlay2, the uppermost first, mounted by the kernel; None where it cannot."""
    os.makedirs(at, exist_ok=True)
    empty = f"{at}.empty"
    os.makedirs(empty, exist_ok=True)
    stack = ":".join([*map(str, layers), empty])
    done = subprocess.run(
        ["mount", "-t", "overlay", "overlay", "-o", f"ro,lowerdir={stack}", str(at)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        yield None
        return
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True)
