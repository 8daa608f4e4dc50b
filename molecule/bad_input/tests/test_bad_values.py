# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that LVM refuses, silently changes, or fails on later."""

from __future__ import annotations

import pytest

# options of thinpool, and the words of the refusal
VALUES = [
    ({"size": "much"}, "size=much"),
    ({"size": "-1g"}, "size=-1g"),
    ({"size": "0"}, "size=0"),
    ({"size": "101%VG"}, "size=101%VG"),
    ({"size": "1t"}, "Thin pool docker/pool: it needs"),
    ({"metadata_size": "tiny"}, "metadata_size=tiny"),
    ({"chunk_size": "100k"}, "chunk_size=100k: LVM takes multiples of 64 KiB"),
    ({"chunk_size": "2g"}, "chunk_size=2g: LVM takes multiples of 64 KiB"),
    ({"autoextend": {"threshold": 49}}, "autoextend.threshold=49: LVM takes 50 to 100"),
    ({"autoextend": {"threshold": 101}}, "autoextend.threshold=101"),
    ({"autoextend": {"percent": 0}}, "autoextend.percent=0: with 0 or less LVM fails"),
    ({"vg": "--force"}, "The volume group name '--force': LVM does not take it"),
    ({"vg": ".."}, "The volume group name '..': LVM does not take it"),
    ({"vg": "a b"}, "The volume group name 'a b': LVM does not take it"),
    ({"vg": "shm"}, "/dev/shm is something else"),
    ({"name": "pool_tmeta"}, "LVM keeps names like this for its own parts"),
    ({"devices": []}, "no disk was named to make it from"),
]


@pytest.mark.parametrize(("options", "words"), VALUES, ids=[str(it) for it, _words in VALUES])
def test_a_value_that_is_no_good(module, disk, unchanged, options, words):
    wanted = {"vg": "docker", "name": "pool", "devices": [disk["free"]], **options}
    result = module("thinpool", **wanted)
    assert result["failed"]
    assert words in result["msg"]
    assert "Traceback" not in result["msg"]
    assert result["msg"].count(". ") >= 1  # the way out, after what is wrong


def test_two_runs_at_once(host, module, disk, unchanged):
    host.check_output(
        "mkdir -p /run/containerhost-storage && systemd-run --quiet --unit other-run"
        " flock /run/containerhost-storage/lock sleep infinity"
    )
    try:
        result = module("thinpool", vg="docker", name="pool", devices=[disk["free"]])
    finally:
        host.check_output("systemctl stop other-run")
    assert "another run is changing its storage" in result["msg"]
    assert "Wait until it has ended, then run again" in result["msg"]
