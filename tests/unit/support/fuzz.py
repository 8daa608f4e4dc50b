# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strange input, the same for the same seed: how much of it, and what of a result is to hold."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    StorageError,
    WriteFile,
)

# Each fuzzer takes a share of these, or a multiple where one is cheap. `make fuzz` sets both.
INPUTS = int(os.environ.get("CONTAINERHOST_FUZZ", "2000"))
SEED = os.environ.get("CONTAINERHOST_FUZZ_SEED", "1")

HOSTILE = (
    "", " ", "-", "--", "-x", "--help", "-rf", "/", "//", "/..", "../..", "../../tmp/x", ".", "..",
    "a b", " a", "a ", "a\nb", "a\n", "\na", "a\tb", "a\rb", "%", "%n", "%%", "$HOME", "${PATH}",
    "~", "~root", "`id`", "$(id)", "a;b", "a|b", "a&b", "a#b", "#", 'a"b', "a'b",
    "\\", "a\\", "\\n", "\\040", "\\x2d", "\0", "a\0b", "\x1b[31m", "\x7f", "\x85",
    "\u2028", "\u202e", "\udcff", "\xe9",
    "\u540d", "a" * 300, "/" + "a" * 300, "a/" * 3000, "9" * 5000, "-1", "0", "1", "1e9", "nan",
    "inf", "0x10", "1.5g", "0g", "-1g", "1z", "100%VG", "101%VG", "10%FREE", "0%VG", "%VG", "1 %",
    "18446744073709551616", "none", "None", "null", "on", "off", "true", "=", "a=b", ":", "a:b",
    ",",
    "a,b", "@", "a@b", "[Mount]", "What=/dev/sda", "x\nWhat=/dev/sda", "docker", "/dev/sda", "/dev",
    "/proc", "/etc/passwd", "docker.service", "docker", "docker@", "x.mount", "x.service/../y",
)  # fmt: skip
# What a unit's file may have: an input that adds a line to it adds another one, or one twice.
UNIT_LINES = re.compile(
    r"\[(Unit|Mount|Install)\]|(Description|What|Where|Type|Options|WantedBy|RequiresMountsFor|"
    r"AssertPathIsMountPoint|After)=.*"
)
FOLDERS = (
    "/etc/systemd/system/",
    "/etc/docker/",
    "/etc/lvm/profile/",
    "/run/containerhost-storage/",
)


def share(part: float) -> int:
    """How many inputs a fuzzer takes that makes them by itself."""
    return max(1, round(INPUTS * part))


def inputs(name: str, part: float) -> Iterator[random.Random]:
    """Sources of chance for the inputs of one fuzzer, each of which can be had again.

    :param part: of all inputs, those that are this fuzzer's.
    """
    for number in range(share(part)):
        yield random.Random(f"{SEED} {name} {number}")


def strange(chance: random.Random, usual: str = "") -> str:
    """A text that a person or an enemy might write where the usual one belongs."""
    one = chance.choice(HOSTILE)
    return chance.choice((one, usual + one, one + usual, usual[:1] + one + usual[1:], usual * 2))


def refused(call, *arguments, **named):
    """What a call returns, or the refusal that it raises; anything else is a fault."""
    try:
        return call(*arguments, **named)
    except StorageError as error:
        refusal = error
    assert refusal.details.get("refusal"), f"a refusal without a name: {refusal}"
    assert str(refusal).endswith("."), refusal
    return refusal


def steps_are_sound(steps, values=()):
    """No step has a word that is an option by accident, or writes what nobody planned.

    :param values: the user's texts.
    """
    for step in steps:
        if isinstance(step, WriteFile):
            assert os.path.normpath(step.path) == step.path, step.path
            assert step.path in values or step.path.startswith(FOLDERS), step.path
            assert step.path.isprintable(), step.path
            if step.path.startswith("/etc/systemd/") and step.content:
                _unit_is_sound(step.content)
            continue
        for word in step.argv:
            assert word, step
            assert not re.search(r"[\x00-\x1f\x7f\x85\u2028]", word), step
        options = step.argv[: step.argv.index("--")] if "--" in step.argv else step.argv
        own = [word for word in options if word in values and word.startswith("-")]
        assert not own, (own, step.argv)


def _unit_is_sound(text):
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(UNIT_LINES.fullmatch(line) for line in lines), text
    keys = [line.split("=")[0] for line in lines]
    assert len(keys) == len(set(keys)), text
    assert not any(line.endswith("\\") for line in lines), text
    assert not re.search(r"(?<!%)(%%)*%(?!%)", text), text


def texts_of(value) -> set:
    """All texts in the options of a module."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        return set().union(*map(texts_of, [*value, *value.values()]), set())
    if isinstance(value, (list, tuple)):
        return set().union(*map(texts_of, value), set())
    return set()
