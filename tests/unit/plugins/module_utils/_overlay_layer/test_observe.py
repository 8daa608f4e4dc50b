# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading overlay mounts: what is read when, on folders of this machine."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import Config
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.layer import (
    examine_layer,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer import observe
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.state import (
    Wanted,
)


@pytest.fixture
def reads(monkeypatch):
    """Each ``(config, limit)`` by which a layer's changes were read."""
    done = []
    monkeypatch.setattr(observe, "uses", lambda layers, but: ())
    monkeypatch.setattr(
        observe, "read_changes", lambda config, limit: done.append((config, limit)) or {"added": 1}
    )
    return done


@pytest.fixture
def wish(tmp_path):
    config = Config(lower=(str(tmp_path / "l"),), upper=str(tmp_path / "u"), work=str(tmp_path))
    return Wanted(str(tmp_path / "m"), config, "mounted", report_limit=7)


def test_what_a_layer_changes_is_read_once_in_a_run(reads, wish):
    """A run observes twice, and a layer may be a million files."""

    def run(argv):
        raise AssertionError(argv)

    for _time in range(2):
        assert observe.observe(run, wish).changes == {"added": 1}
    assert reads == [(wish.config, 7)]


def test_the_next_run_reads_it_anew(reads, wish):
    for _run in range(2):
        observe.observe(lambda argv: None, wish)
    assert len(reads) == 2


@pytest.mark.parametrize("given", [{"report_limit": None}, {"config": Config(lower=("/l", "/m"))}])
def test_it_is_not_read_unasked_nor_where_nothing_is_written(reads, wish, given):
    assert observe.observe(lambda argv: None, wish._replace(**given)).changes is None
    assert reads == []


def test_where_nothing_that_a_layer_lies_on_is_seen_is_refused(tmp_path):
    """In a chroot the mount of its root is not in the table."""
    with pytest.raises(StorageError, match="does not see what it is mounted on") as refused:
        examine_layer(str(tmp_path), [])
    assert refused.value.details == {"refusal": "mount_not_visible"}
