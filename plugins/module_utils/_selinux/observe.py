# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Reading the label of a data root: no command where the engine has begun to fill it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    find_program,
)
from ansible_collections.containerhost.storage.plugins.module_utils._selinux.state import (
    DATA_ROOT,
    State,
    Wanted,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

_ATTRIBUTE = "security.selinux"
_OF_THE_FILESYSTEM = {"lost+found"}


def observe(run: Reader, wanted: Wanted) -> State:
    """The label of the folder; the policy is asked where nothing is in it yet."""
    try:
        fresh = not set(os.listdir(wanted.path)) - _OF_THE_FILESYSTEM
    except FileNotFoundError:
        fresh = True
    except OSError:  # no folder, or not to be read: others refuse that
        fresh = False
    state = State(
        exists=os.path.isdir(wanted.path),
        fresh=fresh,
        mounted=os.path.ismount(wanted.path),
        present=label_of(wanted.path),
    )
    return ask_policy(run, wanted, state)


def ask_policy(run: Reader, wanted: Wanted, state: State) -> State:
    """The state with what the policy says: see matchpathcon(8)."""
    if wanted.path == DATA_ROOT and not state.fresh:
        return state
    program = find_program("matchpathcon")
    if not program:
        return state
    rc, out, _err = run((program, "-n", wanted.path, DATA_ROOT))
    lines = out.split() if not rc else []
    if len(lines) != 2:
        return state
    return state._replace(by_policy=type_of(lines[0]), as_dockers=type_of(lines[1]))


def label_of(path: str) -> str:
    """The type of a folder's label; '' where it has none."""
    try:
        return type_of(os.getxattr(path, _ATTRIBUTE).decode(errors="replace").rstrip("\0"))
    except OSError:
        return ""


def type_of(context: str) -> str:
    """The type in a context, ``user:role:type:level``; '' where it is none (``<<none>>``)."""
    parts = context.split(":")
    return parts[2] if len(parts) > 2 else ""
