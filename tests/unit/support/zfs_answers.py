# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `zfs` and `zpool` print of datasets and pools, as OpenZFS 2.1 does, whatever is in them."""

from __future__ import annotations

from support.zfs_hosts import pool


def zfs_get(datasets, words):
    """The answer to `zfs get WORDS`, of datasets by their names.

    :param words: -H -p -o COLUMNS, then properties with commas between, or all; then names
    """
    columns, props, *names = words[words.index("-o") + 1 :]
    out = err = ""
    for name in names:
        if name not in datasets:
            err += f"cannot open '{name}': dataset does not exist\n"
            continue
        shown = datasets[name].values
        # What ZFS knows comes first; what it does not have is left out of all.
        every = sorted(shown, key=lambda prop: ":" in prop)
        for prop in every if props == "all" else props.split(","):
            value, source = shown.get(prop, ("-", "-"))
            cells = {"name": name, "property": prop, "value": value, "source": source}
            out += "\t".join(cells[column] for column in columns.split(",")) + "\n"
    return int(bool(err)), out, err


def zpool_get(values, words):
    """The answer to `zpool get WORDS`, of a pool with these values."""
    known = {**values, "altroot": values.get("altroot", "-")}
    props = words[words.index("-o") + 2]
    asked = known if props == "all" else props.split(",")
    return 0, "".join(f"{prop}\t{known[prop]}\n" for prop in asked if prop in known), ""


def zfs_list(datasets, words):
    """The answer to `zfs list -r WORDS`, of datasets by their names."""
    *_rest, columns, top = words
    rows = ""
    for name, it in datasets.items():
        if name == top or name.startswith((top + "/", top + "@")):
            cells = {"name": name, "clones": "-", "origin": "-", "userrefs": "-", **it.plain}
            rows += "\t".join(cells.get(column, "0") for column in columns.split(",")) + "\n"
    return 0, rows, ""


def healthy(**more):
    """The answer to `zpool get` of a pool that is well."""
    return zpool_get({**pool().values, **more}, ["-o", "property,value", "all"])
