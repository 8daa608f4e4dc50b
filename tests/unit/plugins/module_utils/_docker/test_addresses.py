# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the engine is spoken to, by its flags, its file and its own rules for addresses."""

from __future__ import annotations

import json

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import addresses
from ansible_collections.containerhost.storage.plugins.module_utils._docker.flags import (
    Word,
    parse_flags,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Unit

DEFAULT = "/run/docker.sock"
HOSTS = [
    ("", False, DEFAULT),
    (" ", False, DEFAULT),
    ("", True, ""),
    ("unix://", False, DEFAULT),
    ("unix://", True, DEFAULT),
    ("unix:///var/run/x.sock", False, "/var/run/x.sock"),
    ("unix://x.sock", False, "/x.sock"),
    ("fd://", True, "fd"),
    ("fd://3", False, "fd"),
    ("tcp://", False, ""),
    ("tcp://0.0.0.0:2375", False, ""),
    ("0.0.0.0:2375", False, ""),
    (":2375", False, ""),
    ("npipe:////./pipe/x", False, ""),
]


@pytest.mark.parametrize(("host", "with_tls", "path"), HOSTS)
def test_an_address(host, with_tls, path):
    assert addresses.parse_host(host, with_tls) == path


class Run:
    """A host whose docker.socket listens where it is told."""

    def __init__(self, shown="", rc=0):
        self.shown, self.rc, self.argvs = shown, rc, []

    def __call__(self, argv):
        self.argvs.append(argv)
        return self.rc, self.shown, ""


@pytest.fixture
def socket_of(tmp_path, monkeypatch):
    """The socket of an engine with flags and a file; the default one is not there."""
    monkeypatch.setattr(addresses, "SOCKET", str(tmp_path / "docker.sock"))
    monkeypatch.setattr(addresses, "CONFIG_FILE", str(tmp_path / "daemon.json"))

    def socket_of(line, content=None, run=None):
        if content is not None:
            (tmp_path / "daemon.json").write_text(
                content if isinstance(content, str) else json.dumps(content)
            )
        flags, _strays = parse_flags([Word(text, "unit") for text in line.split()])
        unit = Unit("docker.service", "loaded", "active", "now", "/usr/bin/dockerd", flags)
        return addresses.local_socket(run or Run(), unit).replace(str(tmp_path), "")

    return socket_of


FOUND = [
    ("", None, "/docker.sock"),
    ("-H unix://", None, "/docker.sock"),
    ("-H fd://", None, "/docker.sock"),
    ("-H unix:///run/x.sock", None, "/run/x.sock"),
    ("-H tcp://0.0.0.0:2375 --host=unix:///run/x.sock", None, "/run/x.sock"),
    ("", {"hosts": ["unix:///run/y.sock"]}, "/run/y.sock"),
    ("", {"hosts": ["tcp://0.0.0.0:2375", "unix:///run/y.sock"]}, "/run/y.sock"),
    ("", {"hosts": []}, "/docker.sock"),
    ("", {"hosts": None}, "/docker.sock"),
    ("-H unix:///run/x.sock", {"hosts": ["unix:///run/y.sock"]}, "/run/x.sock"),
    ("--tls=false", {}, "/docker.sock"),
    ("--tlsverify -H unix://", {}, "/docker.sock"),
    # what is wrong with the file is said by whoever needs it
    ("", "{broken", "/docker.sock"),
    ("", {"hosts": 5}, "/docker.sock"),
]


@pytest.mark.parametrize(("line", "content", "path"), FOUND)
def test_where_an_engine_listens(socket_of, line, content, path):
    assert socket_of(line, content) == path


@pytest.mark.parametrize(
    ("line", "content"),
    [
        ("-H tcp://0.0.0.0:2375", None),
        ("-H 0.0.0.0", None),
        ("", {"hosts": ["tcp://0.0.0.0:2375"]}),
        ("--tlsverify", None),
        ("--tls", {}),
        ("", {"tls": True}),
    ],
)
def test_an_engine_that_listens_on_tcp_only_is_named_as_such(socket_of, line, content):
    with pytest.raises(StorageError, match="it listens on TCP only") as error:
        socket_of(line, content)
    assert error.value.details["refusal"] == "engine_tcp_only"


@pytest.mark.parametrize(
    ("shown", "rc", "path"),
    [
        ("Listen=/run/other.sock (Stream)\n", 0, "/run/other.sock"),
        ("Listen=[::]:2375 (Stream)\nListen=/run/other.sock (Stream)\n", 0, "/run/other.sock"),
        ("ListenStream=/run/other.sock\n", 0, "/run/other.sock"),
        ("", 0, "/docker.sock"),
        ("", 1, "/docker.sock"),
    ],
)
def test_a_socket_that_systemd_hands_over(socket_of, tmp_path, shown, rc, path):
    run = Run(shown, rc)
    assert socket_of("-H fd://", run=run) == path
    (argv,) = run.argvs
    assert argv[-1] == "docker.socket"
    (tmp_path / "docker.sock").touch()
    assert socket_of("-H fd://", run=run) == "/docker.sock"
    assert len(run.argvs) == 1


def test_the_running_process_is_asked_where_it_listens_now(socket_of):
    flags = [parse_flags([Word("-H", ""), Word(text, "")])[0] for text in ("fd://", "unix:///old")]
    unit = Unit(
        "docker.service", "loaded", "active", "now", "/usr/bin/dockerd", flags[0], started=flags[1]
    )
    assert addresses.local_socket(Run(), unit) == "/old"
