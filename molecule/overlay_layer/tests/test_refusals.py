# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host with systemd, mounts and processes of its own refuses; nothing is changed by it."""

from __future__ import annotations

import pytest

LAYERS = {
    "lower": ["/srv/layers/base"],
    "upper": "/srv/layers/refused",
    "work": "/srv/layers/refused.work",
}

# the path, options besides the layers, and the words of the refusal
REFUSALS = [
    ("/srv/x", {"volatile": True, "persistent": True}, "so it cannot come back at boot"),
    ("/srv/x", {"upper": "/run/u", "work": "/run/w", "persistent": True}, "upper=/run/u: it lies "
     "on /run (tmpfs), which is empty after a boot"),
    ("/srv/x", {"lower": ["/srv/layers/back\\slash"]}, "has a backslash in it, which systemd"),
    ("/srv/x", {"lower": ["/srv/layers/blank "]}, "has a space at its end, which systemd takes"),
    ("/srv/" + "-" * 63, {}, "its path is too long for the name of a unit"),
    ("/srv/tabled", {}, "/etc/fstab: its line for /srv/tabled mounts tmpfs (tmpfs) there at boot"),
    ("/srv/tabled", {"state": "absent"}, "/etc/fstab: its line for /srv/tabled mounts tmpfs"),
    ("/srv/layers", {}, "(xfs) is mounted there, and it is no overlay"),
    ("/srv/layers", {"state": "absent"}, "(xfs) is mounted there, and it is no overlay"),
    ("/srv/x", {"work": "/srv/elsewhere"}, "and work=/srv/elsewhere on / (ext4)"),
    ("/srv/x", {"upper": "/srv/layers/changes"}, "the overlay at /srv/app has "),
    ("/srv/app", {"upper": "/srv/layers/refused"}, "that is another overlay"),
    ("/srv/scratch", {"upper": "/run/scratch/upper", "work": "/run/scratch/work", "lower": ["/etc"],
     "metacopy": True}, "it is volatile, and cannot be mounted again"),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def things(host):
    """Have what the refusals are about."""
    host.check_output(
        "mkdir --parents '/srv/layers/back\\slash' '/srv/layers/blank '"
        " && echo 'tmpfs /srv/tabled tmpfs noauto 0 0' >>/etc/fstab && systemctl daemon-reload"
    )
    yield
    host.check_output("sed --in-place /tabled/d /etc/fstab")


@pytest.mark.parametrize(("path", "options", "words"), REFUSALS)
def test_refused(refusal, path, options, words):
    assert words in refusal(path, **{**LAYERS, **options})


@pytest.fixture
def busy(host):
    """Have a service that works in an overlay."""
    host.check_output(
        "systemd-run --quiet --unit=busy --working-directory=/srv/once sleep infinity"
    )
    yield host.check_output("systemctl show --property MainPID --value busy")
    host.check_output("systemctl stop busy")


@pytest.mark.parametrize(
    "options", [{"state": "absent"}, {"state": "unmounted"}, {"redirect_dir": "on"}], ids=str
)
def test_what_a_service_works_in_stays_mounted(refusal, busy, options):
    assert f"it is in use by process {busy} (sleep)" in refusal("/srv/once", **options)


def test_what_something_is_mounted_in_stays_mounted(host, refusal):
    host.check_output("mount -t tmpfs tmpfs /srv/once/d")
    try:
        said = refusal("/srv/once", state="absent")
        assert "it is in use by a mount at /srv/once/d" in said
    finally:
        host.check_output("umount /srv/once/d")


def test_a_filesystem_without_types_of_entries(host, refusal):
    host.check_output("truncate --size 512M /old.img && mkdir /old")
    host.check_output("mkfs.xfs -q -m crc=0 -n ftype=0 /old.img")
    if host.run("mount -o loop /old.img /old").failed:
        pytest.skip("this kernel mounts no XFS of that age")
    try:
        said = refusal("/srv/x", lower=["/srv/layers/base"], upper="/old/u", work="/old/w")
        assert "the XFS at /old was made with ftype=0" in said
    finally:
        host.check_output("umount /old")
