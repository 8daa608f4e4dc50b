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
import os
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
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.number import number_in
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.properties import (
    ELSEWHERE,
    PROPERTIES,
    READ_ONLY,
    UNLIMITED,
    Property,
)

# zfsprops(7): "1536M, 1.5g, 1.50GB" are the same; all units are binary, and none means bytes.
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kmgtpez]?)(?:i?b)?", re.I | re.A)
_UNITS = {letter: 1024**power for power, letter in enumerate(["", *"kmgtpez"])}

_YAML = {"yes": "on", "true": "on", "no": "off", "false": "off"}
_LONGEST = 8191  # ZFS_MAXPROPLEN counts the final NUL
_SHOWN = 80  # characters of a value that a refusal shows
_LONGEST_NUMBER = 64  # characters: what is longer is beyond 64 bits, or finer than a byte
_LONGEST_NAME, _LONGEST_PATH = 255, 4095  # mountpoint_namecheck(), PATH_MAX
_LEAST_ITERATIONS = 100000  # MIN_PBKDF2_ITERATIONS of zfs.h
_KEY = re.compile(r"none|prompt|file:///.+|https://.+|http://.+")  # zfs_prop_valid_keylocation()

# get_linux_shareopts_cb() of libshare's nfs.c, the same from OpenZFS 2.0 to 2.4.
_EXPORT = (
    *("all_squash", "anon", "anongid", "anonuid", "async", "auth_nlm", "crossmnt", "fsid", "fsuid"),
    *("hide", "insecure", "insecure_locks", "mountpoint", "mp", "no_acl", "no_all_squash"),
    *("no_auth_nlm", "no_root_squash", "no_subtree_check", "no_wdelay", "nohide", "nosub", "refer"),
    *("replicas", "ro", "root_mapping", "root_squash", "rw", "sec", "secure", "secure_locks"),
    *("subtree_check", "sync", "wdelay"),
)


def check_settable(name: str) -> None:
    """Refuse a property that this module cannot set on any dataset.

    :raises StorageError: it is read-only, kept by other means, or misspelt beyond ZFS's own names.
    """
    if is_user_property(name):
        check_user_property(name)
        return
    stem = name[: name.index("@") + 1] if "@" in name else name
    if stem in READ_ONLY:
        raise StorageError(
            f"Property {name}",
            "it tells about a dataset and cannot be set",
            "Take it out of `properties`",
            refusal="property_readonly",
        )
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
    try:
        text = str(value)
    except ValueError:  # Python prints no number of 5,000 digits
        raise _refused(name, "(a number)", "a number of fewer digits") from None
    if not _is_line(text):
        raise _refused(name, text, f"a line of at most {_LONGEST} bytes, in UTF-8")
    if prop is None:
        return text
    text = text.strip()
    if prop.none and text.lower() == "none":
        return prop.none
    return {"size": _size, "count": _count, "word": _word, "text": _text}[prop.form](
        name, prop, text
    )


def _is_line(text: str) -> bool:
    """Whether a value is one that `zfs set` takes, and that `zfs get` shows as it is."""
    try:
        size = len(os.fsencode(text))
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return size <= _LONGEST and not re.search(r"[\x00-\x1f\x7f]", text)


def spelled(name: str, value: str) -> str:
    """A canonical value as `zfs set` and `zfs create` take it.

    They refuse a quota of 0 (zprop_parse_value() of libzfs_util.c), and want to be told "none".
    """
    prop = PROPERTIES.get(name)
    limits = ("quota", "refquota", "reservation", "refreservation")
    if prop and value == prop.none and (name in limits or prop.none == UNLIMITED):
        return "none"
    return value


def same(name: str, wanted: str, shown: str | None, dataset: Mapping[str, str]) -> bool:
    """Whether a value that is wanted and one that ZFS shows mean the same.

    :param wanted: as :func:`canonical` gives it
    :param shown: as `zfs get -p` shows it; None where it shows none
    :param dataset: the values shown of the same dataset, by property
    """
    if shown is None:
        return False
    known = PROPERTIES.get(name)
    if wanted == shown:
        return True
    if name == "mountpoint":
        return shown.startswith("/") and "/" + "/".join(filter(None, shown.split("/"))) == wanted
    if name == "encryption":  # "on" becomes the cipher that is ZFS's default that day: CG #10226
        return wanted == "on" and shown != "off"
    if name == "refreservation" and wanted == "auto":  # for a volume: as much as it can take up
        return (number_in(shown) or 0) >= (number_in(dataset.get("volsize", "")) or 2**64)
    if name == "xattr" and "off" not in (wanted, shown):
        # "on" asks for either way. It is what ZFS shows for dir until OpenZFS 2.3, which brought
        # `direct` as well, and may show for sa since.
        on = "sa" if "direct" in dataset else "dir"
        return wanted == "on" or wanted == (on if shown == "on" else shown)
    if known and known.form == "word":
        return dict(known.same).get(shown, shown) == wanted
    if known or is_user_property(name):
        return False
    return _same_to_a_later_release(wanted, shown)


def _same_to_a_later_release(wanted: str, shown: str) -> bool:
    """Whether the values of a property that is not in the table mean the same.

    Numbers are shown in bytes and switches as on and off, whatever the property.
    """
    meant = "0" if wanted.lower() == "none" else size(wanted)
    if number_in(shown) is not None and meant is not None:
        return int(meant) == number_in(shown)
    return _YAML.get(wanted.lower(), wanted) == shown


def size(text: str) -> int | None:
    """Bytes of a size as ZFS reads it, rounded up; None if it is none of 64 bits."""
    match = _SIZE.fullmatch(text)
    if not match or len(text) > _LONGEST_NUMBER:
        return None
    number = Fraction(match["number"]) * _UNITS[match["unit"].lower()]
    found = -(-number.numerator // number.denominator)
    return found if found < 2**64 else None


def _size(name: str, prop: Property, text: str) -> str:
    if name == "refreservation" and text == "auto":
        return text
    number = size(text)
    if number is None:
        none = " or none" if prop.none else ""
        raise _refused(name, text, f"a size such as 512K, 10G, 1.5T, or bytes{none}")
    blocks = name in ("recordsize", "volblocksize")
    if blocks and (number & (number - 1) or not 512 <= number <= 16 * MIB):
        raise _refused(name, text, "a power of two from 512 to 16M")
    if name == "special_small_blocks" and number > 16 * MIB:
        raise _refused(name, text, "a size up to 16M")
    if name == "volsize" and not 0 < number < 2**63:
        raise _refused(name, text, "a size above zero" if not number else "a size below 8E")
    return str(number)


def _count(name: str, prop: Property, text: str) -> str:
    number = size(text) if prop.none else number_in(text)  # of a limit "1K" is 1024
    if number is None:
        raise _refused(name, text, "a whole number" + (" or none" if prop.none else ""))
    if name == "copies" and number not in (1, 2, 3):
        raise _refused(name, text, "1, 2 or 3")
    if name == "pbkdf2iters" and 0 < number < _LEAST_ITERATIONS:
        raise _refused(name, text, f"{_LEAST_ITERATIONS} or more")
    return str(number)


def _word(name: str, prop: Property, text: str) -> str:
    if "on" in prop.words:
        text = _YAML.get(text.lower(), text)
    text = dict(prop.same).get(text, text)
    if text not in prop.words:
        raise _refused(name, text, "one of " + ", ".join(prop.words))
    return text


def _text(name: str, _prop: Property, text: str) -> str:
    if name == "mountpoint":
        return text if text in ("none", "legacy") else _place(text)
    if name == "sharenfs":
        return _YAML.get(text.lower()) or _shared(text)
    if name == "keylocation" and not _KEY.fullmatch(text):
        raise _refused(name, text, "file:///PATH, https://ADDRESS, prompt or none")
    if not text:
        raise _refused(name, text, "a value (`inherit` takes one away)")
    return text


def _place(path: str) -> str:
    parts = path.split("/")
    if not path.startswith("/") or {".", ".."} & set(parts):
        raise _refused("mountpoint", path, "a path from the root, none or legacy")
    if any(len(os.fsencode(part)) > _LONGEST_NAME for part in parts) or len(path) > _LONGEST_PATH:
        raise _refused("mountpoint", path, f"a path of names of at most {_LONGEST_NAME} bytes")
    return "/" + "/".join(filter(None, parts))


def _shared(text: str) -> str:
    """Options of an export, with names that nfs.c of libshare knows."""
    names = [word.partition("=")[0] for word in text.split(",") if word]
    odd = [name for name in names if name not in _EXPORT]
    if text not in ("on", "off") and (odd or not names):
        raise _refused("sharenfs", text, "on, off, or options such as rw=@10.0.0.0/8,async")
    return text


def put_in_words(value: str) -> str:
    """A value for a message: of one line, and not too long."""
    if len(value) <= _SHOWN and value.isprintable():
        return value
    return ascii(value[:_SHOWN])[1:-1] + ("..." if len(value) > _SHOWN else "")


def _refused(name: str, value: object, wants: str) -> StorageError:
    return StorageError(
        f"Property {name}={put_in_words(str(value))}",
        "ZFS takes no such value for it",
        f"Give {wants}",
        refusal="property_value_invalid",
    )
