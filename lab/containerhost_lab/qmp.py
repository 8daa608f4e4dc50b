# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to qemu's control socket (QMP; protocol: docs/interop/qmp-spec in qemu)."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from pathlib import Path

from .errors import LabError


class QmpError(LabError):
    """qemu is not there, or refused a command."""


class Qmp:
    """Commands to one qemu process; used as ``with Qmp(path) as qmp: qmp("stop")``."""

    def __init__(self, path: Path, timeout: float = 60):
        """Connect to the socket ``path``; a reply is waited for ``timeout`` seconds at most."""
        self.events: list[dict] = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        # A socket's path is limited to 108 bytes; a checkout's is not. Through the descriptor
        # of its folder, the path is short wherever the folder is.
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
        try:
            self.socket.connect(f"/proc/self/fd/{folder}/{path.name}")
        except OSError as error:
            self.socket.close()
            raise QmpError(f"qemu does not answer at {path}: {error.strerror}.") from error
        finally:
            os.close(folder)
        self.stream = self.socket.makefile("rw", encoding="utf-8")
        self._read()  # the greeting
        self("qmp_capabilities")

    def __enter__(self) -> Qmp:
        """Return the connection."""
        return self

    def __exit__(self, *_) -> None:
        """Hang up; qemu runs on."""
        self.stream.close()
        self.socket.close()

    def __call__(self, command: str, **arguments) -> dict | list:
        """Run a command and return its result; events that come meanwhile are kept.

        Argument names are written with ``_`` for ``-``. Raises QmpError with qemu's reason.
        """
        renamed = {name.replace("_", "-"): value for name, value in arguments.items()}
        self._write({"execute": command, "arguments": renamed})
        while True:
            reply = self._read()
            if "return" in reply:
                return reply["return"]
            if "error" in reply:
                raise QmpError(f"qemu refused {command}: {reply['error'].get('desc')}.")
            self.events.append(reply)

    def wait_event(self, name: str, timeout: float, **data) -> bool:
        """Wait for an event that carries ``data``; return False if it does not come in time."""
        deadline = time.monotonic() + timeout
        while True:
            for event in self.events:
                carried = event.get("data", {})
                if event.get("event") == name and data.items() <= carried.items():
                    return True
            if time.monotonic() >= deadline:
                return False
            self("query-status")  # reads the events that are due before its answer
            time.sleep(0.1)

    def quit(self) -> None:
        """Have qemu end at once: to the guest, the power goes."""
        with contextlib.suppress(QmpError):  # it may be gone before it answers
            self("quit")

    def _write(self, message: dict) -> None:
        try:
            self.stream.write(json.dumps(message) + "\n")
            self.stream.flush()
        except OSError as error:
            raise QmpError(f"qemu hung up: {error.strerror}.") from error

    def _read(self) -> dict:
        try:
            line = self.stream.readline()
        except OSError as error:
            raise QmpError(f"qemu does not answer: {error}.") from error
        if not line:
            raise QmpError("qemu hung up.")
        return json.loads(line)
