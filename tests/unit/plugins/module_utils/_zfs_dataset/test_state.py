# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What no host could have, told from the options of a dataset alone."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import (
    wanted_from,
)

PARAMS = {
    "name": "tank/a",
    "properties": {},
    "inherit": [],
    "origin": None,
    "rename_from": None,
    "promote": False,
    "recursive": False,
    "clones": False,
    "parents": False,
    "state": "present",
}


def wanted(**params):
    return wanted_from({**PARAMS, **params})


TOGETHER = [
    (
        {"properties": {"quota": "1G"}, "inherit": ["quota"]},
        "options_conflict",
        "to be set and to be inherited",
    ),
    ({"origin": "tank/o"}, "origin_invalid", "is no snapshot, and only those can be cloned"),
    ({"origin": "other/o@s"}, "origin_invalid", "a clone lies in the pool of its origin"),
    ({"name": "tank/a@s", "origin": "tank/o@s"}, "origin_invalid", "a snapshot cannot be a clone"),
    ({"name": "tank/a@s", "promote": True}, "not_a_clone", "only clones can be promoted"),
    ({"rename_from": "other/a"}, "rename_invalid", "renamed into another pool"),
    ({"rename_from": "tank/a@s"}, "rename_invalid", "a snapshot stays a snapshot"),
    (
        {"name": "tank/a@s", "rename_from": "tank/b@s"},
        "rename_invalid",
        "within its own filesystem",
    ),
    ({"name": "tank/a/b", "rename_from": "tank/a"}, "rename_invalid", "to below itself"),
    (
        {"rename_from": "tank//b"},
        "name_invalid",
        "rename_from=tank//b: a part of the name is empty",
    ),
    (
        {"properties": {"used": "1G"}},
        "property_readonly",
        "it tells about a dataset and cannot be set",
    ),
    ({"inherit": ["guid"]}, "property_readonly", "it tells about a dataset and cannot be set"),
    ({"properties": {"version": 5}}, "property_unmanaged", "`zfs upgrade` raises it"),
    (
        {"properties": {"userquota@bob": "1G"}},
        "property_unmanaged",
        "`zfs set` and `zfs userspace`",
    ),
    (
        {"properties": {"userobjquota@bob": "1"}},
        "property_unmanaged",
        "`zfs set` and `zfs userspace`",
    ),
    (
        {"properties": {"mlslabel": "none"}},
        "property_unmanaged",
        "the ZFS of Linux takes no labels",
    ),
    ({"inherit": ["written@s"]}, "property_readonly", "it tells about a dataset"),
    ({"properties": {"groupused@wheel": 1}}, "property_readonly", "it tells about a dataset"),
    ({"properties": {"Quota": "1G"}}, "property_unknown", "ZFS has no property of that name"),
    ({"properties": {"-o": "1G"}}, "property_unknown", "ZFS has no property of that name"),
    (
        {"properties": {"-x:y": "1"}},
        "property_name_invalid",
        "ZFS takes no user property of that name",
    ),
    (
        {"properties": {"X:y": "1"}},
        "property_name_invalid",
        "ZFS takes no user property of that name",
    ),
    (
        {"properties": {"x:" + "y" * 254: "1"}},
        "property_name_invalid",
        "ZFS takes no user property of that name",
    ),
]


@pytest.mark.parametrize(("params", "refusal", "words"), TOGETHER)
def test_what_no_host_could_have_is_refused(params, refusal, words):
    with pytest.raises(StorageError) as refused:
        wanted(**params)
    assert words in str(refused.value)
    assert refused.value.details == {"refusal": refusal}
