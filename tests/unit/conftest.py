# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for all unit tests."""

from __future__ import annotations

from hypothesis import settings

# No test times anything: on a busy machine a generated case may take as long as it takes.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
