# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine answers, and where that is not what its files say."""

from __future__ import annotations

import json
import socket
import threading

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.answers import (
    Answers,
    ToldContainer,
    ask_engine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.compare import (
    compare,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.observe import (
    Host,
    observe,
)
from support.data_roots import filled, number

WEB = {
    "Id": number("container web"), "Name": "/web", "Driver": "overlay2", "Image": "sha256:x",
    "State": {"Status": "running"},
    "HostConfig": {"RestartPolicy": {"Name": "", "MaximumRetryCount": 0}},
    "NetworkSettings": {"Networks": {"bridge": {}}},
    "Mounts": [{"Type": "volume", "Name": "data"}, {"Type": "bind", "Source": "/x"}],
}  # fmt: skip
ANSWERS = {
    "/images/json?all=1": [
        {"Id": "sha256:x", "RepoTags": ["shop:1"], "RepoDigests": None},
        {"Id": "sha256:y", "RepoTags": ["<none>:<none>"], "RepoDigests": ["<none>@<none>"]},
    ],
    "/containers/json?all=1": [{"Id": WEB["Id"]}, {"Id": "gone"}],
    f"/containers/{WEB['Id']}/json": WEB,
    "/volumes": {"Volumes": [{"Name": "data", "Driver": "local", "Labels": {"b": "1", "a": "2"}}]},
    "/networks": [
        {"Id": "n", "Name": "front", "Scope": "local"}, {"Id": "s", "Name": "in", "Scope": "swarm"},
    ],
    "/plugins": [{"Id": "p", "Name": "cloud:latest"}],
}  # fmt: skip


@pytest.fixture
def engine(tmp_path):
    """A socket at which some answers are given; what it is given instead of them, by question."""
    path, instead = str(tmp_path / "s"), {}
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(path)
    listening.listen(9)

    def answer():
        while True:
            try:
                connection, _address = listening.accept()
            except OSError:
                return
            with connection:
                question = connection.recv(4096).decode().split(" ")[1]
                found = {**ANSWERS, **instead}.get(question)
                head = "200 OK" if question in {**ANSWERS, **instead} else "404 Not Found"
                connection.sendall(f"HTTP/1.0 {head}\r\n\r\n{json.dumps(found)}".encode())

    threading.Thread(target=answer, daemon=True).start()
    yield path, instead
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def test_what_the_engine_answers(engine):
    told = ask_engine(engine[0])
    assert told.images == {"sha256:x": ("shop:1",), "sha256:y": ()}
    assert told.containers == (
        ToldContainer(
            WEB["Id"], "web", "overlay2", "sha256:x", "running", "no", 0, ("bridge",), ("data",)
        ),
    )
    assert told.volumes == {"data": ("local", ("a", "b"))}
    assert told.networks == {"n": "front"}
    assert told.plugins == {"p": "cloud:latest"}
    ((question, why),) = told.unreadable  # removed since it was listed
    assert question == "GET /containers/gone/json"
    assert "404" in why


STRANGE = [
    ("/images/json?all=1", {"message": "no"}, "not a list"),
    ("/images/json?all=1", [1], "not a list of objects"),
    ("/volumes", [], "no object"),
    ("/volumes", {"Volumes": {"a": 1}}, "Volumes is not a list"),
    (f"/containers/{WEB['Id']}/json", {**WEB, "State": "up"}, "State is not an object"),
    ("/networks", None, None),
]


@pytest.mark.parametrize(("question", "answer", "why"), STRANGE)
def test_an_answer_of_another_type_is_told(engine, question, answer, why):
    engine[1][question] = answer
    told = {it.path: it.why for it in ask_engine(engine[0]).unreadable}
    assert (f"GET {question}" in told) is (why is not None)
    assert why is None or why in told[f"GET {question}"]


def test_no_engine_says_nothing(tmp_path):
    told = ask_engine(str(tmp_path / "none"))
    assert told._replace(unreadable=()) == Answers()
    assert len(told.unreadable) == 5


@pytest.fixture
def found(tmp_path):
    return observe(str(filled(tmp_path / "root").path), Host(driver="overlay2"))


def agreeing(found):
    """The answers of an engine that knows exactly what is there."""
    return Answers(
        {it.id: tuple(sorted((*it.tags, *it.digests))) for it in found.images},
        tuple(
            ToldContainer(
                it.id, it.name, it.driver, it.image, it.state, it.restart, it.retries, it.networks,
                tuple(m.name for m in it.attached if m.type == "volume"),
            )
            for it in found.containers
        ),
        {it.name: (it.driver, tuple(name for name, _value in it.labels)) for it in found.volumes},
        {it.id: it.name for it in found.networks},
        {it.id: it.name for it in found.plugins},
    )  # fmt: skip


def told_with(told, **parts):
    """The same answers, of which one container differs in some."""
    return told._replace(containers=(told.containers[0]._replace(**parts), *told.containers[1:]))


DIFFERENT = [
    (lambda it: it._replace(images=dict(list(it.images.items())[1:])), "1 image that the running"),
    (lambda it: it._replace(images={**it.images, "sha256:z": ()}), "knows 1 image that"),
    (lambda it: it._replace(images=dict.fromkeys(it.images, ("x:1",))), "tags and digests"),
    (lambda it: it._replace(containers=it.containers[1:]), "1 container that the running"),
    (lambda it: it._replace(volumes={**it.volumes, "v": ("local", ())}), "knows 1 volume that"),
    (lambda it: it._replace(volumes={}), "3 volumes that the running"),
    (lambda it: it._replace(volumes={**it.volumes, "data": ("nfs", ())}), "driver and labels"),
    (lambda it: it._replace(networks={}), "4 networks that the running"),
    (lambda it: it._replace(plugins={}), "1 plugin that the running"),
    (lambda it: told_with(it, name="other"), "in its name"),
    (lambda it: told_with(it, image="other"), "in its image"),
    (lambda it: told_with(it, restart="always"), "in its restart policy"),
    (lambda it: told_with(it, networks=("x",)), "in its networks"),
    (lambda it: told_with(it, volumes=("x",)), "in its volumes"),
    (lambda it: told_with(it, state="paused"), None),  # it passes
]


@pytest.mark.parametrize(("change", "text"), DIFFERENT)
def test_a_difference_is_a_finding(found, change, text):
    said = compare(found, change(agreeing(found)), "overlay2")
    assert {it.topic for it in said} == ({"inventory_differs"} if text else set())
    assert text is None or any(text in it.message for it in said)


def test_what_other_drivers_have_the_engine_does_not_know(found):
    told = agreeing(found)._replace(images={}, containers=())
    assert compare(found, told, "btrfs") == []


def test_images_that_containerd_keeps_have_other_names(found):
    told = agreeing(found)._replace(images={"sha256:manifest": ("shop:1",)})
    assert compare(found, told, "overlay2", store=True) == []


def test_a_name_begins_no_line_of_its_own(found):
    told = agreeing(found)._replace(volumes={**agreeing(found).volumes, "a\nb": ("local", ())})
    assert all("\n" not in it.message for it in compare(found, told, "overlay2"))
