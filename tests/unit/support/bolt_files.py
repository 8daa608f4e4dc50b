# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of bbolt as its page.go, bucket.go and meta.go lay them out."""

from __future__ import annotations

import struct

BRANCH, LEAF, META, FREELIST = 1, 2, 4, 16
MAGIC = 0xED0CDAED


def fnv(text):
    """The checksum of a first page."""
    found = 0xCBF29CE484222325
    for byte in text:
        found = ((found ^ byte) * 0x100000001B3) & (2**64 - 1)
    return found


def page(number, flags, count, body, size):
    """A page, with the ones that follow it where it is larger than one."""
    whole = -(-(16 + len(body)) // size) if size else 1
    head = struct.pack("<QHHI", number, flags, count, whole - 1)
    return (head + body).ljust(whole * size, b"\0")


def first(number, size, root, transaction):
    """One of the two first pages, whose tree begins with the page ``root``."""
    body = struct.pack("<IIIIQQQQQ", MAGIC, 2, size, 0, root, 0, 2, 9, transaction)
    return page(number, META, 0, body + struct.pack("<Q", fnv(body)), size)


def leaf(number, items, size, flags=0):
    """A page of elements.

    :param items: ``(key, value)`` or ``(key, value, flags)`` of each.
    """
    heads, tails = b"", b""
    for position, (key, value, *own) in enumerate(items):
        offset = 16 * (len(items) - position) + len(tails)
        heads += struct.pack("<IIII", own[0] if own else flags, offset, len(key), len(value))
        tails += key + value
    return page(number, LEAF, len(items), heads + tails, size)


def branch(number, keys, size):
    """A page of others; ``keys`` are the first key and the number of each."""
    heads, tails = b"", b""
    for position, (key, below) in enumerate(keys):
        heads += struct.pack("<IIQ", 16 * (len(keys) - position) + len(tails), len(key), below)
        tails += key
    return page(number, BRANCH, len(keys), heads + tails, size)


def bolt_file(tables, size=4096, fan=20, inline=4):
    """A file with these tables: dicts of bytes in dicts, the uppermost of buckets only.

    :param fan: how many elements a page has at most.
    :param inline: a bucket of so many elements without buckets stands in its parent's page.
    """
    pages = [first(0, size, 3, 8), first(1, size, 9_999_999, 7), page(2, FREELIST, 0, b"", size)]
    body, top = _tree(tables, 3, size, fan, inline)
    del top
    return b"".join(pages) + body


def _tree(table, number, size, fan, inline):
    """The pages of a bucket, the first of them its top, and the number after the last."""
    items, below, after = [], b"", number + 1
    keys = sorted(table)
    parts = [keys[at : at + fan] for at in range(0, len(keys), fan)] or [[]]
    deep = len(parts) > 1
    found = []
    for part in parts:
        mine = after if deep else number
        after += deep
        items = []
        inside = []
        for key in part:
            value = table[key]
            if not isinstance(value, dict):
                items.append((key, value))
            elif len(value) <= inline and not any(isinstance(it, dict) for it in value.values()):
                within = struct.pack("<QQ", 0, 0) + leaf(0, sorted(value.items()), 0)
                items.append((key, within, 1))
            else:
                inside.append((key, value, len(items)))
                items.append(None)
        probe = [it or (inside[0][0], b"\0" * 16, 1) for it in items]
        pages = max(1, len(leaf(mine, probe, size)) // size)
        after = max(after, mine + pages)
        ours, deeper = mine, b""
        for key, value, position in inside:
            items[position] = (key, struct.pack("<QQ", after, 0), 1)
            more, after = _tree(value, after, size, fan, inline)
            deeper += more
        text = leaf(ours, items, size)
        below += text + deeper
        found.append((part[0] if part else b"", ours))
    if deep:
        below = branch(number, found, size) + below
    return below, after
