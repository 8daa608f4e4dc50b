# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of the lab, as the scenarios expect it."""

from __future__ import annotations


def test_the_engine_answers(host):
    assert host.check_output("docker info --format {{.ServerVersion}}")


def test_the_disks_are_blank_and_keep_their_names(host):
    disks = host.backend.get_variables()["lab_disks"]
    assert len(disks) == 2
    for disk in disks:
        assert host.check_output("wipefs --noheadings %s", disk) == ""
