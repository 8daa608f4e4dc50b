# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The parts of a plan as plain data, and back."""

from __future__ import annotations

from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Claim,
    Command,
    Part,
    Pause,
    RemoveTree,
    Rename,
    Rights,
    WriteFile,
)

_KINDS = {
    kind.__name__: kind
    for kind in (Claim, Command, Part, Pause, RemoveTree, Rename, Rights, WriteFile)
}


def to_data(it: Any) -> Any:
    """What :func:`from_data` makes the same of again, in lists, mappings, texts and numbers."""
    kind = type(it).__name__
    if kind in _KINDS:
        fields = it._asdict()
        fields.pop("check", None)  # of a part: what is looked at before it is taken, not after
        return {kind: {name: to_data(value) for name, value in fields.items()}}
    if isinstance(it, (list, tuple)):
        return [to_data(value) for value in it]
    if it is None or isinstance(it, (str, int)):
        return it
    raise TypeError(f"a part of a plan cannot hold {it!r}")


def from_data(data: Any) -> Any:
    """The parts, steps and pauses again; a list becomes a tuple.

    :raises ValueError: it is not what :func:`to_data` makes.
    """
    if isinstance(data, list):
        return tuple(map(from_data, data))
    if not isinstance(data, dict):
        return data
    if len(data) != 1:
        raise ValueError("it holds what is no part of a plan")
    ((kind, fields),) = data.items()
    try:
        return _KINDS[kind](**{name: from_data(value) for name, value in fields.items()})
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it holds a {kind} that is not known") from error
