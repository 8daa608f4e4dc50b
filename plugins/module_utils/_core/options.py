# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What an option may be. A layout hands its options on, past the module that has the choices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional, TypeVar

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

Text = TypeVar("Text", bound=Optional[str])


def one_of(name: str, value: Text, choices: Iterable[str]) -> Text:
    """The value of an option that has choices; None where it is left out.

    :raises StorageError: it is none of them.
    """
    allowed = tuple(choices)
    if value is not None and value not in allowed:
        raise StorageError(
            f"{name}={value}",
            "there is no such choice",
            f"Write one of {', '.join(allowed)}",
            refusal="option_value_invalid",
        )
    return value
