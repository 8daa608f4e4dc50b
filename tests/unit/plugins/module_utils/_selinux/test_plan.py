# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What gives a data root its label, as a table: what is there, what is done."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Backing
from ansible_collections.containerhost.storage.plugins.module_utils._selinux.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._selinux.keeper import (
    assume,
    keeper,
)
from ansible_collections.containerhost.storage.plugins.module_utils._selinux.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._selinux.state import (
    State,
    Wanted,
)
from support.invariants import INVARIANTS, Technology, outcome

OWN = Wanted("/var/lib/docker", "docker.service")
OTHER = Wanted("/srv/docker", "other.service")

# container-selinux knows Docker's own root, and any other as what it lies in.
FEDORA = State(
    True, True, False, "container_var_lib_t", "container_var_lib_t", "container_var_lib_t"
)
# Debian's policy has no word of containers.
DEBIAN = State(True, True, False, "var_lib_t", "var_lib_t", "var_lib_t")
MOVED = State(False, True, False, "", "var_t", "container_var_lib_t")
FILLED = State(True, False, False, "container_var_lib_t")
UNASKED = State(True, True, True)  # a policy that could not be asked

MKDIR = "mkdir --parents --mode 0711 -- /srv/docker"
RULE = "semanage fcontext --add --equal /var/lib/docker /srv/docker"
RESTORE = "restorecon /srv/docker"

CASES = [
    # Docker's own root: it has its label, or a filesystem has just come over it
    (FEDORA, OWN, []),
    (DEBIAN, OWN, []),
    (FEDORA._replace(present="var_lib_t"), OWN, ["restorecon /var/lib/docker"]),
    (FEDORA._replace(mounted=True, present="unlabeled_t"), OWN, ["restorecon /var/lib/docker"]),
    (UNASKED, OWN, ["restorecon /var/lib/docker"]),
    (UNASKED._replace(present="var_lib_t"), OWN, []),
    # another one: the policy is told first, once
    (MOVED, OTHER, [MKDIR, RULE, RESTORE]),
    (MOVED._replace(exists=True, present="var_t"), OTHER, [RULE, RESTORE]),
    (MOVED._replace(by_policy="container_var_lib_t"), OTHER, [MKDIR, RESTORE]),
    (FEDORA, OTHER, []),
    # what holds something is left alone, whatever its label
    (FILLED, OWN, []),
    (FILLED._replace(present="unlabeled_t"), OWN, []),
    (FILLED._replace(present="var_t", by_policy="var_t", as_dockers="x_t"), OTHER, []),
]


@pytest.mark.parametrize(("state", "wanted", "steps"), CASES)
def test_plan(state, wanted, steps):
    assert outcome(plan, state, wanted) == steps


@pytest.mark.parametrize("holds", INVARIANTS, ids=lambda holds: holds.__name__)
@pytest.mark.parametrize(("state", "wanted", "steps"), CASES)
def test_invariant(holds, state, wanted, steps):
    holds(Technology(plan, describe), state, wanted)


@pytest.mark.parametrize(
    ("present", "found"),
    [("unlabeled_t", 1), ("", 1), ("default_t", 1), ("var_t", 0), (None, 0)],
)
def test_a_root_that_holds_something_and_has_no_label_is_told_of(present, found):
    findings = plan(FILLED._replace(present=present), OWN).findings
    assert [it.topic for it in findings] == ["selinux_label"] * found
    assert all("restorecon -R /var/lib/docker" in it.message for it in findings)


def test_the_engine_is_not_started_before():
    *_kept, part = plan(MOVED, OTHER).parts
    assert [pause.unit for pause in part.pauses] == ["other.service"]


NEW = {"backing": Backing("/srv/docker", "xfs", ())}


@pytest.mark.parametrize(
    ("state", "offer", "seen"),
    [
        # a filesystem that comes over it has no label yet, whatever lies below
        (FILLED, NEW, FILLED._replace(fresh=True, mounted=True, present="")),
        (MOVED, NEW, MOVED._replace(exists=True, mounted=True)),
        # what is mounted already was looked at; what comes elsewhere is not about it
        (FILLED._replace(mounted=True), NEW, FILLED._replace(mounted=True)),
        (FILLED, {"backing": Backing("/srv", "xfs", ())}, FILLED),
        (FILLED, {}, FILLED),
    ],
)
def test_what_is_below_it_is_assumed_to_be_there(state, offer, seen):
    assert assume(state, offer, OTHER) == seen


def test_it_is_a_layer():
    layer = keeper(OTHER)
    assert layer.describe(FILLED) == {"path": "/srv/docker", "type": "container_var_lib_t"}
    assert layer.plan(FILLED).steps == []
    assert layer.assume(FILLED, NEW).fresh
