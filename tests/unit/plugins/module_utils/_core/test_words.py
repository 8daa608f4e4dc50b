# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of things, for people."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import (
    are,
    counted,
    listed,
    plural,
)


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, ("0 disks", "s", "are")), (1, ("1 disk", "", "is")), (2, ("2 disks", "s", "are"))],
)
def test_numbers(count, words):
    assert (counted(count, "disk"), plural(count), are(count)) == words


@pytest.mark.parametrize(
    ("count", "noun", "words"),
    [
        (1, "entry", "1 entry"),
        (2, "entry", "2 entries"),
        (2, "day", "2 days"),
        (2, "display", "2 displays"),
    ],
)
def test_numbers_of_nouns_with_y(count, noun, words):
    assert counted(count, noun) == words


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (["a"], {}, "a"),
        (["a", "b"], {}, "a, b"),
        (["a", "b", "c"], {}, "a, b, and 1 more"),
        (["a", "b", "c", "d"], {"between": "; ", "last": " and "}, "a; b and 2 more"),
    ],
)
def test_the_first_of_many(names, options, words):
    assert listed(names, 2, **options) == words
