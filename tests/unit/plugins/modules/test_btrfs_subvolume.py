# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module from its parameters to its result, on a host without btrfs.

What it does on a real btrfs is shown in tests/loop/test_btrfs_subvolume.py.
"""

from __future__ import annotations

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._core import lock
from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts
from ansible_collections.containerhost.storage.plugins.modules import btrfs_subvolume

TABLE = mounts.parse_mountinfo("27 1 254:0 / / rw - ext4 /dev/vda rw\n")


class Ended(Exception):  # noqa: N818
    """The module has exited; its result is the argument."""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """``run(**options) -> result`` of a module that must not run any command."""
    monkeypatch.setattr(lock, "PATH", str(tmp_path / "lock"))
    monkeypatch.setattr(mounts, "mounts", lambda process="self": TABLE)

    def end(self, **result):
        raise Ended(result)

    def run_command(self, argv, **_more):
        raise AssertionError(f"run for nothing: {argv}")

    monkeypatch.setattr(basic.AnsibleModule, "run_command", run_command)
    monkeypatch.setattr(basic.AnsibleModule, "exit_json", end)
    monkeypatch.setattr(
        basic.AnsibleModule, "fail_json", lambda self, **result: end(self, failed=True, **result)
    )

    def run(check=False, **options):
        with (
            patch_module_args({"_ansible_check_mode": check, **options}),
            pytest.raises(Ended) as ended,
        ):
            btrfs_subvolume.main()
        return ended.value.args[0]

    return run


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_host_without_btrfs_is_told_so(run, tmp_path, check, state):
    result = run(check, path=str(tmp_path / "a"), state=state)
    assert result["failed"]
    assert result["changed"] is False
    assert result["msg"] == (
        f"Path {tmp_path}/a: it is not on btrfs: / is mounted there, and is ext4. Mount the btrfs "
        "filesystem first, or give a path on it."
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"path": "a"}, "it is not a plain absolute path"),
        ({"path": "/srv/a", "compression": "best"}, "btrfs has no such compression"),
        ({"path": "/srv/a", "quota": {"referenced": "1"}}, "it has no unit"),
        ({"path": "/srv/a", "quota": {"shared": "1g"}}, "Unsupported parameters"),
        ({"path": "/srv/a", "state": "mounted"}, "value of state must be one of"),
        ({}, "missing required arguments: path"),
    ],
)
def test_bad_input(run, options, words):
    result = run(**options)
    assert result["failed"]
    assert words in result["msg"]
