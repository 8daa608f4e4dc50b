# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from containerhost_lab import acceleration, paths, qemu


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with the device; tries of a guest are counted in the list."""
    tries = []
    monkeypatch.setattr(paths, "cache", lambda: tmp_path)
    monkeypatch.setattr(acceleration, "DEVICE", "/dev/null")
    monkeypatch.setattr(acceleration, "qemu_version", lambda: "qemu 7.2")
    monkeypatch.setattr(
        acceleration, "runs_on_hardware", lambda image: tries.append(image) or machine_works[0]
    )
    machine_works = [False]
    return machine_works, tries


@pytest.mark.parametrize(("works", "accelerator"), [(True, "kvm"), (False, "tcg")])
def test_a_guest_is_tried_once_and_believed(machine, works, accelerator):
    machine_works, tries = machine
    machine_works[0] = works
    assert acceleration.choose(Path("image"))[0] == accelerator
    assert acceleration.choose(Path("image"))[0] == accelerator
    assert len(tries) == 1


def test_another_qemu_is_tried_anew(machine, monkeypatch):
    _, tries = machine
    acceleration.choose(Path("image"))
    monkeypatch.setattr(acceleration, "qemu_version", lambda: "qemu 8.0")
    acceleration.choose(Path("image"))
    assert len(tries) == 2


def test_a_memory_that_is_damaged_is_made_anew(machine, tmp_path):
    _, tries = machine
    (tmp_path / "acceleration.json").write_text("{half")
    assert acceleration.choose(Path("image"))[0] == "tcg"
    assert len(tries) == 1


def test_without_the_device_nothing_is_tried(machine, monkeypatch):
    _, tries = machine
    monkeypatch.setattr(acceleration, "DEVICE", "/dev/null/kvm")
    accelerator, reason = acceleration.choose(Path("image"))
    assert (accelerator, tries) == ("tcg", [])
    assert "/dev/null/kvm is not there" in reason


@pytest.mark.parametrize(
    ("version", "argument"),
    [
        ("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)", "tcg,thread=single"),
        ("QEMU emulator version 8.0.4 (Debian 1:8.0.4+dfsg-1)", "tcg,thread=single"),
        ("QEMU emulator version 8.1.0", "tcg,thread=multi"),
        ("QEMU emulator version 10.0.8 (Debian 1:10.0.8+ds-0+deb13u1)", "tcg,thread=multi"),
        ("something else", "tcg,thread=single"),
    ],
)
def test_processors_share_a_thread_where_qemu_is_too_old_for_more(version, argument):
    numbers = acceleration.numbers(version)
    assert qemu.accelerator_argument("tcg", numbers) == argument
    assert qemu.accelerator_argument("kvm", numbers) == "kvm"
