# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The overlay that the engine made for a container, read while the container runs."""

from __future__ import annotations

import json

import pytest

SCRIPT = "echo new >/file; cat"


@pytest.fixture(scope="module")
def merged(host, container, wait_until):
    """Run a container that writes into its layer; return where the engine has mounted it.

    Its image has no tools but a shell and cat, so the rest is done from outside.
    """
    host.check_output(
        f"docker run --detach --interactive --name writer {container} sh -c %s", SCRIPT
    )
    wait_until(lambda: "A /file" in host.check_output("docker diff writer"))
    driver = json.loads(host.check_output("docker inspect writer"))[0]["GraphDriver"]
    assert driver["Name"] == "overlay2"
    path = driver["Data"]["MergedDir"]
    host.check_output(
        f"cd {path} && rm bin/dd bin/sync && echo changed >bin/sync"
        " && mkdir made && echo x >made/x && ln -s /nowhere link"
    )
    return path


def test_its_changes_are_those_that_the_engine_tells(host, overlay, merged):
    result = overlay(merged, report_changes=True)
    assert not result["failed"], result["msg"]
    assert result["steps"] == []
    changes = {(one["change"], one["path"]) for one in result["changes"]["listed"]}
    assert changes == told(host, merged)


def told(host, merged):
    """Return what the engine tells, without the folders that are there for what is in them."""
    kinds = {"A": "added", "D": "deleted", "C": "modified"}
    rows = (line.split(" ", 1) for line in host.check_output("docker diff writer").splitlines())
    return {
        (kinds[kind], path)
        for kind, path in rows
        if kind != "C" or not host.file(merged + path).is_directory
    }


def test_it_is_not_unmounted(host, refusal, merged):
    for state in ("unmounted", "absent"):
        assert "it is in use by" in refusal(merged, state=state)
    assert host.check_output("docker exec writer cat /file") == "new"


def test_its_layer_is_given_to_no_other_overlay(refusal, merged):
    upper, work = merged.replace("/merged", "/diff"), merged.replace("/merged", "/other-work")
    said = refusal("/srv/stolen", lower=["/srv/layers/base"], upper=upper, work=work)
    assert f"the overlay at {merged} has " in said


def test_nor_where_just_the_container_sees_it_any_more(host, refusal, merged):
    host.check_output("umount %s", merged)
    upper, work = merged.replace("/merged", "/diff"), merged.replace("/merged", "/other-work")
    said = refusal("/srv/stolen", lower=["/srv/layers/base"], upper=upper, work=work)
    assert f"has {upper} as its upper layer" in said
    assert host.check_output("docker exec writer cat /file") == "new"


def test_it_ends_as_ever(host, merged):
    host.check_output("docker rm --force writer")
    assert not host.file(merged).exists
