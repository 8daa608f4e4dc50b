# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Units that need a mount: how they may be named, and what systemd says of them."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._mount import required
from ansible_collections.containerhost.storage.plugins.module_utils._mount.required import (
    Unit,
    full_name,
    is_its_own_name,
    show_units,
)


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("docker.service", "docker.service"),
        ("docker", "docker.service"),
        ("docker.socket", "docker.socket"),
        ("worker@1.service", "worker@1.service"),
        ("worker@1", "worker@1.service"),
        ("a.b", "a.b.service"),
        (r"srv-a\x20b.mount", r"srv-a\x20b.mount"),
    ],
)
def test_a_unit_without_a_type_is_a_service(name, full):
    assert full_name(name) == full


@pytest.mark.parametrize("name", ["worker@.service", "worker@", "worker@.socket"])
def test_a_template_is_no_unit(name):
    with pytest.raises(StorageError, match="it is a template") as refused:
        full_name(name)
    assert refused.value.details["refusal"] == "service_name_invalid"


@pytest.mark.parametrize("name", ["", "a b", "docker*", "-x.service", "a/b.service", "a\n", "ä"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(StorageError, match="it is no name of a unit"):
        full_name(name)


def test_a_link_may_be_another_name(tmp_path, monkeypatch):
    etc, lib = tmp_path / "etc", tmp_path / "lib"
    for folder in (etc, lib):
        folder.mkdir()
    monkeypatch.setattr(required, "FOLDERS", (str(etc), str(lib)))
    (lib / "docker.service").touch()
    (lib / "dockerd.service").symlink_to("docker.service")
    (lib / "over.service").touch()
    (etc / "over.service").symlink_to(lib / "docker.service")
    names = ("docker", "dockerd", "over", "gone")
    assert [is_its_own_name(f"{name}.service") for name in names] == [True, False, False, False]


class Run:
    def __init__(self, out):
        self.out, self.asked = out, []

    def read(self, argv):
        self.asked.append(argv)
        return self.out


DOCKER = "Id=docker.service\nLoadState=loaded\nActiveState=active\n"
GONE = "Id=gone.service\nLoadState=not-found\nActiveState=inactive\n"


def test_units_as_systemd_has_them():
    run = Run(f"{DOCKER}\n{GONE}\n{DOCKER}")
    assert show_units(run, ("dockerd.service", "gone.service", "docker.service")) == {
        "dockerd.service": Unit("docker.service", True, True),
        "gone.service": Unit("gone.service", False, False),
        "docker.service": Unit("docker.service", True, True),
    }
    assert show_units(run, ()) == {}
    assert len(run.asked) == 1


def test_a_masked_unit_is_there():
    run = Run(DOCKER.replace("=loaded", "=masked"))
    assert show_units(run, ("docker.service",))["docker.service"].there


@pytest.mark.parametrize(
    ("out", "shown"),
    [
        ("", "says nothing"),
        ("\n\n", "says nothing"),
        (f"{DOCKER}\n{GONE}", "of docker.service it says Id=docker.service"),
        (DOCKER.replace("Id=docker.service\n", ""), "says LoadState=loaded"),
        (DOCKER.replace("=active", "="), "ActiveState=,"),
        ("\x1b[2J\udcff", r"says \\x1b\[2J\\udcff="),
        ("x" * 200, f"says {'x' * 80}, and"),
        ("Failed to do anything\n" * 100, "says Failed to do anything="),
    ],
)
def test_an_answer_that_is_strange_is_refused(out, shown):
    with pytest.raises(StorageError, match=shown) as refused:
        show_units(Run(out), ("docker.service",))
    assert "`systemctl show --property" in str(refused.value)
    assert refused.value.details["refusal"] == "answer_unreadable"
