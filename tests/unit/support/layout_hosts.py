# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole layouts, for tables: a module's options, and what each layer of a stack finds."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._layout.wanted import OPTIONS


def options(**given):
    """The options of storage_layout, as Ansible fills them in."""
    return {**{name: option.get("default") for name, option in OPTIONS.items()}, **given}
