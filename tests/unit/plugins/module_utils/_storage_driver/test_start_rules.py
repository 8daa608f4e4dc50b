# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of the engine's next start: a refusal where it is started, else a finding."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Flag
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
    describe as description,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.keeper import (
    assume,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.plan import (
    plan,
)
from support.engine_hosts import PINNED, ROOT, USED, host, want

FD = Flag("hosts", "fd://", "-H", "/lib/systemd/system/docker.service")
DRIVER = Flag("storage-driver", "overlay2", "-s", "/etc/default/docker")
LABEL = Flag("labels", "a=secret", "--label", "/etc/x.conf")
PROXY = Flag("http-proxy", "http://me:secret@proxy", "--http-proxy", "/etc/x.conf")


def of_unit(text=PINNED, flags=(), active="active", prerequisites=None, **unit):
    """A host whose unit is as told."""
    state = host(text=text, flags=flags, active=active, prerequisites=prerequisites)
    engine = state.engine
    return state._replace(engine=engine._replace(unit=engine.unit._replace(**unit)))


def with_keys(keys):
    return PINNED[:-1] + f", {keys}}}"


# the host, the topic of the finding, its level, words of it
STARTS = [
    (of_unit(with_keys('"hosts": ["unix://"]'), [FD]), "flag_conflict", "error", "-H fd://"),
    (of_unit(flags=[DRIVER]), "flag_conflict", "error", "/etc/default/docker gives it"),
    (of_unit(with_keys('"labels": []'), [LABEL]), "flag_conflict", "error", "--label: /etc/x.conf"),
    (
        of_unit(with_keys('"proxies": {"http-proxy": "x"}'), [PROXY]),
        "flag_conflict",
        "error",
        "sets http-proxy as well",
    ),
    (of_unit(needs_reload=True), "unit_not_reloaded", "warning", "systemctl daemon-reload"),
    (
        of_unit(flags=[FD], started=(FD._replace(value="unix:///x"),)),
        "engine_flags_differ",
        "warning",
        "it runs with -H unix:///x, and docker.service starts it with -H fd://",
    ),
]


@pytest.mark.parametrize(("state", "topic", "level", "words"), STARTS)
def test_it_is_found_on_a_run_with_nothing_to_do(state, topic, level, words):
    planned = plan(state, want("overlay2"))
    assert not planned.steps
    (finding,) = planned.findings
    assert (finding.topic, finding.level) == (topic, level)
    assert words in finding.message
    assert "secret" not in finding.message


@pytest.mark.parametrize(("state", "topic", "level", "words"), STARTS)
@pytest.mark.parametrize(
    "wish",
    [
        want("vfs"),
        want("overlay2", data_root="/srv"),
        want("overlay2", restart=False, data_root="/srv"),
    ],
)
def test_it_is_refused_where_a_file_is_written_or_the_engine_started(
    state, topic, level, words, wish
):
    with pytest.raises(StorageError) as error:
        plan(state, wish)
    assert error.value.details == {"refusal": topic}
    assert "secret" not in str(error.value)


def test_a_mount_that_stops_other_units_is_no_concern_of_the_engine():
    state = assume(STARTS[0][0], {"stopped": {"other.service"}})
    assert [finding.level for finding in plan(state, want("overlay2")).findings] == ["error"]


@pytest.mark.parametrize(("state", "topic", "level", "words"), STARTS)
def test_it_is_refused_where_a_mount_stops_the_engine(state, topic, level, words):
    with pytest.raises(StorageError) as error:
        plan(assume(state, {"stopped": {"docker.service"}}), want("overlay2"))
    assert error.value.details == {"refusal": topic}


GOOD = [
    of_unit(flags=[FD, LABEL, PROXY]),
    of_unit(with_keys('"runtimes": {}'), [Flag("runtimes", "a=b", "--add-runtime", "x")]),
    of_unit(flags=[FD], started=(FD,)),
]


@pytest.mark.parametrize("state", GOOD[:2])
def test_flags_that_go_with_the_file(state):
    assert plan(state, want("overlay2")).findings == ()
    assert plan(state, want("vfs")).steps


def test_what_the_engine_rejects_is_not_written():
    state = of_unit()
    seen = state.prerequisites._replace(rejected="unknown flag: --oom-score-adjust")
    with pytest.raises(StorageError, match="unknown flag: --oom-score-adjust") as error:
        plan(state._replace(prerequisites=seen), want("vfs"))
    assert error.value.details == {"refusal": "config_rejected"}


def test_only_flags_about_storage_are_reported():
    state = of_unit(flags=[FD, LABEL, PROXY, DRIVER])
    shown = description.describe(state, want())["flags"]
    assert [flag["key"] for flag in shown] == ["hosts", "storage-driver"]


KEPT = {"network": 2, "plugin": 1, "trust key": 3, "swarm membership": 1}


def test_what_else_is_of_value_is_not_left_behind():
    left, there = Holdings(ROOT, others=KEPT), Holdings("/srv")
    moved = host(text=PINNED, roots=(left, there))
    wish = want("overlay2", data_root="/srv")
    with pytest.raises(StorageError) as error:
        plan(moved, wish)
    assert error.value.details == {"refusal": "data_hidden"}
    assert "2 networks, 1 plugin, 3 trust keys, 1 swarm membership" in str(error.value)
    assert plan(moved, wish._replace(keep_existing=True)).steps
    # a root that has some is no fault, nor is another driver in the same root
    assert plan(host(text=PINNED, roots=(Holdings(ROOT), there._replace(others=KEPT))), wish).steps
    assert plan(host(text=PINNED, roots=(left,)), want("vfs")).steps


MAPPED = ["name=seccomp", "name=userns"]
USERS = [
    # what the engine runs with, what its file has, what is there, refused
    ([], '"userns-remap": "default"', USED, True),
    (MAPPED, '"debug": true', USED, True),
    (MAPPED, '"userns-remap": "root"', USED, True),
    ([], '"userns-remap": "default"', {}, False),
    ([], '"userns-remap": "root"', USED, False),
    (MAPPED, '"userns-remap": "default"', USED, False),
]


@pytest.mark.parametrize(("security", "keys", "held", "refused"), USERS)
def test_no_restart_takes_the_engine_to_another_users_folder(security, keys, held, refused):
    state = host(text=with_keys(keys), held=held)
    info = {**state.engine.info, "SecurityOptions": security}
    state = state._replace(engine=state.engine._replace(info=info))
    wish = want("overlay2", options={"overlay2.override_kernel_check": "true"})
    if refused:
        with pytest.raises(StorageError, match="it then works in another folder") as error:
            plan(state, wish)
        assert error.value.details == {"refusal": "data_hidden"}
    else:
        assert plan(state, wish).steps
    assert plan(state, wish._replace(keep_existing=True)).steps
    assert not plan(state, want("overlay2")).steps  # nor is it refused where nothing is done
