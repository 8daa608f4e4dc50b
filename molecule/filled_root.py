# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A data root that is in use: what is put into it, and what has to be there afterwards."""

from __future__ import annotations

import pytest

ROOT = "/var/lib/docker"
ASIDE = f"{ROOT}/.containerhost-storage-aside"
HOLD = "/etc/systemd/system/docker.service.d/00-containerhost-storage-hold.conf"
FOREIGN = f"{ROOT}/backup"


@pytest.fixture
def filled(host, make_image):
    """Have an image, a container that runs, a volume, links that lead out, and foreign files."""
    host.check_output("docker rm --force web other >/dev/null 2>&1 || true")
    if not images(host):
        make_image()
    mounts = "-v data:/data --network none busybox"
    host.check_output(
        f"docker run --detach --interactive --name web {mounts} "
        "sh -c 'echo from a container >/data/file; echo own >/own; cat'"
    )
    host.check_output(
        "mkdir --parents /srv/outside %s && echo precious >/srv/outside/file"
        " && echo dump >%s/dump && ln --symbolic --force --no-dereference /srv/outside %s/link",
        *(FOREIGN, FOREIGN, FOREIGN),
    )
    host.check_output("ln -sfn /srv/outside %s/tmp/link", ROOT)


def outside(host):
    """Return what must be the same afterwards, by its hashes."""
    return host.check_output(
        "find /srv/outside %s %s/volumes/data -type f -exec sha256sum {} + | sort", FOREIGN, ROOT
    )


def images(host):
    """Return the IDs of the engine's images."""
    return host.check_output("docker images --quiet").split()
