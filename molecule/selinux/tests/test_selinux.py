# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The label of the data root, as the kernel and the policy tell of it."""

from __future__ import annotations

import pytest

DOCKERS = "/var/lib/docker"


@pytest.fixture(scope="module")
def root(host):
    return host.backend.get_variables().get("docker_storage_data_root", DOCKERS)


def type_of(context):
    return context.strip().split(":")[2]


def by_policy(host, path):
    return type_of(host.check_output("matchpathcon -n %s", path))


def test_the_host_enforces(host):
    assert host.check_output("getenforce").strip() == "Enforcing"


def test_the_data_root_is_a_filesystem_of_its_own_with_dockers_label(host, root):
    assert host.mount_point(root).exists
    label = type_of(host.check_output("stat --format %s %s", "%C", root))
    assert label == by_policy(host, DOCKERS)
    assert label != "unlabeled_t"


def test_what_the_engine_has_made_in_it_has_a_label(host, root):
    printed = host.check_output("find %s -maxdepth 1 -printf %s", root, "%Z\\n")
    labels = printed.split()
    assert len(labels) > 3
    assert "unlabeled_t" not in map(type_of, labels)


def test_a_relabelling_of_the_whole_host_would_keep_it(host, root):
    assert by_policy(host, root) == by_policy(host, DOCKERS)
    assert host.check_output("restorecon -n -v %s", root) == ""
