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
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

_FILES = ("/etc/lvm/lvm.conf", "/etc/lvm/lvmlocal.conf")
_SET = re.compile(
    r"^(?:[^#\n]*[\s{/])?(?:profile_dir|thin_pool_autoextend_threshold|"
    r"thin_pool_autoextend_percent|monitoring)[ \t]*=",
    re.M,
)


class LvmConfig(NamedTuple):
    """Effective settings; the defaults are lvm2's (lib/config/defaults.h)."""

    profile_dir: str = "/etc/lvm/profile"
    threshold: int = 100  # percent; 100 turns autoextension off
    percent: int = 20
    monitoring: bool = True


def observe_lvm_config(run: Reader) -> LvmConfig:
    """Read the settings. No command where the files set none of them."""
    if not any(_SET.search(text_of(path)) for path in _FILES):
        return LvmConfig()
    return parse_lvmconfig(
        run.read(
            (
                "lvmconfig",
                "--typeconfig",
                "full",
                "config/profile_dir",
                "activation/thin_pool_autoextend_threshold",
                "activation/thin_pool_autoextend_percent",
                "activation/monitoring",
            )
        )
    )


def parse_lvmconfig(text: str) -> LvmConfig:
    """The :class:`LvmConfig` in what ``lvmconfig`` prints: ``name=value``, one a line."""
    values = dict(line.strip().split("=", 1) for line in text.splitlines() if "=" in line)
    return LvmConfig(
        profile_dir=values["profile_dir"].strip('"'),
        threshold=int(values["thin_pool_autoextend_threshold"]),
        percent=int(values["thin_pool_autoextend_percent"]),
        monitoring=values["monitoring"] != "0",
    )
