# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry with one image, in an engine's own network: so an image gets a digest by a pull.

It answers what a pull asks for, and nothing else. ``NAME`` is of the loopback device, which an
engine takes unencrypted answers from.
"""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import hashlib
import http.server
import json
import socket
import struct
import subprocess
import sys
from pathlib import Path

PORT = 5000
NAME = f"127.0.0.1:{PORT}"

_TYPE = "application/vnd.docker."
_UP, _SET_FLAGS = 1, 0x8914  # IFF_UP, SIOCSIFFLAGS of linux/if.h and linux/sockios.h


@contextlib.contextmanager
def registry(engine, repository, tag, config, layers):
    """Offer an image to a running engine; give its digest. ``config`` and ``layers`` are bytes."""
    files, digest = answers(repository, tag, config, layers)
    folder = engine.folder / "registry"
    folder.mkdir()
    index = {}
    for number, (path, (kind, content)) in enumerate(files.items()):
        (folder / str(number)).write_bytes(content)
        index[path] = [kind, str(number)]
    (folder / "index").write_text(json.dumps(index))
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "nsenter", "--net", "--target", str(engine.init()),
         sys.executable, "-I", __file__, str(folder)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout.readline() == b"ready\n"
        yield digest
    finally:
        process.kill()
        process.communicate()


def answers(repository, tag, config, layers):
    """Return ``(answers, digest)``: path -> (type, content), and the digest of the image."""
    top, files = f"/v2/{repository}", {"/v2/": ("application/json", b"{}")}

    def blob(content, kind):
        digest = digest_of(content)
        files[f"{top}/blobs/{digest}"] = ("application/octet-stream", content)
        return {"mediaType": _TYPE + kind, "size": len(content), "digest": digest}

    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": f"{_TYPE}distribution.manifest.v2+json",
            "config": blob(config, "container.image.v1+json"),
            "layers": [
                blob(gzip.compress(layer, mtime=0), "image.rootfs.diff.tar.gzip")
                for layer in layers
            ],
        }
    ).encode()
    digest = digest_of(manifest)
    for name in (tag, digest):
        files[f"{top}/manifests/{name}"] = (f"{_TYPE}distribution.manifest.v2+json", manifest)
    return files, digest


def digest_of(content):
    """Return a digest as registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def serve(folder):
    """Answer from the files of a folder, with the network's loopback device up, until killed."""
    index = json.loads((folder / "index").read_text())

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            kind, name = index.get(self.path, ["text/plain", None])
            content = (folder / name).read_bytes() if name else b""
            self.send_response(200 if name else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Docker-Content-Digest", digest_of(content))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        do_HEAD = do_GET  # noqa: N815

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
