# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The packages that bring the tools of a layout, by distribution."""

from __future__ import annotations

import os
from collections.abc import Iterable

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import try_text

_PACKAGES = {
    "debian": {
        "lvm": ("lvm2",),
        "thin_check": ("thin-provisioning-tools",),
        "mkfs.xfs": ("xfsprogs",),
        "mkfs.btrfs": ("btrfs-progs",),
        "mount": ("mount",),
        "zpool": ("zfsutils-linux",),
    },
    "rhel": {
        "lvm": ("lvm2",),
        "thin_check": ("device-mapper-persistent-data",),
        "mkfs.xfs": ("xfsprogs",),
        "mkfs.btrfs": ("btrfs-progs",),
        "mount": ("util-linux",),
        "zpool": ("zfs",),
    },
}
# Those that name no family of theirs (ID_LIKE), and the one that they are counted to.
_LIKE = {"fedora": "rhel"}

_FILES = ("/etc/os-release", "/usr/lib/os-release")


def read_release() -> dict[str, str]:
    """The settings of os-release(5); none where there is no such file."""
    for path in _FILES:
        text = try_text(path)
        if text is not None:
            return parse_release(text)
    return {}


def parse_release(text: str) -> dict[str, str]:
    """Each setting of an os-release, without its quotes."""
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}


def packages_of(
    tools: Iterable[str], release: dict[str, str], kernel: str | None = None
) -> tuple[str, ...]:
    """The packages that bring the tools.

    :param release: see :func:`read_release`.
    :param kernel: the release of the running kernel, which ZFS is built for on Debian.
    :raises StorageError: it is not known what this distribution calls them.
    """
    tools = tuple(tools)
    families = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    families += [_LIKE[name] for name in families if name in _LIKE]
    known = next((_PACKAGES[name] for name in families if name in _PACKAGES), None)
    if known is None:
        elsewhere = dict.fromkeys(name for tool in tools for name in _PACKAGES["debian"][tool])
        raise StorageError(
            f"`{'`, `'.join(tools)}`",
            "not on this host, and what "
            f"{release.get('NAME') or 'its distribution'} calls the packages is not known",
            f"Install what brings them (on Debian {', '.join(elsewhere)}), then run again: where "
            "all are there nothing is installed, and docker_storage_manage_packages: false keeps "
            "the role from trying. Nothing has been changed",
            refusal="distribution_unknown",
        )
    found = [package for tool in tools for package in known[tool]]
    # Ubuntu's kernels bring ZFS; on Debian it is built for the kernel that runs.
    if "zpool" in tools and release.get("ID") == "debian":
        found += [f"linux-headers-{kernel or os.uname().release}", "zfs-dkms"]
    return tuple(found)
