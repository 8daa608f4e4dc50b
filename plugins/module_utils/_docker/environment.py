# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Environment files and the words of ``ExecStart=``, read as systemd reads them.

From systemd.exec(5), and from src/basic/env-file.c, env-util.c and extract-word.c of systemd.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.containerhost.storage.plugins.module_utils._docker.flags import Word

_SPACE = " \t\n\r"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NEWLINE = re.compile(r"[\n\r]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
# What a backslash within double quotes takes the meaning of.
_SPECIAL = '"\\`$'
_VARIABLE = re.compile(r"(?s)(\$\$)|\$\{([^}]*)\}|\$\{.*")  # the last is never closed


def parse_file(text: str) -> dict[str, str]:
    """The variables of an environment file; a later line beats an earlier one.

    What systemd passes over is left out: a line without ``=``, a name that is none (``export X``).
    """
    return {
        name: value
        for name, value in _assignments(text)
        if _NAME.fullmatch(name) and not _CONTROL.search(value)
    }


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    at, end = 0, len(text)
    while at < end:
        if text[at] in _SPACE:
            at += 1
        elif text[at] in "#;":
            # A backslash at the end of its line does not go on (since 254). Before, it did. Read as
            # the newer ones do, a setting too many is seen, and none too few.
            at = _past_line(text, at)
        else:
            line = _past_line(text, at)
            equals = text.find("=", at + 1, line)
            if equals < 0:
                at = line
                continue
            value, at_end = _value(text, equals + 1)
            yield text[at:equals].strip(_SPACE), value
            at = at_end


def _past_line(text: str, at: int) -> int:
    found = _NEWLINE.search(text, at)
    return found.end() if found else len(text)


def _value(text: str, at: int) -> tuple[str, int]:
    """A value with its quotes and backslashes taken off, and where it ends.

    Quoted and bare pieces join; within quotes a line may end. White space at the end goes, if it
    is neither quoted nor escaped.
    """
    value: list[str] = []
    keep = 0  # so many characters stay, whatever white space they are
    quote = ""
    bare = False  # in the midst of a bare word, quotes are characters as any
    while at < len(text):
        char = text[at]
        at += 1
        if quote:
            bare = False
            if char == quote:
                quote = ""
            elif char == "\\" and quote == '"':
                escaped = text[at : at + 1]
                at += 1
                if escaped in _SPECIAL:
                    value.append(escaped)
                elif escaped != "\n":
                    value += ["\\", escaped]
            else:
                value.append(char)
            keep = len(value)
        elif char in "\n\r":
            break
        elif char == "\\":
            bare = True
            if at < len(text):
                if text[at] not in "\n\r":
                    value.append(text[at])
                at += 1
            keep = len(value)
        elif not bare and char in "'\"":
            quote = char
        elif char in _SPACE:
            if bare:
                value.append(char)
        else:
            bare = True
            value.append(char)
            keep = len(value)
    return "".join(value[:keep]), at


def split(text: str) -> list[str]:
    """Words as systemd splits and unquotes them; a quote that is never closed ends with the text.

    A backslash stands for the character behind it, within quotes too.
    """
    words: list[str] = []
    word: list[str] | None = None
    quote = ""
    chars = iter(text)
    for char in chars:
        if char == "\\":
            word = [*(word or []), next(chars, "")]
        elif quote:
            if char == quote:
                quote = ""
            else:
                word = [*(word or []), char]
        elif char in "'\"":
            quote, word = char, word or []
        elif char in _SPACE:
            if word is not None:
                words.append("".join(word))
            word = None
        else:
            word = [*(word or []), char]
    return words if word is None else [*words, "".join(word)]


def assignments(shown: str) -> dict[str, str]:
    """The variables that ``systemctl show --property Environment`` prints in a line.

    Older ones do not quote what has a space: what is no assignment belongs to the one before.
    """
    found: dict[str, str] = {}
    name = ""
    for word in split(shown):
        left, equals, value = word.partition("=")
        if equals and _NAME.fullmatch(left):
            name = left
            found[name] = value
        elif name:
            found[name] += " " + word
    return found


def expand(words: Sequence[Word], environment: Mapping[str, Word]) -> list[Word]:
    """The words of ``ExecStart=`` with variables put in, each with the file that it comes from.

    ``$NAME`` as a word of its own becomes the words of its value, or none; ``${NAME}`` stays within
    its word; ``$$`` is a dollar sign. What is not set is empty.
    """
    found: list[Word] = []
    for text, source in words:
        if text.startswith("$") and text[1:2] not in ("{", "$"):
            value = environment.get(text[1:])
            found += [Word(it, value.source) for it in split(value.text)] if value else []
            continue
        found.append(_filled_in(text, source, environment))
    return found


def _filled_in(text: str, source: str, environment: Mapping[str, Word]) -> Word:
    """A word with the values that stand in it; its source is that of the last one."""
    sources = [source]

    def put_in(match: re.Match[str]) -> str:
        if match[2] is None:
            return "$" if match[1] else match[0]
        value = environment.get(match[2])
        if value:
            sources.append(value.source)
        return value.text if value else ""

    return Word(_VARIABLE.sub(put_in, text), sources[-1])
