# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names and values of properties: what ZFS takes, and what means the same."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.names import (
    ancestors,
    check_name,
    is_below,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.properties import (
    FEATURES,
    PROPERTIES,
    READ_ONLY,
    UNLIMITED,
    feature,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.values import (
    canonical,
    same,
    spelled,
)
from hypothesis import given
from hypothesis import strategies as st

GOOD_NAMES = ["tank", "tank/a", "tank/a-b_c.d:e", "tank/a b", "tank/a@2026-11-20", "t/-a"]


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_zfs_takes_the_name(name):
    check_name(name)


BAD_NAMES = [
    ("", "a part of the name is empty"),
    ("/tank/a", "a part of the name is empty"),
    ("tank/", "a part of the name is empty"),
    ("tank//a", "a part of the name is empty"),
    ("tank/a@", "a part of the name is empty"),
    ("tank/a@b@c", "no such characters in 'b@c'"),
    ("tank/a@b/c", "no such characters in 'b/c'"),
    ("tank/a#b", "it names a bookmark"),
    ("tank/ä", "no such characters in 'ä'"),
    ("tank/a%", "no such characters in 'a%'"),
    ("tank/a\nb", "no such characters"),
    ("tank/../a", "no . and no .."),
    ("-tank", "the name of a pool begins with a letter"),
    ("1tank/a", "the name of a pool begins with a letter"),
    ("tank/" + "a" * 251, "it has 256 characters, and ZFS takes 255"),
    ("/".join("t" * 51), "it is 51 levels deep"),
]


@pytest.mark.parametrize(("name", "wrong"), BAD_NAMES)
def test_a_name_that_zfs_cannot_take_is_refused(name, wrong):
    with pytest.raises(StorageError) as refusal:
        check_name(name)
    assert str(refusal.value).startswith(f"name={name}: ")
    assert wrong in str(refusal.value)
    assert refusal.value.details == {"refusal": "name_invalid"}


def test_what_lies_above_and_below():
    assert ancestors("tank/a/b@s") == ("tank/a/b", "tank/a", "tank")
    below = [is_below(it, "tank/a") for it in ("tank/a", "tank/a/b", "tank/a@s", "tank/ab")]
    assert below == [True, True, True, False]


VALUES = [
    ("quota", "10G", "10737418240"),
    ("quota", "10GB", "10737418240"),
    ("quota", "1.5 g", "1610612736"),
    ("quota", 4096, "4096"),
    ("quota", "none", "0"),
    ("refreservation", "auto", "auto"),
    ("filesystem_limit", "none", UNLIMITED),
    ("recordsize", "1M", "1048576"),
    ("special_small_blocks", 0, "0"),
    ("copies", 2, "2"),
    ("atime", True, "on"),
    ("atime", "No", "off"),
    ("compression", True, "on"),
    ("compression", "gzip-6", "gzip"),
    ("acltype", "noacl", "off"),
    ("primarycache", "none", "none"),
    ("sharenfs", False, "off"),
    ("mountpoint", "/srv/a/", "/srv/a"),
    ("mountpoint", "/", "/"),
    ("mountpoint", "//srv///a", "/srv/a"),
    ("snapshot_limit", "1K", "1024"),
    ("sharenfs", "yes", "on"),
    ("sharenfs", "rw=@10.0.0.0/8,async", "rw=@10.0.0.0/8,async"),
    ("sharesmb", "No", "off"),
    ("keylocation", "file:///root/key", "file:///root/key"),
    ("dedup", "edonr,verify", "edonr,verify"),
    ("pbkdf2iters", 100000, "100000"),
    ("special_small_blocks", "100K", "102400"),
    ("defaultuserquota", "none", "0"),
    ("defaultuserobjquota", "1k", "1024"),
    ("org.x:y", "-o quota=1 $HOME", "-o quota=1 $HOME"),
    ("org.x:y", "caf\udce9", "caf\udce9"),
    ("mountpoint", "/with = and space", "/with = and space"),
    ("org.x:y", True, "true"),
    ("org.x:y", "  as it is ", "  as it is "),
    ("org.x:y", 1.5, "1.5"),
    ("org.x:y", "", ""),
    ("newer_than_us", "7", "7"),
]


@pytest.mark.parametrize(("name", "value", "meant"), VALUES)
def test_values_are_put_as_zfs_shows_them(name, value, meant):
    assert canonical(name, value) == meant
    assert canonical(name, meant) == meant


WRONG = [
    ("quota", "10 apples", "a size such as 512K"),
    ("quota", "-1G", "a size such as 512K"),
    ("quota", "50%", "a size such as 512K"),
    ("quota", 2**64, "a size such as 512K"),
    ("recordsize", "100K", "a power of two"),
    ("recordsize", "256", "a power of two"),
    ("recordsize", "none", "a size such as 512K, 10G, 1.5T, or bytes."),
    ("volsize", 0, "a size above zero"),
    ("copies", 4, "1, 2 or 3"),
    ("filesystem_limit", "many", "a whole number or none"),
    ("atime", "maybe", "one of on, off"),
    ("sync", True, "one of standard, always, disabled"),
    ("compression", "lz5", "zstd-fast"),
    ("mountpoint", "srv", "a path from the root, none or legacy"),
    ("mountpoint", "", "a path from the root, none or legacy"),
    ("mountpoint", "/srv/../etc", "a path from the root, none or legacy"),
    ("mountpoint", "/" + "a" * 256, "names of at most 255 bytes"),
    ("quota", "1" * 5000, "a size such as 512K"),
    ("quota", "1." + "0" * 5000, "a size such as 512K"),
    ("quota", "16E", "a size such as 512K"),
    ("quota", "1BB", "a size such as 512K"),
    ("volsize", "8E", "a size below 8E"),
    ("special_small_blocks", "17M", "a size up to 16M"),
    ("pbkdf2iters", 99999, "100000 or more"),
    ("copies", "\u0662", "a whole number"),
    ("dedup", "edonr", "edonr,verify"),
    ("sharesmb", "guest_ok=y", "one of on, off"),
    ("sharenfs", "rw,quota=1", "on, off, or options such as"),
    ("sharenfs", "", "on, off, or options such as"),
    ("keylocation", "file://key", "file:///PATH"),
    ("keylocation", "/root/key", "file:///PATH"),
    ("org.x:y", "\0", "a line of at most"),
    ("org.x:y", "\ud800", "a line of at most"),
    ("org.x:y", "\x7f", "a line of at most"),
    ("org.x:y", None, "`inherit` takes a value away"),
    ("org.x:y", {"a": 1}, "a word, a number or a switch"),
    ("org.x:y", "two\nlines", "a line of at most"),
    ("org.x:y", "ä" * 4096, "a line of at most"),
]


@pytest.mark.parametrize(("name", "value", "wants"), WRONG)
def test_a_value_that_zfs_cannot_take_is_refused(name, value, wants):
    with pytest.raises(StorageError) as refusal:
        canonical(name, value)
    assert f"Property {name}=" in str(refusal.value)
    assert wants in str(refusal.value)
    assert refusal.value.details == {"refusal": "property_value_invalid"}


SAME = [
    # a property of a later release: wanted, shown, the same
    ("newer_size", "1K", "1024", True),
    ("newer_size", "none", "0", True),
    ("newer_size", "1K", "1025", False),
    ("newer_switch", "yes", "on", True),
    ("newer_word", "fast", "fast", True),
    ("newer_word", "fast", "slow", False),
    ("org.x:y", "1K", "1024", False),  # what is a person's own is text
    ("mountpoint", "/srv/a", "/srv//a/", True),
    ("mountpoint", "/srv/a", "none", False),
    ("refreservation", "auto", "9" * 5000, False),
]


@pytest.mark.parametrize(("name", "wish", "shown", "equal"), SAME)
def test_what_means_the_same(name, wish, shown, equal):
    assert same(name, wish, shown, {}) is equal


SPELLED = [
    ("quota", "0", "none"), ("refquota", "0", "none"), ("reservation", "0", "none"),
    ("filesystem_limit", UNLIMITED, "none"), ("snapshot_limit", "0", "0"), ("quota", "1", "1"),
    ("special_small_blocks", "0", "0"), ("org.x:y", "0", "0"), ("copies", "1", "1"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "words"), SPELLED)
def test_values_are_told_as_zfs_takes_them(name, value, words):
    assert spelled(name, value) == words


def test_every_feature_that_a_value_may_need_is_asked_for():
    for name, prop in PROPERTIES.items():
        for value in (*prop.words, "0", "1", str(2**24), UNLIMITED):
            if prop.words and value not in prop.words:
                continue
            assert feature(name, value) in ("", *FEATURES)


XATTR = [
    # wanted, shown, whether the release is 2.3 or later, the same
    ("on", "on", False, True),
    ("on", "sa", False, True),  # it asks for attributes, not for a way to keep them
    ("on", "sa", True, True),
    ("dir", "on", False, True),
    ("dir", "on", True, False),
    ("sa", "on", False, False),
    ("sa", "on", True, True),
    ("sa", "sa", False, True),
    ("off", "on", True, False),
]


@pytest.mark.parametrize(("wish", "shown", "later", "equal"), XATTR)
def test_extended_attributes_that_are_on_are_kept_somewhere(wish, shown, later, equal):
    assert same("xattr", wish, shown, {"direct": "standard"} if later else {}) == equal


NEEDED = [
    ("compression", "zstd-3", "zstd_compress"),
    ("compression", "on", ""),
    ("recordsize", "131072", ""),
    ("recordsize", "1048576", "large_blocks"),
    ("checksum", "skein", "skein"),
    ("dedup", "sha512,verify", "sha512"),
    ("dedup", "on", ""),
    ("encryption", "on", "encryption"),
    ("encryption", "off", ""),
    ("snapshot_limit", "7", "filesystem_limits"),
    ("snapshot_limit", UNLIMITED, ""),
    ("atime", "on", ""),
    ("org.x:y", "zstd", ""),
]


@pytest.mark.parametrize(("name", "value", "needed"), NEEDED)
def test_the_feature_that_a_value_needs(name, value, needed):
    assert feature(name, value) == needed


def test_no_property_is_both_settable_and_read_only():
    assert not READ_ONLY & set(PROPERTIES)


@given(st.integers(0, 2**63 - 1))
def test_a_size_in_bytes_is_itself(size):
    assert canonical("quota", size) == str(size)
    assert canonical("quota", f"{size}B") == str(size)
    assert int(canonical("quota", f"{size / 1024:.0f}K")) % 1024 == 0
