# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo made, from one report of ``storage_info`` and one of the engine. Pure."""

from __future__ import annotations

from .table import Row, Section, bar, mark_of, size
from .terminal import Look


def sections(report: dict, engine: dict, container: list[str], view: Look) -> list[Section]:
    """Return the sections of the table.

    :param report: what storage_info returned: storage and findings
    :param engine: what `docker info` says, as JSON
    :param container: what the container found of what it had written
    """
    storage = report["storage"]
    found = [disks(storage)]
    for group in storage["lvm"]["groups"]:
        found += [pool(group, one, view) for one in group["pools"]]
        found += [volume(group, one, storage, view) for one in group["volumes"]]
    found.append(engine_section(engine, container))
    if report["findings"]:
        found.append(worth_knowing(report["findings"]))
    return found


def disks(storage: dict) -> Section:
    """Return the disks that storage was made of."""
    used = {one["device"]: group for group in storage["lvm"]["groups"] for one in group["devices"]}
    rows = [
        Row(
            "disk",
            f"{disk['name']}, {size(disk['size'])}, in volume group {used[disk['device']]['name']}",
        )
        for disk in storage["disks"]
        if disk["device"] in used
    ]
    return Section("Disks", rows)


def pool(group: dict, one: dict, view: Look) -> Section:
    """Return what there is to say of a thin pool."""
    grows = one["autoextend"]
    at = grows["threshold"]
    data, metadata = one["data_percent"] or 0, one["metadata_percent"] or 0
    fits = (
        f"next step needs {size(grows['next_step_size'])}, "
        f"free {size(grows['free_size'])}: {'fits' if grows['can_extend'] else 'DOES NOT FIT'}"
    )
    zeroed = "zeroed" if one["zero"] else "not zeroed"
    watched = "yes, by dmeventd" if one["monitored"] else "NO: nothing makes it grow"
    return Section(
        f"Thin pool {group['name']}/{one['name']}",
        [
            Row("data", used(data, one["size"], at, view)),
            Row("metadata", used(metadata, one["metadata_size"], at, view)),
            Row("chunk", f"{size(one['chunk_size'])}, {zeroed} when handed out"),
            Row("autoextend", f"at {at} % used ({mark_of(view)}), by {grows['percent']} %"),
            Row("headroom", fits, "good" if grows["can_extend"] else "bad"),
            Row("monitored", watched, "good" if one["monitored"] else "bad"),
        ],
    )  # fmt: skip


def used(percent: float, of: int, at: float | None, view: Look) -> str:
    """Return how much of so many bytes is used, drawn and in figures."""
    return f"{bar(percent, at, view)} {percent:5.1f} % of {size(of)}"


def volume(group: dict, one: dict, storage: dict, view: Look) -> Section:
    """Return what there is to say of a volume and its mount."""
    of = f"thin, from pool {one['pool']}" if one["pool"] else "plain"
    rows = [Row("size", f"{size(one['size'])}, {of}")]
    for mount in storage["mounts"]:
        if mount["source"] == one["device"] and mount["root"] == "/":
            quota = any(option in ("prjquota", "pquota") for option in mount["options"])
            rows.append(
                Row(
                    "mounted at",
                    f"{mount['path']}, {mount['fstype']}"
                    + (", with project quotas" if quota else ""),
                    "good",
                )
            )
            if mount["size"]:
                percent = 100 * (1 - mount["available"] / mount["size"])
                rows.append(Row("used", used(percent, mount["size"], None, view)))
    return Section(f"Volume {group['name']}/{one['name']}", rows)


def engine_section(engine: dict, container: list[str]) -> Section:
    """Return what the engine itself reports, and what a container found."""
    status = dict(engine.get("DriverStatus") or [])
    on = ""
    if status.get("Pool Name"):
        on = f" on pool {status['Pool Name']}"
    elif status.get("Backing Filesystem"):
        on = f" on {status['Backing Filesystem']}"
    return Section(
        "Engine, in its own words",
        [
            Row("version", f"Docker {engine['ServerVersion']}"),
            Row("driver", f"{engine['Driver']}{on}", "good"),
            Row("data root", engine["DockerRootDir"]),
            Row("container", container_says(container), "good" if held(container) else "bad"),
        ],
    )


def held(container: list[str]) -> bool:
    """Tell whether both starts of the container saw the same data."""
    return len(container) == 2 and container[0] == container[1]


def container_says(container: list[str]) -> str:
    """Return what the container found in words; its lines are checksums."""
    if held(container):
        return "wrote 16 MiB, was stopped, started, and read back the same"
    return f"did NOT read back what it wrote: {' then '.join(container) or 'nothing'}"


def worth_knowing(findings: list[dict]) -> Section:
    """Return the findings as rows."""
    return Section(
        "Worth knowing",
        [
            Row(
                "warning" if finding["level"] == "warning" else "note",
                finding["message"],
                "bad" if finding["level"] == "warning" else "",
            )
            for finding in findings
        ],
    )
