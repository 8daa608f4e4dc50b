# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""An overlay mount as it is and as it is wanted."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    TableLine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import (
    NAMES,
    Config,
    differing,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.kernel import Kernel
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.layer import Layer
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.unit import (
    read_unit,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._overlay.mounted import Use


class Wanted(NamedTuple):
    """An overlay mount as the user wants it."""

    path: str
    config: Config  # what is None, or an empty ``lower``, is kept as it is
    state: str  # "mounted", "unmounted" or "absent"
    persistent: bool | None = None  # None keeps what is there; a new mount is persistent
    report_limit: int | None = None  # list so many of the layer's changes; None looks for none


class State(NamedTuple):
    """All that an overlay mount depends on."""

    kernel: Kernel
    mounted: Mount | None  # what is mounted at the path now
    current: Config | None  # of it, if it is an overlay
    unit_text: str | None
    enabled: bool
    systemd: bool  # it runs this host
    table: TableLine | None  # fstab's line for the path
    layers: dict[
        str, Layer
    ]  # path -> Layer, of every layer that is mounted, in the unit, or wanted
    folder: Layer  # the mount point, with what a mount would hide
    uses: tuple[Use, ...] = ()  # what other overlay mounts use; looked at only when mounting
    holders: tuple[str, ...] = ()  # what keeps the mount busy; looked at only when unmounting
    mount_version: tuple[int, int] | None = None  # of mount(8); looked at only where it matters
    changes: dict[str, Any] | None = None  # what the layer changes, where that was asked for
    unclear: tuple[str, ...] = ()  # names of what is mounted that do not tell which folders
    moved: tuple[str, ...] = ()  # layers of what is mounted that are no longer at their paths

    @property
    def in_unit(self) -> Config | None:
        """The config in the unit, or None."""
        return read_unit(self.unit_text)

    def same_filesystem(self, config: Config) -> bool:
        """Tell whether all layers are on one filesystem, as the kernel sees it."""
        return len({self.layers[path].place.devno for _role, path in config.layers}) == 1

    def folders(self, config: Config, role: str) -> list[str]:
        """The paths without links of the layers that have a role."""
        return [self.layers[path].real for name, path in config.layers if name == role]


def wanted_from(params: Mapping[str, Any]) -> Wanted:
    """The :class:`Wanted` in a module's parameters; refuses what no host could have."""
    config = Config(
        lower=tuple(map(_tidy, params["lower"] or ())),
        upper=params["upper"] and _tidy(params["upper"]),
        work=params["work"] and _tidy(params["work"]),
        **{name: params[name] for name in NAMES},
    )
    require_sane(config, _tidy(params["path"]))
    # The kernel and systemd know a mount point by its path without links.
    path = os.path.realpath(params["path"])
    report_limit = params["limit"] if params["report_changes"] else None
    return Wanted(path, config, params["state"], params["persistent"], report_limit)


def require_sane(config: Config, path: str) -> None:
    """Refuse what no host could have: paths that are none, and options that exclude each other."""
    for role, folder in (("path", path), *config.layers):
        _require_plain(role, folder)
    where = f"The overlay at {path}"
    redirect = config.redirect_dir
    if config.metacopy and redirect not in (None, "on"):
        raise StorageError(
            where,
            f"metacopy=on needs redirect_dir=on, and redirect_dir={redirect} is wanted",
            "Leave redirect_dir out, or turn metacopy off",
            refusal="options_conflict",
        )
    if config.userxattr and config.metacopy:
        raise StorageError(
            where,
            "userxattr and metacopy=on exclude each other: the kernel does not trust what a user "
            "can write",
            "Turn one of them off",
            refusal="options_conflict",
        )
    if config.userxattr and redirect in ("on", "follow"):
        raise StorageError(
            where,
            f"userxattr and redirect_dir={redirect} exclude each other",
            "Leave redirect_dir out, or set it to nofollow",
            refusal="options_conflict",
        )


def _require_plain(role: str, folder: str) -> None:
    if not folder.startswith("/"):
        raise StorageError(
            f"{role}={folder}",
            "it is no absolute path",
            "Write it like /srv/layers/base",
            refusal="path_invalid",
        )
    if ".." in folder.split("/"):
        raise StorageError(
            f"{role}={folder}",
            "it has a part `..` in it, which leads elsewhere where a link is before it",
            "Write the path without",
            refusal="path_invalid",
        )
    bad = re.search(r'[\x00-\x1f\x7f"]', folder)
    if bad:
        raise StorageError(
            f"{role}={folder!r}",
            f"it has {bad[0]!r} in it, which mount(8) and the kernel's tables cannot carry",
            "Rename the folder, or name it by a symbolic link",
            refusal="path_invalid",
        )
    if "\\," in folder or folder.endswith(","):
        raise StorageError(
            f"{role}={folder}",
            "it has a comma at its end or behind a backslash, which mount(8) reads otherwise than "
            "the kernel",
            "Rename the folder, or name it by a symbolic link",
            refusal="path_invalid",
        )
    if role == "path" and folder == "/":
        raise StorageError(
            "path=/", "it is the root of the host", "Name a folder below it", refusal="path_is_root"
        )


def _tidy(path: str) -> str:
    """A path without a slash too many; links in it stay: their names may be short for a reason."""
    if ".." in path.split("/"):  # behind a link it leads elsewhere than it says, and is refused
        return path
    return path and re.sub("^//+", "/", os.path.normpath(path))


def goal(state: State, wanted: Wanted) -> Config:
    """The config to mount: what is wanted, and what is there where nothing is.

    A layer that is named in another way than now (by a link) keeps the name it is mounted by.
    """
    base = _present(state)
    given = {name: value for name, value in wanted.config._asdict().items() if value is not None}
    if not wanted.config.lower:
        given.pop("lower")
    for name in ("data", "extra"):
        given.pop(name)
    found = base._replace(**given)
    known = {state.layers[path].real: path for _role, path in reversed(base.layers)}

    def kept(path: str) -> str:
        return known.get(state.layers[path].real, path)

    return found._replace(
        lower=tuple(map(kept, found.lower)),
        upper=None if found.upper is None else kept(found.upper),
        work=None if found.work is None else kept(found.work),
    )


def _present(state: State) -> Config:
    """The config there is: in the words of the unit, where the unit is of what is mounted.

    The kernel leaves out of mountinfo what is its default, and adds what nobody asked for.
    """
    current, unit = state.current, state.in_unit
    if current is None or unit is None:
        return current or unit or Config()
    return current if differences(state, unit) else unit


def differences(state: State, config: Config) -> list[str]:
    """What of the mounted overlay is not as in ``config``: names of layers and options."""
    current = state.current or Config()  # of what is not mounted, all that is set differs
    same = state.same_filesystem(current)
    roles = [
        role
        for role in ("lower", "upper", "work")
        if state.folders(current, role) != state.folders(config, role)
    ]
    return roles + differing(config, current, state.kernel, same)
