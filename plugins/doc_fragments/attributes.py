# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This document fragment is private to the collection: nothing outside of it may rely on it.

from __future__ import annotations


class ModuleDocFragment:
    # A module adds `support` to check_mode, diff_mode and idempotent.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description:
      - In check mode the module returns the steps that it would take and changes nothing.
        A run without check mode takes those very steps, unless the host has changed since.
  diff_mode:
    description:
      - In diff mode the module returns each step with its reason, and the state of the host before
        and after.
  idempotent:
    description:
      - When run twice in a row, and nothing else has changed the host between the two, the second
        run changes nothing.
  recovery:
    description:
      - Where an earlier run of any module of this collection was interrupted, as by a kill or a
        power cut, the module first takes back what can be, and says so. In check mode it says what
        a run without check mode would take back.
    support: full
  platform:
    description: The operating systems that the module works on.
    platforms: linux
    support: full
  action_group:
    description: >-
      Use C(group/containerhost.storage.all) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - containerhost.storage.all
"""

    # For a module that reads only.
    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    description: The module only reads; check mode makes no difference to it.
    support: full
  diff_mode:
    description: The module only reads; there is never a difference to show.
    support: N/A
  idempotent:
    description: The module only reads.
    support: full
  recovery:
    description: The module only reads; what a run that was interrupted has begun stays as it is.
    support: N/A
"""
