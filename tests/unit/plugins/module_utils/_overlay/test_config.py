# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of overlay mounts, as the kernel has them."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import (
    Config,
    differing,
    effective,
    read_config,
    split_options,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.kernel import Kernel

ON = {"redirect_dir": True, "redirect_always_follow": True, "index": True, "metacopy": True,
      "xino_auto": True}  # fmt: skip
OFF = {**dict.fromkeys(ON, False), "redirect_always_follow": True}


def kernel(release="6.12.1", parameters=None):
    return Kernel(release, True, OFF if parameters is None else parameters, False)


READ = [
    # mountinfo, octal escapes on top of the kernel's own
    ("rw,lowerdir=/a:/b,upperdir=/u,workdir=/w", Config(("/a", "/b"), "/u", "/w")),
    (r"lowerdir=/lo\134:w:/b", Config(("/lo:w", "/b"))),
    (r"lowerdir=/lo\134\054w", Config(("/lo,w",))),
    (r"lowerdir=/lo\134\134w", Config(("/lo\\w",))),
    (r"lowerdir=/lo\040w", Config(("/lo w",))),
    (r"upperdir=/u\134\054x,workdir=/w", Config(upper="/u,x", work="/w")),
    ("lowerdir=/a::/d1::/d2", Config(("/a",), data=("/d1", "/d2"))),
    ("lowerdir+=/a:1,lowerdir+=/b,datadir+=/d", Config(("/a:1", "/b"), data=("/d",))),
    ("lowerdir=/a,volatile", Config(("/a",), volatile=True)),
    ("lowerdir=/a,fsync=volatile", Config(("/a",), volatile=True)),
    (
        "lowerdir=/a,redirect_dir=nofollow,index=on,metacopy=off,xino=auto,userxattr",
        Config(("/a",), None, None, "nofollow", True, False, "auto", None, True),
    ),
    (
        "ro,relatime,noatime,lowerdir=/a,uuid=on,nfs_export=on",
        Config(("/a",), extra=("ro", "noatime", "uuid=on", "nfs_export=on")),
    ),
]


@pytest.mark.parametrize(("options", "config"), READ)
def test_reading(options, config):
    assert read_config(options.split(",")) == config


PATHS = ["/plain", "/a:b", "/a,b", "/a b", "/a\\b", "/a\\:b", "/ä", "/=a", "/a%b", "/:", "/a'b"]


@pytest.mark.parametrize("path", PATHS)
def test_what_is_written_is_read(path):
    config = Config((path, "/b", path), path, path, "on", True, False, "auto", True, True)
    assert read_config(split_options(",".join(config.written()))) == config


UPPER = Config(("/a",), "/u", "/w")

DIFFERING = [
    # wanted, current, module parameters, on one filesystem, what differs
    ({}, {}, OFF, True, []),
    ({"index": False, "metacopy": False, "volatile": False}, {}, OFF, True, []),
    ({"index": True}, {}, ON, True, []),
    ({"index": True}, {}, OFF, True, ["index"]),
    ({"index": False}, {}, ON, True, ["index"]),
    ({"redirect_dir": "on"}, {}, ON, True, []),
    ({"redirect_dir": "off"}, {}, OFF, True, []),
    ({"redirect_dir": "off"}, {"redirect_dir": "nofollow"}, OFF, True, ["redirect_dir"]),
    ({"redirect_dir": "off"}, {"redirect_dir": "nofollow"},
     {**OFF, "redirect_always_follow": False}, True, []),
    ({"redirect_dir": "follow"}, {"redirect_dir": "on", "upper": None}, OFF, True, []),
    ({"xino": "on"}, {}, OFF, True, []),
    ({"xino": "on"}, {}, OFF, False, ["xino"]),
    ({"xino": "auto"}, {}, ON, False, []),
    ({"userxattr": True}, {}, OFF, True, ["userxattr"]),
    ({"volatile": False}, {"volatile": True}, OFF, True, ["volatile"]),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "current", "parameters", "same", "names"), DIFFERING)
def test_differing(wanted, current, parameters, same, names):
    found = differing(
        Config()._replace(**wanted), UPPER._replace(**current), kernel("6.12", parameters), same
    )
    assert found == names


def test_the_defaults_are_those_of_the_kernel():
    assert effective(UPPER, kernel(parameters=ON)) == {
        "redirect_dir": "on", "index": True, "metacopy": True, "xino": "auto",
        "volatile": False, "userxattr": False,
    }  # fmt: skip


LACKS = [
    ("4.9.0", {}, {"redirect_dir", "index", "xino", "metacopy", "volatile", "userxattr"}),
    ("4.19.0", {}, {"volatile", "userxattr"}),
    ("5.10.0-30-amd64", OFF, {"userxattr"}),
    ("5.10.0", {"index": False}, {"redirect_dir", "xino", "metacopy", "userxattr"}),
    ("6.1.0", OFF, set()),
    ("4.18.0-553.el8.x86_64", OFF, set()),  # carries options of later kernels
]


@pytest.mark.parametrize(("release", "parameters", "names"), LACKS)
def test_options_by_kernel(release, parameters, names):
    options = ("redirect_dir", "index", "xino", "metacopy", "volatile", "userxattr")
    found = kernel(release, parameters)
    assert {name for name in options if found.lacks(name)} == names
