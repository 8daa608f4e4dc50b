# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What an overlay mount refuses, and what it has to say. Pure.

The kernel says EINVAL to most of this, ELOOP or ESTALE to some, and takes the rest without a word
(fs/overlayfs/super.c): what is mounted then loses writes, or shows what nobody defined.
"""

from __future__ import annotations

import os
from collections.abc import Collection

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import Config
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.kernel import (
    MOST_DATA,
    MOST_LOWERS,
    MOST_VALUE,
    SINCE,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.state import (
    State,
    Wanted,
)


def require_overlay(state: State, wanted: Wanted) -> None:
    """Refuse a path where something else is mounted."""
    if state.mounted is not None and state.current is None:
        raise StorageError(
            wanted.path,
            f"{state.mounted.source} ({state.mounted.fstype}) is mounted there, and it is no "
            "overlay",
            "Choose another path, or unmount it by hand",
            refusal="mount_point_occupied",
        )
    if state.folder.kind == "other":
        raise StorageError(
            wanted.path, "it is no folder", "Choose another path", refusal="not_a_directory"
        )


def require_unnamed(state: State, wanted: Wanted) -> None:
    """Refuse to compare what is wanted with layers whose names do not tell which they are."""
    if wanted.config != Config() or wanted.persistent is not None:
        raise StorageError(
            f"The overlay at {wanted.path}",
            f"it was mounted with names of layers that do not tell which folders they are "
            f"({', '.join(state.unclear[:3])}), so it cannot be compared with what is wanted",
            "Name the path only to leave it as it is, or unmount it first, with `state: unmounted`",
            refusal="overlay_unclear",
        )


def require_list(config: Config, wanted: Wanted) -> None:
    """Refuse lists of layers that make no overlay, or are too long for one."""
    where, count = f"The overlay at {wanted.path}", len(config.lower)
    if not count:
        raise StorageError(
            where,
            "no lower layer was named, and there is no mount to keep",
            "Name it in `lower`",
            refusal="option_missing",
        )
    if count > MOST_LOWERS:
        raise StorageError(
            where,
            f"it has {count} lower layers, and the kernel takes {MOST_LOWERS}",
            "Merge some of them",
            refusal="too_many_layers",
        )
    if (config.upper is None) != (config.work is None):
        there, missing = ("upper", "work") if config.work is None else ("work", "upper")
        raise StorageError(
            where,
            f"it has {there}={getattr(config, there)} and no {missing}: the kernel needs both",
            f"Name an empty folder on the same filesystem in `{missing}`, or leave out both for "
            "an overlay that is read only",
            refusal="options_incomplete",
        )
    if config.upper is None and count < 2:
        raise StorageError(
            where,
            "without an upper layer it needs two lower ones at least",
            "Name another lower layer, or `upper` and `work`",
            refusal="too_few_layers",
        )
    for name in ("index", "volatile") if config.upper is None else ():
        if getattr(config, name):
            raise StorageError(
                where,
                f"{name} means nothing without an upper layer, and the kernel ignores it",
                f"Leave {name} out, or name `upper` and `work`",
                refusal="options_conflict",
            )


def require_supported(state: State, wanted: Wanted, config: Config) -> None:
    """Refuse what this kernel, or this user namespace, does not do."""
    kernel, where = state.kernel, f"The overlay at {wanted.path}"
    if not kernel.overlay:
        raise StorageError(
            where,
            f"kernel {kernel.release} has no overlay",
            "Boot a kernel with CONFIG_OVERLAY_FS, or install its extra modules",
            refusal="kernel_module_missing",
        )
    for name in SINCE:
        if getattr(config, name) not in (None, False) and kernel.lacks(name):
            major, minor = SINCE[name]
            raise StorageError(
                where,
                f"kernel {kernel.release} does not know {name}, which came with {major}.{minor}",
                f"Leave {name} out, or boot a later kernel",
                refusal="kernel_too_old",
            )
    if kernel.user_namespace and config.upper is not None and not config.userxattr:
        raise StorageError(
            where,
            "this is a user namespace, where whiteouts and opaque folders cannot be kept in "
            "trusted attributes",
            "Set `userxattr: true` (Linux 5.11), or mount it outside of the namespace",
            refusal="user_namespace_unsupported",
        )
    _require_length(state, where, config)


def _require_length(state: State, where: str, config: Config) -> None:
    options = config.written()
    length = len(os.fsencode(",".join(options)))
    shorter = (
        "Name the layers by shorter paths, such as symbolic links in one folder near the root: "
        "they are handed to the kernel as they are written here"
    )
    if length > MOST_DATA:
        raise StorageError(
            where,
            f"its options take {length} bytes, and mount(2) takes {MOST_DATA} and cuts off the "
            f"rest without a word ({len(config.lower)} lower layers)",
            shorter,
            refusal="mount_options_too_long",
        )
    longest = max(len(os.fsencode(option.partition("=")[2])) for option in options)
    version = state.mount_version
    if longest > MOST_VALUE and version == (2, 39):
        raise StorageError(
            where,
            f"its list of layers takes {longest} bytes, and mount(8) of util-linux 2.39 can hand "
            f"over {MOST_VALUE}",
            shorter + ". Or install util-linux 2.40",
            refusal="mount_options_too_long",
        )


def require_changeable(
    state: State, wanted: Wanted, config: Config, changed: Collection[str]
) -> None:
    """Refuse to make another overlay of one that is mounted; its options can be changed."""
    where = f"The overlay at {wanted.path}"
    current = state.current or Config()
    if changed and state.moved:
        raise StorageError(
            where,
            f"it is mounted with folders that are no longer at {', '.join(state.moved[:3])}, and "
            "has to be mounted again: that would show other data, and not what was written to it",
            "Bring them back to where they were, or unmount it by hand and look for them first",
            refusal="overlay_unclear",
        )
    for role in ("upper", "work"):
        if role in changed:
            raise StorageError(
                where,
                f"it is mounted with {role}={getattr(current, role)}, and "
                f"{getattr(config, role)} is wanted: that is another overlay, and what was "
                "written to this one would no longer be seen",
                "Unmount it first, with `state: unmounted`, or choose another path",
                refusal="other_overlay_mounted",
            )
    if changed and current.volatile:
        raise StorageError(
            where,
            "it is volatile, and cannot be mounted again with the same work folder",
            f"Take what you need from it; then unmount it, and name a new `upper` and `work` "
            f"({', '.join(changed)} differs)",
            refusal="overlay_volatile",
        )
    if "lower" in changed and current.data:
        raise StorageError(
            where,
            f"it has data-only layers ({', '.join(current.data)}), which this module does not keep",
            "Unmount it by hand first",
            refusal="data_only_layers",
        )


def require_idle(state: State, wanted: Wanted) -> None:
    """Refuse to unmount what is in use."""
    if state.holders:
        shown = ", ".join(state.holders[:5]) + (", ..." if len(state.holders) > 5 else "")
        raise StorageError(
            f"The overlay at {wanted.path}",
            f"it has to be unmounted, and it is in use by {shown}",
            "Stop what uses it, then run again",
            refusal="mount_busy",
        )


def findings(state: State, wanted: Wanted) -> tuple[Finding, ...]:
    """What a person should know about the mount, as it will be."""
    found, current = [], state.current
    if current is not None and current.volatile:
        found.append(
            Finding(
                "warning",
                "overlay_volatile",
                f"The overlay at {wanted.path} is volatile: nothing in {current.upper} is synced. "
                "After a crash throw it away; a work folder serves one such mount only.",
            )
        )
    covered = any(layer.real == state.folder.real for layer in state.layers.values())
    if current is not None and state.folder.foreign and not covered:
        names = ", ".join(state.folder.foreign)
        found.append(
            Finding(
                "info",
                "hidden_data",
                f"Below the overlay at {wanted.path} lie files that it hides ({names}, ...).",
            )
        )
    if state.unclear:
        found.append(
            Finding(
                "warning",
                "overlay_layers_unclear",
                f"The overlay at {wanted.path} was mounted with names of layers that do not tell "
                f"which folders they are ({', '.join(state.unclear[:3])}): what it changes cannot "
                "be read.",
            )
        )
    if state.moved:
        found.append(
            Finding(
                "warning",
                "overlay_layer_moved",
                f"The overlay at {wanted.path} is mounted with folders that are no longer at "
                f"{', '.join(state.moved[:3])}: they were moved, removed or mounted over since, so "
                "what it changes cannot be read. It works on, and will not be mounted like this "
                "again.",
            )
        )
    changes = state.changes or {}
    if changes.get("orphan_whiteouts"):
        found.append(
            Finding(
                "info",
                "orphan_whiteouts",
                f"{changes['orphan_whiteouts']} whiteouts in {changes['upper']} delete nothing: no "
                "lower layer has an entry of that name. A device file 0:0 that is meant as one "
                "cannot be seen through an overlay.",
            )
        )
    if changes.get("foreign_marks"):
        found.append(
            Finding(
                "warning",
                "foreign_marks",
                f"{changes['foreign_marks']} entries in {changes['upper']} carry marks of the "
                "other kind (user.overlay. or trusted.overlay.), which this mount does not read.",
            )
        )
    return tuple(found)
