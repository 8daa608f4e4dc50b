# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every step from blank disks to a ready host is broken in turn, each in several ways.

A program is replaced by one that fails, or that kills the module before or after it has done its
work; a folder that a file is to be written to is made immutable. After each failure other tools
than the module's say what is there: it is what the error says. Then the next run goes on.
"""

from __future__ import annotations

ENABLE = "systemctl enable --quiet --no-reload -- var-lib-docker.mount"
# What shows that a step was taken, by the beginning of its action; a step that is not here leaves
# nothing to look for.
SHOWN = {
    "vgcreate docker ": "vgs docker",
    "lvcreate --type thin-pool ": "lvs docker/thinpool",
    "lvcreate --name data ": "lvs docker/data",
    "mkfs.xfs ": "blkid --probe --match-types xfs /dev/mapper/docker-data",
    "mkfs.btrfs ": "blkid --probe --match-types btrfs /dev/disk/by-id/virtio-disk1",
    "zpool create ": "zpool list docker",
    "zfs create ": "zfs list docker/data",
    "lvchange --deltag ": "lvs docker/data && ! lvs --options tags docker/data | grep unfinished",
    ENABLE: "systemctl is-enabled var-lib-docker.mount",
    "systemctl restart -- var-lib-docker.mount": "mountpoint /var/lib/docker",
    "zfs mount ": "mountpoint /var/lib/docker",
    "write ": "test -e {path}",
}
WAYS = ("fails", "killed-before", "killed-after")


def shown(host, actions):
    """Return for each step whether it has been taken; None where nothing shows it. One command."""
    known = {
        action: command.format(path=action.split()[-1])
        for action in actions
        for beginning, command in SHOWN.items()
        if action.startswith(beginning)
    }
    script = "\n".join(f"({command}) >/dev/null 2>&1; echo $?" for command in known.values())
    there = dict(zip(known, host.check_output(script).split()))
    return {action: there[action] == "0" if action in there else None for action in actions}


def engine_answers(host):
    return host.run("docker info --format '{{.Driver}}'").rc == 0


def test_what_is_told_is_true_and_the_next_run_goes_on(host, layout, module, broken):
    everything = [step["action"] for step in layout(check=True)["steps"]]
    assert everything
    killed = False
    for action in everything:
        ways = WAYS[:1] if action.startswith(("write ", "remove ")) else WAYS
        for how in ways:
            if killed:
                assert not module("open_change")["failed"]  # it puts right what that has left
            before = shown(host, everything)
            if before[action] or action.startswith("write /run/"):
                continue  # it was done, and kept; or it lies where nothing can be made immutable
            broken(action, how)
            result = layout()
            broken.mend()
            assert result["failed"], (action, how)
            killed = how != "fails"
            if not killed:
                told(host, action, result, before, everything)
    last = layout()
    assert not last["failed"], last["msg"]
    assert engine_answers(host)
    for check in (True, False):
        again = layout(check=check)
        assert (again["failed"], again["changed"], again["steps"]) == (False, False, [])


def told(host, action, result, before, everything):
    """What the error says of every step that was taken is so."""
    kept = {step["action"] for step in result["kept"]}
    taken_back = {step["action"] for step in result["taken_back"]}
    done = [step["action"] for step in result["done"]]
    assert sorted(done) == sorted([*kept, *taken_back]), action
    assert result["failed_step"]["action"] == action
    for step, is_there in shown(host, everything).items():
        if is_there is not None:
            assert is_there == (step in kept or bool(before[step])), (action, step, result["msg"])
    assert engine_answers(host), (action, result["msg"])
