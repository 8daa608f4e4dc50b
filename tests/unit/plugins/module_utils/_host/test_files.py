# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as no file, and what as none that can be read."""

from __future__ import annotations

import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._host import files


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "plain").write_text("a line\n")
    (tmp_path / "strange").write_bytes(b"\xff a label")
    (tmp_path / "folder").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("plain", "a line\n"),
        ("strange", "\udcff a label"),
        ("none", None),
        ("plain/below", None),
    ],
)
def test_reading(folder, name, wanted):
    path = str(folder / name)
    assert files.read_text(path) == files.try_text(path) == wanted
    assert files.text_of(path) == (wanted or "")


def test_what_is_there_and_cannot_be_read_is_no_file_to_make(folder, monkeypatch):
    def refused(*_arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    path = str(folder / "plain")
    with pytest.raises(PermissionError):
        files.read_text(path)
    assert files.try_text(path) is None
    assert files.text_of(path) == ""


def test_what_is_no_plain_file_is_there_holds_nothing_and_holds_nobody_up(folder):
    os.mkfifo(folder / "pipe")
    (folder / "masked").symlink_to("/dev/null")
    for name in ("folder", "pipe", "masked"):
        assert files.read_text(str(folder / name)) == ""


def test_lines_are_kept_as_they_are_for_who_writes_and_made_plain_for_parsers(folder):
    (folder / "lines").write_bytes(b"a\r\nb\rc\n")
    assert files.read_text(str(folder / "lines")) == "a\r\nb\rc\n"
    assert files.text_of(str(folder / "lines")) == "a\nb\nc\n"


@pytest.mark.parametrize(
    ("text", "wanted"), [("4096\n", 4096), ("0", 0), ("none\n", None), ("-1\n", None), ("", None)]
)
def test_numbers(tmp_path, text, wanted):
    path = tmp_path / "number"
    assert files.number_of(str(path)) is None
    path.write_text(text)
    assert files.number_of(str(path)) == wanted
