# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time: shown with a second process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core import lock as _lock
from ansible_collections.containerhost.storage.plugins.module_utils._core.lock import host_lock
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

HOLD = """
import sys, time
from ansible_collections.containerhost.storage.plugins.module_utils._core.lock import host_lock
with host_lock("thinpool", sys.argv[1], 0):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "lock")


@pytest.fixture
def holder(path):
    """Another process that holds the lock."""
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_and_told_who_holds_it(path, holder):
    refused = pytest.raises(StorageError, match=f"thinpool, process {holder.pid}")
    with refused, host_lock("storage_driver", path, patience=0):
        pytest.fail("the block ran")


def test_without_a_patience_of_ones_own_it_is_everybodys(path, holder, monkeypatch):
    monkeypatch.setattr(_lock, "PATIENCE", 0)
    monkeypatch.setattr(_lock, "PATH", path)
    with pytest.raises(StorageError, match="another run"), host_lock("storage_driver"):
        pytest.fail("the block ran")


def test_a_process_that_was_killed_holds_no_lock(path, holder):
    holder.kill()
    holder.wait()
    with host_lock("storage_driver", path, patience=0):
        pass


def test_it_waits_for_the_other_one_to_end(path, holder, tmp_path):
    sign = tmp_path / "about to end"
    subprocess.Popen(["sh", "-c", f"sleep 0.3; touch '{sign}'; kill {holder.pid}"])
    with host_lock("storage_driver", path, patience=30):
        assert sign.exists()


def test_it_is_let_go_of_after_an_error(path):
    with pytest.raises(ValueError, match="mine"), host_lock("one", path, patience=0):
        raise ValueError("mine")
    with host_lock("two", path, patience=0):
        pass


def test_a_shorter_name_leaves_nothing_of_a_longer_one(path):
    for name in ("a_very_long_name_of_a_module", "b"):
        with host_lock(name, path, patience=0), open(path, encoding="utf-8") as stream:
            assert stream.read() == f"{name}, process {os.getpid()}"


def test_only_root_may_read_it(path):
    with host_lock("one", path, patience=0):
        assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_link_in_its_place_is_not_followed(path, tmp_path):
    target = tmp_path / "target"
    target.write_text("precious")
    os.symlink(target, path)
    with pytest.raises(OSError, match="symbolic links"), host_lock("one", path, patience=0):
        pytest.fail("the block ran")
    assert target.read_text() == "precious"
