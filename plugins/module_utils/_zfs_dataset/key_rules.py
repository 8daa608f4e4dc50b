# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What stands against the encryption that a dataset is to have. Pure, as ``rules.py`` is.

By zfs_crypto_create(), get_key_material() and validate_key() of libzfs_crypto.c.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.names import is_below

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import Dataset
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import (
        State,
        Wanted,
    )

# What says nothing: a new dataset has it anyway, and `zfs create` takes it for a wish for a key.
NOTHING = {"keyformat": "none", "keylocation": "none", "pbkdf2iters": "0"}

# Bytes of a file that has a key of the format, at least and at most: of a text only the first line
# counts.
_SIZES = {"raw": (32, 32), "hex": (64, 2**64), "passphrase": (8, 2**64)}


def require_key(state: State, wanted: Wanted, parent: Dataset) -> None:
    """Refuse a new encrypted dataset whose key would be asked for at a prompt, or is not there."""
    given = {name: it for name, it in wanted.properties.items() if NOTHING.get(name) != it}
    above = parent.shown("encryption", "off")
    what = f"Dataset {wanted.name}"
    keyed = [name for name in NOTHING if name in given]
    if given.get("encryption", above) == "off":
        if keyed:
            raise StorageError(
                what,
                f"it is to have {keyed[0]}, and it is not to be encrypted",
                "Set `encryption: on` as well, or leave that out",
                refusal="dataset_not_encrypted",
            )
        return
    if "keyformat" not in given:
        if above == "off" or keyed:
            raise StorageError(
                what,
                "it is to be encrypted, and nothing says what its key looks like",
                "Set keyformat and keylocation as well",
                refusal="key_format_missing",
            )
        return
    if given.get("keylocation", "prompt") == "prompt":
        raise StorageError(
            what,
            "its key would be asked for at a prompt",
            "Set keylocation to file:///PATH of a file with the key on the host",
            refusal="key_at_prompt",
        )
    if "pbkdf2iters" in given and given["keyformat"] != "passphrase":
        raise StorageError(
            "Property pbkdf2iters",
            f"only a passphrase has it, and keyformat is {given['keyformat']}",
            "Leave it out",
            refusal="property_not_applicable",
        )
    _require_file(state.key_size, given)


def _require_file(size: int | None, given: Mapping[str, str]) -> None:
    least, most = _SIZES.get(given["keyformat"], (0, 2**64))
    if size is None or least <= size <= most:
        return
    wants = f"{least} bytes" + ("" if most == least else " or more")
    raise StorageError(
        f"Property keylocation={given['keylocation']}",
        "there is no such file, or it is empty"
        if not size
        else f"the file has {size} bytes, and a key of format {given['keyformat']} has {wants}",
        "Put the key there first",
        refusal="key_file_unusable",
    )


def require_key_goes_along(dataset: Dataset, target: str) -> None:
    """Refuse to rename what would leave its key behind (dsl_dir_rename_crypt_check())."""
    root = dataset.shown("encryptionroot", "-")
    if root not in ("", "-", dataset.name) and not is_below(target, root):
        raise StorageError(
            f"Dataset {dataset.name}",
            f"its key is that of {root}, and {target} does not lie below that",
            f"Choose a name below {root}, or give it a key of its own (`zfs change-key`)",
            refusal="key_inherited",
        )


def check_keylocation(dataset: Dataset, name: str, value: str) -> None:
    """Refuse to say where the key of a dataset is that has none of its own."""
    root = dataset.shown("encryptionroot", "")
    if root != dataset.name:
        raise StorageError(
            f"Property {name} of {dataset.name}",
            f"its key is that of {root}" if root.strip("-") else "it is not encrypted",
            "Set it where the key is, or leave it out",
            refusal="key_inherited" if root.strip("-") else "dataset_not_encrypted",
        )
    if value == "none":
        raise StorageError(
            f"Property {name} of {dataset.name}",
            "it is encrypted, so that its key has to be somewhere",
            "Give file:///PATH, or leave it out",
            refusal="property_value_invalid",
        )
