# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

r"""The layers and options of an overlay mount, and how the kernel writes them.

In the options of a mount a backslash keeps the character after it from meaning anything:
``lowerdir=/a\:b:/c`` are two layers (Documentation/filesystems/overlayfs.rst, "Multiple lower
layers"; fs/overlayfs/params.c, ovl_next_opt() and ovl_unescape()). mountinfo shows options as they
were given, with its own octal escapes on top.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._overlay.kernel import (
        Kernel,
    )

# Flags of a mount that mean nothing when they are kept over a remount.
_NO_OPTION = {"rw", "relatime", "seclabel", "defaults"}

NAMES = ("redirect_dir", "index", "metacopy", "xino", "volatile", "userxattr")


class Config(NamedTuple):
    """An overlay: its layers by path, its options; ``None`` for what is left out."""

    lower: tuple[str, ...] = ()  # the uppermost first
    upper: str | None = None
    work: str | None = None
    redirect_dir: str | None = None  # on, off, follow, nofollow
    index: bool | None = None
    metacopy: bool | None = None
    xino: str | None = None  # on, off, auto
    volatile: bool | None = None
    userxattr: bool | None = None
    data: tuple[str, ...] = ()  # data-only lowers; read, never written
    extra: tuple[str, ...] = ()  # options that are none of ours, such as nfs_export=on or noatime

    @property
    def layers(self) -> list[tuple[str, str]]:
        """Every layer's path: ``(role, path)``."""
        found = [("lower", path) for path in (*self.lower, *self.data)]
        return found + [
            (role, path)
            for role, path in (("upper", self.upper), ("work", self.work))
            if path is not None
        ]

    @property
    def marks(self) -> str:
        """How the names of the extended attributes begin that this mount reads."""
        return "user.overlay." if self.userxattr else "trusted.overlay."

    def written(self) -> tuple[str, ...]:
        """The options as ``mount -o`` takes them, in one fixed order."""
        lower = ":".join(_escape(path, ":,") for path in self.lower)
        lower += "".join("::" + _escape(path, ":,") for path in self.data)
        options = [f"lowerdir={lower}"]
        if self.upper is not None:
            options.append("upperdir=" + _escape(self.upper, ","))
        if self.work is not None:
            options.append("workdir=" + _escape(self.work, ","))
        for name in NAMES:
            value = getattr(self, name)
            if name in ("volatile", "userxattr"):
                options += [name] if value else []
            elif value is not None:
                value = {True: "on", False: "off"}.get(value, value)
                options.append(f"{name}={value}")
        return (*options, *self.extra)


def read_config(options: Iterable[str]) -> Config:
    """The :class:`Config` in the options of a mount, as mountinfo or a unit has them.

    :param options: of str, one each, octal escapes of mountinfo included.
    """
    lower: list[str] = []
    data: list[str] = []
    extra: list[str] = []
    found: dict[str, Any] = {}
    for option in options:
        name, _equals, value = option.partition("=")
        value = _plain(value)
        if name == "lowerdir":
            lower, data = split_lowers(value)
        elif name == "lowerdir+":  # one by one, as they are: Linux 6.8
            lower.append(value)
        elif name == "datadir+":
            data.append(value)
        elif name in ("upperdir", "workdir"):
            found[name[:-3]] = _unescape(value)
        elif option in ("volatile", "fsync=volatile"):  # the latter is how newer kernels say it
            found["volatile"] = True
        elif option == "userxattr":
            found["userxattr"] = True
        elif name in ("index", "metacopy"):
            found[name] = value == "on"
        elif name in ("redirect_dir", "xino"):
            found[name] = value
        elif option not in _NO_OPTION:
            extra.append(option)
    return Config(lower=tuple(lower), data=tuple(data), extra=tuple(extra), **found)


def split_options(text: str) -> list[str]:
    r"""The options of ``mount -o``, at commas that no backslash precedes."""
    return re.findall(r"(?:[^,\\]|\\.)+", text)


def split_lowers(text: str) -> tuple[list[str], list[str]]:
    """``(lowers, data-only lowers)`` in the value of ``lowerdir``: the latter follow a ``::``."""
    parts = re.findall(r"(?:[^:\\]|\\.)+|:+", text)
    lower: list[str] = []
    data: list[str] = []
    separator = ":"
    for part in parts:
        if part.startswith(":"):
            separator = part
        else:
            (data if separator == "::" else lower).append(_unescape(part))
    return lower, data


def effective(config: Config, kernel: Kernel) -> dict[str, Any]:
    """The options in force: name -> value, with the kernel's defaults for those left out."""
    found = {}
    for name in NAMES:
        value = getattr(config, name)
        found[name] = _meaning(name, kernel.default(name) if value is None else value, kernel)
    # What one option does to others that are left out: ovl_fs_params_verify(), params.c.
    if config.upper is None:
        found["index"] = found["volatile"] = False
        if found["redirect_dir"] == "follow":
            found["redirect_dir"] = "on"  # without an upper nothing is renamed
    if found["metacopy"] and config.redirect_dir is None and not config.userxattr:
        found["redirect_dir"] = "on"
    elif found["metacopy"] and found["redirect_dir"] != "on":
        found["metacopy"] = False
    if "nfs_export=on" in config.extra:
        if config.index is None and config.upper is not None:
            found["index"] = True
        if config.metacopy is None:
            found["metacopy"] = False
    if config.userxattr:
        found["redirect_dir"] = "nofollow"
        found["metacopy"] = False
    return found


def differing(wanted: Config, current: Config, kernel: Kernel, same_filesystem: bool) -> list[str]:
    """The names of the wanted options that are not in force; ``None`` is no wish.

    :param same_filesystem: all layers are on one: ``xino`` means nothing then and is not shown.
    """
    live = effective(current, kernel)
    meant = effective(wanted._replace(upper=current.upper), kernel)
    return [
        name
        for name in NAMES
        if getattr(wanted, name) is not None
        and meant[name] != live[name]
        and not (name == "xino" and same_filesystem)
    ]


def _meaning(name: str, value: Any, kernel: Kernel) -> Any:
    return kernel.redirects_when_off if (name, value) == ("redirect_dir", "off") else value


def _escape(path: str, special: str) -> str:
    return re.sub(rf"[\\{special}]", r"\\\g<0>", path)


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _plain(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
