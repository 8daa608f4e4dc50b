# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Whether the engine takes a daemon.json, asked of itself: ``dockerd --validate``.

It reads the file and its flags, says what is wrong with them, and ends: it starts nothing. Whether
a storage driver works is no part of that.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._docker.option_values import (
    Version,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Unit

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

SINCE = (23,)

# What systemd gives to a service: the engine looks for docker-proxy there, and misses it elsewhere.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_LEAD = re.compile(r"unable to configure the Docker daemon with file \S+: |Status: ")
_VALUES = re.compile(r" \(from flag: .*\)")  # may be a secret
_CHATTER = re.compile(r"Flag --\S+ has been deprecated|time=|$")


def rejection(run: Reader, unit: Unit, version: Version, text: str | None) -> str:
    """Why the engine would not start on a daemon.json, in its own words; '' where it would.

    The text is handed over in memory, so that no file is written before it is known to be good.

    :param version: of the installed engine. Before 23 it cannot be asked: '' as well.
    :param text: of daemon.json; None where there is to be none.
    """
    if version < SINCE:
        return ""
    try:
        memory = os.memfd_create("daemon.json")
    except OSError:  # a kernel that has none of it
        return ""
    try:
        with open(memory, "w", encoding="utf-8", newline="", closefd=False) as stream:
            stream.write("{}" if text is None else text)
        path = f"/proc/{os.getpid()}/fd/{memory}"
        argv = (unit.program, "--validate", *unit.words, f"--config-file={path}")
        rc, out, err = run(argv, {"PATH": _PATH, **unit.environment})
    finally:
        os.close(memory)
    return parse_rejection(err or out, path) if rc else ""


def parse_rejection(said: str, path: str) -> str:
    """The reason in what the engine has said; '' where it only could not be asked.

    :param path: that it was given the file by.
    """
    lines = [line for line in said.splitlines() if not _CHATTER.match(line)]
    if not lines:
        return "it does not say why"
    told = _LEAD.sub("", ([line for line in lines if _LEAD.match(line)] or lines)[0])
    if told.startswith("unknown flag: --validate") or f"open {path}:" in told:
        return ""
    return _VALUES.sub("", told)
