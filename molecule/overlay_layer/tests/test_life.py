# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mount from its first day to its last: each step, what systemd makes of it, and the files."""

from __future__ import annotations

import pytest

PATH, UNIT = "/srv/life", "srv-life.mount"
FILE = f"/etc/systemd/system/{UNIT}"
OTHER = "/srv/layers/short"
LAYERS = {
    "lower": ["/srv/layers/base"],
    "upper": "/srv/layers/life",
    "work": "/srv/layers/life.work",
}
RELOAD, START, UMOUNT = (
    "systemctl daemon-reload",
    f"systemctl restart -- {UNIT}",
    f"umount -- {PATH}",
)
ENABLE, DISABLE = f"systemctl enable --quiet -- {UNIT}", f"systemctl disable --quiet -- {UNIT}"
FORGIVE = "systemctl reset-failed -- 'srv-life.[m]ount'"


@pytest.fixture(scope="module", autouse=True)
def life(host, steps):
    """Have it mounted, with something written to it."""
    made = steps(PATH, **LAYERS)
    assert made[-4:] == [f"write {FILE}", RELOAD, ENABLE, START]
    host.check_output("echo kept >%s/kept", PATH)
    yield
    steps(PATH, state="absent")


@pytest.fixture
def held(host):
    """Have a file of it open: what has to unmount it is refused.

    The kernel's number of a mount would not tell, because the next one is given it again.
    """
    pid = host.check_output("sleep 1000 <%s/kept >&- 2>&- & echo $!", PATH)
    yield
    host.check_output("kill %s", pid)


def test_it_is_taken_down_and_comes_back(host, steps):
    assert steps(PATH, state="unmounted") == [UMOUNT]
    assert not host.file(f"{PATH}/kept").exists
    assert host.check_output("systemctl is-enabled %s", UNIT) == "enabled"
    assert steps(PATH) == [START]
    assert host.file(f"{PATH}/kept").content_string == "kept\n"


def test_it_is_kept_at_boot_or_not_while_it_stays_mounted(host, steps, held):
    assert steps(PATH, persistent=False) == [DISABLE, f"remove {FILE}", RELOAD, FORGIVE]
    assert not host.file(FILE).exists
    assert steps(PATH, persistent=True) == [f"write {FILE}", RELOAD, ENABLE]
    assert host.check_output("systemctl is-active %s", UNIT) == "active"


def test_other_options_are_mounted_anew(host, mounted, steps):
    assert steps(PATH, redirect_dir="on") == [UMOUNT, f"write {FILE}", RELOAD, START]
    assert "redirect_dir=on" in mounted(PATH)["options"]
    assert host.file(f"{PATH}/kept").content_string == "kept\n"


def test_a_unit_that_somebody_changed_is_mended(host, steps, held):
    host.check_output("systemctl disable --quiet %s && echo '#' >>%s", UNIT, FILE)
    assert steps(PATH) == [f"write {FILE}", RELOAD, ENABLE]


def test_what_the_kernel_refuses_is_taken_back(host, overlay, mounted, steps):
    """With an index, an upper layer stays bound to its lower one: the kernel says ESTALE."""
    steps(PATH, index=True)
    text, options = host.file(FILE).content_string, mounted(PATH)["options"]
    result = overlay(PATH, lower=[OTHER])
    assert result["failed"]
    assert result["undone"], result
    assert host.file(FILE).content_string == text
    assert mounted(PATH)["options"] == options
    assert host.check_output("systemctl --failed --no-legend") == ""
    assert overlay(PATH)["steps"] == []


def test_a_long_list_of_layers(host, steps):
    """Longer than the newer system calls take: 255 bytes; mount(2) takes 4095."""
    lowers = [f"/srv/layers/{'long' * 20}.{number}" for number in range(20)]
    for lower in lowers:
        host.check_output("mkdir --parents %s && touch %s/$(basename %s)", lower, lower, lower)
    layers = {"lower": lowers, "upper": "/srv/layers/l", "work": "/srv/layers/l.work"}
    try:
        assert steps("/srv/long", **layers)[-1] == "systemctl restart -- srv-long.mount"
        assert len(host.file("/srv/long").listdir()) == len(lowers)
    finally:
        steps("/srv/long", state="absent")


def test_it_ends_and_its_layers_stay(host, steps):
    assert steps(PATH, state="absent") == [UMOUNT, DISABLE, f"remove {FILE}", RELOAD, FORGIVE]
    assert host.check_output("systemctl list-units --all --no-legend %s", UNIT) == ""
    assert host.file(PATH).listdir() == []
    assert host.file("/srv/layers/life/kept").content_string == "kept\n"
    assert host.file("/srv/layers/base/a").content_string == "base\n"
