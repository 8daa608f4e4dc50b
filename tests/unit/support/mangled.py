# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recorded answers of programs, mangled by a seed: cut, torn, of other types, with other bytes."""

from __future__ import annotations

import json

# What no reader expects: numbers that Python does not read, other alphabets, other types.
STRANGE = (
    "", "-1", "x", "9" * 5000, "1e400", "nan", "\u0663", "\0", "\udcff\udcfe", "\ufffd", "1.5",
    "0x10", " 1 ", "a\nb", "\x1b[31m", "%s", "{", None, True, [], {}, [[]], [None], {"a": 1},
    10**30, -5, 0.5,
)  # fmt: skip


def mangled_text(random, text):
    """The text with something in it that its writer did not write."""
    at = random.randrange(len(text) + 1)
    upto = min(len(text), at + random.randrange(1, 40))
    strange = str(random.choice(STRANGE))
    return random.choice(
        [
            text[:at],  # cut short
            text[at:],
            text[:at] + text[upto:],
            text[:at] + strange + text[at:],
            text[:at] + strange + text[upto:],
            text[:at] + text[at:upto] * 2 + text[upto:],
            "\n".join(random.sample(lines := text.split("\n"), len(lines))),
        ]
    )


def mangled_json(random, text):
    """The text of a JSON value in which some fields are of another kind, or not there."""
    value = json.loads(text)
    for _each in range(random.randrange(1, 4)):
        spots = list(_spots(value))
        holder, key = random.choice(spots)
        if random.random() < 0.4:
            del holder[key]
        else:
            holder[key] = random.choice(STRANGE)
        if not value:
            break
    return json.dumps(value)


def _spots(value):
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in list(keys):
        yield value, key
        yield from _spots(value[key])
