# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What something before has seen to is there; where it is not, that is told and not passed on."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known


@pytest.mark.parametrize("it", ["", 0, (), False])
def test_what_is_there_is_given_back_also_where_it_is_empty(it):
    assert known(it) is it


def test_what_is_not_there_is_a_fault():
    with pytest.raises(LookupError, match="taken for known is not there"):
        known(None)
