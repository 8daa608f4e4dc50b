# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Units of overlay mounts, as text."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import Config
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.unit import (
    OverlayUnit,
    read_unit,
    unit_text,
)

PATHS = ["/plain", "/a:b", "/a,b", "/a b", "/ä", "/=a", "/a%b", "/:", "/a'b"]


@pytest.mark.parametrize("path", PATHS)
def test_a_unit_is_read_as_it_was_written(path):
    config = Config((path, "/b"), path, path, redirect_dir="on", extra=("noatime",))
    assert read_unit(OverlayUnit.of("/m", config).text) == config


def test_a_unit():
    unit = OverlayUnit.of("/srv/my app", Config(("/l:1", "/l 2", "/100%"), "/u", "/w", index=True))
    assert unit.name == r"srv-my\x20app.mount"
    assert unit.text.splitlines()[1:] == [
        "[Unit]",
        "Description=Overlay at /srv/my app",
        "DefaultDependencies=no",
        "Conflicts=umount.target",
        "Before=umount.target",
        "After=local-fs-pre.target zfs-mount.service",
        'RequiresMountsFor="/l:1" "/l 2" "/100%%" "/u" "/w"',
        "",
        "[Mount]",
        "What=overlay",
        "Where=/srv/my app",
        "Type=overlay",
        r"Options=lowerdir=/l\:1:/l 2:/100%%,upperdir=/u,workdir=/w,index=on",
        "Environment=LIBMOUNT_FORCE_MOUNT2=always",
        "",
        "[Install]",
        "WantedBy=multi-user.target",
    ]


@pytest.mark.parametrize("text", [None, "", "[Mount]\nType=xfs\nOptions=noatime\n"])
def test_a_unit_of_something_else(text):
    assert read_unit(text) is None


def test_a_path_too_long_for_a_unit_has_none():
    assert unit_text("/srv/" + "-" * 64) is None
