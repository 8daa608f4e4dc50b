# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every property, with every value that it may be given: made, set, and in order on the next run.

What ZFS shows of a value is told here once more, from zfs_prop.c and zfs_prop_get() of
libzfs_dataset.c, and not by what the modules think.
"""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import Value
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.properties import (
    FEATURES,
    PROPERTIES,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import (
    wanted_from,
)
from support.zfs_hosts import dataset, host

# The first word of each of the kernel's numbers is the one that is shown.
FIRST = {
    "aclinherit": {"secure": "restricted"},
    "acltype": {"disabled": "off", "noacl": "off", "posixacl": "posix"},
    "compression": {"gzip-6": "gzip", "zstd-fast-1": "zstd-fast"},
    "encryption": {"on": "aes-256-gcm"},
    "volmode": {"geom": "full"},
    "xattr": {"dir": "on"},
}
SINCE_2_3 = {**FIRST, "xattr": {"on": "sa"}}
NO_LIMIT = {
    **dict.fromkeys(("filesystem_limit", "snapshot_limit"), str(2**64 - 1)),
    **dict.fromkeys((name for name in PROPERTIES if name.endswith("quota")), "0"),
    **dict.fromkeys(("reservation", "refreservation", "special_small_blocks"), "0"),
}
SIZES = {
    "recordsize": ["512", "4K", "128k", "1M", "1MiB", 16777216],
    "volblocksize": ["4K", "16 KB", 65536],
    "special_small_blocks": [0, "none", "4K", "1M"],
    "volsize": ["1G", "1024M", 1000000, "1.1G"],
    "copies": [1, "2", 3],
    "pbkdf2iters": [0],
}
TEXTS = {
    "keylocation": ["none"],
    "mountpoint": ["none", "legacy", "/", "/srv/a", "/srv//a/", "/with = and space/$HOME"],
    "sharenfs": [True, False, "yes", "off", "rw=@10.0.0.0/8,async", "ro"],
}
KEYED = {"keyformat": "raw", "keylocation": "file:///root/key"}


def values_of(name):
    """What a person may write for a property."""
    prop = PROPERTIES[name]
    if prop.form == "word":
        written = [*prop.words, *(word for word, _shown in prop.same)]
        return [*written, True, False, "yes", "No"] if "on" in prop.words else written
    if prop.form == "text":
        return TEXTS.get(name, ["none", "system_u:object_r:container_file_t:s0"])
    # More than what is used, and less than what is free.
    return SIZES.get(name, ["none", "None", 0, "1.5G", "2000 MB", "3 GiB", 2**32, str(2**32)])


# Of keys there are cases in the planner's own table.
NAMES = [name for name in PROPERTIES if name != "keyformat"]


def shown(word, first):
    """Property and Value of a word that `zfs set` or `zfs create` was given."""
    name, _equals, value = word.partition("=")
    # zprop_parse_value(): a quota of 0 is refused.
    assert not (name in ("quota", "refquota") and value == "0")
    if value == "none" and name in NO_LIMIT:
        value = NO_LIMIT[name]
    return name, Value(first.get(name, {}).get(value, value))


def after(state, step, first):
    """The host once ZFS has done a step."""
    *_words, name = step.argv
    given = dict(shown(word, first) for word in step.argv[2:-1] if "=" in word)
    if "-V" in step.argv:
        size = step.argv[step.argv.index("-V") + 1]
        given = {"volsize": Value(size), "refreservation": Value(size), **given}
    kind = "volume" if "volsize" in given else "filesystem"
    found = state.dataset(name) or dataset(name, kind)
    if first is SINCE_2_3:
        found = found.changed({"direct": Value("standard", "default")})
    return state.with_dataset(found.changed(given))


def wish(name, value, kind, **more):
    properties = {name: value, **more}
    if kind == "volume" and name != "volsize":
        properties["volsize"] = "1G"
    if name == "encryption" and value not in ("off", False, "No"):
        properties.update(KEYED)
    params = dict.fromkeys(("inherit", "origin", "rename_from"), None)
    params.update(dict.fromkeys(("promote", "recursive", "clones", "parents"), False))
    return wanted_from({**params, "name": "tank/a", "state": "present", "properties": properties})


@pytest.mark.parametrize("first", [FIRST, SINCE_2_3], ids=["until 2.2", "since 2.3"])
@pytest.mark.parametrize("name", NAMES)
def test_a_value_is_set_once(name, first):
    assert values_of(name)
    for value in values_of(name):
        for kind in PROPERTIES[name].of:
            is_set_once(name, wish(name, value, kind), kind, first)


def is_set_once(name, wanted, kind, first):
    """Hold that what is wanted is in order once it was made with it, and once it was set."""
    later = {} if name in dataset("tank", kind).values else {name: Value("0", "default")}
    root = dataset("tank").changed(later)
    blank = host(root=root, features=FEATURES)
    (made,) = plan(blank, wanted).steps
    assert plan(after(blank, made, first), wanted).steps == [], wanted
    if PROPERTIES[name].setting == "once" or name == "volsize":
        return
    there = host(dataset("tank/a", kind).changed(later), root=root, features=FEATURES)
    steps = plan(there, wanted).steps
    assert len(steps) <= 1
    for step in steps:
        assert plan(after(there, step, first), wanted).steps == [], wanted
