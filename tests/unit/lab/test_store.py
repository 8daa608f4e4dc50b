# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from containerhost_lab import store

RECIPE = {"release": "bookworm"}


@pytest.fixture
def obtain(tmp_path):
    def obtain(build):
        return store.obtain(tmp_path, "image", RECIPE, build=build, discard=store.remove)

    return obtain


def whole(place):
    (place / "disk").write_text("whole")


def never(place):
    raise AssertionError(f"{place} is built again")


def test_it_is_built_once(obtain):
    place = obtain(whole)
    assert (place / "disk").read_text() == "whole"
    assert obtain(never) == place


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_failed_leaves_nothing(obtain, tmp_path, error):
    def half(place):
        (place / "disk").write_text("half")
        raise error

    with pytest.raises(error):
        obtain(half)
    assert [path.name for path in tmp_path.iterdir()] == ["image.lock"]


def test_what_a_killed_process_left_is_not_taken(obtain, tmp_path):
    (tmp_path / "image.building").mkdir()
    (tmp_path / "image.building" / "disk").write_text("half")
    (tmp_path / "image.building" / "stray").write_text("")

    place = obtain(whole)

    assert sorted(path.name for path in place.iterdir()) == ["disk", store.RECIPE]
    assert (place / "disk").read_text() == "whole"
    assert not (tmp_path / "image.building").exists()


def test_it_has_its_name_only_when_it_is_whole(obtain, tmp_path):
    def look(place):
        assert not (tmp_path / "image").exists()
        assert not store.is_whole(place)

    assert store.is_whole(obtain(look))
