# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The options of a thin pool, as modules take them."""

from __future__ import annotations

OPTIONS = {
    "vg": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "devices": {"type": "list", "elements": "str", "default": []},
    "size": {"type": "str"},
    "metadata_size": {"type": "str"},
    "chunk_size": {"type": "str"},
    "zero": {"type": "bool"},
    "discards": {"type": "str", "choices": ["ignore", "nopassdown", "passdown"]},
    "error_when_full": {"type": "bool"},
    "autoextend": {
        "type": "dict",
        "options": {"threshold": {"type": "int"}, "percent": {"type": "int"}},
    },
    "monitor": {"type": "bool", "default": True},
    "require_headroom": {"type": "bool", "default": False},
}
