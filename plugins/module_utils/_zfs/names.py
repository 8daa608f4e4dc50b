# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The names that ZFS takes, as zfs_namecheck.c has them, and how they nest."""

from __future__ import annotations

import re

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

# ZFS_MAX_DATASET_NAME_LEN counts the final NUL; zfs_max_dataset_nesting is 50.
LONGEST = 255
_DEEPEST = 50
_COMPONENT = re.compile(r"[A-Za-z0-9_.: -]+", re.ASCII)
_USER_PROPERTY = re.compile(r"[a-z0-9+._-]*:[a-z0-9:+._-]*", re.ASCII)


def check_name(name: str, option: str = "name") -> None:
    """Refuse what is no name of a filesystem, volume or snapshot.

    :raises StorageError: it is none.
    """
    wrong = _wrong(name)
    if wrong:
        raise StorageError(
            f"{option}={name}",
            wrong,
            "Write pool/filesystem or pool/filesystem@snapshot, of letters, digits, and _ - . :",
            refusal="name_invalid",
        )


def _wrong(name: str) -> str:
    path, at, snapshot = name.partition("@")
    components = path.split("/")
    if "#" in name:
        return "it names a bookmark, and those are not kept by this module"
    if not all(components) or (at and not snapshot):
        return "a part of the name is empty"
    odd = [part for part in [*components, snapshot] if part and not _COMPONENT.fullmatch(part)]
    if odd:
        return f"ZFS takes no such characters in {odd[0]!r}"
    if {".", ".."} & set(components):
        return "ZFS takes no . and no .. as a part of a name"
    if not re.match("[A-Za-z]", components[0]):
        return "the name of a pool begins with a letter"
    if len(name) > LONGEST:
        return f"it has {len(name)} characters, and ZFS takes {LONGEST}"
    if len(components) > _DEEPEST:
        return f"it is {len(components)} levels deep, and ZFS takes {_DEEPEST}"
    return ""


def is_user_property(name: str) -> bool:
    """Whether it is a property that means nothing to ZFS: those have a colon in their name."""
    return ":" in name


def check_user_property(name: str) -> None:
    """Refuse what is no name of a user property.

    :raises StorageError: it is none, or the `zfs` command would read it as an option.
    """
    if len(name) > LONGEST or name.startswith("-") or not _USER_PROPERTY.fullmatch(name):
        raise StorageError(
            f"Property {name}",
            "ZFS takes no user property of that name",
            "Write module:property, of small letters, digits, and : + . _ -",
            refusal="property_name_invalid",
        )


def is_snapshot(name: str) -> bool:
    """Whether the name is one of a snapshot."""
    return "@" in name


def pool_of(name: str) -> str:
    """The pool that a name lies in."""
    return re.split("[/@]", name, maxsplit=1)[0]


def dataset_of(name: str) -> str:
    """The filesystem or volume that a snapshot is one of; any other name as it is."""
    return name.partition("@")[0]


def parent_of(name: str) -> str:
    """The filesystem above, of a snapshot what it is taken of; '' for a pool's own."""
    if is_snapshot(name):
        return dataset_of(name)
    return name.rpartition("/")[0]


def ancestors(name: str) -> tuple[str, ...]:
    """Everything above, the nearest first: ``tank/a/b`` gives ``("tank/a", "tank")``."""
    found = []
    while parent_of(name):
        name = parent_of(name)
        found.append(name)
    return tuple(found)


def is_below(name: str, top: str) -> bool:
    """Whether ``name`` is ``top``, one of its snapshots, or anything below it."""
    return name == top or name.startswith((top + "/", top + "@"))
