# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The networks of an engine, read from where it remembers them.

The keys of ``network/files/local-kv.db``, a file of bbolt, are
``docker/network/v1.0/network/<id>/``, its values an index of eight bytes and JSON (libnetwork's
network.go and datastore.go, and boltdb.go below them).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

from ansible_collections.containerhost.storage.plugins.module_utils._host import bolt

STORE = "network/files/local-kv.db"

# What every engine makes itself, and what it makes for a swarm.
OWN = ("bridge", "host", "none", "docker_gwbridge", "ingress")

_PREFIX = b"docker/network/v1.0/network/"
_INDEX = 8  # bytes before the JSON


def count_networks(root: str) -> int:
    """How many networks a data root knows that no engine makes by itself.

    What cannot be read counts as one: it may hold any.
    """
    path = os.path.join(root, STORE)
    try:
        with open(path, "rb") as stream:
            data = bolt.read(stream.fileno())
        networks = map(json.loads, network_records(bolt.tables(data)))
        return sum(not isinstance(it, dict) or it.get("name") not in OWN for it in networks)
    except FileNotFoundError:
        return 0
    except (OSError, ValueError, RecursionError):
        return 1


def network_records(store: bolt.Bucket) -> Iterator[bytes]:
    """What the store says of each network: JSON.

    :raises bolt.BoltError: it is damaged.
    """
    for _name, bucket in store.buckets():
        for key, content in bucket.values():
            if key.startswith(_PREFIX):
                yield content[_INDEX:]
