# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lvm.conf lets LVM do, as tables: what it says, and what is refused by that."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import KIB, MIB
from ansible_collections.containerhost.storage.plugins.module_utils._lvm import config
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.host_rules import (
    HostRules,
    observe_host_rules,
    parse_host_rules,
    require_active,
    require_one_block_size,
    require_seen,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.volume_group import (
    plan_group,
)
from support.lvm_hosts import disk, group, groups

# lvmconfig --typeconfig full of LVM 2.03.16, shortened
PRINTED = """\
devices {
\tdir="/dev"
\tscan="/dev"
\tglobal_filter="a|.*|"
\tfilter=["r|/dev/vd[b-z]|","a|.*|"]
\tuse_devicesfile=0
\tdevicesfile="system.devices"
\tallow_mixed_block_sizes=1
}
allocation {
\tphysical_extent_size=8192
\tthin_pool_metadata_require_separate_pvs=1
\tcache_settings {
\t\tdeep {
\t\t\tx="a=b {"
\t\t}
\t}
}
activation {
\tauto_activation_volume_list=[]
\tvolume_list=["vg1","@tag","a\\"b"]
\traid_region_size=2048
}
tags {
\thosttags=1
}
global {
\tmetadata_read_only=1
}
"""
READ = HostRules(
    extent_size=8 * MIB,
    volume_list=("vg1", "@tag", 'a"b'),
    auto_activation=(),
    filters=(
        ("devices/global_filter", ("a|.*|",)),
        ("devices/filter", ("r|/dev/vd[b-z]|", "a|.*|")),
    ),
    mixed_block_sizes=True,
    host_tags=True,
    unchangeable=True,
    separate_metadata=True,
)


def test_what_lvm_prints_is_read():
    assert parse_host_rules(PRINTED, lambda path: False) == READ
    assert parse_host_rules("", lambda path: False) == HostRules()


@pytest.mark.parametrize(("used", "there", "filtered"), [(1, True, False), (1, False, True)])
def test_filters_do_not_count_where_the_devices_file_is_used(used, there, filtered):
    text = PRINTED.replace("use_devicesfile=0", f"use_devicesfile={used}")
    asked = []
    rules = parse_host_rules(text, lambda path: asked.append(path) or there)
    assert bool(rules.filters) is filtered
    assert asked == ["/etc/lvm/devices/system.devices"]


SETTINGS = [
    ("allocation { physical_extent_size = 8192 }\n", True),
    ('activation/volume_list = [ "vg1" ]\n', True),
    ('devices {\n  filter=["r|.*|"]\n}\n', True),
    ("tags { hosttags = 1 }\n", True),
    ("activation { thin_pool_autoextend_threshold = 70 }\n", False),
    ("# physical_extent_size = 8192\n", False),
    ("", False),
]


@pytest.mark.parametrize(("text", "asked"), SETTINGS)
def test_lvm_is_asked_only_where_a_file_sets_something(tmp_path, monkeypatch, text, asked):
    (tmp_path / "lvm.conf").write_text(text)
    monkeypatch.setattr(config, "_FILES", (str(tmp_path / "lvm.conf"),))

    class Run:
        def read(self, argv):
            assert argv == ("lvmconfig", "--typeconfig", "full")
            return PRINTED

    assert observe_host_rules(Run()) == (READ if asked else HostRules())


UNREADABLE = [
    ("a {\n", "section 'a' does not end"),
    ("}\n", "line 1 ends a section that has not begun"),
    ("devices {\nfoo\n}\n", "line 2 is 'foo'"),
    ("allocation/physical_extent_size=x\n", "physical_extent_size='x' is no size"),
    ("allocation {\nphysical_extent_size=0\n}\n", "is no size"),
    ("allocation {\nphysical_extent_size=100\n}\n", "is no size"),
    ("allocation {\nphysical_extent_size=" + "9" * 5000 + "\n}\n", "is no size"),
]


@pytest.mark.parametrize(("text", "words"), UNREADABLE)
def test_what_cannot_be_read_is_named(text, words):
    with pytest.raises(StorageError, match="`lvmconfig --typeconfig`: its answer cannot") as error:
        parse_host_rules(text)
    assert words in str(error.value)


def test_an_extent_may_be_a_multiple_of_128_kib():
    text = "allocation {\nphysical_extent_size=384\n}\n"
    assert parse_host_rules(text).extent_size == 384 * KIB


NAMED = disk(names=("/dev/disk/by-id/virtio-disk1", "/dev/disk/by-uuid/1"))
FILTERS = [
    # patterns                                   is the disk let in?
    (["a|.*|"], True),
    (["r|.*|"], False),
    (["r|/dev/vdb|"], False),
    (["r|/dev/vdc|"], True),
    (["r|^/dev/vdb$|"], False),
    (["a|^/dev/vdb$|", "r|.*|"], True),
    (["a|^/dev/vda|", "r|.*|"], False),
    (["r|^/dev/vd|", "a|virtio-disk1|"], True),  # by another of its names
    (["a|/dev/disk/by-id/virtio-disk1|", "r|.*|"], True),
    (["r/vdb/"], False),
    (["r{vdb}"], False),
    (["r|vdb|", "a|.*|"], True),  # its links are let in
    (["r|(|"], True),  # nobody knows
    ([], True),
]


@pytest.mark.parametrize("setting", ["devices/filter", "devices/global_filter"])
@pytest.mark.parametrize(("patterns", "seen"), FILTERS)
def test_a_disk_that_a_filter_leaves_out_is_refused_before_lvm_does(setting, patterns, seen):
    rules = HostRules(filters=((setting, tuple(patterns)),))
    if seen:
        require_seen(rules, NAMED)
        return
    with pytest.raises(StorageError) as refused:
        require_seen(rules, NAMED)
    assert f"{setting} in lvm.conf leaves it out" in str(refused.value)
    assert "virtio" in str(refused.value)


def test_both_filters_have_to_let_a_disk_in():
    rules = HostRules(filters=(("devices/global_filter", ("a|.*|",)), ("f", ("r|.*|",))))
    with pytest.raises(StorageError):
        require_seen(rules, NAMED)


BLOCKS = [
    # of the new disks   in the group   refused?
    ((512, 512), (), False),
    ((512, 4096), (), True),
    ((4096,), (512,), True),
    ((512,), (512, 512), False),
    ((4096,), (512, 4096), False),  # LVM lets in any where they differ already
    ((512, 0), (0,), False),  # nobody knows
    ((4096, 4096), (0,), False),
]


@pytest.mark.parametrize("mixed", [True, False])
@pytest.mark.parametrize(("new", "there", "refused"), BLOCKS)
def test_disks_of_different_block_sizes(mixed, new, there, refused):
    disks = [disk(number, block_size=size) for number, size in enumerate(new, 1)]
    rules = HostRules(mixed_block_sizes=mixed)
    if mixed or not refused:
        require_one_block_size(rules, disks, there, "docker")
        return
    with pytest.raises(StorageError, match="blocks of different sizes") as error:
        require_one_block_size(rules, disks, there, "docker")
    assert "512 bytes" in str(error.value)
    assert "4096 bytes" in str(error.value)


def test_disks_of_different_block_sizes_are_told_by_their_lasting_names():
    disks = [disk(path="/dev/vdb", block_size=512), disk(2, block_size=4096, links=())]
    with pytest.raises(StorageError, match=r"/virtio-disk1 512 bytes, /dev/\S+ 4096 bytes"):
        require_one_block_size(HostRules(), disks, (), "docker")


ACTIVATION = [
    # rules                                       tags of the group     what is wrong
    ({}, (), ""),
    ({"volume_list": ("docker",)}, (), ""),
    ({"volume_list": ("x", "docker/thinpool")}, (), ""),
    ({"volume_list": ("docker/other", "dock", "docker/")}, (), "not to activate it: activation"),
    ({"volume_list": ()}, (), "volume_list in lvm.conf is empty"),
    ({"volume_list": ("@t",)}, ("t",), ""),
    ({"volume_list": ("@t",)}, ("u",), "not to activate it"),
    ({"volume_list": ("@*",)}, (), "not to activate it"),
    ({"volume_list": ("@*",)}, ("u",), ""),  # nobody knows
    ({"auto_activation": ("x",)}, (), "not to activate it at boot"),
    ({"auto_activation": ("docker",)}, (), ""),
    ({"read_only": ("docker",)}, (), "to activate it read-only"),
    ({"read_only": ("x",)}, (), ""),
    ({"host_tags": True}, (), "not to activate it"),
    ({"host_tags": True}, ("t",), ""),
    ({"host_tags": True, "volume_list": ("docker",)}, (), ""),
]


@pytest.mark.parametrize(("rules", "tags", "wrong"), ACTIVATION)
def test_a_volume_that_lvm_would_not_activate(rules, tags, wrong):
    rules = HostRules(**rules)
    if not wrong:
        require_active(rules, "docker", "thinpool", tags)
        return
    with pytest.raises(StorageError, match="Logical volume docker") as refused:
        require_active(rules, "docker", "thinpool", tags)
    assert wrong in str(refused.value)
    assert refused.value.details["refusal"] == "activation_not_allowed"


def test_a_group_is_planned_with_the_hosts_extents():
    state = groups(disks=[disk()])._replace(rules=HostRules(extent_size=32 * MIB))
    _steps, after = plan_group(state, "docker")
    made = after.group("docker")
    assert (made.extent_size, made.extents) == (32 * MIB, 319)


def test_a_group_is_made_and_grown_by_the_hosts_rules():
    filtered = HostRules(filters=(("devices/filter", ("r|.*|",)),))
    for state in (groups(disks=[disk()]), groups(group(), disks=[disk(), disk(2)])):
        with pytest.raises(StorageError, match="leaves it out"):
            plan_group(state._replace(rules=filtered), "docker")
    mixed = groups(disks=[disk(block_size=512), disk(2, block_size=4096)])
    grown = groups(group(), disks=[disk(2, block_size=4096)])._replace(block_sizes=(512,))
    for state in (mixed, grown):
        with pytest.raises(StorageError, match="blocks of different sizes"):
            plan_group(state, "docker")
