# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This document fragment is private to the collection: nothing outside of it may rely on it.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  consent:
    description:
      - The seal that a run in check mode returned for this very plan. It is needed only where
        something would be destroyed.
      - The seal covers every step that destroys, and the identity of what it destroys. Once
        either has changed it fits no longer, and the module refuses before its first write.
    type: str
"""
