# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Paths and names of units, as a user gives them: checked here, for all that take some.

None of these can be read as an option, add a line to a unit, or lead out of a folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

# systemd.unit(5), "DESCRIPTION": at most 255 of these; which type it has, systemd says.
_UNIT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9:_.@\\-]{0,254}", re.ASCII)


def plain_path(option: str, path: str, tidy: bool = False) -> str:
    """A path below / that means the same to everybody, also behind links.

    :param option: that it was given as, for the error.
    :param tidy: whether slashes that mean nothing may be in it; they are not in what is returned.
    :raises StorageError: it is relative, the root, or has a part `.` or `..`, or what is no
        character to print.
    """
    plain = re.sub("/+", "/", path).rstrip("/")
    wrong = (
        not path.startswith("/")
        or not plain
        or not path.isprintable()
        or bool({".", ".."} & set(path.split("/")))
        or not (tidy or plain == path)
    )
    if wrong:
        raise StorageError(
            f"{option}={path!r}",
            "it is not a plain absolute path of a file or folder below /",
            "Write it like /var/lib/docker, without `..`, doubled or trailing slashes",
            refusal="path_invalid",
        )
    return plain


def unit_names(option: str, names: Iterable[str]) -> tuple[str, ...]:
    """Names of systemd's units, each of which can be the name of a file.

    :raises StorageError: one is none.
    """
    for name in names:
        if not _UNIT.fullmatch(name):
            raise StorageError(
                f"{option}={name!r}",
                "it is no name of a systemd unit",
                "Give one, such as docker.service",
                refusal="service_name_invalid",
            )
    return tuple(names)
