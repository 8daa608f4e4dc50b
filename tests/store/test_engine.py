# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine comes up on each driver, holds what was made in it, and does so after a restart."""

from __future__ import annotations

import pytest

DRIVERS = ("vfs", "btrfs", "overlay2")


def answered(engine):
    """What the engine says it holds, by name."""
    get = engine.api.get
    volumes = get("/volumes")["Volumes"]
    everyone = get("/containers/json", all="1")
    return {
        "images": {tag: it["Id"] for it in get("/images/json") for tag in it["RepoTags"]},
        "containers": {it["Names"][0].lstrip("/"): it["Id"] for it in everyone},
        "running": sorted(
            it["Names"][0].lstrip("/") for it in everyone if it["State"] == "running"
        ),
        "volumes": {it["Name"]: it["Labels"] or {} for it in volumes if len(it["Name"]) < 64},
        "anonymous": [it["Name"] for it in volumes if len(it["Name"]) == 64],
        "networks": {
            it["Name"]: it["Id"] for it in get("/networks") if it["Name"] not in ("host", "none")
        },
    }


def expected(made, running):
    return {
        "images": made.images,
        "containers": made.containers,
        "running": running,
        "volumes": made.volumes,
        "anonymous": made.anonymous,
        "networks": made.networks,
    }


@pytest.mark.parametrize("driver", DRIVERS)
def test_what_was_made_is_there_and_still_is_after_a_restart(engine, fill, driver):
    it = engine(driver)
    assert it.api.get("/info")["Driver"] == driver
    made = fill(it)
    assert answered(it) == expected(made, made.running)
    it.stop()
    it.start()
    assert answered(it) == expected(made, made.restarted)
