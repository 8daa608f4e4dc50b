# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's own answers, over its socket. No client program is needed."""

from __future__ import annotations

import http.client
import json
import socket
from urllib.parse import quote, urlencode

# Known to engines from 20.10 to 29, from which on it is the oldest.
VERSION = "v1.41"


class ApiError(Exception):
    """The engine refused: its status and its words."""


class Api:
    """One engine's interface."""

    def __init__(self, path):
        """``path`` is the socket's."""
        self.path = str(path)

    def get(self, path, **query):
        """Return what a GET answers."""
        return self.call("GET", path, **query)

    def post(self, path, body=None, **query):
        """Return what a POST answers; ``body`` is JSON, or bytes of a tar."""
        return self.call("POST", path, body, **query)

    def delete(self, path, **query):
        """Return what a DELETE answers."""
        return self.call("DELETE", path, **query)

    def call(self, method, path, body=None, **query):
        """Send one request; return its JSON, a list where it is a stream, or bytes for a tar.

        Raises ApiError with the engine's words, also where they come in the midst of a stream.
        """
        head = {"Content-Type": "application/x-tar"}
        if not isinstance(body, (bytes, type(None))):
            head = {"Content-Type": "application/json"}
            body = json.dumps(body).encode()
        where = f"/{VERSION}{quote(path)}"
        if query:
            where += f"?{urlencode(query)}"
        connection = Connection(self.path)
        try:
            connection.request(method, where, body, head)
            answer = connection.getresponse()
            kind, content = answer.getheader("Content-Type", ""), answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise ApiError(f"{method} {where}: {answer.status} {content.decode()}")
        if "json" not in kind:
            return content
        return parsed(content)


def parsed(content):
    """Return the one value of some JSON, or the list of several."""
    text, decoder, found, at = content.decode().strip(), json.JSONDecoder(), [], 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        found.append(value)
        while at < len(text) and text[at].isspace():
            at += 1
        if isinstance(value, dict) and value.get("error"):
            raise ApiError(value["error"])
    return found[0] if len(found) == 1 else found


class Connection(http.client.HTTPConnection):
    """HTTP over a socket in the filesystem."""

    def __init__(self, path):
        """``path`` is the socket's."""
        super().__init__("engine", timeout=120)
        self.unix = path

    def connect(self):
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.unix)
