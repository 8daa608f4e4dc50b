# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine's store of networks: files of bbolt as its page.go and meta.go lay them out."""

from __future__ import annotations

import json
import struct

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker.networks import (
    STORE,
    count_networks,
)
from support.bolt_files import branch, first, leaf, page

OWN = ("bridge", "host", "none")


def networks(*names):
    return [
        (
            f"docker/network/v1.0/network/{number:064x}/".encode(),
            struct.pack("<Q", number) + json.dumps({"name": name, "scope": "local"}).encode(),
        )
        for number, name in enumerate(names)
    ]


def store(*names, size=4096, old=("gone",)):
    """A store in which networks have been made; the older of the two first pages knows others."""
    bucket = (b"libnetwork", struct.pack("<QQ", 4, 0))
    half = len(names) // 2
    return b"".join([
        first(0, size, 3, 8),
        first(1, size, 8, 7),
        page(2, 16, 0, b"", size),
        leaf(3, [bucket], size, flags=1),
        branch(4, [(b"a", 5), (b"b", 6)], size),
        leaf(5, networks(*names[:half]), size),
        leaf(6, [(b"docker/network/v1.0/bridge/x/", b"\0" * 8 + b"{}"), *networks(*names[half:])],
             size),
        leaf(7, networks(*old), size),
        leaf(8, [(b"libnetwork", struct.pack("<QQ", 7, 0))], size, flags=1),
    ])  # fmt: skip


def inline(*names):
    """A store whose bucket is so small that it stands within its parent's page."""
    within = struct.pack("<QQ", 0, 0) + leaf(0, networks(*names), 0)
    return first(0, 4096, 2, 2) + first(1, 4096, 2, 1) + leaf(2, [(b"b", within)], 4096, flags=1)


def torn(data):
    """The newest first page was half written when the power went."""
    return data[:20] + b"\xff" + data[21:]


STORES = [
    (store(*OWN), 0),
    (store(*OWN, "docker_gwbridge", "ingress"), 0),
    (store(*OWN, "mine"), 1),
    (store(*OWN, "mine", "shop_default", "bridge2"), 3),
    (store(*OWN, "mine", size=65536), 1),
    (torn(store(*OWN, old=(*OWN, "a", "b"))), 2),
    (inline(*OWN), 0),
    (inline(*OWN, "mine"), 1),
    (b"", 0),
    # what cannot be read may hold any
    (b"\0" * 20000, 1),
    (b"no store", 1),
    (store(*OWN)[:20000], 1),
    (store(*OWN).replace(b'{"name"', b'{"name,'), 1),
]


@pytest.mark.parametrize(("data", "count"), STORES)
def test_networks_that_somebody_has_made(tmp_path, data, count):
    path = tmp_path / STORE
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    assert count_networks(str(tmp_path)) == count


def test_a_root_without_a_store_has_none(tmp_path):
    assert count_networks(str(tmp_path)) == 0


def test_pages_that_go_round_in_a_circle_end(tmp_path):
    path = tmp_path / STORE
    path.parent.mkdir(parents=True)
    path.write_bytes(first(0, 4096, 2, 2) + first(1, 4096, 2, 1) + branch(2, [(b"a", 2)], 4096))
    assert count_networks(str(tmp_path)) == 1


def test_a_store_that_cannot_be_read_may_hold_any(tmp_path):
    (tmp_path / STORE).mkdir(parents=True)
    assert count_networks(str(tmp_path)) == 1
