# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A mount that systemd keeps, and the guard of the units that must not run without it.

A mount unit, and not a line in fstab: the file is ours alone, and a mistake in it stops the
container engine instead of the boot.
"""

from __future__ import annotations

import glob
import os
import re
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import read_text
from ansible_collections.containerhost.storage.plugins.module_utils._host.names import plain_path

UNITS = "/etc/systemd/system"
LONGEST_NAME = 255  # bytes of the name of a file, and of a unit (systemd.unit(5))

# A path without these needs no quotes where a line of a unit is a list.
_PLAIN = re.compile(r"[^\s%\"'\\]*")


class MountUnit(NamedTuple):
    """What is mounted where."""

    what: str
    where: str
    fstype: str
    options: tuple[str, ...]

    @property
    def name(self) -> str:
        """The unit's name, which systemd derives from the path."""
        return escape(self.where) + ".mount"

    @property
    def path(self) -> str:
        """The unit's file."""
        return f"{UNITS}/{self.name}"

    @property
    def text(self) -> str:
        """The content of the unit's file."""
        return (
            "# Kept by containerhost.storage\n"
            f"[Unit]\nDescription=Container storage on {literal(self.what)}\n\n"
            f"[Mount]\nWhat={literal(self.what)}\nWhere={literal(self.where)}\n"
            f"Type={self.fstype}\nOptions={literal(','.join(self.options))}\n\n"
            "[Install]\nWantedBy=multi-user.target\n"
        )

    @property
    def enabled(self) -> bool:
        """Tell whether systemd mounts it at boot."""
        return os.path.lexists(f"{UNITS}/multi-user.target.wants/{self.name}")

    def guard_path(self, unit: str) -> str:
        """The drop-in that keeps a unit from starting without this mount."""
        return f"{UNITS}/{unit}.d/50-{escape(self.where)}.conf"

    @property
    def guard_text(self) -> str:
        """Both lines are needed: the first mounts it first, the second refuses without it.

        Where nothing defines the mount any more, systemd takes the first one as fulfilled
        (systemd.unit(5)), and the engine would start on an empty folder. ZFS mounts its datasets
        by itself, without units.
        """
        return (
            "# Kept by containerhost.storage\n"
            "[Unit]\n"
            + "".join(f"{line}\n" for line in _guard_lines(self.where))
            + ("After=zfs-mount.service\n" if self.fstype == "zfs" else "")
        )


def check_where(path: str) -> None:
    """Refuse a mount point that is not written plainly, or that no unit can have.

    :raises StorageError: see :func:`plain_path`; systemd takes off a space or a backslash at the
        end of a line.
    """
    plain_path("path", path)
    if path.endswith((" ", "\\")):
        raise StorageError(
            f"path={path!r}",
            "it has a space or a backslash at its end, which systemd takes off the lines of a unit",
            "Rename the folder",
            refusal="path_invalid",
        )
    if len(f"50-{escape(path)}.conf") > LONGEST_NAME:
        raise StorageError(
            f"path={path}",
            f"it is too long for the name of a unit, which takes {LONGEST_NAME} bytes",
            "Choose a shorter path",
            refusal="path_too_long",
        )


def literal(text: str) -> str:
    """Keep systemd from putting something in for a percent sign: systemd.unit(5), SPECIFIERS."""
    return text.replace("%", "%%")


def quoted(path: str) -> str:
    """A path as an item of a list in a unit: systemd.syntax(7), "Quoting"."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{literal(escaped)}"'


def _guard_lines(where: str) -> tuple[str, str]:
    """The first is a list of paths, the second is one path up to the end of its line."""
    item = where if _PLAIN.fullmatch(where) else quoted(where)
    return f"RequiresMountsFor={item}", f"AssertPathIsMountPoint={literal(where)}"


def escape(path: str) -> str:
    """The path as systemd has it in unit names: systemd.unit(5), "String escaping"."""
    plain = path.strip("/").encode(errors="surrogateescape").decode("latin-1")  # byte by byte
    escaped = re.sub(
        r"[^A-Za-z0-9:_.]|^\.",
        lambda match: "-" if match[0] == "/" else f"\\x{ord(match[0]):02x}",
        plain,
    )
    return escaped or "-"


def guarded(unit: str, where: str) -> bool:
    """Tell whether any drop-in of the unit guards the mount, whoever wrote it."""
    lines: set[str] = set()
    for folder in ("/etc", "/run", "/usr/lib", "/lib"):
        for path in glob.glob(f"{folder}/systemd/system/{glob.escape(unit)}.d/*.conf"):
            lines.update(line.strip() for line in (read_text(path) or "").splitlines())
    return lines.issuperset(_guard_lines(where))


class TableLine(NamedTuple):
    """A line of fstab(5)."""

    source: str
    path: str
    fstype: str
    options: tuple[str, ...]


def fstab_line(where: str, text: str | None = None) -> TableLine | None:
    """The line of fstab that mounts something at a path, or None."""
    if text is None:
        text = read_text("/etc/fstab") or ""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) > 3 and not fields[0].startswith("#"):
            path = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[1])
            if path.rstrip("/") == where.rstrip("/"):
                return TableLine(fields[0], path, fields[2], tuple(fields[3].split(",")))
    return None
