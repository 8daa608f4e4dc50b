# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers and images as tar archives, put together entry by entry: no engine has a say in them."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile

# A file's capabilities as the kernel keeps them: cap_net_raw, permitted and effective (version 2
# of linux/capability.h).
NET_RAW = bytes.fromhex("0100000200200000000000000000000000000000")
DAY = 86400


class Layer:
    """One layer's archive. Names are as in the archive, without a slash in front.

    Every entry takes mode, uid, gid, mtime (seconds), and xattrs (name -> bytes).
    """

    def __init__(self):
        """Start with no entry."""
        self.buffer = io.BytesIO()
        self.tar = tarfile.TarFile(fileobj=self.buffer, mode="w", format=tarfile.PAX_FORMAT)

    def file(self, name, content=b"", **more):
        """Add a regular file."""
        return self._add(name, tarfile.REGTYPE, content, **{"mode": 0o644, **more})

    def folder(self, name, **more):
        """Add a folder."""
        return self._add(name, tarfile.DIRTYPE, **{"mode": 0o755, **more})

    def link(self, name, target):
        """Add one more name of a file of this layer, which an engine gives its rights once more."""
        first = self.tar.getmember(target)
        same = {key: getattr(first, key) for key in ("mode", "uid", "gid", "mtime")}
        return self._add(name, tarfile.LNKTYPE, target=target, **same)

    def symlink(self, name, target, **more):
        """Add a symbolic link."""
        return self._add(name, tarfile.SYMTYPE, target=target, **{"mode": 0o777, **more})

    def fifo(self, name, **more):
        """Add a fifo."""
        return self._add(name, tarfile.FIFOTYPE, **{"mode": 0o600, **more})

    def device(self, name, major, minor, **more):
        """Add a character device."""
        return self._add(name, tarfile.CHRTYPE, device=(major, minor), **{"mode": 0o666, **more})

    def whiteout(self, name):
        """Remove a name of the layers below."""
        folder, _slash, last = name.rpartition("/")
        return self.file(f"{folder}/.wh.{last}".lstrip("/"))

    def opaque(self, folder):
        """Hide what the layers below have in a folder."""
        return self.file(f"{folder}/.wh..wh..opq")

    def bytes(self):
        """Return the whole archive."""
        self.tar.close()
        return self.buffer.getvalue()

    def _add(self, name, kind, content=b"", target="", device=(0, 0), xattrs=(), **more):
        info = tarfile.TarInfo(name)
        info.type, info.size, info.linkname = kind, len(content), target
        info.devmajor, info.devminor = device
        info.mtime = 1_600_000_000
        for key, value in more.items():
            setattr(info, key, value)
        info.pax_headers = {
            f"SCHILY.xattr.{key}": value.decode("utf-8", "surrogateescape")
            for key, value in dict(xattrs).items()
        }
        self.tar.addfile(info, io.BytesIO(content))
        return self


def image(tag, layers, command=()):
    """Return ``(archive, id)``: what `docker load` takes, and the ID that the image has then.

    ``layers`` are archives, the lowest first.
    """
    digests = [hashlib.sha256(layer).hexdigest() for layer in layers]
    config = config_of(layers, command)
    number = hashlib.sha256(config).hexdigest()
    files = {f"{number}.json": config}
    files.update({f"{digest}/layer.tar": layer for digest, layer in zip(digests, layers)})
    names = [f"{digest}/layer.tar" for digest in digests]
    files["manifest.json"] = json.dumps(
        [{"Config": f"{number}.json", "RepoTags": [tag], "Layers": names}]
    ).encode()
    return packed(files), f"sha256:{number}"


def config_of(layers, command=()):
    """Return the configuration of an image; its SHA-256 is the image's ID."""
    digests = [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": "2024-01-02T03:04:05Z",
        "config": {"Cmd": list(command), "Env": ["PATH=/bin"], "Labels": {"made": "by hand"}},
        "history": [{"created": "2024-01-02T03:04:05Z"} for _ in layers],
        "rootfs": {"type": "layers", "diff_ids": digests},
    }
    return json.dumps(config).encode()


def packed(files):
    """Return an archive with some files: name -> content."""
    archive = Layer()
    for name, content in files.items():
        archive.file(name, content)
    return archive.bytes()
