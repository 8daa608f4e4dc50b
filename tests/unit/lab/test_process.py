# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess

import pytest
from containerhost_lab import process


@pytest.mark.parametrize("content", ["", "none", "0", "-1", "99999999"])
def test_a_pidfile_without_a_process_is_no_machine(tmp_path, content):
    (tmp_path / "pid").write_text(content)
    assert process.pid(tmp_path) is None


def test_another_process_with_that_number_is_left_alone(tmp_path):
    (tmp_path / "pid").write_text(str(os.getpid()))
    assert process.pid(tmp_path) is None
    process.stop(tmp_path)


def test_a_machine_of_another_folder_is_left_alone(tmp_path):
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.mkdir()
    with subprocess.Popen(
        ["qemu-system-x86_64", "60", str(other / "pid")], executable="/bin/sleep"
    ) as stranger:
        try:
            (mine / "pid").write_text(str(stranger.pid))
            assert process.pid(mine) is None
        finally:
            stranger.kill()
