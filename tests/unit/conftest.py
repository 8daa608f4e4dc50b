# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for all unit tests."""

from __future__ import annotations

import itertools
import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core import journals, lock
from hypothesis import HealthCheck, settings

# No test times anything: on a busy machine a generated case may take as long as it takes.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


_RUNS = itertools.count()


@pytest.fixture(autouse=True)
def _own_places(monkeypatch, tmp_path_factory):
    """No test writes where a run on this machine would."""
    place = tmp_path_factory.getbasetemp() / f"run{next(_RUNS)}"  # made where it is needed
    monkeypatch.setattr(journals, "FOLDER", f"{place}.journals")
    monkeypatch.setattr(lock, "PATH", f"{place}.locks/lock")
    # What a power cut leaves is shown by the order of the calls: to wait for a disk shows nothing.
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    monkeypatch.setattr(os, "fdatasync", lambda _descriptor: None)
