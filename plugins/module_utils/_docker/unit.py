# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The engine's systemd unit: is it running, and with which flags will it be started.

A flag beats nothing: the engine does not start when a setting stands both in a flag and in
daemon.json (``findConfigurationConflicts()`` in moby's daemon/config/config.go). Flags hide in
drop-ins and in environment files, so each is kept with the file that it comes from.
"""

from __future__ import annotations

import glob
import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

PROPERTIES = (
    "LoadState",
    "ActiveState",
    "InvocationID",
    "MainPID",
    "FragmentPath",
    "DropInPaths",
)

# dockerd's flags that concern storage, and the key of daemon.json that each stands for.
KEYS = {
    "storage-driver": "storage-driver",
    "s": "storage-driver",
    "storage-opt": "storage-opts",
    "data-root": "data-root",
    "graph": "data-root",
    "g": "data-root",
    "config-file": "config-file",
    "feature": "features",
    "userns-remap": "userns-remap",
    "host": "hosts",
    "H": "hosts",
}

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+)$)")


class Flag(NamedTuple):
    """A setting that the engine is started with."""

    key: str  # as in daemon.json
    value: str
    spelled: str  # how it is written, such as "--storage-opt" or "DOCKER_DRIVER"
    source: str  # the file that it is written in


class Unit(NamedTuple):
    """The engine's service, as systemd has it and as its files say it will be started."""

    name: str
    load: str  # "loaded", "not-found", "masked", ...
    active: str  # "active", "inactive", "failed", "activating", ...
    invocation: str  # systemd's mark of this start of it; '' where it never was started
    program: str  # the path of dockerd; '' where there is no unit
    flags: tuple[Flag, ...] = ()
    pid: int = 0  # of its main process; 0 where it does not run

    @property
    def running(self) -> bool:
        """Tell whether the engine is up: its unit is of Type=notify, so "active" means ready."""
        return self.active in ("active", "reloading")


class _Word(NamedTuple):
    text: str
    source: str


def observe_unit(run: Reader, name: str) -> Unit:
    """Ask systemd for the unit, and read its files.

    :raises StorageError: the host is not run by systemd, or systemd did not answer.
    """
    if not os.path.isdir("/run/systemd/system"):
        raise StorageError(
            "This host",
            "it is not run by systemd, which is how the engine is stopped and started",
            "Use a host that is",
            refusal="systemd_missing",
        )
    out = run.read(("systemctl", "show", "--property", ",".join(PROPERTIES), "--", name))
    shown = dict(line.partition("=")[::2] for line in out.splitlines())
    paths = [shown.get("FragmentPath", ""), *shown.get("DropInPaths", "").split()]
    words, environment = parse_unit([(path, text_of(path)) for path in paths if path], text_of)
    return Unit(
        name=name,
        load=shown.get("LoadState", ""),
        active=shown.get("ActiveState", ""),
        invocation=shown.get("InvocationID", ""),
        program=words[0].text.lstrip("-@:+!") if words else "",
        flags=tuple(parse_flags(words, environment)),
        pid=int(shown.get("MainPID") or 0),
    )


def parse_unit(
    files: Iterable[tuple[str, str]], read: Callable[[str], str]
) -> tuple[list[_Word], dict[str, _Word]]:
    """The words of the unit's ``ExecStart`` with variables put in, and its environment.

    :param files: ``(path, text)`` of the unit and of its drop-ins, in systemd's order: a later
        setting beats an earlier one, an empty one takes all earlier ones back.
    :param read: ``read(path) -> text`` of an environment file; '' where there is none.
    :returns: ``(list of _Word, {name: _Word})``.
    """
    start: tuple[str, str] | None = None
    inline: list[tuple[str, str]] = []
    loaded: list[str] = []
    for path, text in files:
        for name, value in _settings(text):
            if name == "ExecStart":
                start = (value, path) if value else None
            elif name == "Environment":
                inline = [*inline, (value, path)] if value else []
            elif name == "EnvironmentFile":
                loaded = [*loaded, value.lstrip("-")] if value else []
    environment: dict[str, _Word] = {}
    for value, path in inline:
        for assignment in _split(value):
            _assign(environment, assignment, path)
    for pattern in loaded:  # these beat Environment=, see systemd.exec(5)
        for path in sorted(glob.glob(pattern)) or [pattern]:
            for line in read(path).splitlines():
                if line.strip() and line.strip()[0] not in "#;":
                    _assign(environment, "".join(_split(line, spaces=False)), path)
    words = _put_in(start, environment) if start else []
    return words, environment


def _settings(text: str) -> Iterator[tuple[str, str]]:
    """The ``(name, value)`` pairs of a unit file's [Service] section."""
    section = ""
    for line in re.sub(r"\\\n[ \t]*", " ", text).splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and line[0] not in "#;":
            name, _equals, value = line.partition("=")
            yield name.strip(), value.strip()


def _split(text: str, spaces: bool = True) -> list[str]:
    """Words as systemd and shells split and unquote them; broken quotes are taken as text."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    if not spaces:
        lexer.whitespace = "\n"
    try:
        return list(lexer)
    except ValueError:
        return text.split()


def _assign(environment: dict[str, _Word], assignment: str, path: str) -> None:
    name, equals, value = assignment.strip().partition("=")
    if equals:
        environment[name.strip()] = _Word(value.strip(), path)


def _put_in(start: tuple[str, str], environment: dict[str, _Word]) -> list[_Word]:
    """``$NAME`` as a word of its own becomes several words; ``${NAME}`` stays within its word."""
    line, path = start
    words: list[_Word] = []
    for text in _split(line):
        alone = re.fullmatch(r"\$(\w+)", text)
        if alone:
            value = environment.get(alone[1])
            words += [_Word(part, value.source) for part in _split(value.text)] if value else []
            continue
        source = path
        for braced, bare in _VARIABLE.findall(text):
            value = environment.get(braced or bare, _Word("", path))
            source = value.source
        put_in = _VARIABLE.sub(
            lambda match: environment.get(match[1] or match[2], _Word("", "")).text, text
        )
        words.append(_Word(put_in, source))
    return words


def parse_flags(words: list[_Word], environment: dict[str, _Word]) -> Iterator[Flag]:
    """Those of dockerd's flags that concern storage, in their order: the last one counts.

    Written ``--name=value``, ``--name value``, ``-n value``, ``-n=value`` or ``-nvalue``.
    """
    rest = iter(words[1:])
    for word in rest:
        name, equals, value = word.text.partition("=")
        if word.text[:2] != "--" and word.text[:1] == "-" and word.text[1:2] in KEYS:
            name, value = word.text[:2], word.text[2:].lstrip("=")
            equals = value
        key = KEYS.get(name.lstrip("-")) if name.startswith("-") else None
        if key:
            if not equals:
                value = next(rest, _Word("", "")).text
            yield Flag(key, value, name, word.source)
    if "DOCKER_DRIVER" in environment:  # beats both the flag and the file, see daemon.go
        word = environment["DOCKER_DRIVER"]
        yield Flag("storage-driver", word.text, "DOCKER_DRIVER", word.source)
