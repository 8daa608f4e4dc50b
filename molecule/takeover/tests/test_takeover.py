# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that was set up by hand with the commands of Docker's documentation."""

from __future__ import annotations

import pytest

BY_HAND = """
set -e
systemctl stop docker.socket docker.service
pvcreate {disk}
vgcreate docker {disk}
lvcreate --wipesignatures y -n thinpool docker -l 95%VG
lvcreate --wipesignatures y -n thinpoolmeta docker -l 1%VG
lvconvert -y --zero n -c 512K --thinpool docker/thinpool --poolmetadata docker/thinpoolmeta
cat >/etc/lvm/profile/docker-thinpool.profile <<'EOF'
activation {{
    thin_pool_autoextend_threshold=80
    thin_pool_autoextend_percent=20
}}
EOF
lvchange --metadataprofile docker-thinpool docker/thinpool
rm -rf /var/lib/docker/*
cat >/etc/docker/daemon.json <<'EOF'
{{
    "log-level": "warn",
    "storage-driver": "devicemapper",
    "storage-opts": [
        "dm.thinpooldev=/dev/mapper/docker-thinpool",
        "dm.use_deferred_removal=true"
    ]
}}
EOF
systemctl start docker.service
"""
UUID = "lvs --noheadings --options lv_uuid docker/thinpool"
READ = "docker cp keeper:/kept - | tar --extract --to-stdout"


@pytest.fixture(scope="module")
def by_hand(host, disks):
    """Set the host up, with a container on it; return the pool's UUID."""
    host.check_output(BY_HAND.format(disk=disks[0]))
    return host.check_output(UUID)


@pytest.fixture(scope="module")
def run(host, by_hand, container, provision):
    """Run the role once, on a host where a container has left a file; return what Ansible said."""
    host.check_output(f"docker run --name keeper {container} sh -c %s", "echo data >/kept; sync")
    return provision("--diff")


def test_only_what_differs_is_changed(run):
    assert run.returncode == 0, run.stdout
    assert "changed=1" in run.stdout, run.stdout
    assert "Configure the engine: set storage-opts" in run.stdout
    assert "lvcreate" not in run.stdout
    assert "lvchange" not in run.stdout


def test_its_lack_of_headroom_is_found(run):
    assert "Autoextension of docker/thinpool cannot fire" in run.stdout + run.stderr


def test_the_pool_is_the_same(host, by_hand, run):
    assert host.check_output(UUID) == by_hand


def test_the_container_has_its_data(host, run):
    assert host.check_output(READ) == "data"


def test_the_keys_of_others_stay(host, run):
    assert '    "log-level": "warn",\n' in host.file("/etc/docker/daemon.json").content_string


def test_the_next_run_changes_nothing(run, provision):
    assert "changed=0" in provision().stdout
