# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each layout of the role: from blank to ready, then with nothing to do, and counted.

A playbook of one `ping` is timed on the same host in between: what any playbook costs there.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from . import by_hand, contenders, hosts
from .campaign import Campaign
from .errors import BenchError
from .figures import DEFAULT_LAYOUT
from .guest import GuestShell

HOST = "layout"


class Layout(NamedTuple):
    """A way to lay out a host's storage: the role's variables, and the host that can have it."""

    name: str
    variables: dict
    extra: str = ""  # what the lab's image has to have besides


def on_root(name: str, driver: str, extra: str = "", **variables) -> Layout:
    """Return a layout on what is there; its variables are written without the role's prefix."""
    variables = {"driver": driver, **variables}
    prefixed = {f"docker_storage_{word}": value for word, value in variables.items()}
    return Layout(name, prefixed, extra)


def on_disk(name: str, driver: str, extra: str = "", **variables) -> Layout:
    """Return a layout on a disk of its own."""
    return on_root(name, driver, extra, devices=[hosts.DISK], **variables)


# Docker 20.10 has every one of them. aufs has no kernel here, so there is nothing to measure.
LAYOUTS = (
    on_disk(DEFAULT_LAYOUT, "overlay2"),
    on_root("overlay2-existing", "overlay2", volume_kind="none"),
    on_disk("btrfs", "btrfs"),
    on_disk("zfs", "zfs", extra="zfs", zfs_arc_max="256m"),
    on_disk("devicemapper", "devicemapper"),
    on_root("loop-lvm", "devicemapper", volume_kind="none", options={"dm.loopdatasize": "4G"}),
    on_root("overlay", "overlay"),
    on_root("vfs", "vfs"),
    on_disk("auto", "auto"),
)
NAMES = tuple(layout.name for layout in LAYOUTS)


def measure(campaign: Campaign) -> None:
    """Go through the layouts that were asked for, each on a blank host of its own."""
    failed = []
    for layout in LAYOUTS:
        if layout.name in (campaign.layouts or NAMES):
            try:
                measure_one(campaign, layout)
            except BenchError as error:
                failed.append(f"{layout.name}: {error}")
            finally:
                hosts.throw_away(HOST)
    if failed:
        raise BenchError("\n".join(failed))


def measure_one(campaign: Campaign, layout: Layout) -> None:
    """Make a host ready, run again, and count."""
    if layout.name == DEFAULT_LAYOUT:
        apply_in_turns(campaign, layout)
    else:
        apply(campaign, layout)
    with hosts.shell(HOST) as shell:
        for _ in range(campaign.counts.runs):
            campaign.note("layout_ping", layout.name, contenders.play("ping", on=HOST))
            nothing_to_do(campaign, layout, shell)


def apply(campaign: Campaign, layout: Layout) -> None:
    """From a blank host to a ready one."""
    hosts.restore(HOST, extra=layout.extra)
    campaign.accelerator = hosts.accelerator(HOST)
    run = contenders.play("layout", on=HOST, variables=layout.variables)
    campaign.note("layout_apply", layout.name, run)


def apply_in_turns(campaign: Campaign, layout: Layout) -> None:
    """The same by hand and by the role, in turns; the last host is the role's."""
    for _ in range(campaign.counts.applies):
        hosts.restore(HOST, extra=layout.extra)
        run, state = by_hand.make_ready(HOST)
        campaign.note("layout_by_hand", layout.name, run)
        apply(campaign, layout)
        by_hand.require_alike(state, by_hand.state_of(HOST))


def nothing_to_do(campaign: Campaign, layout: Layout, shell: GuestShell) -> None:
    """Run where nothing is to be done, and count what that takes on the host."""
    run, programs, _ = shell.watch(
        lambda: contenders.play("layout", on=HOST, variables=layout.variables)
    )
    contenders.require_unchanged("layout", run)
    campaign.note("layout_noop", layout.name, run)
    campaign.add("layout_modules", layout.name, len(run.modules))
    campaign.add("layout_execs", layout.name, programs.total())
    contenders.keep_log(layout.name, json.dumps(programs.most_common()))
