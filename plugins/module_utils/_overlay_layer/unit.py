# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The systemd unit of an overlay mount."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._host.files import read_text
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    LONGEST_NAME,
    MountUnit,
    literal,
    quoted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import (
    Config,
    read_config,
    split_options,
)


class OverlayUnit(MountUnit):
    """A mount unit that waits for its layers.

    ``RequiresMountsFor`` names each layer, so that systemd mounts first what they lie on: of an
    overlay it only sees options, and takes nothing from them. Of ZFS's mounts it knows no more
    than the service that makes them all.

    By default a mount comes before ``local-fs.target`` (systemd.mount(5)). A layer from the network
    comes after that, and systemd would leave out some unit of such a circle.

    ``LIBMOUNT_FORCE_MOUNT2`` (mount(8), util-linux 2.40) keeps to mount(2), which takes 4095 bytes
    of options; the newer system calls take 255 bytes of each, and say "wrong fs type" of more.
    """

    __slots__ = ()

    @classmethod
    def of(cls, path: str, config: Config) -> OverlayUnit:
        """The unit that mounts a config at a path."""
        return cls("overlay", path, "overlay", config.written())

    @property
    def text(self) -> str:
        """The content of the unit's file."""
        layers = " ".join(quoted(path) for _role, path in read_config(self.options).layers)
        return (
            "# Kept by containerhost.storage.overlay_layer\n"
            f"[Unit]\nDescription=Overlay at {literal(self.where)}\n"
            "DefaultDependencies=no\nConflicts=umount.target\nBefore=umount.target\n"
            f"After=local-fs-pre.target zfs-mount.service\nRequiresMountsFor={layers}\n\n"
            f"[Mount]\nWhat={self.what}\nWhere={literal(self.where)}\nType={self.fstype}\n"
            f"Options={literal(','.join(self.options))}\n"
            "Environment=LIBMOUNT_FORCE_MOUNT2=always\n\n"
            "[Install]\nWantedBy=multi-user.target\n"
        )


def unit_at(path: str) -> OverlayUnit:
    """The unit for a path, to ask for its name and its file."""
    return OverlayUnit("overlay", path, "overlay", ())


def read_unit(text: str | None) -> Config | None:
    """The config in the text of a mount unit of an overlay; None if it is none."""
    values = dict(
        line.split("=", 1) for line in (text or "").splitlines() if "=" in line and line[0] != "#"
    )
    if values.get("Type") != "overlay":
        return None
    return read_config(split_options(values.get("Options", "").replace("%%", "%")))


def unit_text(path: str) -> str | None:
    """What the file of the unit for a path holds; None where there is none."""
    unit = unit_at(path)
    return read_text(unit.path) if len(unit.name) <= LONGEST_NAME else None
