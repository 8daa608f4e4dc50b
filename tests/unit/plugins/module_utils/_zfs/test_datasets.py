# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datasets and their properties, as `zfs get` prints them."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._zfs import datasets
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import Value

GET = (
    "tank\ttype\tfilesystem\t-\n"
    "tank\tx:y\tone\ttwo\tlocal\n"
    "tank\tx:z\tfirst\nsecond\tinherited from tank\n"
    "tank/a\tquota\t10\tlocal\n"
)


def test_values_may_hold_tabs_and_line_ends():
    found = datasets.parse_get(GET, ["tank", "tank/a"])["tank"].values
    assert found["x:y"] == Value("one\ttwo", "local")
    assert found["x:z"] == Value("first\nsecond", "inherited from tank")
