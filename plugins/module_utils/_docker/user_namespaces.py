# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Where an engine with user namespaces keeps its data: ``<uid>.<gid>`` below the data root.

These are the host's IDs of the containers' root: ``setupDaemonRoot()`` in daemon/daemon_unix.go and
``LoadIdentityMapping()`` of moby.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import Engine

SUBUID, SUBGID = "/etc/subuid", "/etc/subgid"

_DEFAULT_USER = "dockremap"


def inner_root(engine: Engine, remapped: Any, root: str) -> str:
    """The folder that the engine has its data in, were ``root`` its data root.

    :param remapped: the setting userns-remap, from a flag or the file.
    """
    if engine.info is not None:
        told = engine.info.get("DockerRootDir", root)
        return os.path.join(root, os.path.basename(told)) if engine.user_namespaces else root
    if not maps(remapped):
        return root
    name = _mapped(remapped)
    there = folders(root)
    if name and (name in there or len(there) != 1):
        return os.path.join(root, name)
    return os.path.join(root, there[0]) if len(there) == 1 else root


def maps(remapped: Any) -> bool:
    """Tell whether a setting of userns-remap maps users at all."""
    return bool(remapped) and remapped.partition(":")[0] not in ("root", "0")


def folders(root: str) -> list[str]:
    """The names of folders in a data root that are those of user namespaces, sorted."""
    try:
        names = sorted(os.listdir(root))
    except OSError:
        return []
    return [name for name in names if re.fullmatch(r"\d+\.\d+", name)]


def _mapped(remapped: str) -> str:
    """The name of the folder by the host's tables; '' where they do not tell."""
    user = remapped.partition(":")[0]
    user = _DEFAULT_USER if user == "default" else user
    names = _names_of(user)
    uid, gid = _first(SUBUID, names), _first(SUBGID, names)
    return f"{uid}.{gid}" if uid and gid else ""


def _names_of(user: str) -> set[str]:
    """By which names the tables may have a user: its name and its number."""
    for line in text_of("/etc/passwd").splitlines():
        name, *fields = line.split(":")
        if len(fields) > 1 and user in (name, fields[1]):
            return {name, fields[1]}
    return {user}


def _first(path: str, names: set[str]) -> str:
    """Where the first range of a user begins, as in subuid(5); '' for none."""
    for line in text_of(path).splitlines():
        name, *fields = line.split(":")
        if name in names and len(fields) == 2 and fields[0].isdecimal():
            return fields[0]
    return ""
