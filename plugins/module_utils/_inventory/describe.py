# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.
"""The inventory as it is returned: plain JSON, without what may be secret.

Of labels the names alone; values of options go through the one door of the collection here, so
that also what is made of this, such as a seal, has no password in it.
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.door import (
    HIDDEN,
    is_secret,
    leaving,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Inventory,
    Pairs,
)

# mount.cifs(8): pass= and password=, in which ",," is a comma, and user=NAME%PASSWORD.
_PASSWORD = r"(?i)((?:^|,)(?:pass\w*=|user(?:name)?=[^,%]*%))(?:,,|[^,])*"


def describe(found: Inventory) -> dict[str, Any]:
    """All of it as plain JSON; sizes in bytes, None where they are not known."""
    content = _plain(found)
    for kind in ("containers", "volumes", "networks"):
        for row, it in zip(content[kind], getattr(found, kind)):
            row["labels"] = [name for name, _value in it.labels]
    for row, volume in zip(content["volumes"], found.volumes):
        row["options"] = _options(volume.options)
    for row, store in zip(content["stores"], found.stores):
        for inner, space in zip(row["namespaces"], store.namespaces):
            inner["snapshots"] = {name: list(keys) for name, keys in space.snapshots}
    return content


def _plain(it: Any) -> Any:
    """Named tuples as objects, others as lists."""
    if not isinstance(it, tuple):
        return it
    if hasattr(it, "_asdict"):
        return {name: _plain(value) for name, value in it._asdict().items()}
    return [_plain(value) for value in it]


def _options(options: Pairs) -> dict[str, Any]:
    """The options of a volume; a password in one of them is hidden."""
    return {
        name: HIDDEN if is_secret(name) else leaving(re.sub(_PASSWORD, rf"\g<1>{HIDDEN}", value))
        for name, value in options
    }
