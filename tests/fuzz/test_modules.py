# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strange parameters of each module, as Ansible hands them over, on hosts that its tests know."""

from __future__ import annotations

import importlib
import json
from types import SimpleNamespace

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from support import btrfs_disks, btrfs_hosts, layout_hosts, zfs_hosts, zfs_pool_hosts
from support.fuzz import HOSTILE, inputs, refused, steps_are_sound, strange, texts_of
from support.lvm_hosts import disk

pytestmark = pytest.mark.fuzz

MODULES = "ansible_collections.containerhost.storage.plugins.modules"
DISK, ROOT = layout_hosts.DISK, layout_hosts.ROOT

# By module: a wish, the parameters that a host is observed by, and hosts.
KNOWN = {
    "thinpool": (
        {"vg": "docker", "name": "thinpool", "devices": [DISK], "size": "80%VG"},
        {"vg", "name", "devices"},
        (layout_hosts.lvm_pool(), layout_hosts.lvm_pool(layout_hosts.POOL_GROUP)),
    ),
    "mounted_volume": (
        {"vg": "docker", "name": "data", "path": ROOT, "devices": [DISK], "size": "80%VG"},
        {"vg", "name", "path", "devices", "required_by"},
        (
            layout_hosts.volume(disks=[disk()]),
            layout_hosts.mounted_volume(layout_hosts.PLAIN_GROUP, layout_hosts.PLAIN),
        ),
    ),
    "btrfs_filesystem": (
        {"label": "docker", "devices": [DISK], "path": ROOT},
        {"label", "devices", "path", "required_by"},
        (btrfs_disks.host(disks=[disk()]), btrfs_disks.mounted()),
    ),
    "zfs_pool": (
        {"name": "docker", "devices": [DISK], "dataset": "data", "path": ROOT},
        {"name", "devices", "dataset", "path", "required_by"},
        (
            zfs_pool_hosts.host(disks=[disk()], mount=zfs_pool_hosts.unmounted()),
            zfs_pool_hosts.done(),
        ),
    ),
    "storage_driver": (
        {"driver": "overlay2"},
        {"service", "config_file"},
        (layout_hosts.engine(), layout_hosts.engine(text=layout_hosts.OVERLAY2)),
    ),
    "btrfs_subvolume": (
        {"path": "/srv/a"},
        {"path", "snapshot_of", "state"},
        (
            btrfs_hosts.host(),
            btrfs_hosts.host(btrfs_hosts.subvolume(), quotas=btrfs_hosts.ON),
        ),
    ),
    "zfs_dataset": (
        {"name": "tank/a", "properties": {"quota": "10G"}},
        {"name", "snapshot_of", "clone_of", "state", "type", "volsize"},
        (zfs_hosts.host(), zfs_hosts.host(zfs_hosts.dataset("tank/a"))),
    ),
    "overlay_layer": (
        {"path": "/m", "lower": ["/l1", "/l2"], "upper": "/u", "work": "/w"},
        None,  # which layers there are is all that a host is
        (),
    ),
}


class Ended(Exception):  # noqa: N818
    """The module has exited; its result is the argument."""


@pytest.fixture(params=KNOWN)
def module(request, monkeypatch):
    """A module: its name, its options, and what it does with them."""
    it = importlib.import_module(f"{MODULES}.{request.param}")
    options, handed = {}, []

    def remember(argument_spec, **_more):
        options.update(argument_spec)
        raise Ended({})

    def end(self, **result):
        raise Ended(result)

    with monkeypatch.context() as once:
        once.setattr(it, "AnsibleModule", remember)
        with pytest.raises(Ended):
            it.main()
    monkeypatch.setattr(basic.AnsibleModule, "fail_json", end)
    monkeypatch.setattr(it, "reconcile", lambda module, **given: handed.append(given))

    def run(**given):
        """What it plans and describes by, or the result of its refusal."""
        handed.clear()
        with patch_module_args(given):
            try:
                it.main()
            except Ended as ended:
                return ended.args[0]
        return handed[0]

    return SimpleNamespace(name=request.param, options=options, run=run)


def value(chance, option, usual):
    """A value for an option: mostly one that its type allows."""
    if option.get("choices") and chance.random() < 0.9:
        return chance.choice(option["choices"])
    kind = option.get("type", "str")
    if kind == "bool":
        return chance.choice((True, False))
    if kind == "int":
        return chance.choice((-1, 0, 1, 50, 100, 10**30, chance.choice(HOSTILE)))
    if kind == "list":
        return [strange(chance, (usual or [""])[0]) for _each in range(chance.randint(0, 3))]
    if kind == "dict" and "options" in option:
        return {
            name: value(chance, inner, "10m")
            for name, inner in option["options"].items()
            if chance.random() < 0.7
        }
    if kind == "dict":
        names = [*(usual or {}), "compression", "recordsize", "org.x:tpl", strange(chance, "quota")]
        wild = (strange(chance, "1"), 5, -1, True, None, [1], {"a": 1}, 1.5, 10**30)
        return {chance.choice(names): chance.choice(wild) for _each in range(chance.randint(1, 3))}
    return strange(chance, usual or "")


def test_strange_parameters(module):
    wish, observed_by, hosts = KNOWN[module.name]
    accepted = 0
    for chance in inputs(module.name, 0.05):
        given = json.loads(json.dumps(wish))
        names = sorted(module.options.keys() - {"consent"})
        for name in chance.sample(names, min(len(names), chance.randint(1, 3))):
            given[name] = value(chance, module.options[name], wish.get(name))
        # Ansible itself dies of what is no Unicode.
        given = json.loads(json.dumps(given, ensure_ascii=False).encode(errors="replace"))
        found = module.run(**given)
        if "plan" not in found:
            assert found["msg"].rstrip().endswith((".", "'", ")")) or not found.get("refusal"), (
                found
            )
            json.dumps(found)
            continue
        if observed_by is None or any(given.get(it) != wish.get(it) for it in observed_by):
            continue
        accepted += 1
        for host in hosts:
            planned = refused(found["plan"], host)
            if isinstance(planned, StorageError):
                continue
            steps_are_sound(planned.steps, texts_of(given))
            assert refused(found["plan"], planned.after).steps == [], given
            json.dumps(found["describe"](planned.after))
    assert accepted or observed_by is None
