# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a guest that panics ends at once, and a host that did is reset once."""

from __future__ import annotations

from pathlib import Path

import pytest
from containerhost_lab import guest, host, qemu
from containerhost_lab.errors import LabError, PanicError

PANIC = "[   70.1] Kernel panic - not syncing: Fatal exception in interrupt\n"


def test_a_panic_is_one_since_it_is_watched_for(tmp_path):
    console = tmp_path / "console.log"
    assert not guest.panic_watch(console)()
    console.write_text(PANIC)
    panicked = guest.panic_watch(console)
    assert not panicked()
    console.write_text(PANIC + "booting\n" + PANIC)
    assert panicked()


def test_it_is_not_waited_for_any_longer(tmp_path, monkeypatch):
    def ssh(*_arguments, **_options):
        (tmp_path / qemu.CONSOLE).write_text(PANIC)
        return ["sleep", "1000"]

    monkeypatch.setattr(guest, "ssh", ssh)
    with pytest.raises(PanicError, match=r"kernel of one panicked.*\n.*Fatal exception"):
        guest.wait("one", tmp_path, 22, Path("key"), "true\n")


def test_what_the_guest_says_comes_back(tmp_path, monkeypatch):
    monkeypatch.setattr(guest, "ssh", lambda *_arguments, **_options: ["sh", "-s"])
    assert guest.wait("one", tmp_path, 22, Path("key"), "echo hello\n") == "hello\n"
    with pytest.raises(LabError, match="one is not in order: why"):
        guest.wait("one", tmp_path, 22, Path("key"), "echo why >&2; exit 3\n")


@pytest.mark.parametrize("panics", [0, 1, 2])
def test_a_host_that_panics_is_reset_once(panics, monkeypatch, capsys):
    left, resets = [PanicError("The kernel of one panicked.")] * panics, []

    def wait_ready(_host, _script):
        if left:
            raise left.pop()

    monkeypatch.setattr(host, "wait_ready", wait_ready)
    monkeypatch.setattr(host, "push_reset", resets.append)
    if panics == 2:
        with pytest.raises(PanicError):
            host.wait_booted("one")
    else:
        host.wait_booted("one")
    assert resets == ["one"] * min(panics, 1)
    assert ("It is reset once more." in capsys.readouterr().out) is bool(panics)
