# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The few settings of LVM's own configuration that decide what a pool does.

``lvmconfig`` is the authority, but costs a command on every run. Where neither lvm.conf nor
lvmlocal.conf sets any of these, the compiled-in defaults hold, and no command is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._host.answers import Row
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

_FILES = ("/etc/lvm/lvm.conf", "/etc/lvm/lvmlocal.conf")
_SETTINGS = (
    "profile_dir", "thin_pool_autoextend_threshold", "thin_pool_autoextend_percent", "monitoring",
)  # fmt: skip
_COMMAND = (
    "lvmconfig",
    "--typeconfig",
    "full",
    "config/profile_dir",
    "activation/thin_pool_autoextend_threshold",
    "activation/thin_pool_autoextend_percent",
    "activation/monitoring",
)


class LvmConfig(NamedTuple):
    """Effective settings; the defaults are lvm2's (lib/config/defaults.h)."""

    profile_dir: str = "/etc/lvm/profile"
    threshold: int = 100  # percent; 100 turns autoextension off
    percent: int = 20
    monitoring: bool = True


def settings_in(names: Iterable[str]) -> bool:
    """Whether one of LVM's files sets one of some settings, by their names without a section."""
    pattern = re.compile(rf"^(?:[^#\n]*[\s{{/])?(?:{'|'.join(names)})[ \t]*=", re.M)
    return any(pattern.search(text_of(path)) for path in _FILES)


def observe_lvm_config(run: Reader) -> LvmConfig:
    """Read the settings. No command where the files set none of them."""
    return parse_lvmconfig(run.read(_COMMAND)) if settings_in(_SETTINGS) else LvmConfig()


def parse_lvmconfig(text: str) -> LvmConfig:
    """The :class:`LvmConfig` in what ``lvmconfig`` prints: ``name=value``, one a line.

    :raises StorageError: a setting is not in it, or is of another kind
    """
    values = dict(line.strip().split("=", 1) for line in text.split("\n") if "=" in line)
    row = Row(_COMMAND, "what it prints", values)
    return LvmConfig(
        profile_dir=row.text("profile_dir").strip('"'),
        threshold=row.number("thin_pool_autoextend_threshold"),
        percent=row.number("thin_pool_autoextend_percent"),
        monitoring=row.text("monitoring") != "0",
    )
