# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the words of a command are: an option that is known here, or a value that cannot be one.

A value is behind ``--``, belongs to an option, or begins with what no option begins with. Not all
tools know ``--``: ``zfs set`` and ``zfs promote`` refuse it, and chattr reads its words one by one.
"""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Command

# The options that this collection gives to a program; those that end with = take the next word.
OPTIONS = {
    "btrfs": "--commit-after --subvolid= -e -r -t=",
    "chattr": "+C -C -c -m",
    "env": "--types= --options=",
    "lvchange": "--activate= --addtag= --deltag= --discards= --errorwhenfull= "
    "--ignoreactivationskip --metadataprofile= --monitor= --zero=",
    "lvcreate": "--addtag= --chunksize= --discards= --errorwhenfull= --extents= --metadataprofile= "
    "--monitor= --name= --poolmetadatasize= --poolmetadataspare= --thinpool= --type= "
    "--virtualsize= --wipesignatures= --yes --zero=",
    "lvextend": "--extents= --poolmetadatasize=",
    "lvremove": "--yes",
    "mkdir": "--parents --mode=",
    "mkfs.btrfs": "--quiet --label= --data= --metadata=",
    "mkfs.xfs": "-f -q -n=",
    "semanage": "--add --equal=",
    "systemctl": "--quiet --no-reload --now",
    "zfs": "-o= -r -R -p -s -V= -f -u",
    "zpool": "-o= -O= -e",
}
# Those to which nothing but words of ours and options are given before the two dashes.
KNOW_DASHES = ("env", "mkdir", "mount", "systemctl", "umount")
_OURS = {
    "env": {"LIBMOUNT_FORCE_MOUNT2=always", "mount"},
    "systemctl": {
        "daemon-reload", "disable", "enable", "reset-failed", "restart", "start", "stop",
    },
    "mount": {"--all"},
}  # fmt: skip


def wrong_words(argv):
    """The words of a command that are no option known here, and could be read as one."""
    program, words = argv[0], list(argv[1:])
    known = set(OPTIONS.get(program, "").split())
    wrong = []
    while words and words[0] != "--":
        word = words.pop(0)
        if word + "=" in known:
            words = words[1:]
        elif word in known or word in _OURS.get(program, ()):
            continue
        elif word[:1] in ("-", "+") or program in KNOW_DASHES:
            wrong.append(word)
    return wrong


def no_value_can_be_an_option(technology, state, wanted):
    """Every word of a command is one of ours, or a value that no program can take for an option."""
    planned = technology.plan(state, wanted)
    for part in planned.parts:
        for pause in part.pauses:
            for step in (*pause.stop, *pause.start, *pause.back):
                _check(step)
        for step in (*part.ready, *part.steps, *part.undo):
            _check(step)


def _check(step):
    if isinstance(step, Command):
        assert wrong_words(step.argv) == [], step.argv
