# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new driver is a row of one table: with that alone, everybody who decides knows of it."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import driver_rules
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    option_values as values,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.choice import choose
from ansible_collections.containerhost.storage.plugins.module_utils._docker.driver_folders import (
    driver_folders,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.driver_row import (
    Driver,
    Layers,
    Option,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    CONTAINERD,
    DRIVERS,
    KNOWN,
    WORKLOADS,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Backing
from ansible_collections.containerhost.storage.plugins.module_utils._docker.outlook import (
    HIDES_DATA,
    OK,
    REFUSES_TO_START,
    outlook,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.possible import (
    standings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    driver_data,
    driver_usage,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import drivers as topic
from ansible_collections.containerhost.storage.plugins.module_utils._layout import wanted as layout
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Prerequisites,
)
from ansible_collections.containerhost.storage.plugins.modules import storage_driver
from support.driver_hosts import BOOKWORM, DISK, ROOT, left_to, on
from support.engine_hosts import NOTE, RESET, RESTART, WRITE, host, outcome, want
from support.layout_hosts import options

ROW = Driver(
    {"bcachefs.size": Option(values.SIZE, quota_on=("bcachefs",))},
    since=(20, 10),
    deprecated=(26,),
    removed=(29,),
    instead="btrfs",
    priority=15,
    kernel=(6,),
    modules=("bcachefs",),
    modules_from="Install bcachefs-dkms and linux-headers-{}",
    loaded=("bcachefs",),
    programs=("bcachefs",),
    package="bcachefs-tools",
    backing=("bcachefs",),
    rank=15,
    best_for=("large_files",),
    remarks={"large_files": "bcachefs is made for that"},
    drawback="nobody has it",
    caution=("bcachefs_new", "It is new"),
    storage="plain",
    mounted="bcachefs",
    layers=Layers(("snapshots",), ("base",)),
)
OWN = {"backing": Backing(ROOT, "bcachefs", ("rw",))}
NO_OVERLAY = {"missing_modules": ("aufs", "zfs", "overlay")}
SIZE = {"bcachefs.size": ["1G"]}
V20, V26, V29 = (20, 10, 24), (26, 1, 5), (29,)


@pytest.fixture
def row(monkeypatch):
    """The table with one row more."""
    monkeypatch.setitem(DRIVERS, "bcachefs", ROW)


REFUSALS = [
    (driver_rules.require_driver, ("bcachefs", (19, 3)), "that came with 20.10. Use one of"),
    (driver_rules.require_driver, ("bcachefs", V29), "that was removed in 29.0. Use overlay2"),
    (driver_rules.require_driver, ("aufs", V26), "Use overlay2 or btrfs or zfs or bcachefs, or"),
    (driver_rules.require_kernel, ("bcachefs", "5.10.0"), "the bcachefs driver needs 6.0 or later"),
    (driver_rules.require_kernel, ("overlay2", "3.2.0"), "driver that works on it: btrfs, zfs"),
    (
        driver_rules.require_options,
        ("bcachefs", {"bcachefs.size": ["all"]}, V20),
        "'all' is not a value it can have",
    ),
    (driver_rules.require_options, ("vfs", SIZE, V20), "it belongs to bcachefs, not to vfs"),
    (
        driver_rules.require_backing,
        ("bcachefs", {}, Backing("/", "ext4", ()), V20),
        "Mount a filesystem of type bcachefs at the data root",
    ),
    (
        driver_rules.require_backing,
        ("bcachefs", SIZE, OWN["backing"], V20),
        "bcachefs.size needs project quotas",
    ),
    (
        plan,
        (host(prerequisites=Prerequisites(missing_modules=("bcachefs",))), want("bcachefs")),
        "Install bcachefs-dkms and linux-headers-6.1.0-49-amd64.",
    ),
    (
        plan,
        (host(prerequisites=Prerequisites(missing_programs=("bcachefs",))), want("bcachefs")),
        "Install bcachefs-tools, then run again",
    ),
]


@pytest.mark.parametrize(("check", "arguments", "says"), REFUSALS)
def test_refusals(row, check, arguments, says):
    with pytest.raises(StorageError) as refused:
        check(*arguments)
    assert says in str(refused.value)


def test_the_plan(row):
    state, wish = host(backing=OWN["backing"]), want("bcachefs")
    assert outcome(state, wish) == [NOTE, WRITE, RESET, RESTART]
    topics = {it.topic: it.message for it in plan(state, wish).findings}
    assert topics["bcachefs_new"] == "It is new"
    assert "29.0 has it no more" in topics["driver_deprecated"]


ON_EXT4 = "/var/lib/docker is on ext4, not on bcachefs"

# host, the reasons against it, what it needs
STANDINGS = [
    (BOOKWORM, [ON_EXT4 + ", and no disk is free to change that"], ""),
    (BOOKWORM._replace(disks=DISK), [], "a disk: " + ON_EXT4),
    (BOOKWORM._replace(**OWN), [], ""),
    (BOOKWORM._replace(version=V29, **OWN), ["Docker 29.0 removed it"], ""),
    (
        BOOKWORM._replace(missing_modules=("bcachefs",), missing_programs=("bcachefs",), **OWN),
        ["this kernel has no bcachefs", "the program bcachefs is not installed"],
        "",
    ),
]


@pytest.mark.parametrize(("facts", "reasons", "needs"), STANDINGS)
def test_candidates(row, facts, reasons, needs):
    assert [it.driver for it in standings(facts)] == [*DRIVERS, CONTAINERD] == list(KNOWN)
    found = {it.driver: it for it in standings(facts)}["bcachefs"]
    assert (list(found.reasons), found.needs) == (reasons, needs)


# host, workload, the driver, the reason
CHOICES = [
    (BOOKWORM._replace(**OWN), "general", "bcachefs", "is on bcachefs; bcachefs is the driver for"),
    (BOOKWORM._replace(**OWN), "high_density", "overlay2", "on overlay2 containers start at once"),
    (BOOKWORM._replace(disks=DISK), "large_files", "bcachefs", "bcachefs is made for that"),
    (BOOKWORM._replace(disks=DISK), "general", "overlay2", "overlay2 suits most work"),
    (on("bcachefs", **OWN), "high_density", "bcachefs", "Docker 29.0 removed it"),
    (
        BOOKWORM._replace(running="", **NO_OVERLAY, **OWN),
        "high_density",
        "bcachefs",
        "bcachefs is the driver for that",
    ),
]


@pytest.mark.parametrize(("facts", "workload", "driver", "why"), CHOICES)
def test_the_choice(row, facts, workload, driver, why):
    found = choose(facts, workload, bool(facts.disks))
    assert found.driver == driver
    assert why in found.why
    assert found.takes_disks is bool(facts.disks)
    assert driver == "bcachefs" or found.against["bcachefs"].endswith("nobody has it")


# host, engine; the verdict, the driver that it would run on, what to do before
OUTLOOKS = [
    (on("bcachefs", **OWN), 26, OK, "bcachefs", ""),
    (on("bcachefs", **OWN), 29, REFUSES_TO_START, "", "(`docker save`, storage-driver: btrfs,"),
    (left_to("bcachefs", **OWN), 26, OK, "bcachefs", ""),
    (left_to("bcachefs", **OWN), 29, HIDES_DATA, CONTAINERD, "or stay before Docker 29.0."),
    (left_to("vfs", **NO_OVERLAY, **OWN), 26, HIDES_DATA, "bcachefs", "Set storage-driver to vfs"),
]


@pytest.mark.parametrize(("facts", "version", "verdict", "driver", "before"), OUTLOOKS)
def test_the_advice_on_an_upgrade(row, facts, version, verdict, driver, before):
    found = outlook(facts, (version,))
    assert (found.verdict, found.driver) == (verdict, driver)
    assert before in found.before


def test_what_it_keeps_is_found_and_weighed(row, tmp_path):
    for name in ("base", "a", "b"):
        (tmp_path / "bcachefs" / "snapshots" / name).mkdir(parents=True)
    (found,) = driver_folders(str(tmp_path))
    assert (found.driver, found.layers) == ("bcachefs", 2)
    (tmp_path / "bcachefs" / "snapshots" / "a" / "file").write_text("x" * 8000)
    kept = driver_data.Kept("bcachefs", str(tmp_path), found.path, layers=found.layers)
    seen = driver_data.Seen((kept,), driver_data.Using())
    assert driver_usage.observe(pytest.fail, seen, None)[0].bytes >= 8000


def test_what_it_needs_is_looked_for(row):
    assert all("bcachefs" in topic._all(what) for what in ("modules", "programs", "loaded"))


def test_a_layout_can_have_it(row):
    assert "bcachefs" in layout.layout_drivers()
    wanted = layout.wanted_from(options(driver="bcachefs", devices=DISK), None)
    assert (wanted.driver, wanted.storage) == ("bcachefs", "plain")


def test_the_documentation_names_every_driver():
    documented = yaml.safe_load(storage_driver.DOCUMENTATION)["options"]["driver"]["choices"]
    assert documented == list(DRIVERS)


@pytest.mark.parametrize("name", DRIVERS)
def test_a_row_is_whole(name):
    it = DRIVERS[name]
    assert it.drawback
    assert bool(it.package) == bool(it.programs)
    assert set(it.loaded) <= set(it.modules)
    assert it.instead in DRIVERS
    assert DRIVERS[it.instead].removed == (9999,)
    assert {*it.best_for, *it.remarks} <= set(WORKLOADS)
    assert it.snapshotter in ("", "own", "plugin")
    assert it.storage in ("", *layout._TOOLS)
    assert not it.mounted or it.storage not in ("", "none")
    assert not it.elsewhere or it.elsewhere in it.options
    assert set(it.pool_options) <= set(it.options)


@pytest.mark.parametrize("order", ["rank", "priority"])
def test_no_two_have_one_place(order):
    places = [place for it in DRIVERS.values() for place in [getattr(it, order)] if place]
    assert len(places) == len(set(places))
