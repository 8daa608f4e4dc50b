# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The host's LVM as one observation: a single ``lvm fullreport``.

Everything is counted in extents of the group it belongs to, except where a name says ``size``
(bytes). Fields are those of lvmreport(7).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.answers import (
    Row,
    refuse,
    shown,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

# lvm(8), "VALID NAMES": these and no others, not "." or "..", no hyphen first.
_NAME = re.compile(r"(?!-)(?!\.{1,2}$)[A-Za-z0-9+_.-]{1,127}")
# Names LVM keeps for itself: lvm(8), "VALID NAMES".
_RESERVED = re.compile(
    r"^(snapshot|pvmove)|_(cdata|cmeta|corig|cpool|cvol|iorig|mimage|mlog|pmspare|rimage|rmeta|tdata|"
    r"tmeta|vdata|vorigin|wcorig)"
)

# Reading alone has LVM back up a group that it finds changed, such as one that came with a disk:
# into /etc/lvm, again at every reading where two groups share a name.
_REPORT = (
    "lvm", "fullreport", "--config", "backup/backup=0", "--all", "--binary", "--units", "b",
    "--nosuffix", "--reportformat", "json",
    "--configreport", "vg", "-o",
    "vg_name,vg_uuid,vg_extent_size,vg_extent_count,vg_free_count,vg_missing_pv_count,"
    "vg_exported,vg_shared,vg_clustered,vg_profile,vg_tags",
    "--configreport", "pv", "-o",
    "pv_name,pv_uuid,pv_size,dev_size,pv_pe_count,pv_pe_alloc_count,pv_missing,pv_duplicate,"
    "pv_in_use",
    "--configreport", "lv", "-o",
    "lv_name,lv_uuid,lv_size,lv_metadata_size,lv_role,pool_lv,data_percent,metadata_percent,"
    "lv_when_full,lv_profile,lv_health_status,lv_check_needed,lv_device_open,lv_active,lv_dm_path,"
    "lv_tags",
    "--configreport", "seg", "-o",
    "lv_uuid,segtype,chunk_size,zero,discards,thin_count,seg_monitor,transaction_id",
    "--configreport", "pvseg", "-o", "pv_uuid",
)  # fmt: skip


class PhysicalVolume(NamedTuple):
    """A disk that LVM owns."""

    path: str  # the name LVM uses; "[unknown]" where the disk is missing
    uuid: str | None  # None: not made yet
    size: int  # bytes of the device
    extents: int
    allocated: int
    missing: bool
    duplicate: bool
    in_use: bool  # LVM has noted on the disk itself that a group uses it


class LogicalVolume(NamedTuple):
    """A logical volume; the fields after ``pool`` are a thin pool's own."""

    name: str
    uuid: str | None  # None: not made yet
    extents: int
    kind: str  # segment type: linear, thin, thin-pool, ...
    role: str
    active: bool = True
    open: bool = False
    profile: str = ""
    path: str = ""
    pool: str = ""
    metadata_extents: int = 0
    chunk_size: int = 0  # bytes
    zero: bool = False
    discards: str = ""
    when_full: str = ""  # "queue" or "error"
    monitored: bool = False
    thin_count: int = 0
    transaction_id: int = 0
    data_percent: float | None = None
    metadata_percent: float | None = None
    health: str = ""  # "" is good; see lv_health_status
    check_needed: bool = False
    hidden: bool = False  # a part of another volume, or the spare: LVM writes it in brackets
    tags: tuple[str, ...] = ()


class VolumeGroup(NamedTuple):
    """A volume group with all that is in it."""

    name: str
    uuid: str | None  # None: not made yet
    extent_size: int  # bytes
    extents: int
    free: int  # extents
    missing: int = 0  # physical volumes that are not there
    exported: bool = False
    shared: bool = False
    profile: str = ""
    tags: tuple[str, ...] = ()
    pvs: tuple[PhysicalVolume, ...] = ()
    lvs: tuple[LogicalVolume, ...] = ()

    def lv(self, name: str) -> LogicalVolume | None:
        """The logical volume of that name, or None."""
        return next((lv for lv in self.lvs if lv.name == name), None)

    @property
    def spare(self) -> int:
        """Extents of the pool metadata spare, which ``lvconvert --repair`` writes to."""
        return sum(lv.extents for lv in self.lvs if "spare" in lv.role.split(","))


class Lvm(NamedTuple):
    """All volume groups of the host, and the physical volumes that are in none."""

    groups: tuple[VolumeGroup, ...] = ()
    orphans: tuple[PhysicalVolume, ...] = ()

    def named(self, name: str) -> list[VolumeGroup]:
        """Every group of that name: more than one when a foreign disk brought its own."""
        return [group for group in self.groups if group.name == name]

    def profile_users(self, name: str) -> list[VolumeGroup | LogicalVolume]:
        """Every group and volume that a profile is attached to.

        The parts of a pool carry its profile too, and do not count.
        """
        groups = [group for group in self.groups if group.profile == name]
        volumes = [lv for group in self.groups for lv in group.lvs]
        return groups + [lv for lv in volumes if lv.profile == name and not lv.hidden]


def observe_lvm(run: Reader) -> Lvm:
    """Read the host's LVM. One command."""
    return parse_report(run.read(_REPORT))


def parse_report(text: str) -> Lvm:
    """The :class:`Lvm` that ``lvm fullreport --reportformat json`` tells of.

    :raises StorageError: it is cut short, or not what LVM prints
    """
    groups: list[VolumeGroup] = []
    orphans: list[PhysicalVolume] = []
    for report in Row(_REPORT, "the answer", _json(text)).rows("report"):
        pvs = tuple(_physical_volume(row) for row in report.rows("pv"))
        if report.rows("vg"):
            groups.append(_volume_group(report, pvs))
        else:
            orphans.extend(pvs)
    return Lvm(tuple(groups), tuple(orphans))


def _json(text: str) -> object:
    """The JSON in an answer: warnings about devices that fail to read may come before it."""
    start = re.search(r"^\s*\{", text, re.M)
    if start is None:
        refuse(_REPORT, f"there is no JSON in it, but {shown(text)}")
    try:
        found, _end = json.JSONDecoder().raw_decode(text, start.end() - 1)
    except (ValueError, RecursionError) as error:
        refuse(_REPORT, shown(str(error)))
    if "report" not in found:
        refuse(_REPORT, "it has no report")
    return found


def _volume_group(report: Row, pvs: tuple[PhysicalVolume, ...]) -> VolumeGroup:
    row = report.rows("vg")[0]
    extent_size = row.number("vg_extent_size")
    if not extent_size:
        row.refuse("vg_extent_size", 0)
    if not pvs:
        refuse(_REPORT, f"it has no physical volume of volume group {shown(row.text('vg_name'))}")
    segments = {segment.text("lv_uuid"): segment for segment in report.rows("seg")}
    return VolumeGroup(
        name=row.text("vg_name"),
        uuid=row.text("vg_uuid"),
        extent_size=extent_size,
        extents=row.number("vg_extent_count"),
        free=row.number("vg_free_count"),
        missing=row.number("vg_missing_pv_count"),
        exported=_yes(row.text("vg_exported")),
        shared=_yes(row.text("vg_shared")) or _yes(row.text("vg_clustered")),
        profile=row.text("vg_profile"),
        tags=tuple(filter(None, row.text("vg_tags").split(","))),
        pvs=pvs,
        lvs=tuple(
            _logical_volume(lv, segments.get(lv.text("lv_uuid")), extent_size)
            for lv in report.rows("lv")
        ),
    )


def _physical_volume(row: Row) -> PhysicalVolume:
    return PhysicalVolume(
        path=row.text("pv_name"),
        uuid=row.text("pv_uuid"),
        size=row.number("dev_size"),
        extents=row.number("pv_pe_count"),
        allocated=row.number("pv_pe_alloc_count"),
        missing=_yes(row.text("pv_missing")),
        duplicate=_yes(row.text("pv_duplicate")),
        in_use=_yes(row.text("pv_in_use")),
    )


def _logical_volume(row: Row, segment: Row | None, extent_size: int) -> LogicalVolume:
    name = row.text("lv_name")
    hidden = name.startswith("[")
    volume = LogicalVolume(
        name=name.strip("[]"),
        uuid=row.text("lv_uuid"),
        extents=row.number("lv_size") // extent_size,
        kind="",
        role=row.text("lv_role"),
        active=_yes(row.text("lv_active")),
        open=_yes(row.text("lv_device_open")),
        # lvcreate notes a pool's profile on the parts of the pool too, where nothing reads it.
        profile="" if hidden else row.text("lv_profile"),
        path=row.text("lv_dm_path"),
        pool=row.text("pool_lv"),
        metadata_extents=row.number("lv_metadata_size") // extent_size,
        when_full=row.text("lv_when_full"),
        data_percent=row.percent("data_percent"),
        metadata_percent=row.percent("metadata_percent"),
        health=row.text("lv_health_status"),
        check_needed=_yes(row.text("lv_check_needed")),
        hidden=hidden,
        tags=tuple(filter(None, row.text("lv_tags").split(","))),
    )
    if segment is None:
        return volume
    return volume._replace(
        kind=segment.text("segtype"),
        chunk_size=segment.number("chunk_size"),
        zero=_yes(segment.text("zero")),
        discards=segment.text("discards"),
        monitored=segment.text("seg_monitor") == "monitored",
        thin_count=segment.number("thin_count"),
        transaction_id=segment.number("transaction_id"),
    )


def _yes(value: str) -> bool:
    return value not in ("", "0", "-1")


def check_name(name: str | None, what: str) -> None:
    """Refuse a name that LVM does not take, or that a command would read as an option.

    :param what: "volume group" or "logical volume"
    """
    if not name or not _NAME.fullmatch(name):
        raise StorageError(
            f"The {what} name {name!r}",
            "LVM does not take it",
            "Use letters, digits, and + _ . -, with no hyphen first, 127 of them at most",
            refusal="name_invalid",
        )
    if what == "logical volume" and _RESERVED.search(name):
        raise StorageError(
            f"The {what} name {name!r}",
            "LVM keeps names like this for its own parts of volumes",
            "Choose another name; lvm(8) lists them under VALID NAMES",
            refusal="name_reserved",
        )


def mapper_name(group: str, volume: str) -> str:
    """The device-mapper name: hyphens doubled, so that the one between stands out."""
    return "{}-{}".format(group.replace("-", "--"), volume.replace("-", "--"))
