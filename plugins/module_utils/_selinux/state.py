# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The SELinux label of the engine's data root: what it is, and what the policy gives such a folder.

Policies know Docker's own data root, /var/lib/docker: container-selinux (container.fc) has
container_var_lib_t for it, and the labels of all that the engine makes in it follow from there.
Another path has the label of its surroundings, and a filesystem that has just been made has none.
"""

from __future__ import annotations

from typing import NamedTuple

DATA_ROOT = "/var/lib/docker"

# What a folder has that nobody has labelled: without a label of its own, or as a path that no
# policy knows.
NO_LABEL = ("", "unlabeled_t", "file_t", "default_t")


class Wanted(NamedTuple):
    """Whose label is kept."""

    path: str  # the data root
    service: str  # the engine's unit, which is not to start before it has its label


class State(NamedTuple):
    """The folder and its label, each label by its type alone."""

    exists: bool
    fresh: bool  # nothing is in it: what is there already has labels that are others' affair
    mounted: bool  # whether it is a mount point
    present: str | None = ""  # the type that it has; '' for none, None where that is to be seen
    # What the policy gives this path, and what it gives Docker's own; '' where that is not known.
    # Only asked for where it is fresh.
    by_policy: str = ""
    as_dockers: str = ""
