# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LVM's own configuration: when it has to be asked for, and what it says."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._lvm import (
    config as _lvm_config,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.config import LvmConfig

# lvmconfig --typeconfig full ..., LVM 2.03.16
PRINTED = """\
profile_dir="/srv/profile"
thin_pool_autoextend_threshold=70
thin_pool_autoextend_percent=30
monitoring=0
"""


class Run:
    def __init__(self):
        self.ran = []

    def read(self, argv):
        self.ran.append(argv)
        return PRINTED


@pytest.fixture
def files(tmp_path, monkeypatch):
    names = [str(tmp_path / name) for name in ("lvm.conf", "lvmlocal.conf")]
    monkeypatch.setattr(_lvm_config, "_FILES", names)
    return [tmp_path / "lvm.conf", tmp_path / "lvmlocal.conf"]


DEFAULTS_HOLD = [
    "",
    "activation {\n\t# thin_pool_autoextend_threshold = 70\n}\n",
    "activation {\n\tsnapshot_autoextend_threshold = 70\n}\n",
    "# monitoring = 0\n",
]

TO_BE_ASKED = [
    "activation {\n\tthin_pool_autoextend_threshold = 70\n}\n",
    "activation/thin_pool_autoextend_percent=30\n",
    "activation {\n  monitoring=0\n}\n",
    'config {\n\tprofile_dir = "/srv/profile"\n}\n',
    'config/profile_dir = "/srv/profile"\n',
    "activation { monitoring = 0 }\n",
    "activation { thin_pool_autoextend_threshold = 70 thin_pool_autoextend_percent = 30 }\n",
]


@pytest.mark.parametrize("text", DEFAULTS_HOLD)
def test_defaults_cost_no_command(files, text):
    files[0].write_text(text)
    run = Run()
    assert _lvm_config.observe_lvm_config(run) == LvmConfig("/etc/lvm/profile", 100, 20, True)
    assert run.ran == []


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("text", TO_BE_ASKED)
def test_a_setting_in_either_file_is_read_by_lvm_itself(files, text, number):
    files[number].write_text(text)
    run = Run()
    assert _lvm_config.observe_lvm_config(run) == LvmConfig("/srv/profile", 70, 30, False)
    assert [argv[0] for argv in run.ran] == ["lvmconfig"]


def test_no_files_at_all(files):
    assert _lvm_config.observe_lvm_config(Run()) == LvmConfig()


def test_a_folder_may_have_an_equals_sign_in_its_name():
    text = PRINTED.replace("/srv/profile", "/srv/a=b=c")
    assert _lvm_config.parse_lvmconfig(text).profile_dir == "/srv/a=b=c"
