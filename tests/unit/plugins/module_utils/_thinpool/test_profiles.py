# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose a profile is: pools whose names run into one another, persons, LVM's own package."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import WriteFile
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import parse_amount
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.config import LvmConfig
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import Lvm
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool import profiles
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.autoextend import (
    Policy,
    parse_profile,
    sets_only_the_policy,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.state import (
    State,
    Wanted,
)
from support.lvm_hosts import group, groups, pool

TEXT = "activation {\n\tthin_pool_autoextend_threshold=80\n\tthin_pool_autoextend_percent=20\n}\n"
LESS = TEXT.replace("80", "70")
MORE = TEXT + "allocation {\n\tthin_pool_zero=0\n}\n"


def there(vg="docker", name="thinpool", profile="", **more):
    """A group with one pool that has a profile attached."""
    found = pool(900, uuid=f"{vg}/{name}", profile=profile)._replace(name=name)
    return group(found, name=vg, **more)


def changed(found, texts, vg, name, **wish):
    """What a plan does to profiles: ``(files it writes, files it removes, the one attached)``."""
    state = State(groups(*found), LvmConfig(), texts, True)
    wanted = Wanted(vg, name, **wish)
    planned = plan(state, wanted)
    files = [step for step in planned.steps if isinstance(step, WriteFile)]
    attached = planned.after.pool(wanted)[1]
    return (
        [step.path.split("/")[-1] for step in files if step.content is not None],
        [step.path.split("/")[-1] for step in files if step.content is None],
        attached and attached.profile,
    )


SIZE = {"size": parse_amount("100m", "size")}
LEANER = {"policy": Policy(70, 20)}

CASES = [
    # made anew beside a pool whose name runs into this one's
    ([group(name="a-b")], {}, "a-b", "c", SIZE, ["a--b-c.profile"], "a--b-c"),
    ([group(name="a")], {}, "a", "b-c", SIZE, ["a-b--c.profile"], "a-b--c"),
    (
        [group(name="a-b"), there("a", "b-c", "a-b-c")],
        {"a-b-c": LESS},
        *("a-b", "c", SIZE, ["a--b-c.profile"], "a--b-c"),
    ),
    # an installation of before keeps the name that its profile has
    ([there("a-b", "c", "a-b-c")], {"a-b-c": TEXT}, "a-b", "c", {}, [], "a-b-c"),
    (
        [there("a-b", "c", "a-b-c")],
        {"a-b-c": TEXT},
        *("a-b", "c", LEANER, ["a-b-c.profile"], "a-b-c"),
    ),
    # and gets one of its own where it shares that with the other pool
    (
        [there("a-b", "c", "a-b-c"), there("a", "b-c", "a-b-c")],
        {"a-b-c": TEXT},
        *("a-b", "c", LEANER, ["a--b-c.profile"], "a--b-c"),
    ),
    (
        [there("a-b", "c", "a-b-c"), there("a", "b-c", "a-b-c")],
        {"a-b-c": TEXT},
        "a-b",
        "c",
        {},
        [],
        "a-b-c",
    ),
    # another pool, or a group, has the very name attached
    (
        [group(), there("x", "y", "docker-thinpool")],
        {"docker-thinpool": LESS},
        *("docker", "thinpool", SIZE, ["docker-thinpool-2.profile"], "docker-thinpool-2"),
    ),
    (
        [group(), group(name="x", profile="docker-thinpool")],
        {"docker-thinpool": TEXT},
        *("docker", "thinpool", SIZE, ["docker-thinpool-2.profile"], "docker-thinpool-2"),
    ),
    # a person's file, which says more than a policy
    (
        [group()],
        {"docker-thinpool": MORE},
        *("docker", "thinpool", SIZE, ["docker-thinpool-2.profile"], "docker-thinpool-2"),
    ),
    (
        [group()],
        {"docker-thinpool": MORE, "docker-thinpool-2": MORE},
        *("docker", "thinpool", SIZE, ["docker-thinpool-3.profile"], "docker-thinpool-3"),
    ),
    (
        [there(profile="by-hand")],
        {"by-hand": MORE},
        *("docker", "thinpool", LEANER, ["docker-thinpool.profile"], "docker-thinpool"),
    ),
    (
        [there(profile="by-hand")],
        {"by-hand": TEXT},
        "docker",
        "thinpool",
        LEANER,
        ["by-hand.profile"],
        "by-hand",
    ),
    (
        [there(profile="docker-thinpool")],
        {"docker-thinpool": MORE},
        "docker",
        "thinpool",
        LEANER,
        ["docker-thinpool.profile"],
        "docker-thinpool",
    ),
    # a file of LVM's own package
    (
        [group(name="thin")],
        {},
        "thin",
        "generic",
        SIZE,
        ["thin-generic-2.profile"],
        "thin-generic-2",
    ),
    (
        [there(profile="thin-performance")],
        {"thin-performance": TEXT},
        "docker",
        "thinpool",
        LEANER,
        ["docker-thinpool.profile"],
        "docker-thinpool",
    ),
    # what a run that broke off has left
    (
        [group()],
        {"docker-thinpool": LESS},
        "docker",
        "thinpool",
        SIZE,
        ["docker-thinpool.profile"],
        "docker-thinpool",
    ),
]


@pytest.mark.parametrize(("found", "texts", "vg", "name", "wish", "written", "attached"), CASES)
def test_a_profile_that_is_written_is_this_pools_alone(
    found, texts, vg, name, wish, written, attached
):
    assert changed(found, texts, vg, name, **wish) == (written, [], attached)


REMOVALS = [
    ([there(profile="docker-thinpool")], {"docker-thinpool": TEXT}, ["docker-thinpool"]),
    ([there(profile="docker-thinpool-2")], {"docker-thinpool-2": TEXT}, ["docker-thinpool-2"]),
    ([there(profile="docker-thinpool")], {"docker-thinpool": MORE}, ["docker-thinpool"]),
    ([there(profile="by-hand")], {"by-hand": TEXT}, []),
    ([group()], {"docker-thinpool": TEXT}, ["docker-thinpool"]),
    ([group()], {"docker-thinpool": MORE}, []),
    (
        [there(profile="docker-thinpool"), there("x", "y", "docker-thinpool")],
        {"docker-thinpool": TEXT},
        [],
    ),
]


@pytest.mark.parametrize(("found", "texts", "removed"), REMOVALS)
def test_a_profile_that_goes_with_a_pool_was_its_own(found, texts, removed):
    gone = changed(found, texts, "docker", "thinpool", present=False)[1]
    assert gone == [f"{name}.profile" for name in removed]


def test_what_two_pools_shared_goes_with_the_last():
    both = [there("a-b", "c", "a-b-c"), there("a", "b-c", "a-b-c")]
    texts = {"a-b-c": TEXT}
    assert changed(both, texts, "a-b", "c", present=False)[1] == []
    assert changed(both[:1], texts, "a-b", "c", present=False)[1] == ["a-b-c.profile"]
    shipped = [there("thin", "generic", "thin-generic")]
    assert changed(shipped, {"thin-generic": TEXT}, "thin", "generic", present=False)[1] == []


ONLY = [
    ("", True),
    (TEXT, True),
    ("# by hand\n" + TEXT, True),
    ("activation/thin_pool_autoextend_threshold=80\n", True),
    ("activation { thin_pool_autoextend_threshold = 80 thin_pool_autoextend_percent=20 }", True),
    (MORE, False),
    ("activation {\n\tmonitoring=0\n}\n", False),
    ("activation {\n\tthin_pool_autoextend_threshold=80x\n}\n", False),
    ("# \ufffd\n" + TEXT, False),
]


@pytest.mark.parametrize(("text", "only"), ONLY)
def test_whether_a_profile_sets_nothing_but_the_policy(text, only):
    assert sets_only_the_policy(text) is only


def test_a_number_that_python_does_not_read_is_a_large_one():
    assert parse_profile(TEXT.replace("80", "9" * 5000)).threshold >= 100


@pytest.mark.parametrize(
    ("there", "read"),
    [
        ({}, set()),
        ({"d-t": TEXT}, {"d-t"}),
        ({"d-t": MORE}, {"d-t"}),
        ({"d-t": MORE, "d-t-2": TEXT, "d-t-3": TEXT}, {"d-t", "d-t-2"}),
    ],
)
def test_no_more_profiles_are_read_than_it_takes(monkeypatch, there, read):
    monkeypatch.setattr(profiles, "read_profile", lambda folder, name: there.get(name))
    assert set(profiles.read_own("/f", Lvm(), "d", "t", None)) == read
