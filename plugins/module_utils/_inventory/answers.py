# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.
"""What a running engine answers when it is asked for the same, over its socket.

Its interface is Docker's Engine API, in the version that the engine itself has. An answer of
another type than it is read by counts as one that says nothing of it, and is told.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import ask
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.json_object import (
    Notes,
    Object,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Unreadable,
)

# What engines before 24 say of an image without a name.
_NONE = {"<none>:<none>", "<none>@<none>"}


class ToldContainer(NamedTuple):
    """A container, as the engine tells it."""

    id: str
    name: str
    driver: str
    image: str
    state: str
    restart: str
    retries: int
    networks: tuple[str, ...]
    volumes: tuple[str, ...]


class Answers(NamedTuple):
    """What the engine says that it has."""

    images: dict[str, tuple[str, ...]] = {}  # ID -> tags and digests
    containers: tuple[ToldContainer, ...] = ()
    volumes: dict[str, tuple[str, tuple[str, ...]]] = {}  # name -> driver, names of labels
    networks: dict[str, str] = {}  # ID -> name, of those of this host alone
    plugins: dict[str, str] = {}  # ID -> name
    unreadable: tuple[Unreadable, ...] = ()  # questions, and what was wrong with the answers


def ask_engine(socket: str) -> Answers:
    """Ask for images, containers, volumes, networks and plugins.

    One question for each kind, and one for each container.

    :param socket: the path of the engine's.
    """
    asking = _Asking(socket, Notes())
    images = {
        it.text("Id"): tuple(sorted({*it.texts("RepoTags"), *it.texts("RepoDigests")} - _NONE))
        for it in asking.rows("/images/json?all=1")
    }
    containers = [
        _container(inspected)
        for it in asking.rows("/containers/json?all=1")
        for inspected in asking.row(f"/containers/{it.text('Id')}/json")
    ]
    volumes = {
        it.text("Name"): (it.text("Driver"), tuple(it.object("Labels").names()))
        for answer in asking.row("/volumes")
        for it in answer.items("Volumes")
    }
    networks = {
        it.text("Id"): it.text("Name")
        for it in asking.rows("/networks")
        if it.text("Scope") == "local"
    }
    plugins = {it.text("Id"): it.text("Name") for it in asking.rows("/plugins")}
    return Answers(images, tuple(containers), volumes, networks, plugins, asking.notes.all())


class _Asking(NamedTuple):
    """An engine, and what was wrong with its answers."""

    socket: str
    notes: Notes

    def rows(self, question: str) -> list[Object]:
        """The objects of an answer that is a list of them."""
        answer = {"the answer": self._ask(question)}
        return Object(answer, f"GET {question}", self.notes).items("the answer")

    def row(self, question: str) -> list[Object]:
        """The object that an answer is, if it is one."""
        found = self._ask(question)
        if found is not None and not isinstance(found, dict):
            self.notes.add(f"GET {question}", "it is no object")
        return [Object(found, f"GET {question}", self.notes)] if isinstance(found, dict) else []

    def _ask(self, question: str) -> Any:
        try:
            return ask(self.socket, question)
        except StorageError as error:  # a container may be gone since it was listed
            self.notes.add(f"GET {question}", str(error))
            return None


def _container(it: Object) -> ToldContainer:
    policy = it.object("HostConfig").object("RestartPolicy")
    mounts = it.items("Mounts")
    return ToldContainer(
        it.text("Id"),
        it.text("Name").lstrip("/"),
        it.text("Driver"),
        it.text("Image"),
        it.object("State").text("Status"),
        policy.text("Name") or "no",
        policy.number("MaximumRetryCount") or 0,
        tuple(it.object("NetworkSettings").object("Networks").names()),
        tuple(sorted(m.text("Name") for m in mounts if m.text("Type") == "volume")),
    )
