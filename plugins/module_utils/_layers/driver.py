# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a driver is, for one who reads or writes its layers."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

_CACHE_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,127}")


class Driver(NamedTuple):
    """How a driver keeps a layer of an image, below its own folder of the data root."""

    name: str
    folder: str  # of a layer, with {id}; of one that has to be mounted, within that mount
    whole: bool  # whether that folder has the whole tree, or only what the layer changes
    mounted: bool = False  # whether a layer is a device or a dataset, mounted for reading
    container: str = ""  # where a container's own layer lies, if elsewhere
    layered_marks: bool = False  # whether marks of overlay in it are the driver's own
    writable: bool = False  # whether layers can be written for it

    def files(self, home: str, cache_id: str) -> str:
        """The folder of a layer's own files.

        :param home: the driver's folder, such as ``/var/lib/docker/vfs``; of a driver whose layers
            are mounted, where this one is.
        :param cache_id: the layer's name in it, from its record in layerdb.
        :raises StorageError: that is no name.
        """
        return os.path.join(home, self.folder.format(id=checked(cache_id)))


def checked(cache_id: str) -> str:
    """A layer's name in its driver's folder, which leads nowhere else.

    :raises StorageError: it is no name.
    """
    if not _CACHE_ID.fullmatch(cache_id):
        raise StorageError(
            repr(cache_id),
            "this is no name of a layer",
            "The layer's record (layerdb) is damaged. Pull the image again",
            refusal="layer_unproven",
        )
    return cache_id
