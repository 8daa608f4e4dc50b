# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What the running kernel can do of overlay, and what it does when it is not told.

Sources: Documentation/filesystems/overlayfs.rst, fs/overlayfs/params.c and their history.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._host.files import (
    text_of,
    try_text,
)

PARAMETERS = "/sys/module/overlay/parameters"

# The kernel that brought each option. An option with a module parameter is known by that file,
# for enterprise kernels carry options of later ones.
SINCE = {
    "redirect_dir": (4, 10),
    "index": (4, 13),
    "xino": (4, 17),
    "metacopy": (4, 19),
    "volatile": (5, 10),
    "userxattr": (5, 11),
}
_PARAMETER = {
    "redirect_dir": "redirect_dir",
    "index": "index",
    "xino": "xino_auto",
    "metacopy": "metacopy",
}

MOST_LOWERS = 500  # OVL_MAX_STACK, fs/overlayfs/params.h
MOST_DATA = 4095  # bytes that mount(2) takes as options: a page, and the zero that ends it
MOST_VALUE = 255  # bytes of one option that fsconfig(2) takes: fs/fsopen.c, strndup_user()

_FIRST_USER_NAMESPACE = 0xEFFFFFFD  # PROC_USER_INIT_INO, include/linux/proc_ns.h


class Kernel(NamedTuple):
    """The kernel, as far as overlay goes."""

    release: str
    overlay: bool  # it has overlay, loaded or not
    parameters: dict[str, bool]  # name -> bool; empty while the module is not loaded
    user_namespace: bool  # this process is in a user namespace of its own

    @property
    def version(self) -> tuple[int, int]:
        """``(major, minor)``."""
        match = re.match(r"(\d+)\.(\d+)", self.release)
        return (int(match[1]), int(match[2])) if match else (0, 0)

    def lacks(self, option: str) -> bool:
        """Tell whether this kernel surely does not know the option."""
        parameter = _PARAMETER.get(option)
        if parameter and self.parameters:
            return parameter not in self.parameters
        return self.version < SINCE[option] and not re.search(r"\.el\d|\.amzn", self.release)

    def default(self, option: str) -> str | bool:
        """What an option is when it is left out."""
        if option == "redirect_dir":
            return "on" if self.parameters.get("redirect_dir") else self.redirects_when_off
        if option == "xino":
            return "auto" if self.parameters.get("xino_auto") else "off"
        return bool(self.parameters.get(option))

    @property
    def redirects_when_off(self) -> str:
        """What ``redirect_dir=off`` comes to."""
        return "follow" if self.parameters.get("redirect_always_follow", True) else "nofollow"


def observe_kernel() -> Kernel:
    """The :class:`Kernel` that runs. No command, and nothing is loaded."""
    release = os.uname().release
    return Kernel(
        release=release,
        overlay=_has_overlay(release),
        parameters=_parameters(),
        user_namespace=os.stat("/proc/self/ns/user").st_ino != _FIRST_USER_NAMESPACE,
    )


def _parameters() -> dict[str, bool]:
    found: dict[str, bool] = {}
    try:
        names = os.listdir(PARAMETERS)
    except OSError:
        return found
    for name in names:
        text = try_text(f"{PARAMETERS}/{name}")
        if text is not None:  # some may be written only
            found[name] = text.strip() == "Y"
    return found


def _has_overlay(release: str) -> bool:
    lines = text_of("/proc/filesystems").splitlines()
    if any(line.split()[-1:] == ["overlay"] for line in lines):
        return True
    tables = [try_text(f"/lib/modules/{release}/modules.{name}") for name in ("dep", "builtin")]
    # Where there are no tables to go by, the mount will tell.
    return any(table is None or "/overlay.ko" in table for table in tables)
