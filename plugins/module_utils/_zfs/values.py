# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Values of properties, put as `zfs get -p` shows them: so equal meaning is equal text.

Numbers become whole bytes, ``yes`` and ``true`` become ``on``, words that ZFS keeps for old times'
sake become what they stand for.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import MIB
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.names import (
    check_user_property,
    is_user_property,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.properties import (
    ELSEWHERE,
    PROPERTIES,
    READ_ONLY,
    Property,
)

# zfsprops(7): "1536M, 1.5g, 1.50GB" are the same; all units are binary, and none means bytes.
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kmgtpez]?)(?:i?b)?", re.I | re.A)
_UNITS = {letter: 1024**power for power, letter in enumerate(["", *"kmgtpez"])}

_YAML = {"yes": "on", "true": "on", "no": "off", "false": "off"}
_LONGEST = 8191  # ZFS_MAXPROPLEN counts the final NUL


def check_settable(name: str) -> None:
    """Refuse a property that this module cannot set on any dataset.

    :raises StorageError: it is read-only, kept by other means, or misspelt beyond ZFS's own names.
    """
    if is_user_property(name):
        check_user_property(name)
        return
    if name in READ_ONLY:
        raise StorageError(
            f"Property {name}",
            "it tells about a dataset and cannot be set",
            "Take it out of `properties`",
            refusal="property_readonly",
        )
    stem = name[: name.index("@") + 1] if "@" in name else name
    if stem in ELSEWHERE:
        raise StorageError(
            f"Property {name}",
            "it is not kept by this module",
            ELSEWHERE[stem],
            refusal="property_unmanaged",
        )
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise StorageError(
            f"Property {name}",
            "ZFS has no property of that name",
            "Write it as zfsprops(7) does; properties of your own have a colon in their name",
            refusal="property_unknown",
        )


def unknown(name: str) -> StorageError:
    """The refusal of a property that neither the collection nor the host's ZFS knows."""
    near = difflib.get_close_matches(name, [*PROPERTIES, *READ_ONLY], 1)
    return StorageError(
        f"Property {name}",
        "the ZFS of this host does not know it",
        (f"Did you mean {near[0]}? " if near and near[0] != name else "")
        + "See zfsprops(7) on the host; properties of your own have a colon in their name",
        refusal="property_unknown",
    )


def canonical(name: str, value: Any) -> str:
    """The text that `zfs get -p` shows for a value once it is set.

    :param value: as YAML gives it: str, int, float or bool
    :raises StorageError: the property cannot have it.
    """
    if isinstance(value, (dict, list)) or value is None:
        raise _refused(name, value, "a word, a number or a switch (`inherit` takes a value away)")
    prop = PROPERTIES.get(name)
    if isinstance(value, bool):
        words = ("on", "off") if not is_user_property(name) else ("true", "false")
        value = words[0] if value else words[1]
    text = str(value)
    if len(text.encode()) > _LONGEST or re.search(r"[\x00-\x1f\x7f]", text):
        raise _refused(name, text[:40], f"a line of at most {_LONGEST} bytes")
    if prop is None:
        return text
    text = text.strip()
    if prop.none and text.lower() == "none":
        return prop.none
    return {"size": _size, "count": _count, "word": _word, "text": _text}[prop.form](
        name, prop, text
    )


def same(name: str, wanted: str, shown: str | None, dataset: Mapping[str, str]) -> bool:
    """Whether a value that is wanted and one that ZFS shows mean the same.

    :param wanted: as :func:`canonical` gives it
    :param shown: as `zfs get -p` shows it; None where it shows none
    :param dataset: the values shown of the same dataset, by property
    """
    if shown is None:
        return False
    if wanted == shown:
        return True
    if name == "encryption":  # "on" becomes the cipher that is ZFS's default that day: CG #10226
        return wanted == "on" and shown != "off"
    if name == "refreservation" and wanted == "auto":  # for a volume: as much as it can take up
        return int(shown) >= int(dataset.get("volsize", 2**64))
    if name == "xattr" and "off" not in (wanted, shown):
        # "on" asks for either way. It is what ZFS shows for dir until OpenZFS 2.3, which brought
        # `direct` as well, and may show for sa since.
        on = "sa" if "direct" in dataset else "dir"
        return wanted == "on" or wanted == (on if shown == "on" else shown)
    if name in PROPERTIES and PROPERTIES[name].form == "word":
        return dict(PROPERTIES[name].same).get(shown, shown) == wanted
    if name in ("sharenfs", "sharesmb"):
        return _YAML.get(wanted.lower(), wanted) == shown
    return False


def size(text: str) -> int | None:
    """Bytes of a size as ZFS reads it, rounded up; None if it is none."""
    match = _SIZE.fullmatch(text)
    if not match:
        return None
    number = Fraction(match["number"]) * _UNITS[match["unit"].lower()]
    return -(-number.numerator // number.denominator)


def _size(name: str, prop: Property, text: str) -> str:
    if name == "refreservation" and text == "auto":
        return text
    number = size(text)
    if number is None or number >= 2**64:
        none = " or none" if prop.none else ""
        raise _refused(name, text, f"a size such as 512K, 10G, 1.5T, or bytes{none}")
    blocks = name in ("recordsize", "volblocksize") or (name == "special_small_blocks" and number)
    if blocks and (number & (number - 1) or not 512 <= number <= 16 * MIB):
        raise _refused(name, text, "a power of two from 512 to 16M")
    if name == "volsize" and not number:
        raise _refused(name, text, "a size above zero")
    return str(number)


def _count(name: str, prop: Property, text: str) -> str:
    if not re.fullmatch(r"\d+", text, re.ASCII) or int(text) >= 2**64:
        raise _refused(name, text, "a whole number" + (" or none" if prop.none else ""))
    if name == "copies" and text not in ("1", "2", "3"):
        raise _refused(name, text, "1, 2 or 3")
    return str(int(text))


def _word(name: str, prop: Property, text: str) -> str:
    if "on" in prop.words:
        text = _YAML.get(text.lower(), text)
    text = dict(prop.same).get(text, text)
    if text not in prop.words:
        raise _refused(name, text, "one of " + ", ".join(prop.words))
    return text


def _text(name: str, _prop: Property, text: str) -> str:
    if name == "mountpoint" and text not in ("none", "legacy") and not text.startswith("/"):
        raise _refused(name, text, "a path from the root, none or legacy")
    if name == "mountpoint" and len(text) > 1:
        text = text.rstrip("/")
    if not text:
        raise _refused(name, text, "a value (`inherit` takes one away)")
    return text


def _refused(name: str, value: object, wants: str) -> StorageError:
    return StorageError(
        f"Property {name}={value}",
        "ZFS takes no such value for it",
        f"Give {wants}",
        refusal="property_value_invalid",
    )
