# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What keeps an engine from starting on a storage option, asked of the table in ``drivers.py``."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    option_values as values,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    DRIVERS,
    dotted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.option_values import (
    Version,
)


def require_option(name: str, option: str, given: list[str], version: Version) -> None:
    """Refuse an option that a driver does not take, or not with these values.

    :param name: of the driver.
    :param given: the values of the option.
    :param version: of the engine.
    :raises StorageError: it is unknown, belongs to another driver, is gone from this engine, or
        has a bad value.
    """
    known = DRIVERS[name].options.get(option)
    if known is None:
        raise _unknown(name, option)
    if not known.since <= version < known.removed:
        raise StorageError(
            f"Storage option {option}",
            "Docker {0} does not have it: {1}".format(
                dotted(version),
                "it came with " + dotted(known.since)
                if version < known.since
                else "it was removed in " + dotted(known.removed),
            ),
            "Leave it out",
            refusal="engine_too_old" if version < known.since else "option_removed",
        )
    if len(given) > 1 and not known.repeats:
        raise StorageError(
            f"Storage option {option}",
            "it has {0} values: {1}".format(len(given), ", ".join(given)),
            "Give it one",
            refusal="option_repeated",
        )
    for value in given:
        known.kind.check(option, value)


def _unknown(name: str, option: str) -> StorageError:
    what = f"Storage option {option}"
    for other, driver in DRIVERS.items():
        if option in driver.options:
            return StorageError(
                what,
                f"it belongs to {other}, not to {name}",
                f"Leave it out, or use the {other} driver",
                refusal="option_of_other_driver",
            )
    known = sorted(DRIVERS[name].options)
    return StorageError(
        what,
        f"the {name} driver has no such option",
        "It takes {0}".format(", ".join(known)) if known else "It takes no options",
        refusal="option_unknown",
    )


def require_harmony(options: dict[str, str]) -> None:
    """Refuse options of devicemapper that contradict each other (``validateLVMConfig()``)."""
    direct = [name for name in options if name.startswith(("dm.directlvm_", "dm.thinp_"))]
    if values.truth(options.get("dm.directlvm_device_force", "false")):
        raise StorageError(
            "Storage option dm.directlvm_device_force",
            "it lets the engine wipe {0} without looking".format(
                options.get("dm.directlvm_device", "a disk")
            ),
            "Make the pool with containerhost.storage.thinpool and give it as dm.thinpooldev",
            refusal="option_unsafe",
        )
    if direct and "dm.thinpooldev" in options:
        raise StorageError(
            f"Storage option {direct[0]}",
            "it makes the engine create a pool, and dm.thinpooldev names one that is there",
            "Keep one of the two",
            refusal="options_conflict",
        )
    if direct and "dm.directlvm_device" not in options:
        raise StorageError(
            f"Storage option {direct[0]}",
            "it is about the pool on dm.directlvm_device, which is not given",
            "Add dm.directlvm_device, or leave it out",
            refusal="options_incomplete",
        )
    data, metadata = options.get("dm.thinp_percent"), options.get("dm.thinp_metapercent")
    if (data is None) != (metadata is None):
        raise StorageError(
            "Storage options dm.thinp_percent and dm.thinp_metapercent",
            "only one of them is given",
            "Give both, or none",
            refusal="options_incomplete",
        )
    if data and metadata and values.number(data) + values.number(metadata) > 100:
        raise StorageError(
            "Storage options dm.thinp_percent and dm.thinp_metapercent",
            f"together they are {values.number(data) + values.number(metadata)} %",
            "Take at most 100 % of the volume group, and less if the pool is to grow",
            refusal="options_conflict",
        )
