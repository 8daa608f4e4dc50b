# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No module looks at anything where an option has what no name on a host can have."""

from __future__ import annotations

import importlib
import pathlib

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from support.texts import is_plain, strings

PACKAGE = "ansible_collections.containerhost.storage.plugins.modules"
# What each module has to be given, and the options that are texts of the user's.
MODULES = {
    "btrfs_filesystem": (
        {"label": "d", "path": "/srv"},
        ["label", "path", "devices", "mount_options", "required_by"],
    ),
    "btrfs_subvolume": ({"path": "/srv/a"}, ["path", "snapshot_of", "compression"]),
    "data_root_reset": ({"path": "/srv"}, ["path", "config_file", "service"]),
    "mounted_volume": (
        {"vg": "d", "name": "v", "path": "/srv"},
        ["vg", "name", "pool", "size", "path", "devices", "mount_options", "required_by"],
    ),
    "overlay_layer": ({"path": "/srv", "lower": ["/l"]}, ["path", "lower", "upper", "work"]),
    "storage_driver": ({}, ["data_root", "config_file", "service"]),
    "storage_info": ({}, ["devices", "data_root"]),
    "storage_layout": (
        {},
        ["devices", "vg", "pool", "volume", "btrfs_label", "zfs_pool", "zfs_dataset", "data_root"],
    ),
    "thinpool": ({"vg": "d", "name": "p"}, ["vg", "name", "size", "chunk_size", "devices"]),
    "zfs_dataset": ({"name": "d/a"}, ["name", "origin", "rename_from", "inherit"]),
    "zfs_pool": ({"name": "d"}, ["name", "devices", "dataset", "path", "arc_max", "required_by"]),
}
LISTS = ("devices", "mount_options", "required_by", "lower", "inherit")
CASES = [(module, option) for module, (_given, options) in MODULES.items() for option in options]


def test_every_module_that_takes_texts_is_here():
    folder = pathlib.Path(importlib.import_module(PACKAGE + ".thinpool").__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {"open_change"} == set(MODULES)


class Ended(Exception):  # noqa: N818
    """The module has exited; its result is the argument."""


@pytest.mark.parametrize("text", ["/srv/a\0b", "/srv/a\nExecStartPre=/x", "/srv/\x1b[2J"])
@pytest.mark.parametrize(("name", "option"), CASES)
def test_what_no_name_can_have_is_refused(monkeypatch, name, option, text):
    def fail(self, **result):
        raise Ended(result)

    def touched(*_arguments, **_more):
        pytest.fail("it was run")

    monkeypatch.setattr(basic.AnsibleModule, "fail_json", fail)
    monkeypatch.setattr(basic.AnsibleModule, "exit_json", touched)
    monkeypatch.setattr(basic.AnsibleModule, "run_command", touched)
    value = [text] if option in LISTS else text
    module = importlib.import_module(f"{PACKAGE}.{name}")
    with patch_module_args({**MODULES[name][0], option: value}), pytest.raises(Ended) as ended:
        module.main()
    (result,) = ended.value.args
    assert result["refusal"] == "control_character"
    assert result["msg"].startswith(f"{option}=")
    assert all(map(is_plain, strings(result)))


@pytest.mark.parametrize(
    ("name", "option"),
    [
        *((name, "path") for name, (given, _options) in MODULES.items() if "path" in given),
        ("zfs_pool", "path"), ("storage_driver", "data_root"), ("storage_driver", "config_file"),
        ("overlay_layer", "upper"), ("btrfs_subvolume", "snapshot_of"),
    ],
)  # fmt: skip
def test_nothing_is_put_in_for_what_stands_in_a_path(monkeypatch, name, option):
    """It gets to where the wish is made of it just as it was written."""
    seen = {}

    def look(params):
        seen.update(params)
        raise Ended({})

    monkeypatch.setenv("HOME", "/root")
    module = importlib.import_module(f"{PACKAGE}.{name}")
    monkeypatch.setattr(module, "wanted_from", look)
    monkeypatch.setattr(basic.AnsibleModule, "fail_json", lambda _self, **_result: None)
    given = {**MODULES[name][0], option: "/srv/$HOME/~"}
    with patch_module_args(given), pytest.raises(Ended):
        module.main()
    assert seen[option] == "/srv/$HOME/~"


@pytest.mark.parametrize(
    ("name", "option"), [("storage_driver", "options"), ("zfs_dataset", "properties")]
)
def test_so_is_what_is_deeper_in_an_option(monkeypatch, name, option):
    def fail(self, **result):
        raise Ended(result)

    monkeypatch.setattr(basic.AnsibleModule, "fail_json", fail)
    module = importlib.import_module(f"{PACKAGE}.{name}")
    for value in ({"a": "b\0"}, {"a\0": "b"}):
        given = {**MODULES[name][0], option: value}
        with patch_module_args(given), pytest.raises(Ended) as ended:
            module.main()
        assert ended.value.args[0]["refusal"] == "control_character"
