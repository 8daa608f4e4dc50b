# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What the values of the engine's storage options mean, and when two of them mean the same.

The engine reads sizes with go-units' ``RAMInBytes()`` (binary units whatever their spelling) and
booleans with Go's ``strconv.ParseBool()``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

Version = tuple[int, ...]  # (20, 10, 24); () for none
Options = dict[str, list[str]]  # name -> values, in the engine's spelling

# What every release of go-units takes: "10G", "10gb", "10 GiB", "1.5g", "4096".
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(?:([kmgtp])i?b?|b)?", re.IGNORECASE)

TRUE = ("1", "t", "true")
_FALSE = ("0", "f", "false")
# YAML's words for them, which the engine does not know: written as true and false.
_YAML = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


class Kind(NamedTuple):
    """A kind of value: how it reads, and what it means."""

    wanted: str  # for the error text: "wants ..."
    meaning: Callable[[str], Any]  # raises ValueError for a value the engine would not take
    written: Callable[[str], str] = str  # the spelling that the engine takes

    def check(self, option: str, value: str) -> None:
        """Refuse a value that the engine would not take.

        :raises StorageError: naming the option, the value and what it should be.
        """
        try:
            self.meaning(value)
        except ValueError:
            raise StorageError(
                f"Storage option {option}",
                f"{value!r} is not a value it can have",
                f"Give it {self.wanted}",
                refusal="option_value_invalid",
            ) from None

    def same(self, one: str, other: str) -> bool:
        """Tell whether two values mean the same to the engine."""
        try:
            return self.meaning(one) == self.meaning(other)
        except ValueError:
            return one == other


def size(text: str) -> int:
    """Bytes of a size as the engine reads it: ``10g`` is 10 GiB.

    :raises ValueError: it is none.
    """
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError(text)
    number_, unit = match.groups()
    return int(Fraction(number_) * 1024 ** " kmgtp".index((unit or " ").lower()))


def block(text: str) -> int:
    """Bytes of a thin pool's block.

    Device-mapper takes 64 KiB to 1 GiB, in steps of 64 KiB (the kernel's thin-provisioning.rst).
    """
    found = size(text)
    if not 64 * 1024 <= found <= 1024**3 or found % (64 * 1024):
        raise ValueError(text)
    return found


def truth(text: str) -> bool:
    """A boolean as Go spells it, or as YAML does.

    :raises ValueError: it is none.
    """
    word = _YAML.get(text.lower(), text.lower())
    if word not in TRUE + _FALSE:
        raise ValueError(text)
    return word in TRUE


def number(text: str) -> int:
    """The number of a percentage: 95 of ``95`` or ``95%``."""
    return int(text[:-1] if text.endswith("%") else text)


def integer(lowest: int, highest: int) -> Kind:
    """The kind of a whole number between two bounds, which it may be."""

    def meaning(text: str) -> int:
        if not text.isdigit() or not lowest <= int(text) <= highest:
            raise ValueError(text)
        return int(text)

    return Kind(f"a whole number from {lowest} to {highest}", meaning)


def percent(highest: int, sign: str = "optional") -> Kind:
    """The kind of a whole percentage up to ``highest``; ``sign="required"`` writes it with a %."""
    inner = integer(0, highest)

    def meaning(text: str) -> int:
        return inner.meaning(text[:-1] if text.endswith("%") else text)

    def written(text: str) -> str:
        return text if sign == "optional" or text.endswith("%") else text + "%"

    return Kind(f"a whole percentage from 0% to {highest}%", meaning, written)


def one_of(*choices: str) -> Kind:
    """The kind of a value that is one of ``choices``."""

    def meaning(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return Kind(" or ".join(choices), meaning)


def _text(text: str) -> str:
    if not text or not text.isprintable():
        raise ValueError(text)
    return text


def _pool_device(text: str) -> str:
    """The device-mapper name of a pool.

    The engine strips ``/dev/mapper/`` and uses the rest as a name, so ``/dev/vg/pool`` fails.
    """
    name = text[len("/dev/mapper/") :] if text.startswith("/dev/mapper/") else text
    if not name or not re.fullmatch(r"[A-Za-z0-9_+.#:=@-]+", name) or name.startswith("-"):
        raise ValueError(text)
    return name


def _dataset(text: str) -> str:
    """The name of a ZFS filesystem: zfs(8), "ZFS Component Naming Requirements"."""
    if len(text) > 255 or not re.fullmatch(r"[A-Za-z][\w.: -]*(/[\w.:][\w.: -]*)*", text, re.ASCII):
        raise ValueError(text)
    return text


SIZE = Kind("a size such as 10G or 512M", size)
BLOCK = Kind("a multiple of 64K between 64K and 1G", block)
BOOLEAN = Kind("true or false", truth, lambda text: _YAML.get(text.lower(), text.lower()))
TEXT = Kind("a text in one line", _text)
DATASET = Kind("the name of a ZFS filesystem, such as tank/docker", _dataset)
POOL_DEVICE = Kind("the pool's path below /dev/mapper, such as /dev/mapper/vg-pool", _pool_device)


def flatten(options: Mapping[str, Any]) -> Options:
    """Options as Ansible hands them over, as name -> list of values, both text.

    ``{"dm.fs": "xfs", "dm.use_deferred_removal": True, "dm.mkfsarg": ["-K", "-f"]}`` becomes
    ``{"dm.fs": ["xfs"], "dm.use_deferred_removal": ["true"], "dm.mkfsarg": ["-K", "-f"]}``.
    The engine compares names in lower case.

    :raises StorageError: an option has a list without values.
    """
    for name, given in options.items():
        if given == []:
            raise StorageError(
                f"Storage option {str(name).strip().lower()}",
                "it has no value",
                "Give it one, or leave it out",
                refusal="option_value_missing",
            )
    return {
        str(name).strip().lower(): [
            str(value).lower() if isinstance(value, bool) else str(value).strip()
            for value in (given if isinstance(given, list) else [given])
        ]
        for name, given in options.items()
    }


def split(entries: Any) -> Options:
    """``["a=b", "c=d"]``, daemon.json's shape, as name -> list of values.

    Never fails: what is not of that shape has the name that it is, and the value ''.
    """
    found: Options = {}
    for entry in entries if isinstance(entries, list) else [entries]:
        name, _equals, value = str(entry).partition("=")
        found.setdefault(name.strip().lower(), []).append(value.strip())
    return found


def version(text: str) -> Version:
    """``20.10.24+dfsg1`` as ``(20, 10, 24)``, ``6.1.0-49-amd64`` as ``(6, 1, 0)``; () for none."""
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part) for part in match.groups() if part) if match else ()
