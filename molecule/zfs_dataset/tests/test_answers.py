# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as ZFS takes them and shows them, and what a value cannot make of itself."""

from __future__ import annotations

import pytest

LIMITS = ("quota", "refquota", "reservation", "filesystem_limit", "snapshot_limit")


def test_limits_are_taken_away(host, steps, zfs):
    limited = {"quota": "1G", "refquota": "512M", "reservation": "10M"}
    counted = {"filesystem_limit": 7, "snapshot_limit": "1K"}
    assert len(steps("tank/limits", properties={**limited, **counted})) == 1
    assert steps("tank/limits", properties={**limited, **counted}) == []
    assert zfs("snapshot_limit", "tank/limits").split("\t")[0] == "1024"
    unlimited = dict.fromkeys(LIMITS, "none")
    words = " ".join(f"{name}=none" for name in LIMITS)
    assert steps("tank/limits", properties=unlimited) == [f"zfs set {words} tank/limits"]
    assert steps("tank/limits", properties=unlimited) == []
    assert host.check_output("zfs get -Ho value quota,refquota,reservation tank/limits") == (
        "none\nnone\nnone"
    )


def test_a_filesystem_is_made_without_limits(steps):
    unlimited = dict.fromkeys(LIMITS, "none")
    assert len(steps("tank/unlimited", properties=unlimited)) == 1
    assert steps("tank/unlimited", properties={**unlimited, "quota": 0}) == []


def test_a_pool_with_an_alternate_root(host, steps):
    host.check_output("zpool export small && zpool import -R /mnt/other small")
    wish = {"properties": {"mountpoint": "/srv/alt"}}
    try:
        assert steps("small/alt", **wish) == ["zfs create -o mountpoint=/srv/alt small/alt"]
        assert steps("small/alt", **wish) == []
        assert host.mount_point("/mnt/other/srv/alt").exists
    finally:
        host.check_output("zpool export small && zpool import small")
    assert host.mount_point("/srv/alt").exists
    assert steps("small/alt", **wish) == []
    host.check_output("zfs destroy small/alt")


@pytest.mark.parametrize("wish", [True, False])
def test_what_only_the_present_mount_has_is_not_kept(host, steps, zfs, wish):
    name, word = f"tank/temporary-{wish}", "on" if wish else "off"
    assert len(steps(name)) == 1
    host.check_output("mount -o remount,ro /%s", name)
    assert zfs("readonly", name) == "on\ttemporary"
    assert steps(name, properties={"readonly": wish}) == [f"zfs set readonly={word} {name}"]
    assert zfs("readonly", name) == f"{word}\tlocal"
    assert steps(name, properties={"readonly": wish}) == []
    assert ("ro" if wish else "rw") in host.mount_point(f"/{name}").options


def test_no_value_is_taken_for_another_property(host, steps, zfs):
    faked = "org.example:odd=v\tlocal\ntank\tquota\t1\tlocal\ntank/odd\tquota\t1073741824"
    host.check_output("zfs set %s tank", faked)
    try:
        assert steps("tank/odd", properties={"quota": "1G"}) == [
            "zfs create -o quota=1073741824 tank/odd"
        ]
        host.check_output("zfs set quota=2G tank/odd")
        plain = {"quota": "1G", "org.example:odd": "plain"}
        assert steps("tank/odd", properties=plain) == [
            "zfs set quota=1073741824 org.example:odd=plain tank/odd"
        ]
        assert steps("tank/odd", properties=plain) == []
        assert steps("tank", properties={"quota": "none"}) == []
        assert zfs("org.example:odd", "tank/odd") == "plain\tlocal"
    finally:
        host.check_output("zfs inherit org.example:odd tank")


@pytest.mark.parametrize("value", ["$HOME/x", "-o quota=1", "a = b, `id` ~root", ""])
def test_a_value_is_given_to_zfs_as_it_is(steps, zfs, value):
    wish = {"properties": {"org.example:template": value}}
    steps("tank/template", **wish)
    assert zfs("org.example:template", "tank/template") == f"{value}\tlocal"
    assert steps("tank/template", **wish) == []


def test_the_seal_is_of_what_was_there(host, dataset, steps):
    host.check_output("zfs create tank/sealed && zfs create tank/beside")
    host.check_output("head -c 1M /dev/urandom >/tank/sealed/file && zpool sync tank")
    looked = dataset("tank/sealed", state="absent")["seal"]
    # In its place: no figure that ZFS shows of it is another then.
    host.check_output(
        "dd if=/dev/urandom of=/tank/sealed/file bs=1M count=1 conv=notrunc,fsync status=none"
    )
    host.check_output("zpool sync tank")
    refused = dataset("tank/sealed", state="absent", consent=looked)
    assert "is not for this plan" in refused["msg"]

    again = dataset("tank/sealed", state="absent")["seal"]
    host.check_output("head -c 1M /dev/urandom >/tank/beside/file && zpool sync tank")
    gone = steps("tank/sealed", state="absent", consent=again)
    assert gone == ["zfs destroy tank/sealed"]
