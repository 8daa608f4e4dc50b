# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes back when the power was cut, and what is said of what does not."""

from __future__ import annotations

import pytest

TORN = {"lower": ["/srv/layers/torn"], "upper": "/srv/layers/t", "work": "/srv/layers/t.work"}
FAST = {
    "lower": ["/srv/layers/base"],
    "upper": "/srv/layers/fast",
    "work": "/srv/layers/fast.work",
    "volatile": True,
}


@pytest.fixture(scope="module", autouse=True)
def rebooted(host, steps, lab):
    """Have one overlay that loses a layer and one that cannot come back; cut the power."""
    host.check_output("mkdir /srv/layers/torn && echo kept >/srv/app/kept")
    steps("/srv/torn", **TORN)
    steps("/srv/fast", **FAST)
    host.check_output("rmdir /srv/layers/torn && sync")
    lab("power", "reset")


@pytest.mark.parametrize("path", ["/srv/app", "/srv/view", "/srv/odd - 100%"])
def test_persistent_ones_are_back(mounted, steps, path):
    assert mounted(path)["fstype"] == "overlay"
    assert steps(path) == []


@pytest.mark.parametrize("path", ["/srv/once", "/srv/scratch", "/srv/fast", "/srv/torn"])
def test_others_are_not(mounted, path):
    assert mounted(path) is None


def test_what_was_written_is_there(host):
    assert host.file("/srv/app/kept").content_string == "kept\n"
    assert host.file("/srv/odd - 100%/new").content_string == "new\n"
    assert not host.file("/srv/app/b").exists
    assert host.file("/srv/app/moved/f/g").content_string == "g\n"


def test_only_the_one_without_its_layer_failed_and_nothing_waited_for_it(host):
    failed = host.check_output("systemctl --failed --no-legend --plain").splitlines()
    assert [line.split()[0] for line in failed] == ["srv-torn.mount"]
    assert host.service("docker").is_running
    assert "ordering cycle" not in host.check_output("journalctl --boot --no-pager")


def test_one_without_its_layer_is_refused_until_the_layer_is_back(host, steps, refusal):
    assert "lower=/srv/layers/torn: it is not there" in refusal("/srv/torn")
    host.check_output("mkdir /srv/layers/torn")
    assert steps("/srv/torn") == ["systemctl restart -- srv-torn.mount"]
    assert host.check_output("systemctl --failed --no-legend") == ""


def test_a_failure_goes_with_the_unit(host, steps):
    host.check_output("umount /srv/torn && rmdir /srv/layers/torn")
    assert host.run("systemctl start srv-torn.mount").failed
    steps("/srv/torn", state="absent")
    assert host.check_output("systemctl --failed --no-legend") == ""


def test_after_a_crash_a_volatile_one_is_not_trusted(refusal):
    assert "a volatile mount has used it" in refusal("/srv/fast", **FAST)


def test_a_scratch_one_in_memory_is_made_anew(steps):
    made = steps(
        "/srv/scratch", lower=["/etc"], upper="/run/scratch/upper", work="/run/scratch/work"
    )
    assert made[-1].split()[-1] == "/srv/scratch"
