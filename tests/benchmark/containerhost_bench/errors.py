# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one error that the benchmark ends with."""

from __future__ import annotations


class BenchError(Exception):
    """What went wrong, and where to read more."""
