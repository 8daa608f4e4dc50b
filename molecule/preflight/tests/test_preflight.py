# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The right verdict for each driver about an upgrade to 26 and to 29, and 26 does as was said."""

from __future__ import annotations

from typing import NamedTuple

import pytest

COLUMNS = 100
OK, HIDES, REFUSES = "ok", "hides_data", "refuses_to_start"
LOOP = ["dm.loopdatasize=1G", "dm.loopmetadatasize=64M", "dm.basesize=256M", "dm.fs=ext4"]


class Case(NamedTuple):
    """A driver on the engine of 20.10, and what newer ones would do to it."""

    pinned: tuple  # the verdicts for 26 and for 29 where daemon.json names the driver
    found: tuple | None = None  # where it does not, and the engine goes by the driver's folder
    options: tuple = ()
    portable: bool = True  # whether its data root is plain files, which another host can take


CASES = {
    "overlay2": Case((OK, OK), (OK, OK)),
    "overlay": Case((REFUSES, REFUSES), (HIDES, HIDES)),
    "vfs": Case((OK, OK)),  # not found by its folder by any engine
    "devicemapper": Case((REFUSES, REFUSES), (REFUSES, HIDES), options=LOOP),
    "btrfs": Case((OK, OK), (OK, OK), portable=False),
    "zfs": Case((OK, OK), (OK, OK), portable=False),
}


def test_the_hosts_as_they_were_installed(old, new, preflight):
    rows = preflight(old.name, new.name).rows
    for name, version in ((old.name, "20.10"), (new.name, "26.1")):
        row = rows[name]
        assert row["status"] == "ok"
        assert row["engine"]["version"].startswith(version)
        assert verdicts(row) == [OK, OK]
        assert row["choice"]["driver"] == "overlay2"
    assert possible(rows[old.name]) == set(CASES)
    assert possible(rows[new.name]) == {"overlay2", "vfs", "btrfs", "containerd"}
    against = {it["driver"]: it["reasons"] for it in rows[new.name]["candidates"]}
    assert against["devicemapper"] == ["Docker 25.0 removed it"]
    assert against["overlay"] == ["Docker 24.0 removed it"]
    assert "this kernel has no zfs" in against["zfs"]
    assert "this kernel has no aufs" in against["aufs"]


def verdicts(row):
    assert [it["version"] for it in row["outlook"]] == ["26", "29"]
    return [it["verdict"] for it in row["outlook"]]


def possible(row):
    return {it["driver"] for it in row["candidates"] if it["possible"]}


@pytest.fixture(scope="module")
def roots(old):
    """Make the places that btrfs and zfs need."""
    btrfs, zfs = old.host.backend.get_variables()["lab_disks"]
    old.host.check_output(f"mkfs.btrfs -q {btrfs} && mkdir /srv/btrfs && mount {btrfs} /srv/btrfs")
    old.host.check_output(f"zpool create -m /srv/zfs tank {zfs}")


@pytest.mark.parametrize("driver", CASES)
def test_verdict(old, new, roots, preflight, copy_data, driver):
    case, root = CASES[driver], f"/srv/{driver}"
    pinned = {"data-root": root, "storage-driver": driver, "storage-opts": list(case.options)}
    found = {key: value for key, value in pinned.items() if key != "storage-driver"}

    assert old.configure(pinned)
    old.fill()
    said = {"pinned": verdicts_on(old, driver, preflight)}
    assert said["pinned"] == case.pinned
    if case.found:
        assert old.configure(found)
        said["found"] = verdicts_on(old, driver, preflight)
        assert said["found"] == case.found

    if case.portable:
        copy_data(old, new, root)
        # first what leaves the data as it is
        assert what_it_does(new, pinned) == said["pinned"][0]
        if case.found:
            assert what_it_does(new, found) == said["found"][0]


def verdicts_on(machine, driver, preflight):
    """What is said of a host that really runs on a driver, and holds data of it."""
    info = machine.info()
    assert (info["Driver"], info["Images"], info["Containers"]) == (driver, 1, 1)
    row = preflight(machine.name).rows[machine.name]
    assert row["engine"]["driver"] == driver
    assert driver in possible(row)
    assert row["choice"]["driver"] == driver  # any other would hide what it holds
    return tuple(verdicts(row))


def what_it_does(machine, config):
    """What an engine makes of the data of an older one."""
    if not machine.configure(config):
        return REFUSES
    info = machine.info()
    return OK if info["Images"] == info["Containers"] == 1 else HIDES


def test_the_fleet(old, new, preflight, tmp_path):
    """All at once, with a host that does not answer and one that has no engine any more."""
    gone = tmp_path / "gone.yml"
    gone.write_text("nodes: {hosts: {gone1: {ansible_host: 127.0.0.1, ansible_port: 1}}}\n")
    new.stop()
    new.host.check_output("chmod a-x /usr/sbin/dockerd")
    report = preflight(old.name, new.name, "gone1", inventories=[gone])
    new.host.check_output("chmod a+x /usr/sbin/dockerd")

    status = {name: row["status"] for name, row in report.rows.items()}
    assert status == {old.name: "ok", new.name: "no_engine", "gone1": "unreachable"}
    assert "Connection refused" in report.rows["gone1"]["message"]
    lines = {line.split()[0]: line.split()[1:] for line in report.table if line.strip()}
    assert lines["HOST"] == ["ENGINE", "DRIVER", "TO", "26", "TO", "29", "WARNINGS"]
    assert lines["gone1"] == ["unreachable"]
    assert lines[new.name] == ["no", "engine"]
    assert max(map(len, report.table)) <= COLUMNS


@pytest.mark.parametrize("mode", [(), ("--check", "--diff")], ids=["real", "check"])
def test_nothing_is_changed(old, preflight, mode):
    """Neither by a real run nor in check mode, which write the same JSON."""
    assert old.configure({"data-root": "/srv/overlay2"})
    started = "systemctl show --property InvocationID,NRestarts docker.service"
    before = old.host.check_output(started)
    old.host.check_output("touch /run/before")
    report = preflight(old.name, more=mode)
    assert "changed=0" in report.recap[old.name]
    assert verdicts(report.rows[old.name]) == [OK, OK]
    assert old.host.check_output(started) == before
    written = "find /etc /srv /var /usr -xdev -newer /run/before -not -path '/var/log/*' -type f"
    assert old.host.check_output(written) == ""
