# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The report on a host's storage: what there is, and what a person should know about it.

A topic is one module with three functions: ``observe(run)`` reads the host and changes nothing,
``describe(seen)`` puts it into plain JSON, ``findings(seen)`` says what is not as it should be.
The last two are pure. What a host does not have is empty in the report, never an error.
"""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    disks as _info_disks,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    engine as _info_engine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import lvm as _info_lvm
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    mounts as _info_mounts,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    tools as _info_tools,
)

TOPICS = {
    "disks": _info_disks,
    "lvm": _info_lvm,
    "mounts": _info_mounts,
    "engine": _info_engine,
    "tools": _info_tools,
}


def observe(run, gather):
    """What each topic in ``gather`` reads: topic -> whatever its own functions take."""
    return {name: topic.observe(run) for name, topic in TOPICS.items() if name in gather}


def report(seen):
    """The module's return values: ``{"storage": {topic: ...}, "findings": [...]}``."""
    return {
        "storage": {name: TOPICS[name].describe(it) for name, it in seen.items()},
        "findings": [
            finding._asdict() for name, it in seen.items() for finding in TOPICS[name].findings(it)
        ],
    }
