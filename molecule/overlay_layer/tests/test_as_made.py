# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The overlays as converge.yml has made them."""

from __future__ import annotations

import pytest

ON_BOTH = "lowerdir=/srv/layers/app:/srv/layers/base"

# path -> whether it comes back at boot, and the options that the kernel shows
MADE = {
    "/srv/app": (
        "enabled",
        f"{ON_BOTH},upperdir=/srv/layers/changes,workdir=/srv/layers/work,redirect_dir=on",
    ),
    "/srv/view": ("enabled", ON_BOTH),
    "/srv/odd - 100%": ("enabled", r"lowerdir=/srv/layers/a\:b:/srv/layers/c\,d:/srv/layers/e f:"),
    "/srv/once": ("", "lowerdir=/srv/layers/base,upperdir=/srv/layers/once"),
    "/srv/scratch": ("", "upperdir=/run/scratch/upper,workdir=/run/scratch/work,"),
}


@pytest.mark.parametrize("path", MADE)
def test_it_is_mounted(mounted, path):
    mount = mounted(path)
    assert mount["fstype"] == "overlay"
    assert MADE[path][1] in mount["options"]


@pytest.mark.parametrize("path", MADE)
def test_systemd_knows_whether_to_mount_it_at_boot(host, path):
    unit = host.check_output("systemd-escape --path --suffix=mount %s", path)
    assert host.check_output("systemctl is-active %s", unit) == "active"
    shown = host.check_output("systemctl show --property UnitFileState --value %s", unit)
    assert shown == MADE[path][0]


def test_the_upper_layers_come_first(host):
    assert host.file("/srv/app/a").content_string == "app\n"
    assert host.file("/srv/app/b").content_string == "base\n"
    assert host.file("/srv/view/d").listdir() == ["x", "y"]


def test_names_that_need_care(host):
    names = host.check_output("ls '/srv/odd - 100%'").splitlines()
    assert names == ["from 100%", "from a:b", "from c,d", "from e f", "from it's ä"]
    host.check_output("echo new >'/srv/odd - 100%/new'")
    assert host.file("/srv/layers/up per/new").content_string == "new\n"


def test_what_was_asked_for_is_in_force_for_the_kernel(mounted):
    assert "volatile" in mounted("/srv/scratch")["options"]
    assert mounted("/srv/view")["options"].startswith("ro,")
