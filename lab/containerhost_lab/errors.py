# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab tells a person instead of a traceback."""

from __future__ import annotations


class LabError(Exception):
    """Something a person can act on: names the object, what is wrong, and what to do."""


class PanicError(LabError):
    """A guest's kernel has given up."""
