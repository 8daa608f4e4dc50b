# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What the host's lvm.conf lets LVM do: which disks it takes, and which volumes it activates.

Read only where something is to be made or activated, so that what LVM would refuse halfway is
refused before the first step. Facts are those of lvm.conf(5) and of lvm2's source.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import KIB, MIB
from ansible_collections.containerhost.storage.plugins.module_utils._host.answers import (
    refuse,
    shown,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.config import settings_in

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk

_SETTINGS = (
    "physical_extent_size", "volume_list", "auto_activation_volume_list", "read_only_volume_list",
    "filter", "global_filter", "use_devicesfile", "devicesfile", "allow_mixed_block_sizes",
    "hosttags", "metadata_read_only", "thin_pool_metadata_require_separate_pvs",
)  # fmt: skip
_COMMAND = ("lvmconfig", "--typeconfig", "full")
_DEVICES = "/etc/lvm/devices/"
_LEAST_STEP = 128 * KIB  # an extent that is no power of two is a multiple: lib/metadata/metadata.c
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


class HostRules(NamedTuple):
    """What lvm.conf says of disks and volumes; the defaults are lvm2's (lib/config/defaults.h)."""

    extent_size: int = 4 * MIB  # bytes, of a group that is made
    volume_list: tuple[str, ...] | None = None  # None: LVM activates all
    auto_activation: tuple[str, ...] | None = None  # None: all, at boot
    read_only: tuple[str, ...] = ()
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()  # setting -> patterns, in their order
    mixed_block_sizes: bool = False
    host_tags: bool = False  # the host may have tags, and activates by them
    unchangeable: bool = False  # LVM changes nothing on this host
    separate_metadata: bool = False  # a pool's metadata has to be on another disk than its data


def observe_host_rules(run: Reader) -> HostRules:
    """Read the rules. No command where the files set none of them."""
    if not settings_in(_SETTINGS):
        return HostRules()
    return parse_host_rules(run.read(_COMMAND), os.path.exists)


def parse_host_rules(text: str, exists: Callable[[str], bool] = os.path.exists) -> HostRules:
    """The :class:`HostRules` in what ``lvmconfig`` prints of all settings.

    :param exists: tells whether there is a file of a path: the devices file takes the place of
        filters, where it is used (lib/filters/filter-regex.c)
    :raises StorageError: it cannot be read
    """
    found = _settings(text)
    devices_file = _DEVICES + (_strings(found.get("devices/devicesfile", "")) or ("",))[0]
    by_file = found.get("devices/use_devicesfile") == "1" and exists(devices_file)
    names = () if by_file else ("global_filter", "filter")
    patterns = ((name, _strings(found.get(f"devices/{name}", ""))) for name in names)
    size = found.get("allocation/physical_extent_size", "4096")
    if not re.fullmatch(r"\d{1,10}", size, re.A) or not _takes(int(size) * KIB):
        refuse(_COMMAND, f"allocation/physical_extent_size={shown(size)} is no size of an extent")
    return HostRules(
        extent_size=int(size) * KIB,
        volume_list=_list(found, "activation/volume_list"),
        auto_activation=_list(found, "activation/auto_activation_volume_list"),
        read_only=_list(found, "activation/read_only_volume_list") or (),
        filters=tuple((f"devices/{name}", value) for name, value in patterns if value),
        mixed_block_sizes=found.get("devices/allow_mixed_block_sizes") == "1",
        host_tags=found.get("tags/hosttags") == "1",
        unchangeable=found.get("global/metadata_read_only") == "1",
        separate_metadata=found.get("allocation/thin_pool_metadata_require_separate_pvs") == "1",
    )


def require_changeable(rules: HostRules) -> None:
    """Refuse to change anything where lvm.conf forbids it."""
    if rules.unchangeable:
        raise StorageError(
            "LVM",
            "it is told to change nothing on this host (global/metadata_read_only in lvm.conf)",
            "Take that out of lvm.conf",
            refusal="lvm_read_only",
        )


def require_disks_for_pool(rules: HostRules, group: str, disks: int) -> None:
    """Refuse a pool in a group of one disk, where lvm.conf wants its metadata on another one."""
    if rules.separate_metadata and disks < 2:
        raise StorageError(
            f"Volume group {group}",
            "it has one disk, and LVM is told to put a pool's metadata on another one than its "
            "data (allocation/thin_pool_metadata_require_separate_pvs in lvm.conf)",
            "Add a disk, or take that out of lvm.conf",
            refusal="too_few_disks",
        )


def require_seen(rules: HostRules, disk: Disk) -> None:
    """Refuse a disk that LVM is told not to see."""
    names = sorted({disk.device, disk.path, *disk.names})
    for setting, patterns in rules.filters:
        if not _passes(patterns, names):
            raise StorageError(
                f"{disk.path} ({disk.stable or disk.device})",
                f"LVM is told not to see it: {setting} in lvm.conf leaves it out",
                f"Let it in there, before the pattern that leaves it out, as "
                f'"a|^{re.escape(disk.stable or disk.device)}$|", or name another disk',
                refusal="disk_filtered",
            )


def require_one_block_size(
    rules: HostRules, disks: Sequence[Disk], present: Iterable[int], group: str
) -> None:
    """Refuse disks of different logical block sizes in one group, as vgcreate and vgextend do.

    :param present: logical block sizes (bytes) of the disks that are in the group; where these
        differ already LVM takes any
    """
    there = {size for size in present if size}
    if rules.mixed_block_sizes or len(there) > 1:
        return
    sizes: dict[int, str] = dict.fromkeys(there, "its disks")
    for disk in disks:
        if disk.block_size:
            sizes.setdefault(disk.block_size, disk.stable or disk.path)
    if len(sizes) > 1:
        told = ", ".join(f"{name} {size} bytes" for size, name in sorted(sizes.items()))
        raise StorageError(
            f"Volume group {group}",
            f"its disks would have blocks of different sizes ({told}), and LVM takes one size: a "
            "filesystem that was made on the one kind may not be mounted from the other",
            "Name disks of one logical block size (`lsblk --output NAME,LOG-SEC`)",
            refusal="block_sizes_differ",
        )


def require_active(rules: HostRules, vg: str, name: str, tags: Sequence[str]) -> None:
    """Refuse a volume that LVM is told not to activate, to activate read-only, or not at boot.

    :param tags: of the group; volumes have none of this collection's
    """
    target = f"{vg}/{name}"
    listed = rules.volume_list
    if listed is None and rules.host_tags:
        listed = ("@*",)
    for setting, allowed, wrong in (
        ("volume_list", listed, "LVM is told not to activate it"),
        (
            "auto_activation_volume_list",
            rules.auto_activation,
            "LVM is told not to activate it at boot",
        ),
    ):
        if allowed is not None and not _matches(allowed, vg, name, tags):
            raise StorageError(
                f"Logical volume {target}",
                f"{wrong}: activation/{setting} in lvm.conf "
                + ("is empty" if not allowed else f"is {', '.join(map(shown, allowed))}"),
                f'Add "{vg}" or "{target}" to that list, or take the list out of lvm.conf',
                refusal="activation_not_allowed",
            )
    if _matches(rules.read_only, vg, name, tags):
        raise StorageError(
            f"Logical volume {target}",
            "LVM is told to activate it read-only: activation/read_only_volume_list in lvm.conf "
            "has it",
            "Take it out of that list",
            refusal="activation_not_allowed",
        )


def _matches(allowed: Iterable[str], vg: str, name: str, tags: Sequence[str]) -> bool:
    """Whether a list has a volume: lib/activate/activate.c, _lv_passes_volumes_filter().

    Which tags the host has is not known: "@*" may match where the group has tags at all.
    """
    for entry in allowed:
        if entry.startswith("@"):
            if tags and (entry == "@*" or entry[1:] in tags):
                return True
        elif entry in (vg, f"{vg}/{name}"):
            return True
    return False


def _passes(patterns: Iterable[str], names: Iterable[str]) -> bool:
    """Whether a filter lets a device in: lib/filters/filter-regex.c, _accept_p().

    The first pattern that matches a name decides for that name; a device is in where one of its
    names is let in, or none is left out. A pattern that Python does not read leaves nothing out.
    """
    rejected = False
    for name in names:
        for pattern in patterns:
            kind, expression = pattern[:1], pattern[2:-1]
            try:
                found = re.search(expression, name)
            except re.error:
                return True
            if found:
                if kind == "a":
                    return True
                rejected = True
                break
    return not rejected


def _takes(size: int) -> bool:
    return size > 0 and (size & (size - 1) == 0 or size % _LEAST_STEP == 0)


def _settings(text: str) -> dict[str, str]:
    """``section/key`` -> value, of what ``lvmconfig`` prints: a tree, one setting a line."""
    found: dict[str, str] = {}
    path: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.strip()
        if words.endswith("{") and "=" not in words:
            path.append(words[:-1].strip())
        elif words == "}":
            if not path:
                refuse(_COMMAND, f"line {number} ends a section that has not begun")
            path.pop()
        elif "=" in words:
            key, _equals, value = words.partition("=")
            found["/".join([*path, key.strip()])] = value.strip()
        elif words and not words.startswith("#"):
            refuse(_COMMAND, f"line {number} is {shown(words)}")
    if path:
        refuse(_COMMAND, f"section {shown(path[-1])} does not end")
    return found


def _list(found: dict[str, str], name: str) -> tuple[str, ...] | None:
    return _strings(found[name]) if name in found else None


def _strings(value: str) -> tuple[str, ...]:
    return tuple(re.sub(r"\\(.)", r"\1", text) for text in _STRING.findall(value))
