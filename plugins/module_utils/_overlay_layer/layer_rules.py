# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What makes folders unfit to be layers, alone and together. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.state import (
    State,
    Wanted,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import (
        Config,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._overlay.layer import Layer
    from ansible_collections.containerhost.storage.plugins.module_utils._overlay.mounted import Use

# What cannot be a lower layer: names without case, or mounts that come by themselves
# (ovl_dentry_weird(), fs/overlayfs/util.c).
_NO_LAYER = {
    "autofs": "it mounts by itself what is looked up in it",
    "vfat": "its names have no case",
    "msdos": "its names have no case",
    "exfat": "its names have no case",
    "hfsplus": "its names have no case",
}

# What cannot be an upper layer (ovl_get_upper(), ovl_make_workdir(), fs/overlayfs/super.c).
_NO_UPPER = {
    "overlay": "it is an overlay itself",
    "nfs": "it is on another machine, and keeps no trusted attributes",
    "nfs4": "it is on another machine, and keeps no trusted attributes",
    "cifs": "it is on another machine, and has no whiteouts",
    "smb3": "it is on another machine, and has no whiteouts",
    "9p": "it is on another machine, and has no whiteouts",
    "ceph": "it is on another machine, and checks its entries with it",
    "fuse": "a program of its own answers for it, without whiteouts",
    "ecryptfs": "it is stacked on another filesystem",
    "squashfs": "it cannot be written",
    "erofs": "it cannot be written",
    "iso9660": "it cannot be written",
}

_UPPER_REMEDY = "Use a folder on ext4, XFS (ftype=1), btrfs or tmpfs"


def require_layers(state: State, wanted: Wanted, config: Config) -> None:
    """Refuse layers that are not there, cannot carry what they should, or overlap."""
    layers = [(role, state.layers[path]) for role, path in config.layers]
    for role, layer in layers:
        _require_fit(role, layer, config)
    for number, (role, one) in enumerate(layers):
        for other_role, other in layers[number + 1 :]:
            _require_apart(role, one, other_role, other)
    if config.upper is None or config.work is None:
        return
    upper, work = state.layers[config.upper], state.layers[config.work]
    if upper.mount.path != work.mount.path or upper.device != work.device:
        raise StorageError(
            f"The overlay at {wanted.path}",
            f"upper={upper.path} lies on {upper.mount.path} ({upper.mount.fstype}), and "
            f"work={work.path} on {work.mount.path} ({work.mount.fstype})"
            + ("" if upper.mount.path != work.mount.path else ", in another subvolume"),
            "Put both on one filesystem, below one mount point: files are moved from one to the "
            "other",
            refusal="filesystems_differ",
        )


def _require_apart(role: str, one: Layer, other_role: str, other: Layer) -> None:
    if not one.place.holds(other.place) and not other.place.holds(one.place):
        return
    if one.place == other.place:
        how = "they are one folder"
    else:
        inner, outer = (other, one) if one.place.holds(other.place) else (one, other)
        how = f"{inner.path} lies in {outer.path}"
    raise StorageError(
        f"{role}={one.path} and {other_role}={other.path}",
        f"layers of an overlay must not overlap, and {how}",
        "Use folders of which none lies in another",
        refusal="layers_overlap",
    )


def require_free(state: State, wanted: Wanted, config: Config) -> None:
    """Refuse layers that another overlay mount writes to, or reads while this one would write."""
    for role, path in config.layers:
        layer = state.layers[path]
        for use in state.uses:
            if role == "lower" and use.role == "lower":
                continue
            inside = use.place.holds(layer.place)
            if inside or (role != "lower" and layer.place.holds(use.place)):
                if use.name:
                    raise _maybe_busy(f"{role}={path}", use)
                raise StorageError(
                    f"{role}={path}",
                    f"the overlay at {use.where} has {use.place.path} as its {use.role} layer: "
                    "what both show would be undefined",
                    "Unmount that one first, or use another folder",
                    refusal="layer_busy",
                )


def _maybe_busy(what: str, use: Use) -> StorageError:
    return StorageError(
        what,
        f"it may be the {use.role} layer of the overlay at {use.where}, which was mounted with "
        f"{use.name} as that: the name does not tell which folder it is. If it is this one, what "
        "both show would be undefined",
        "Name a folder that is not there yet, or unmount that one first",
        refusal="layer_busy",
    )


def _require_fit(role: str, layer: Layer, config: Config) -> None:
    """Refuse a folder that cannot be what it is to be."""
    name, mount = f"{role}={layer.path}", layer.mount
    if layer.kind == "other":
        raise StorageError(name, "it is no folder", "Name a folder", refusal="not_a_directory")
    if layer.kind == "missing" and role == "lower":
        raise StorageError(
            name,
            "it is not there",
            "Make it or mount it first; an empty one is not made up",
            refusal="layer_missing",
        )
    if mount.fstype in _NO_LAYER:
        raise StorageError(
            name,
            f"it lies on {mount.fstype}, which cannot be part of an overlay: "
            + _NO_LAYER[mount.fstype],
            "Use a folder on another filesystem",
            refusal="filesystem_unsupported",
        )
    if role == "lower":
        return
    _require_writable(name, layer, config)
    if role == "work":
        _require_empty(name, layer)


def _require_writable(name: str, layer: Layer, config: Config) -> None:
    mount = layer.mount
    fstype = "fuse" if mount.fstype.startswith("fuse") else mount.fstype
    if fstype in _NO_UPPER:
        raise StorageError(
            name,
            f"it lies on {mount.fstype}, which cannot be written to by an overlay: "
            + _NO_UPPER[fstype],
            _UPPER_REMEDY,
            refusal="filesystem_unsupported",
        )
    if "ro" in mount.options:
        raise StorageError(
            name,
            f"{mount.path} is mounted read only",
            "Mount it read-write, or leave out `upper`",
            refusal="filesystem_readonly",
        )
    if not layer.ftype:
        raise StorageError(
            name,
            f"the XFS at {mount.path} was made with ftype=0: it keeps no types of its entries, and "
            "whiteouts would be seen as files",
            "Make it anew with `mkfs.xfs -n ftype=1`; it cannot be changed",
            refusal="file_types_missing",
        )
    kind = "user" if config.userxattr else "trusted"
    if kind not in layer.attributes:
        raise StorageError(
            name,
            f"the {mount.fstype} at {mount.path} keeps no {kind} attributes, in which an overlay "
            "marks what it hides",
            _UPPER_REMEDY,
            refusal="xattr_unsupported",
        )


def _require_empty(name: str, layer: Layer) -> None:
    if layer.was_volatile:
        raise StorageError(
            name,
            "a volatile mount has used it, and after a crash its upper layer may lack data "
            "without a sign: the kernel does not mount it again",
            f"Name a new `upper` and `work`. If the upper layer is whole, remove "
            f"{layer.path}/work/incompat/volatile by hand",
            refusal="overlay_volatile",
        )
    if layer.foreign:
        raise StorageError(
            name,
            f"it is not empty ({', '.join(layer.foreign)}, ...), and the kernel clears what it "
            "finds in a work folder",
            "Name an empty folder; nothing else may ever be kept in it",
            refusal="directory_not_empty",
        )
