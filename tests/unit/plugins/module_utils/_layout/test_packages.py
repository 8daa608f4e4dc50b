# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The packages of each distribution, by what its os-release says of it."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._layout import packages
from ansible_collections.containerhost.storage.plugins.module_utils._layout.packages import (
    packages_of,
    parse_release,
    read_release,
)

DEBIAN = """\
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
"""
UBUNTU = """\
NAME="Ubuntu"
ID=ubuntu
ID_LIKE=debian
SUPPORT_URL="https://help.ubuntu.com/?a=b"
"""
ROCKY = """\
NAME="Rocky Linux"
VERSION="9.4 (Blue Onyx)"
ID="rocky"
ID_LIKE="rhel centos fedora"
"""
RHEL = 'NAME="Red Hat Enterprise Linux"\nID=rhel\nID_LIKE="fedora"\n'
FEDORA = 'NAME="Fedora Linux"\nVERSION="41 (Server Edition)"\nID=fedora\nVERSION_ID=41\n'
UNKNOWN = "NAME='Void'\nID=\"void\"\n\n# a comment\n"

KERNEL = "6.1.0-49-amd64"
TOOLS = ("lvm", "thin_check", "mkfs.xfs", "mkfs.btrfs", "mount")
OF_DEBIAN = ("lvm2", "thin-provisioning-tools", "xfsprogs", "btrfs-progs", "mount")
OF_RHEL = ("lvm2", "device-mapper-persistent-data", "xfsprogs", "btrfs-progs", "util-linux")


@pytest.mark.parametrize(
    ("text", "tools", "found"),
    [
        (DEBIAN, TOOLS, OF_DEBIAN),
        (UBUNTU, TOOLS, OF_DEBIAN),
        (ROCKY, TOOLS, OF_RHEL),
        (RHEL, TOOLS, OF_RHEL),
        (FEDORA, TOOLS, OF_RHEL),
        # Debian builds the module for the kernel that runs; Ubuntu's kernels bring it
        (DEBIAN, ("zpool",), ("zfsutils-linux", f"linux-headers-{KERNEL}", "zfs-dkms")),
        (UBUNTU, ("zpool",), ("zfsutils-linux",)),
        (ROCKY, ("zpool",), ("zfs",)),
        (DEBIAN, (), ()),
    ],
)
def test_packages(text, tools, found):
    assert packages_of(tools, parse_release(text), KERNEL) == found


def test_headers_are_those_of_the_kernel_that_runs(monkeypatch):
    class Uname:
        release = "6.12.57+deb13-amd64"

    monkeypatch.setattr(packages.os, "uname", Uname)
    found = packages_of(("zpool",), {"ID": "debian"})
    assert "linux-headers-6.12.57+deb13-amd64" in found


@pytest.mark.parametrize(
    ("text", "name"), [(UNKNOWN, "what Void calls"), ("", "what its distribution calls")]
)
def test_what_a_distribution_calls_its_packages_may_not_be_known(text, name):
    with pytest.raises(StorageError) as refused:
        packages_of(("lvm", "mount"), parse_release(text))
    assert "`lvm`, `mount`: not on this host" in str(refused.value)
    assert name in str(refused.value)
    # how to go on: what to install by hand, and which variable keeps the role from trying
    assert "(on Debian lvm2, mount)" in str(refused.value)
    assert "docker_storage_manage_packages: false" in str(refused.value)
    assert refused.value.details == {"refusal": "distribution_unknown"}


def test_values_are_without_their_quotes():
    assert parse_release(UNKNOWN) == {"NAME": "Void", "ID": "void"}
    assert parse_release(UBUNTU)["SUPPORT_URL"] == "https://help.ubuntu.com/?a=b"


def test_the_first_file_that_is_there_is_read(tmp_path, monkeypatch):
    etc, usr = tmp_path / "etc", tmp_path / "usr"
    monkeypatch.setattr(packages, "_FILES", (str(etc), str(usr)))
    assert read_release() == {}
    usr.write_text(UBUNTU)
    assert read_release()["ID"] == "ubuntu"
    etc.write_text(DEBIAN)
    assert read_release()["ID"] == "debian"
