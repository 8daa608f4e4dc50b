# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What the ZFS of this kernel knows, from its folder in sysfs (zfs_sysfs.c). No command."""

from __future__ import annotations

import os

from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import datasets
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.number import number_in


def words(name: str) -> tuple[str, ...]:
    """What a property may be, as zfs_prop.c puts it for people: words, or a range; () if unknown.

    Such as ("hidden", "visible"), or ("zero or 512 to 1M, power of 2",).
    """
    text = text_of(f"{datasets.MODULE}/properties.dataset/{name}/values").strip()
    return tuple(text.split(" | ")) if text else ()


def types(name: str) -> tuple[str, ...]:
    """The types of dataset that have a property; () where that is not known."""
    return tuple(text_of(f"{datasets.MODULE}/properties.dataset/{name}/datasets").split())


def largest_block() -> int | None:
    """Bytes of the largest block that may be set (zfs_max_recordsize); None if unknown."""
    path = os.path.join(datasets.MODULE, "parameters/zfs_max_recordsize")
    return number_in(text_of(path).strip())
