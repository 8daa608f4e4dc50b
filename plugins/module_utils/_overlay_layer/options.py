# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What options and layers exclude each other, where some are wanted and some are kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import (
    Config,
    effective,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.state import (
    State,
    Wanted,
)

_MOST_STACKED = 2  # filesystems on each other: FILESYSTEM_MAX_STACK_DEPTH, include/linux/fs.h


def require_compatible(state: State, wanted: Wanted, config: Config) -> None:
    """Refuse options that exclude each other, where one is wanted and the other is kept.

    ovl_fs_params_verify() in fs/overlayfs/params.c: the kernel says EINVAL to some of them, and
    turns the others off without a word.
    """
    alone = config._replace(userxattr=None, metacopy=None)  # which change what is in force
    # "off" means one of the others
    redirect = config.redirect_dir and effective(alone, state.kernel)["redirect_dir"]
    extra = dict(option.partition("=")[::2] for option in config.extra)
    nfs, verity = extra.get("nfs_export") == "on", extra.get("verity") in ("on", "require")
    conflicts = (
        ("metacopy", "redirect_dir", config.metacopy and redirect not in (None, "on")),
        ("userxattr", "metacopy", config.userxattr and config.metacopy),
        ("userxattr", "redirect_dir", config.userxattr and redirect not in (None, "nofollow")),
        ("metacopy", "nfs_export", config.metacopy and nfs),
        ("index", "nfs_export", config.index is False and nfs),
        ("userxattr", "verity", config.userxattr and verity),
        ("metacopy", "verity", config.metacopy is False and verity),
        ("metacopy", "data-only layers", config.data and config.metacopy is False),
    )
    for name, other, excluded in conflicts:
        if excluded:
            raise StorageError(
                f"The overlay at {wanted.path}",
                f"{name}={_said(config, extra, name)} and {other}={_said(config, extra, other)} "
                "exclude each other, and what is not named is kept as it is mounted",
                f"Name both of them, or unmount it by hand and mount it without {other}",
                refusal="options_conflict",
            )


def _said(config: Config, extra: Mapping[str, str], name: str) -> str:
    if name == "data-only layers":
        return ",".join(config.data)
    value: Any = extra.get(name, getattr(config, name, None))
    return str({True: "on", False: "off", None: "off"}.get(value, value))


def require_stackable(state: State, wanted: Wanted, config: Config) -> None:
    """Refuse an overlay on overlays that are on overlays themselves.

    Of the filesystems that lie on others, ecryptfs counts as well.
    """
    for role, path in config.layers:
        if state.layers[path].stacked > _MOST_STACKED - 1:
            raise StorageError(
                f"{role}={path}",
                f"it lies on {state.layers[path].mount.path}, an overlay that lies on another one, "
                f"and the kernel stacks {_MOST_STACKED} of them",
                f"Name the layers of {state.layers[path].mount.path} instead of that mount",
                refusal="stack_too_deep",
            )
