# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an image is made of, as data, and the key that follows from it.

Whatever changes the outcome is in the recipe; so an image is found again by anyone who would
have built the same, and a change of anything here builds a new one.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from .errors import LabError

PACKAGES = [
    # the system
    "systemd-sysv", "udev", "dbus", "kmod", "procps", "iproute2", "openssh-server",
    "ca-certificates", "linux-image-amd64",
    # storage
    "lvm2", "dmeventd", "thin-provisioning-tools", "xfsprogs", "btrfs-progs", "e2fsprogs",
    "mdadm", "parted", "fdisk", "attr",
    # containers; busybox is what images are made of where there is no registry
    "docker.io", "iptables", "apparmor", "busybox-static",
    # Ansible
    "python3", "python3-apt", "sudo",
]  # fmt: skip

RELEASES = {
    "bookworm": [],
    # The client has been a package of its own since Debian 13.
    "trixie": ["docker-cli"],
    # Its default is dracut, and the lab's initrd is made with this one. Nothing there depends on
    # mount any more.
    "testing": ["docker-cli", "initramfs-tools", "mount"],
}

# These can be removed in a guest and installed again there, without a network.
OFFLINE_PACKAGES = ["lvm2", "dmeventd", "thin-provisioning-tools", "xfsprogs", "btrfs-progs"]

# What an image can have besides. It is put in by a script of that name in the folder extras/,
# and is in the recipe of such an image only: the plain images stay as they are. A script of that
# name with "-last" behind it runs when all other files of the image are there.
EXTRAS = {
    "zfs": ["linux-headers-amd64", "zfs-dkms", "zfsutils-linux"],
    "selinux": [
        "selinux-basics", "selinux-policy-default", "selinux-utils", "policycoreutils",
        "policycoreutils-python-utils",
    ],
}  # fmt: skip
# What the kernel of such an image is told besides. AppArmor comes first in Debian's kernel, and of
# these two there can be one.
KERNEL_ARGUMENTS = {"selinux": "security=selinux selinux=1"}

ROOT_SIZE = "8G"


def image_recipe(
    release: str, guest: Path, public_key: str, extra: str = "", extras: Path = Path()
) -> dict:
    """Return what the root image of ``release`` is made of.

    ``guest`` is the folder with the scripts and files that go into it, ``extra`` one of EXTRAS
    or nothing, ``extras`` the folder with their scripts. Raises LabError for a release that the
    lab does not know.
    """
    if release not in RELEASES:
        raise LabError(f"There is no release {release!r} here: take {' or '.join(RELEASES)}.")
    recipe = {
        "release": release,
        "packages": PACKAGES + RELEASES[release],
        "offline_packages": OFFLINE_PACKAGES,
        "root_size": ROOT_SIZE,
        "files": digest_files(guest),
        "authorized_key": public_key.strip(),
    }
    if extra:
        script = hashlib.sha256((extras / f"{extra}.sh").read_bytes()).hexdigest()
        recipe["extra"] = {"name": extra, "packages": EXTRAS[extra], "script": script}
        if extra in KERNEL_ARGUMENTS:
            recipe["extra"]["kernel_arguments"] = KERNEL_ARGUMENTS[extra]
        last = extras / f"{extra}-last.sh"
        if last.exists():
            recipe["extra"]["last"] = hashlib.sha256(last.read_bytes()).hexdigest()
    return recipe


def digest_files(folder: Path) -> dict[str, str]:
    """Return the digest of every file below ``folder``, by its path in there.

    Whether a file is executable counts; its time and owner do not.
    """
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest()
            + ("x" if path.stat().st_mode & 0o100 else "")
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def key(recipe: dict) -> str:
    """Return the name of what is made by ``recipe``: its release and a hash over all of it."""
    text = json.dumps(recipe, sort_keys=True)
    return f"{recipe['release']}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
