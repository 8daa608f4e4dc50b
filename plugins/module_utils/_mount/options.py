# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Mount options by what they mean, not by how they are written. Pure.

An option sets settings: each has a name and the text by which the kernel shows it in mountinfo, ''
where that is nothing, as for most defaults. Two lists mean the same where their settings are the
same, in whatever order, unit or spelling. Which options there are is in ``option_tables.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._mount.option_tables import (
    CONTEXTS,
    FILESYSTEMS,
    FLAGS,
    OF_EACH_MOUNT,
    SINCE,
    VALUES,
)

# Settings that the kernel does not show where it chose the value itself.
_NOT_ALWAYS_SHOWN = {"thread_pool"}
# What is read by mount(8) and systemd, under names that anybody may make up. No quotes, and nothing
# that means more than itself in a unit or in fstab.
_OPEN_ENDED = re.compile(r"(?:x-|X-|comment=|helper=|uhelper=)[\w.:/=@+-]*", re.ASCII)


def check_options(fstype: str, options: Iterable[str]) -> None:
    """Refuse what is no mount option of a filesystem, or has a value that it does not take.

    :raises StorageError: naming the option.
    """
    options = list(options)
    times = [option for option in options if "atime" in FLAGS.get(option, ())]
    if len(set(times)) > 1:  # which one counts depends on the version of mount(8)
        raise StorageError(
            f"mount_options={', '.join(times)}",
            "one says what the other takes back",
            "Leave out all but one of them",
            refusal="option_value_invalid",
        )
    for option in options:
        name, _equals, value = option.partition("=")
        if re.search(r"[\s,]", option) or not option:
            raise StorageError(
                f"mount_options={option}",
                "one option has no space and no comma in it",
                "Write each option as an item of the list",
                refusal="option_value_invalid",
            )
        if _settings_of(fstype, option) is not None:
            continue
        values = VALUES.get(fstype, {}).get(name)
        if values or name in {**FLAGS, **FILESYSTEMS.get(fstype, {})}:
            takes = values.takes if values else "no value"
            raise StorageError(
                f"mount_options={option}",
                f"{fstype} takes {takes} for {name}" + (f", not {value}" if value else ""),
                "Correct it, or leave it out",
                refusal="option_value_invalid",
            )
        raise StorageError(
            f"mount_options={option}",
            f"{fstype} has no mount option {name} that a mount can be kept with",
            f"Leave it out; mount(8) and {fstype}(5) say which there are",
            refusal="mount_option_unknown",
        )


def check_kernel(fstype: str, options: Iterable[str], release: str) -> None:
    """Refuse an option that the running kernel is too old for: it would refuse the mount.

    :param release: of the kernel, such as "5.10.0-28-amd64"; one that is not understood has all,
        and so may one whose distribution takes features back into it.
    :raises StorageError: naming the option.
    """
    match = re.match(r"([0-9]{1,4})\.([0-9]{1,4})(?!.*\.(?:el[0-9]|amzn))", release)
    for option in options if match else ():
        have = int(known(match)[1]), int(known(match)[2])
        for kind, pattern, since in SINCE:
            if kind in ("", fstype) and re.fullmatch(pattern, option) and have < since:
                raise StorageError(
                    f"mount_options={option}",
                    f"the running kernel ({release}) does not have it; Linux {since[0]}.{since[1]} "
                    "was the first",
                    "Leave it out, or upgrade the kernel",
                    refusal="mount_option_unknown",
                )


def missing(
    fstype: str, wanted: Sequence[str], live: Sequence[str], written: bool = False
) -> list[str]:
    """Those of the wanted options that are not in force.

    :param live: as mountinfo has them; as fstab has them if ``written``.
    """
    there = _written(fstype, live) if written else _shown(fstype, live)
    if written:
        there.setdefault("atime", ("relatime", ""))  # what a mount gets that asks for nothing
    return list(
        dict.fromkeys(
            option
            for name, (text, option) in _written(fstype, wanted).items()
            if not _in_force(name, text, {key: value for key, (value, _option) in there.items()})
        )
    )


def _in_force(name: str, text: str, there: Mapping[str, str]) -> bool:
    if name in _NOT_ALWAYS_SHOWN and name not in there:
        return True
    if name in CONTEXTS and not {"seclabel", *CONTEXTS} & there.keys():
        return True  # SELinux is off, and mount(8) takes the option away
    return there.get(name, "") == text


def applied(fstype: str, wanted: Sequence[str], live: Sequence[str]) -> tuple[str, ...]:
    """The options that the kernel shows once those that are wanted are in force as well."""
    new = {name: text for name, (text, _option) in _written(fstype, wanted).items()}
    if fstype not in FILESYSTEMS:  # what it takes nobody here knows
        return tuple(dict.fromkeys((*live, *wanted)))
    kept = [
        option for option in live if not new.keys() & (_settings_of(fstype, option) or {}).keys()
    ]
    return tuple(dict.fromkeys((*kept, *filter(None, new.values()))))


def is_of_each_mount(option: str) -> bool:
    """Tell of an option whether each mount of a filesystem has it for itself."""
    return (FLAGS.get(option) or {"": ""}).keys() <= OF_EACH_MOUNT or _is_for_userspace(option)


def _is_for_userspace(option: str) -> bool:
    return bool(_OPEN_ENDED.fullmatch(option)) or FLAGS.get(option) == {}


def _settings_of(fstype: str, option: str) -> Mapping[str, str] | None:
    """What an option sets: name -> text as the kernel shows it; None for what is no option."""
    flags = {**FLAGS, **FILESYSTEMS.get(fstype, {})}
    if option in flags:
        return flags[option]
    if _OPEN_ENDED.fullmatch(option):
        return {}
    name, equals, value = option.partition("=")
    values = VALUES.get(fstype, {}).get(name)
    if name in CONTEXTS and equals and re.fullmatch(r"[\w:.-]+", value, re.ASCII):
        return {name: option}
    return values.read(value) if values and equals else None


def _written(fstype: str, options: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The settings of a list as a person writes it: name -> text, and the option it is by.

    The last one of several for one thing counts, and some take others back.
    """
    found: dict[str, tuple[str, str]] = {}
    for option in options:
        for name, text in (_settings_of(fstype, option) or {}).items():
            for other in _TAKES_BACK.get(name, ()) if text else ():
                if other in found:
                    found[other] = ("", option)
            found[name] = (text, option)
    return found


# fs/btrfs/super.c, btrfs_parse_param(): what is compressed is copied on write, with checksums.
_TAKES_BACK = {"compress": ("datacow", "datasum"), "datacow": ("compress",)}


def _shown(fstype: str, options: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The settings of a list as mountinfo has it. A filesystem that is read-only makes it so."""
    found: dict[str, tuple[str, str]] = {}
    for option in options:
        if option == "seclabel":
            found[option] = (option, option)
        for name, text in (_settings_of(fstype, option) or {}).items():
            if name != "access" or found.get(name, ("",))[0] != "ro":
                found[name] = (text, option)
    return found
