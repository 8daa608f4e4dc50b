# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options from variables, as Ansible's own templates and its own ``omit`` give them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleUndefinedVariable
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.containerhost.storage.plugins.action.storage_layout import ActionModule

try:
    from ansible.template import trust_as_template

    OMITTED = {}  # `omit` is Ansible's own

    def distrusted(value):
        """A value as a host brings it."""
        return value
except ImportError:  # before ansible-core 2.19 all was trusted but what is marked
    from ansible.utils.unsafe_proxy import wrap_var as distrusted

    OMITTED = {"omit": "__omit_place_holder__1a2b"}

    def trust_as_template(value):
        """A value as a playbook or an inventory brings it."""
        return value


MODULE = "containerhost.storage.storage_layout"


def trusted(value):
    """A value as a playbook or an inventory brings it: its templates may be rendered."""
    if isinstance(value, dict):
        return {name: trusted(it) for name, it in value.items()}
    if isinstance(value, list):
        return [trusted(it) for it in value]
    return trust_as_template(value) if isinstance(value, str) else value


def given(monkeypatch, args, variables):
    """Run the action; return the options that the module is run with."""
    ran = []
    variables = {**trusted(variables), **OMITTED}
    action = ActionModule(
        task=SimpleNamespace(args=args, async_val=0, check_mode=False, action=MODULE),
        connection=SimpleNamespace(
            _shell=SimpleNamespace(tmpdir="/tmp/x"), always_pipeline_modules=True
        ),
        play_context=None,
        loader=DataLoader(),
        templar=Templar(DataLoader(), variables=variables),
        shared_loader_obj=None,
    )
    monkeypatch.setattr(action, "_execute_module", lambda **call: ran.append(call) or {"ok": True})
    assert action.run(task_vars=variables) == {"ok": True}
    (call,) = ran
    assert call["module_name"] == MODULE
    assert call["task_vars"] == variables
    return call["module_args"]


PREFIX = {"variables": "store"}

CASES = [
    # without a prefix no variable is looked at
    ({"driver": "vfs"}, {"store_driver": "zfs"}, {"driver": "vfs"}),
    ({}, {"store_driver": "zfs"}, {}),
    # each option has its variable; other variables, and those that are not there, give nothing
    (PREFIX, {"store_driver": "zfs", "store_vg": "d"}, {"driver": "zfs", "vg": "d"}),
    (PREFIX, {"store_nothing": "1", "other_driver": "zfs", "driver": "zfs"}, {}),
    (PREFIX, {"store_variables": "other", "other_driver": "zfs"}, {}),
    (PREFIX, {}, {}),
    # the option of the task goes before
    (
        {**PREFIX, "driver": "vfs", "size": None},
        {"store_driver": "zfs", "store_size": "1g", "store_vg": "d"},
        {"driver": "vfs", "size": None, "vg": "d"},
    ),
    # and what its variable says does not matter then
    (
        {**PREFIX, "driver": "vfs"},
        {"store_driver": "{{ nowhere }}"},
        {"driver": "vfs"},
    ),
    # templates, with their own types
    (
        PREFIX,
        {
            "disk": "/dev/vdb",
            "store_devices": ["{{ disk }}"],
            "store_require_headroom": "{{ 1 < 2 }}",
        },
        {"devices": ["/dev/vdb"], "require_headroom": True},
    ),
    # what is omitted is left out, deep inside too
    (PREFIX, {"store_size": "{{ omit }}", "store_vg": "d"}, {"vg": "d"}),
    (PREFIX, {"store_size": "{{ nowhere | default(omit) }}"}, {}),
    (
        PREFIX,
        {"store_options": {"size": "{{ omit }}", "x": 1}, "store_devices": ["{{ omit }}"]},
        {"options": {"x": 1}, "devices": []},
    ),
    (
        {**PREFIX, "driver": "vfs"},
        {"store_driver": "{{ omit }}"},
        {"driver": "vfs"},
    ),
]


@pytest.mark.parametrize(("args", "variables", "options"), CASES)
def test_options(monkeypatch, args, variables, options):
    before = dict(args)
    assert given(monkeypatch, args, variables) == options
    assert args == before


def test_a_variable_that_cannot_be_told_is_an_error(monkeypatch):
    with pytest.raises(AnsibleUndefinedVariable):
        given(monkeypatch, PREFIX, {"store_driver": "{{ nowhere }}"})


def test_text_that_no_playbook_has_written_is_no_template(monkeypatch):
    """Ansible renders only what it trusts; the plugin must not make more of it."""
    monkeypatch.setitem(globals(), "trusted", distrusted)
    assert given(monkeypatch, PREFIX, {"store_vg": "{{ 1 + 1 }}"}) == {"vg": "{{ 1 + 1 }}"}


@pytest.mark.parametrize("choice", [None, {"driver": "btrfs", "why": "It is on btrfs."}])
def test_a_choice_is_said_with_its_reason(monkeypatch, choice):
    shown = []
    action = ActionModule(
        task=SimpleNamespace(args={}, async_val=0, check_mode=False, action=MODULE),
        connection=SimpleNamespace(
            _shell=SimpleNamespace(tmpdir="/tmp/x"), always_pipeline_modules=True
        ),
        play_context=None,
        loader=DataLoader(),
        templar=Templar(DataLoader(), variables={}),
        shared_loader_obj=None,
    )
    result = {"changed": False, **({"choice": choice} if choice else {})}
    monkeypatch.setattr(action, "_execute_module", lambda **_call: result)
    monkeypatch.setattr(action, "_display", SimpleNamespace(display=shown.append), raising=False)
    assert action.run(task_vars={"inventory_hostname": "node1"}) == result
    assert shown == (["[node1] btrfs: It is on btrfs."] if choice else [])
