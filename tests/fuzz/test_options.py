# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strange options: refused before the first write, or planned soundly; never a traceback."""

from __future__ import annotations

import json

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Plan,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._layout.wanted import OPTIONS
from support.fuzz import inputs, refused, steps_are_sound, strange, texts_of
from support.layout_hosts import STACKS

pytestmark = pytest.mark.fuzz

LAYERS = {"driver", "volume_kind"}  # which settle what layers a host is observed by


def changed(chance, options):
    """The same options, some of them strange, as Ansible hands them to a module."""
    found = json.loads(json.dumps(options))
    for name in chance.sample(sorted(OPTIONS.keys() - LAYERS), chance.randint(1, 3)):
        option = OPTIONS[name]
        if option.get("choices"):
            found[name] = chance.choice(option["choices"])
        elif option["type"] in ("str", "path"):
            found[name] = strange(chance, found[name] or "")
        elif option["type"] == "list":
            usual = (found[name] or [""])[0]
            found[name] = [strange(chance, usual) for _each in range(chance.randint(1, 3))]
        elif name == "options":
            key = strange(chance, "dm.basesize")
            found[name] = {key: chance.choice((strange(chance), 5, True, None, [1], {"a": 1}))}
        elif name == "autoextend":
            numbers = (None, -1, 0, 1, 49, 50, 99, 100, 101, 10**30)
            found[name] = {it: chance.choice(numbers) for it in ("threshold", "percent")}
        elif option["type"] == "bool":
            found[name] = chance.choice((True, False, None))
    return found


def test_strange_options_of_a_layout():
    """On a blank host, and on one on which all is done."""
    accepted = 0
    for chance in inputs("layout", 0.25):
        wish, *hosts = STACKS[chance.choice(sorted(STACKS))]
        given, host = changed(chance, wish), chance.choice(hosts)
        planned = refused(plan, host, given)
        if isinstance(planned, StorageError):
            continue
        assert isinstance(planned, Plan)
        accepted += 1
        steps_are_sound(planned.steps, texts_of(given))
        assert refused(plan, planned.after, given).steps == [], given
    assert accepted
