# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An engine and the pool below it, as a table: what is there, what is wanted, what is done."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Pool
from ansible_collections.containerhost.storage.plugins.module_utils._driver_on_pool.plan import (
    State,
    describe,
    plan,
    wanted_from,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.config import LvmConfig
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Closer,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.state import (
    State as PoolState,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.state import Wanted
from support.engine_hosts import CONFIG, NOTE, RESET, RESTART, USED, good, want
from support.engine_hosts import host as engine
from support.invariants import INVARIANTS, Technology, outcome
from support.lvm_hosts import disk, group, groups, pool

NAME = "docker-thinpool"
ON_POOL = want("devicemapper", {"dm.thinpooldev": f"/dev/mapper/{NAME}"})
WRITTEN = (
    '{"storage-driver": "devicemapper", "storage-opts": ["dm.thinpooldev=/dev/mapper/'
    + NAME
    + '"]}'
)
TEXT = "activation {\n\tthin_pool_autoextend_threshold=80\n\tthin_pool_autoextend_percent=20\n}\n"
PROFILE = "/etc/lvm/profile/docker-thinpool.profile"

BLANK = PoolState(groups(disks=[disk()]), LvmConfig(), {}, True)
MADE = PoolState(groups(group(pool()), disks=[disk()]), LvmConfig(), {NAME: TEXT}, True)
UNWATCHED = MADE._replace(groups=groups(group(pool(monitored=False)), disks=[disk()]))
TAKEN = BLANK._replace(groups=groups(disks=[disk(mounts=("/srv",))]))
NO_POOL = Closer(pool=Pool(NAME, exists=False))
NEW_POOL = Closer(pool=Pool(NAME, exists=True, thin=True))
RUNNING = engine("devicemapper", WRITTEN, status=[["Pool Name", NAME]])

MAKE = ["vgcreate", PROFILE, "lvcreate"]
WATCH = ["lvchange"]
SWITCH = [NOTE.partition(" ")[2], CONFIG, RESET, RESTART]

CASES = [
    # both from nothing, each alone, and neither
    (engine(closer=NO_POOL), BLANK, [*MAKE, *SWITCH]),
    (engine(closer=NEW_POOL), MADE, SWITCH),
    (RUNNING, UNWATCHED, WATCH),
    (RUNNING, MADE, []),
    # what is missing is brought first
    (engine(closer=NO_POOL)._replace(missing_tools=("lvm",)), None, []),
    # the engine's refusal comes before there is a pool, and also where tools are missing
    (engine(closer=NO_POOL, version=(26, 1, 5)), BLANK, "has no devicemapper driver"),
    (
        engine(version=(26, 1, 5))._replace(missing_tools=("lvm",)),
        None,
        "has no devicemapper driver",
    ),
    (engine(closer=NO_POOL, held=USED), BLANK, "3 images of overlay2"),
    (engine(closer=NO_POOL._replace(missing_modules=("dm_mod",))), BLANK, "it has no dm_mod"),
    (engine(closer=NO_POOL._replace(remembers_pool=True)), BLANK, "the notes of another pool"),
    # the pool's refusal comes before the engine is touched
    (engine(closer=NO_POOL), TAKEN, "it is mounted at /srv"),
    (engine(closer=NO_POOL), BLANK._replace(thin_check=False), "`thin_check` is not on this host"),
    # a pool that is there is looked at like any other
    (
        engine(closer=Closer(pool=Pool(NAME, exists=True, thin=True, used=True))),
        MADE,
        "it has been used already",
    ),
]


def wanted(**more):
    return Wanted(vg="docker", name="thinpool", zero=False, **more)


def both(state, wish):
    return plan(state, ON_POOL, wish)


def first_words(steps):
    """Files by their paths; a command of LVM by its name, one of systemd's with its verb."""
    words = [step.split() for step in steps]
    return [" ".join(it[:2]) if it[0] == "systemctl" else it[0] for it in words]


@pytest.mark.parametrize(("docker", "lvm", "expected"), CASES)
def test_case(docker, lvm, expected):
    found = outcome(both, State(docker, lvm), wanted())
    if isinstance(expected, str):
        assert expected in found
    else:
        assert first_words(found) == expected


@pytest.mark.parametrize("holds", INVARIANTS, ids=lambda holds: holds.__name__)
@pytest.mark.parametrize(("docker", "lvm", "_steps"), good(CASES))
def test_invariant(holds, docker, lvm, _steps):
    holds(Technology(both, describe), State(docker, lvm), wanted())


def test_the_way_back_leaves_the_pool():
    planned = both(State(engine(closer=NO_POOL), BLANK), wanted())
    *pool, driver = planned.parts
    assert len([step for part in pool for step in part.steps]) == len(MAKE)
    assert [(part.undo, part.diagnose) for part in pool] == [((), ())] * len(pool)
    assert [step.path for step in driver.undo] == [CONFIG]


def test_both_speak():
    planned = both(State(engine(closer=NO_POOL), BLANK), wanted())
    assert planned.facts["autoextend"]["can_extend"]
    assert [finding.topic for finding in planned.findings] == ["driver_deprecated"]
    told = describe(planned.after, wanted())
    assert told["driver"] == "devicemapper"
    assert told["thinpool"]["pool"]["name"] == "thinpool"


def test_no_pool_is_told_of_where_none_was_looked_for():
    assert describe(State(engine()), wanted())["thinpool"] is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dm.thinpooldev": "/dev/mapper/other-pool"}, "on /dev/mapper/other-pool instead"),
        ({"dm.fs": "xfs"}, "the engine is not told to be on it"),
        (None, "the engine is not told to be on it"),
    ],
)
def test_a_pool_that_the_engine_is_not_to_be_on(options, words):
    with pytest.raises(StorageError, match=words) as refused:
        wanted_from(PARAMS, want("devicemapper", options))
    assert "Give dm.thinpooldev: /dev/mapper/my--vg-pool in options" in str(refused.value)


PARAMS = {
    **{"vg": "my-vg", "name": "pool", "size": "80%VG", "metadata_size": None, "chunk_size": None},
    **{"zero": None, "discards": None, "error_when_full": None, "autoextend": None},
    **{"monitor": True, "require_headroom": False},
}


@pytest.mark.parametrize("device", ["/dev/mapper/my--vg-pool", "my--vg-pool"])
def test_the_pool_that_is_wanted(device):
    wish = want("devicemapper", {"dm.thinpooldev": device})
    assert wanted_from(PARAMS, wish).target == "my-vg/pool"
