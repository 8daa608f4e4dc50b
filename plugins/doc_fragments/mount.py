# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This document fragment is private to the collection: nothing outside of it may rely on it.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  required_by:
    description:
      - Systemd units that must not run without the mount. Those that run are stopped while it is
        mounted, and started again.
      - A name without a type is that of a service; an alias stands for the unit that it leads to. A
        template, and a unit that is not on the host, are refused, since nothing would be guarded.
    type: list
    elements: str
    default: []
  existing_data:
    description:
      - What to do when the folder that is mounted over holds images, containers, volumes, or files
        that no engine made. V(keep) leaves them below the mount, where nobody sees them.
    type: str
    choices: [refuse, keep]
    default: refuse
"""
