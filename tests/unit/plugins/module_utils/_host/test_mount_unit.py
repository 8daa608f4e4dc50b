# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mount units, and the lines of fstab that stand in for them."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
    escape,
    fstab_line,
)


@pytest.mark.parametrize(
    ("path", "name"),  # the names are what `systemd-escape --path` prints
    [
        ("/var/lib/docker", "var-lib-docker"),
        ("/var/lib/docker/", "var-lib-docker"),
        ("/srv/my-data", r"srv-my\x2ddata"),
        ("/srv/a b", r"srv-a\x20b"),
        ("/.hidden/.b", r"\x2ehidden-.b"),
        ("/srv/ü", r"srv-\xc3\xbc"),
        ("/", "-"),
    ],
)
def test_a_path_is_escaped_as_systemd_does_it(path, name):
    assert escape(path) == name


TABLE = """\
# /dev/sdz /var/lib/docker xfs defaults 0 0
UUID=5f / ext4 defaults 0 1
/dev/sda1 /srv/a\\040b xfs noatime,prjquota 0 2
short
"""


@pytest.mark.parametrize(
    ("where", "source"),
    [("/", "UUID=5f"), ("/srv/a b", "/dev/sda1"), ("/var/lib/docker", None), ("/srv", None)],
)
def test_the_line_of_fstab_for_a_path(where, source):
    line = fstab_line(where, TABLE)
    assert (line and line.source) == source


def test_a_unit_says_what_is_mounted_where():
    unit = MountUnit("/dev/mapper/d-v", "/var/lib/docker", "xfs", ("noatime", "prjquota"))
    assert unit.name == "var-lib-docker.mount"
    assert "What=/dev/mapper/d-v\nWhere=/var/lib/docker\nType=xfs\n" in unit.text
    assert "Options=noatime,prjquota\n" in unit.text
