# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much is in a pool, by what the kernel tells."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.content import (
    Content,
    observe_content,
    parse_content,
)
from support.lvm_hosts import pool

# dmsetup 1.02.185, Linux 6.1
PRINTED = """\
a--b-pool: 0 8192 thin-pool 0 10/1024 0/64 - rw discard_passdown queue_if_no_space - 1024
docker-thinpool-tpool: 0 6692864 thin-pool 1 1136/11264 145/6536 - rw discard_passdown \
queue_if_no_space - 1024
broken-pool: 0 8192 thin-pool Fail
"""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("docker-thinpool", Content(1, 145, 1136)),
        ("a--b-pool", Content(0, 0, 10)),
        ("a", None),
        ("docker-thin", None),
        ("broken-pool", None),
    ],
)
def test_the_pool_is_found_under_either_of_its_names(name, content):
    assert parse_content(PRINTED, name) == content


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No devices found\n",
        "v-p: 0 1 thin-pool",
        "v-p: 0 1 thin-pool 1 1/1",
        f"v-p: 0 1 thin-pool {'9' * 5000} 1/1 1/1 -",
        "v-p: 0 1 thin-pool 1 1/1 x/1 - ",
    ],
)
def test_what_cannot_be_read_is_not_known(text):
    assert parse_content(text, "v-p") is None


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("rc", [0, 1])
def test_only_the_kernel_knows_and_only_of_an_active_pool(active, rc):
    def run(argv):
        assert argv == ("dmsetup", "status", "--noflush", "--target", "thin-pool")
        return rc, PRINTED, ""

    found = observe_content(run, "docker", pool(active=active))
    assert found == (Content(1, 145, 1136) if active and not rc else None)
