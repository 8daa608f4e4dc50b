# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that needs nothing does not compile what acts, and none compiles other technologies."""

from __future__ import annotations

import subprocess
import sys

PACKAGE = "ansible_collections.containerhost.storage.plugins."
SPARED = (
    *("_core.act", "_core.carry_out", "_core.journal", "_core.recover", "_core.trees"),
    "_docker.choice",
)
ROOMS = (
    "_btrfs", "_btrfs_filesystem", "_btrfs_subvolume", "_data_root_reset", "_info", "_overlay",
    "_overlay_layer", "_thinpool", "_zfs", "_zfs_dataset", "_zfs_pool",
)  # fmt: skip


def test_the_layout_loads_only_what_every_run_needs():
    script = f"import sys, {PACKAGE}modules.storage_layout; print(*sys.modules)"
    paths = [path for path in sys.path if path]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}; {script}"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name[len(PACKAGE + "module_utils.") :] for name in done.stdout.split()}
    assert "_core.reconcile" in loaded
    assert not loaded & {*SPARED, *ROOMS}


def test_a_mount_as_the_role_makes_it_needs_no_table_of_options():
    script = (
        f"import sys; from {PACKAGE}module_utils._mounted_volume.plan import plan; "
        f"from {PACKAGE}module_utils._mounted_volume.state import wanted_from; "
        "wanted_from({'vg': 'v', 'name': 'n', 'pool': None, 'size': None, 'path': '/srv', "
        "'mount_options': ['noatime', 'prjquota'], 'required_by': [], 'existing_data': 'keep', "
        "'devices': []}); print(*sys.modules)"
    )
    paths = [path for path in sys.path if path]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}; {script}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert PACKAGE + "module_utils._mount.plan" in done.stdout
    assert PACKAGE + "module_utils._mount.option" not in done.stdout
