# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mount as it is found: which of the wanted options are in force."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    Place,
    missing_options,
)

WHERE = "/var/lib/docker"

# what is wanted, what the kernel shows, what is missing
OPTIONS = [
    ("noatime", "rw,noatime", ""),
    ("noatime", "rw", "noatime"),
    ("noatime,prjquota", "rw,noatime,noquota", "prjquota"),
    ("prjquota,noatime", "rw", "prjquota,noatime"),
    # each way to write a quota is shown as one
    ("pquota", "rw,prjquota", ""),
    ("uquota", "rw,usrquota", ""),
    ("quota", "rw,usrquota", ""),
    ("gquota", "rw,grpquota", ""),
    ("gquota", "rw,usrquota", "gquota"),
    # not the kernel's: mount(8) and systemd read these, and no mount shows them
    ("defaults", "rw", ""),
    ("nofail", "rw", ""),
    ("nofail,noatime", "rw", "noatime"),
    # the kernel shows a level that was not asked for
    ("compress=zstd", "rw,compress=zstd:3", ""),
    ("compress=zstd:3", "rw,compress=zstd:3", ""),
    ("compress=zstd:5", "rw,compress=zstd:3", "compress=zstd:5"),
    ("compress-force=lzo", "rw,compress-force=lzo:1", ""),
    ("commit=5", "rw,commit=5:1", "commit=5"),
]


def place(options=("noatime",)):
    unit = MountUnit("/dev/mapper/docker-data", WHERE, "xfs", tuple(options))
    return Place("docker/data", unit, ("docker.service",), False)


@pytest.mark.parametrize(("wanted", "live", "missing"), OPTIONS)
def test_the_options_that_are_missing(wanted, live, missing):
    mounted = Mount("252:0", "/", WHERE, "xfs", "/dev/dm-0", tuple(live.split(",")))
    assert ",".join(missing_options(place(wanted.split(",")), mounted)) == missing


def test_where_nothing_is_mounted_every_option_is_missing():
    assert missing_options(place(("noatime", "nofail")), None) == ["noatime"]
