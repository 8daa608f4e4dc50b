# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The engine's systemd unit: is it running, and with which flags will it be started.

systemd is asked what it starts: it alone knows what its files come to. What it does not tell is
the content of environment files, which it reads at each start, and where a word was quoted. The
command line of the running engine tells both, so each is held against the other.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import environment
from ansible_collections.containerhost.storage.plugins.module_utils._docker.flags import (
    VARIABLE,
    Flag,
    Word,
    parse_flags,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

PROC = "/proc"

PROPERTIES = (
    "LoadState",
    "ActiveState",
    "InvocationID",
    "MainPID",
    "FragmentPath",
    "DropInPaths",
    "NeedDaemonReload",
    "ExecStart",
    "ExecStartEx",  # since systemd 243: says as well whether variables are left as they are
    "Environment",
    "EnvironmentFiles",
    "UnsetEnvironment",
)

# print_property() in src/systemctl/systemctl-show.c of systemd.
_STARTED = re.compile(
    r"\{ path=(?P<path>.*?) ; argv\[\]=(?P<argv>.*) ; (?:ignore_errors|flags)=(?P<flags>[^;]*) ; "
    r"start_time=.*"
)
_LOADED = re.compile(r"(?P<path>.*) \(ignore_errors=(?:yes|no)\)")

# "dockerd", and the names that distributions have given to it: dockerd-current, .dockerd-wrapped
_DOCKERD = re.compile(r"(?:.*[-.])?dockerd(?:[-.].*)?")


class Unit(NamedTuple):
    """The engine's service, as systemd has it and as it will be started."""

    name: str
    load: str  # "loaded", "not-found", "masked", ...
    active: str  # "active", "inactive", "failed", "activating", ...
    invocation: str  # systemd's mark of this start of it; '' where it never was started
    program: str  # the path of dockerd; '' where there is no unit
    flags: tuple[Flag, ...] = ()  # of its next start
    pid: int = 0  # of its main process; 0 where it does not run
    started: tuple[Flag, ...] | None = None  # those that it runs with; None: the same
    needs_reload: bool = False  # its files have changed, and systemd has not read them since
    words: tuple[str, ...] = ()  # dockerd's arguments at its next start
    environment: Mapping[str, str] = {}  # what its unit sets for it

    @property
    def running(self) -> bool:
        """Tell whether the engine is up: its unit is of Type=notify, so "active" means ready."""
        return self.active in ("active", "reloading")

    @property
    def running_flags(self) -> tuple[Flag, ...]:
        """The flags that it runs with; where it does not run, those of its next start."""
        return self.flags if self.started is None else self.started

    @property
    def differs(self) -> str:
        """How the running engine's flags are others than those of its next start; '' for not."""
        if self.started is None:
            return ""
        now, then = _told(self.started, self.flags), _told(self.flags, self.started)
        return f"it runs {now}, and {self.name} starts it {then}"


def _told(flags: Sequence[Flag], others: Sequence[Flag]) -> str:
    known = [(flag.key, flag.value) for flag in others]
    own = [flag.shown for flag in flags if (flag.key, flag.value) not in known]
    return "with " + " ".join(own) if own else "without"


class _Start(NamedTuple):
    """What systemd starts."""

    program: str
    words: list[Word]  # its arguments, with variables put in
    environment: dict[str, Word]


def observe_unit(run: Reader, name: str) -> Unit:
    """Ask systemd for the unit, and the kernel for its process.

    :raises StorageError: the host is not run by systemd, systemd did not answer, or what the unit
        starts is not the engine.
    """
    if not os.path.isdir("/run/systemd/system"):
        raise StorageError(
            "This host",
            "it is not run by systemd, which is how the engine is stopped and started",
            "Use a host that is",
            refusal="systemd_missing",
        )
    out = run.read(("systemctl", "show", "--property", ",".join(PROPERTIES), "--", name))
    shown: dict[str, list[str]] = {}
    for line in out.splitlines():
        prop, _equals, value = line.partition("=")
        shown.setdefault(prop, []).append(value)
    one = {prop: values[0] for prop, values in shown.items()}
    unit = Unit(
        name=name,
        load=one.get("LoadState", ""),
        active=one.get("ActiveState", ""),
        invocation=one.get("InvocationID", ""),
        program="",
        pid=_number(one.get("MainPID", "")),
        needs_reload=one.get("NeedDaemonReload") == "yes",
    )
    start = parse_start(shown, text_of)
    return _with_flags(unit, start) if start and unit.load == "loaded" else unit


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0


def parse_start(shown: Mapping[str, Sequence[str]], read: Callable[[str], str]) -> _Start | None:
    """What systemd starts by the properties that it shows; None where it would start nothing.

    :param shown: property -> its values, one a line.
    :param read: ``read(path) -> text`` of a file; '' where there is none.
    """
    lines = shown.get("ExecStartEx") or shown.get("ExecStart") or [""]
    found = _STARTED.fullmatch(lines[-1])
    if not found:
        return None
    drop_ins = environment.split((shown.get("DropInPaths") or [""])[0])
    files = [(path, read(path)) for path in (*shown.get("FragmentPath", ()), *drop_ins) if path]
    sources: dict[str, Word] = {}
    for name, value in environment.assignments((shown.get("Environment") or [""])[0]).items():
        sources[name] = Word(value, _source(files, rf"Environment[ \t]*=.*\b{re.escape(name)}="))
    for line in shown.get("EnvironmentFiles") or shown.get("EnvironmentFile") or ():
        named = _LOADED.fullmatch(line)
        for path in _matches(named["path"] if named else line):  # these beat Environment=
            loaded = environment.parse_file(read(path))
            sources.update({name: Word(value, path) for name, value in loaded.items()})
    for unset in environment.split((shown.get("UnsetEnvironment") or [""])[0]):
        name, equals, value = unset.partition("=")
        if name in sources and (not equals or sources[name].text == value):
            del sources[name]
    source = _source(files, r"ExecStart[ \t]*=[ \t]*\S")
    words = [Word(text, source) for text in found["argv"].split(" ")[1:]]
    if "no-env-expand" not in found["flags"].split():
        words = environment.expand(words, sources)
    return _Start(found["path"], words, sources)


def _matches(pattern: str) -> list[str]:
    return sorted(glob.glob(pattern)) or [pattern]


def _source(files: Iterable[tuple[str, str]], pattern: str) -> str:
    """The file that says so, as far as can be seen: the last one that has such a line."""
    known = list(files)
    saying = [path for path, text in known if re.search(rf"(?m)^[ \t]*{pattern}", text)]
    return (saying or [path for path, _text in known] or [""])[-1]


def _with_flags(unit: Unit, start: _Start) -> Unit:
    """The unit with its program and its flags, by systemd and by the process that runs.

    :raises StorageError: it is not the engine that is started, or its flags are not known.
    """
    process = _process(unit.pid) if unit.running else _NO_PROCESS
    program = start.program if is_engine(start.program) else ""
    if process.program and not _DOCKERD.fullmatch(os.path.basename(process.program)):
        _refuse(unit, process.program, f"its main process is {process.program}")
    if not program and not process.program:
        if not os.path.exists(start.program):
            return unit._replace(program=start.program)
        _refuse(unit, start.program, f"it starts {start.program}")
    words = start.words
    started = None
    exact = [Word(text, words[0].source if words else unit.name) for text in process.words or ()]
    if process.words is not None and not program:
        words = exact  # what the unit starts has started the engine with these
    elif process.words is not None and _joined(words) == _joined(exact):
        words = words if len(words) == len(exact) else exact  # one of them has a space in it
    elif process.words is not None:
        started = parse_flags(exact)[0]
    flags, strays = parse_flags(words)
    if started is not None and not strays and _same(started, flags):
        started = None
    elif strays and started is None:
        raise StorageError(
            unit.name,
            f"its flags can't be told apart: {strays[0]!r} is the value of none. systemd shows "
            "words without their quotes, so one of them has a space in it",
            "Start the engine, whose process shows them as they are, or move that setting to "
            "daemon.json",
            refusal="engine_flags_unclear",
        )
    driver = start.environment.get(VARIABLE)
    by_variable = (Flag("storage-driver", driver.text, VARIABLE, driver.source),) if driver else ()
    return unit._replace(
        program=program or process.program,
        flags=(*flags, *by_variable),
        started=None if started is None else (*started, *by_variable),
        words=tuple(word.text for word in words),
        environment={name: word.text for name, word in start.environment.items()},
    )


def _joined(words: Iterable[Word]) -> str:
    """Words as systemd shows them."""
    return " ".join(word.text for word in words)


def _same(some: Iterable[Flag], others: Iterable[Flag]) -> bool:
    return sorted(it[:2] for it in some) == sorted(it[:2] for it in others)


class _Process(NamedTuple):
    program: str  # '' where it may not be seen
    words: list[str] | None  # its arguments; None where it is gone


_NO_PROCESS = _Process("", None)


def _process(pid: int) -> _Process:
    """The main process of a unit."""
    if not pid:
        return _NO_PROCESS
    try:
        with open(f"{PROC}/{pid}/cmdline", encoding="utf-8", errors="surrogateescape") as stream:
            words = stream.read().split("\0")[1:-1]
    except OSError:  # it has ended meanwhile
        return _NO_PROCESS
    try:  # an upgrade replaces the file
        program = re.sub(r" \(deleted\)$", "", os.readlink(f"{PROC}/{pid}/exe"))
    except OSError:  # only root may see it
        program = ""
    return _Process(program, words)


def is_engine(program: str) -> bool:
    """Tell whether a program is dockerd by its name, and no script that may start anything."""
    if not _DOCKERD.fullmatch(os.path.basename(program)):
        return False
    try:
        with open(program, "rb") as stream:
            return stream.read(2) != b"#!"
    except OSError:
        return True


def _refuse(unit: Unit, program: str, wrong: str) -> NoReturn:
    """Refuse a unit whose program is none that is known here."""
    from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
        other_engines,
    )

    other_engines.refuse_unit(unit._replace(program=program))
    raise StorageError(
        unit.name,
        f"{wrong}, which is not dockerd: what it does with flags and files is not known",
        "Have the unit start dockerd itself, then run `systemctl daemon-reload` and restart it",
        refusal="engine_program_unknown",
    )
