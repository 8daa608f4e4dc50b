# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verbs that delete, whatever a plan says of itself: each step with one declares what is lost."""

from __future__ import annotations

from fnmatch import fnmatchcase

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    RemoveTree,
    Rename,
    WriteFile,
    describe_step,
    pauses_of,
)

# The first words of commands after which something is gone for good.
DELETE = [
    ("lvremove",), ("lvreduce",), ("vgremove",), ("vgreduce",), ("pvremove",),
    ("zfs", "destroy"), ("zfs", "rollback"),
    ("zpool", "destroy"), ("zpool", "remove"), ("zpool", "replace"), ("zpool", "labelclear"),
    ("btrfs", "subvolume", "delete"), ("btrfs", "device", "remove"),
    ("btrfs", "device", "delete"), ("btrfs", "replace"),
    ("wipefs",), ("blkdiscard",), ("dd",), ("shred",), ("sgdisk",), ("sfdisk",), ("parted",),
    ("mkswap",), ("rm",), ("rmdir",), ("unlink",), ("mv",), ("truncate",),
]  # fmt: skip

# Those that write over a device: they claim it, which proves under a lock that it is still the
# blank one that was planned for; or they declare what it held.
WRITE_OVER = [
    ("mkfs*",), ("pvcreate",), ("vgcreate",), ("vgextend",),
    ("zpool", "create"), ("zpool", "add"), ("zpool", "attach"), ("btrfs", "device", "add"),
]  # fmt: skip

# The words that let one of these write over what it would refuse to.
FORCE = {"-f", "-ff", "--force", "-y", "--yes"}

# Files that a plan may remove without a word: nobody but this collection has made them.
OWN_FILES = [
    ("/etc/lvm/profile/*.profile", "the profile of a pool of ours, once no volume uses it"),
    ("/etc/systemd/system/*.mount", "the unit of a mount of ours, refused where it is another's"),
    ("/etc/systemd/system/*.d/00-containerhost-storage-hold.conf", "what keeps an engine down"),
]

# Trees that a plan may remove without a word: there was consent when they were put there.
OWN_TREES = ("*/.containerhost-storage-aside",)


def every_verb_that_deletes_declares_what_it_destroys(technology, state, wanted):
    """Consent is asked for what steps declare, so each that deletes has to declare it."""
    parts = technology.plan(state, wanted).parts
    for step in technology.plan(state, wanted).steps:
        assert step.destroys or not _deletes(step), describe_step(step)
    made = {
        step.path
        for part in parts
        for step in (*part.ready, *part.steps)
        if isinstance(step, WriteFile) and step.old is None
    }
    # Nobody is asked for consent on the way back: it removes only what the plan itself has made.
    for step in ways_back(parts):
        assert not step.destroys, describe_step(step)
        if not (isinstance(step, WriteFile) and step.path in made):
            assert not _deletes(step), describe_step(step)


def ways_back(parts):
    """All steps that a plan may take on the way back."""
    undo = [step for part in parts for step in part.undo]
    return undo + [step for pause in pauses_of(parts) for step in pause.back]


def _deletes(step):
    if isinstance(step, WriteFile):
        own = any(fnmatchcase(step.path, pattern) for pattern, _why in OWN_FILES)
        return step.content is None and not own
    if isinstance(step, RemoveTree):
        return not any(fnmatchcase(step.path, pattern) for pattern in OWN_TREES)
    if isinstance(step, Rename):  # nothing is lost: it has another name
        return False
    words = _without_env(step.argv)
    if _begins(words, DELETE):
        return True
    return _begins(words, WRITE_OVER) and not step.claims and not _refuses_what_is_there(words)


def _refuses_what_is_there(words):
    """mkfs.xfs and mkfs.btrfs write over nothing that they know, if they are not forced to."""
    return words[0] in ("mkfs.xfs", "mkfs.btrfs") and not FORCE & set(words)


def _without_env(argv):
    """The command itself, where env(1) runs it."""
    words = list(argv)
    if words[:1] == ["env"]:
        words = words[1:]
        while words and "=" in words[0]:
            words = words[1:]
    return words


def _begins(words, table):
    return any(len(words) >= len(verb) and all(map(fnmatchcase, words, verb)) for verb in table)
