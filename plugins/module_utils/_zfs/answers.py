# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What `zfs`, `zpool` and the kernel answer, line by line: read with certainty, or refused.

Names have no tabs and no line ends (zfs_namecheck.c); values of other tools' properties, and
mountpoints, may have both. So where a value could be taken for a line, the line's end has to repeat
what is at its beginning, or the number of lines is known beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import (
    Member,
    Value,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.number import number_in
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.properties import (
    FEATURES,
    NUMBERS,
    PROPERTIES,
    SHOWN,
    UNLIMITED,
)

_SHOWN = 80  # characters of a line that a refusal shows
_SOURCE = re.compile(r"-|default|local|received|temporary|inherited from .+", re.DOTALL)

# The columns of :func:`parse_list`: names, numbers and words, and nothing that may hold anything.
COLUMNS = "name,type,guid,origin,clones,userrefs,createtxg,objsetid,referenced,written"

# The altroot comes last: it is a path, and the only one of these that may hold anything.
OF_POOL = ("health", "capacity", "readonly", *(f"feature@{it}" for it in FEATURES), "altroot")

# ZFS_MAXPROPLEN of zfs.h counts the final NUL: what is longer is cut without a word.
_CUT = 8191


def lines(text: str) -> list[str]:
    """The lines of an answer, cut at line ends only: other blanks may be part of a value."""
    found = text.split("\n")
    return found[:-1] if found[-1] == "" else found


def strange(argv: Sequence[str], number: int, line: str) -> StorageError:
    """The refusal of an answer that cannot be read with certainty.

    :param number: of the line, from 1 on
    """
    shown = ascii(line[:_SHOWN])[1:-1] + ("..." if len(line) > _SHOWN else "")
    return StorageError(
        "`{}`".format(" ".join(argv)),
        f'line {number} of its answer cannot be read with certainty: "{shown}"',
        "Run it by hand on the host and look at that line",
        refusal="answer_unreadable",
    )


def parse_pool(argv: Sequence[str], text: str) -> dict[str, str]:
    """Property -> value, of what `zpool get` printed. A feature it does not know is not printed."""
    found: dict[str, str] = {}
    rows = lines(text)
    for number, row in enumerate(rows, 1):
        prop, tab, value = row.partition("\t")
        if not tab or prop not in OF_POOL or prop in found:
            raise strange(argv, number, row)
        if prop == OF_POOL[-1]:
            found[prop] = "\n".join([value, *rows[number:]])
            break
        found[prop] = value
    for prop in OF_POOL:
        if prop not in found and not prop.startswith("feature@"):
            raise strange(argv, len(rows) + 1, "")
    return found


def parse_get(
    argv: Sequence[str], text: str, there: Sequence[str], props: Sequence[str]
) -> dict[str, dict[str, Value]] | None:
    """What `zfs get -H -p -o name,property,value,source` printed: name -> property -> Value.

    None where it has more lines than it was asked for: a value has line ends, and could be taken
    for other properties.

    :param there: the names of the datasets that exist
    :param props: what was asked for
    """
    rows, count = lines(text), len(props)
    if len(rows) > len(there) * count:
        return None
    found: dict[str, dict[str, Value]] = {}
    for number, row in enumerate(rows):
        name, _tab, rest = row.partition("\t")
        prop = props[number % count]
        first = number % count == 0
        if name not in there or not rest.startswith(prop + "\t") or first is (name in found):
            raise strange(argv, number + 1, row)
        value = parse_value(rest[len(prop) + 1 :])
        if value is None or not _is_possible(prop, value):
            raise strange(argv, number + 1, row)
        found.setdefault(name, {})[prop] = value
    if len(rows) != len(there) * count:
        raise strange(argv, len(rows) + 1, "")
    return {name: of_its_own(values) for name, values in found.items()}


def parse_value(text: str) -> Value | None:
    """A value and its source, which has no tab; None if it is none."""
    value, tab, source = text.rpartition("\t")
    return Value(value, source) if tab and _SOURCE.fullmatch(source) else None


def _is_possible(prop: str, value: Value) -> bool:
    """Whether a number is one, where a property has numbers."""
    known = PROPERTIES.get(prop)
    numeric = prop in NUMBERS or (known is not None and known.form in ("size", "count"))
    return not numeric or value.value in ("-", "none") or number_in(value.value) is not None


def of_its_own(values: dict[str, Value]) -> dict[str, Value]:
    """What a dataset has of all that was asked for: of the rest `zfs get` shows dashes.

    A limit of none is shown as a number until OpenZFS 2.1, and as "none" since.
    """
    found = {name: value for name, value in values.items() if value != Value("-", "-")}
    for name in ("filesystem_limit", "snapshot_limit"):
        if name in found and found[name].value == "none":
            found[name] = found[name]._replace(value=UNLIMITED)
    return found


def is_free(prop: str) -> bool:
    """Whether the value of a property may be any text."""
    known = PROPERTIES.get(prop)
    return prop not in SHOWN and (known is None or known.form == "text")


def parse_list(argv: Sequence[str], text: str) -> Iterator[Member]:
    """What :func:`list_members` reads, from what `zfs list` printed."""
    for number, line in enumerate(lines(text), 1):
        cells = line.split("\t")
        if len(cells) != COLUMNS.count(",") + 1:
            raise strange(argv, number, line)
        name, kind, guid, origin, clones, holds, *figures = cells
        kinds = ("filesystem", "volume", "snapshot")
        odd = [it for it in (holds, *figures) if it != "-" and number_in(it) is None]
        if kind not in kinds or number_in(guid) is None or odd:
            raise strange(argv, number, line)
        names = [] if clones == "-" else [it for it in clones.split(",") if it]
        yield Member(
            name,
            kind,
            guid,
            origin="" if origin == "-" else origin,
            clones=tuple(names[:-1] if len(clones) >= _CUT else names),
            holds=number_in(holds) or 0,
            figures=tuple(figures),
        )
