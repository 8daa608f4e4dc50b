# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine's unit: what systemd says it starts, and what the process says that runs."""

from __future__ import annotations

import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import unit as docker
from ansible_collections.containerhost.storage.plugins.module_utils._docker.flags import parse_flags

UNIT, DROP_IN = "/lib/systemd/system/docker.service", "/etc/systemd/system/docker.service.d/a.conf"
DEFAULT = "/etc/default/docker"
DEBIAN = "/usr/sbin/dockerd -H fd:// $DOCKER_OPTS"
HOST = ("hosts", "fd://", "-H", UNIT)
IN_UNIT = "[Service]\nExecStart=x\n"


def started(argv, kind="ignore_errors=no"):
    """What systemctl shows of ExecStart=."""
    return (
        f"{{ path={argv.split()[0]} ; argv[]={argv} ; {kind} ; start_time=[n/a] ; "
        "stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }"
    )


def flags_of(argv, default="", **shown):
    """The flags that a unit comes to, each with its file."""
    properties = {
        "FragmentPath": [UNIT],
        "DropInPaths": [DROP_IN],
        "ExecStart": [started(argv)],
        "EnvironmentFiles": [DEFAULT + " (ignore_errors=yes)"],
        **{name: [value] for name, value in shown.items()},
    }
    texts = {UNIT: IN_UNIT, DEFAULT: default, DROP_IN: "[Service]\nEnvironment=DOCKER_DRIVER=x\n"}
    start = docker.parse_start(properties, lambda path: texts.get(path, ""))
    flags, _strays = parse_flags(start.words)
    return [tuple(flag) for flag in flags]


FLAGS = [
    (DEBIAN, "", {}, [HOST]),
    (
        DEBIAN,
        'DOCKER_OPTS="--storage-driver=vfs -g /srv"\n',
        {},
        [
            HOST,
            ("storage-driver", "vfs", "--storage-driver", DEFAULT),
            ("data-root", "/srv", "-g", DEFAULT),
        ],
    ),
    # over two lines, as a shell would take it
    (
        DEBIAN,
        'DOCKER_OPTS="--debug \\\n--storage-driver=vfs"\n',
        {},
        [HOST, ("debug", "", "--debug", DEFAULT), ("storage-driver", "vfs", "--storage-driver",
                                                   DEFAULT)],
    ),
    (
        DEBIAN,
        'DOCKER_OPTS="--debug\n  --storage-driver=vfs"\n',
        {},
        [HOST, ("debug", "", "--debug", DEFAULT), ("storage-driver", "vfs", "--storage-driver",
                                                   DEFAULT)],
    ),
    (DEBIAN, '# DOCKER_OPTS="-s vfs"\n', {}, [HOST]),
    (DEBIAN, "export DOCKER_OPTS=-svfs\n", {}, [HOST]),
    # Environment= of the unit, which the file beats
    (
        DEBIAN,
        "",
        {"Environment": "DOCKER_OPTS=-soverlay2"},
        [HOST, ("storage-driver", "overlay2", "-s", DROP_IN)],
    ),
    (
        DEBIAN,
        "DOCKER_OPTS=-sbtrfs",
        {"Environment": "DOCKER_OPTS=-soverlay2"},
        [HOST, ("storage-driver", "btrfs", "-s", DEFAULT)],
    ),
    (DEBIAN, "DOCKER_OPTS=-sbtrfs", {"UnsetEnvironment": "DOCKER_OPTS"}, [HOST]),
    (
        "/usr/bin/dockerd --data-root=${ROOT}/docker",
        "ROOT=/srv",
        {},
        [("data-root", "/srv/docker", "--data-root", DEFAULT)],
    ),
    # variables are left as they are
    (
        DEBIAN,
        "DOCKER_OPTS=-sbtrfs",
        {"ExecStartEx": started(DEBIAN, "flags=no-env-expand")},
        [HOST],
    ),
    (
        "/usr/bin/dockerd --label a;b ; -s vfs",
        "",
        {},
        [("labels", "a;b", "--label", UNIT), ("storage-driver", "vfs", "-s", UNIT)],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("argv", "default", "shown", "wanted"), FLAGS)
def test_flags_and_the_files_they_come_from(argv, default, shown, wanted):
    assert flags_of(argv, default, **shown) == wanted


def test_a_unit_without_a_start():
    assert docker.parse_start({}, lambda path: "") is None
    assert docker.parse_start({"ExecStart": [""]}, lambda path: "") is None


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host with systemd, which shows what is put into ``host.shown``; and its processes."""
    real = os.path.isdir
    monkeypatch.setattr(os.path, "isdir", lambda path: path == "/run/systemd/system" or real(path))
    monkeypatch.setattr(docker, "PROC", str(tmp_path / "proc"))
    return Host(tmp_path)


class Host:
    """A host with systemd; its commands are written down."""

    def __init__(self, folder):
        self.folder, self.commands = folder, []
        self.default = folder / "default"
        self.dockerd = self.program("dockerd")
        self.shown = {"LoadState": "loaded", "ActiveState": "inactive", "MainPID": "0"}

    def program(self, name, text="\x7fELF"):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return str(path)

    def unit(self, argv, **more):
        self.shown.update(ExecStart=started(argv), **more)
        self.shown["EnvironmentFiles"] = f"{self.default} (ignore_errors=yes)"
        return self

    def process(self, program, *words):
        """A process that runs."""
        folder = self.folder / "proc" / "7"
        folder.mkdir(parents=True)
        (folder / "cmdline").write_text("\0".join([program, *words, ""]))
        (folder / "exe").symlink_to(program)
        self.shown.update(ActiveState="active", MainPID="7")
        return self

    def read(self, argv):
        self.commands.append(argv)
        return "".join(f"{name}={value}\n" for name, value in self.shown.items())

    def observe(self):
        found = docker.observe_unit(self, "docker.service")
        assert len(self.commands) == 1
        return found

    def refusal(self):
        with pytest.raises(StorageError) as error:
            self.observe()
        return error.value.details["refusal"], str(error.value)


def settings(flags):
    return [(flag.key, flag.value) for flag in flags]


def test_an_engine_that_is_stopped(host):
    host.default.write_text("DOCKER_OPTS='-s vfs'\nDOCKER_DRIVER=btrfs\n")
    unit = host.unit(f"{host.dockerd} -H fd:// $DOCKER_OPTS", NeedDaemonReload="yes").observe()
    assert (unit.program, unit.running, unit.needs_reload) == (host.dockerd, False, True)
    assert settings(unit.flags) == [
        ("hosts", "fd://"),
        ("storage-driver", "vfs"),
        ("storage-driver", "btrfs"),
    ]
    assert unit.flags[1].source == unit.flags[2].source == str(host.default)
    assert unit.words == ("-H", "fd://", "-s", "vfs")
    assert (unit.differs, unit.running_flags) == ("", unit.flags)


def test_an_engine_that_runs_as_its_unit_says(host):
    host.unit(f"{host.dockerd} -H fd:// -D").process(host.dockerd, "-H", "fd://", "-D")
    unit = host.observe()
    assert (unit.differs, unit.needs_reload, unit.pid) == ("", False, 7)
    assert settings(unit.flags) == [("hosts", "fd://"), ("debug", "")]


def test_other_words_for_the_same_are_no_difference(host):
    host.unit(f"{host.dockerd} -H fd:// -s vfs")
    host.process(host.dockerd, "--storage-driver=vfs", "--host", "fd://")
    assert host.observe().differs == ""


def test_the_process_knows_where_a_word_has_a_space(host):
    host.unit(f"{host.dockerd} --data-root /a b -s vfs")
    host.process(host.dockerd, "--data-root", "/a b", "-s", "vfs")
    unit = host.observe()
    assert settings(unit.flags) == [("data-root", "/a b"), ("storage-driver", "vfs")]
    assert unit.words == ("--data-root", "/a b", "-s", "vfs")


def test_a_word_with_a_space_of_an_engine_that_is_stopped_is_refused(host):
    name, text = host.unit(f"{host.dockerd} --data-root /a b -s vfs").refusal()
    assert name == "engine_flags_unclear"
    assert "'b' is the value of none" in text


def test_an_engine_that_runs_with_other_flags_than_it_will_start_with(host):
    host.unit(f"{host.dockerd} -H fd:// -s overlay2 --http-proxy=http://me:secret@proxy")
    host.process(host.dockerd, "-H", "unix:///x", "-s", "vfs")
    unit = host.observe()
    assert settings(unit.running_flags) == [("hosts", "unix:///x"), ("storage-driver", "vfs")]
    assert settings(unit.flags)[:2] == [("hosts", "fd://"), ("storage-driver", "overlay2")]
    assert unit.differs == (
        "it runs with -H unix:///x -s vfs, and docker.service starts it with -H fd:// -s overlay2 "
        "--http-proxy"
    )


def test_an_environment_file_that_has_changed_since_is_a_difference(host):
    host.default.write_text("DOCKER_OPTS='-s vfs'\n")
    host.unit(f"{host.dockerd} -D $DOCKER_OPTS").process(host.dockerd, "-D")
    assert host.observe().differs == "it runs without, and docker.service starts it with -s vfs"


SHELL = '/bin/sh -c exec dockerd -s vfs "$OPTS"'


def test_a_shell_that_has_started_the_engine(host):
    host.unit(SHELL).process(host.dockerd, "-s", "vfs", "--data-root", "/a b")
    unit = host.observe()
    assert unit.program == host.dockerd
    assert settings(unit.flags) == [("storage-driver", "vfs"), ("data-root", "/a b")]
    assert unit.differs == ""


def test_a_shell_that_may_start_anything(host):
    name, text = host.unit(SHELL).refusal()
    assert name == "engine_program_unknown"
    assert text.startswith("docker.service: it starts /bin/sh, which is not dockerd")


def test_a_main_process_that_is_not_the_engine(host):
    shell = host.program("dash")
    name, text = host.unit(f"{host.dockerd} -D").process(shell, "-c", "dockerd").refusal()
    assert name == "engine_program_unknown"
    assert f"its main process is {shell}" in text


@pytest.mark.parametrize(
    ("name", "text", "engine"),
    [
        ("dockerd", "\x7fELF", True),
        ("dockerd", "", True),
        ("dockerd-current", "\x7fELF", True),
        (".dockerd-wrapped", "\x7fELF", True),
        ("dockerd", "#!/bin/sh\nexec /usr/bin/dockerd\n", False),
        ("dockerd-rootless.sh", "#!/bin/sh\n", False),
        ("docker", "\x7fELF", False),
        ("snap", "\x7fELF", False),
        ("mydockerd2", "\x7fELF", False),
    ],
)
def test_what_is_an_engine(host, name, text, engine):
    assert docker.is_engine(host.program(name, text)) is engine


def test_an_engine_that_was_replaced_while_it_runs(host):
    host.unit(f"{host.dockerd} -D").process(host.dockerd + " (deleted)", "-D")
    assert host.observe().program == host.dockerd


def test_a_process_that_is_gone_or_may_not_be_seen(host):
    host.unit(f"{host.dockerd} -D", ActiveState="active", MainPID="9")
    assert settings(host.observe().flags) == [("debug", "")]


def test_a_unit_that_is_masked_or_not_there_starts_nothing(host):
    assert host.unit("/bin/sh", LoadState="masked").observe().program == ""


def test_a_program_that_is_not_there_is_no_refusal(host):
    assert host.unit("/nowhere/engine").observe().program == "/nowhere/engine"
