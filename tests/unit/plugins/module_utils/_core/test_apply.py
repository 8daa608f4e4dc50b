# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a step: a command as it is, a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import pathlib
import stat

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core import apply as _apply
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Claim,
    Command,
    RemoveTree,
    StorageError,
    WriteFile,
)

CLAIM = Claim("/dev/vdb", "254:16", 1, "", "")


def run_nothing(argv, deadline):
    pytest.fail(f"{argv} was run")


def write(path, content, mode=0o644, old=None):
    _apply.execute(run_nothing, WriteFile("Set it", str(path), content, old, mode), None)


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_a_command_is_run_as_it_is():
    ran = []
    step = Command("Make it", ("vgcreate", "vg", "/dev/disk/by-id/a b"))
    _apply.execute(lambda argv, deadline: ran.append(argv) or (0, "", ""), step, None)
    assert ran == [step.argv]


OUTCOMES = [
    ((5, "", "  no room\n"), "`vgcreate 'a b'` failed with exit status 5: no room. "),
    ((1, "said on stdout", ""), "`vgcreate 'a b'` failed with exit status 1: said on stdout. "),
]


@pytest.mark.parametrize(("outcome", "message"), OUTCOMES)
def test_a_command_that_fails(outcome, message):
    step = Command("Make it", ("vgcreate", "a b"))
    with pytest.raises(StorageError) as error:
        _apply.execute(lambda argv, deadline: outcome, step, None)
    assert str(error.value).startswith("Make it: " + message)


def test_the_disks_of_a_step_are_held_while_it_runs():
    log = []

    @contextlib.contextmanager
    def hold(claims):
        log.append(("hold", claims))
        yield
        log.append("let go")

    step = Command("Make it", ("vgcreate",), claims=(CLAIM,))
    _apply.execute(lambda argv, deadline: log.append("run") or (0, "", ""), step, hold)
    assert log == [("hold", (CLAIM,)), "run", "let go"]


def test_a_step_whose_disks_cannot_be_held_is_not_run():
    def hold(claims):
        raise StorageError("Disk", "it is another one", "Plan again")

    with pytest.raises(StorageError, match="it is another one"):
        _apply.execute(run_nothing, Command("Make it", ("vgcreate",), claims=(CLAIM,)), hold)


@pytest.mark.parametrize("content", ["", "text\n", "ümlaut\n", "a" * 100000])
def test_a_new_file(tmp_path, content):
    path = tmp_path / "file"
    write(path, content, mode=0o600)
    assert path.read_text(encoding="utf-8") == content
    assert mode_of(path) == 0o600


def test_a_new_file_in_a_new_folder(tmp_path):
    write(tmp_path / "a" / "b" / "file", "text")
    assert (tmp_path / "a" / "b" / "file").read_text() == "text"
    assert mode_of(tmp_path / "a" / "b") & 0o022 == 0


def test_a_new_file_has_its_mode_whatever_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        write(tmp_path / "file", "text", mode=0o644)
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "file") == 0o644


def test_mode_and_owner_of_a_replaced_file_stay(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o640)
    owners = []
    monkeypatch.setattr(os, "fchown", lambda _fd, *owner: owners.append(owner))
    write(path, "new", mode=0o600, old="old")
    assert path.read_text() == "new"
    assert mode_of(path) == 0o640
    assert owners == [(path.stat().st_uid, path.stat().st_gid)]


def test_a_file_is_removed(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    write(path, None, old="old")
    assert os.listdir(tmp_path) == []


def test_removing_what_is_gone_is_no_error(tmp_path):
    write(tmp_path / "file", None)


class Crash(BaseException):
    """The end of the process, as far as one can have it in a test."""


@pytest.mark.parametrize("call", ["fchmod", "fsync", "rename"])
def test_a_crash_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch, call):
    path = tmp_path / "file"
    path.write_text("old")

    def crash(*_arguments):
        raise Crash

    monkeypatch.setattr(os, call, crash)
    with pytest.raises(Crash):
        write(path, "new", old="old")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_the_content_is_on_disk_before_the_name_and_the_name_before_the_end(tmp_path, monkeypatch):
    log = []
    fsync, rename = os.fsync, os.rename

    def synced(descriptor):
        kind = os.fstat(descriptor).st_mode
        log.append("sync folder" if stat.S_ISDIR(kind) else "sync file")
        fsync(descriptor)

    def renamed(*names):
        log.append("rename")
        rename(*names)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "rename", renamed)
    write(tmp_path / "file", "new")
    assert log == ["sync file", "rename", "sync folder"]


def test_a_file_that_cannot_be_written(tmp_path):
    (tmp_path / "folder").write_text("a file in the way")
    with pytest.raises(StorageError, match="Set it: ") as error:
        write(tmp_path / "folder" / "file", "text")
    assert str(error.value).startswith(str(tmp_path / "folder" / "file"))


def test_a_parameter_of_the_kernel_is_written_to_and_not_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(_apply, "_PARAMETERS", str(tmp_path))
    parameter = tmp_path / "zfs_arc_max"
    parameter.write_text("0\n")
    inode = parameter.stat().st_ino
    write(parameter, "1073741824\n")
    assert (parameter.read_text(), parameter.stat().st_ino) == ("1073741824\n", inode)


MEANWHILE = [
    # there now, as it was planned for, to be there: what becomes of it
    ("old", "old", "new", "new"),
    ("theirs", "old", "new", None),
    ("theirs", None, "new", None),
    (None, "old", "new", None),
    ("theirs", "old", None, None),
    ("new", "old", "new", "new"),  # the same, by whomever
    ("", None, "new", "new"),  # holds nothing that could be lost
    ("a\r\nb\r", "a\nb\n", "new", "new"),  # as a text is read
    ("\r\n", "\n", "\n", "\n"),
]


@pytest.mark.parametrize(("now", "old", "content", "then"), MEANWHILE)
def test_what_another_has_written_meanwhile_is_not_overwritten(tmp_path, now, old, content, then):
    path = tmp_path / "file"
    if now is not None:
        path.write_bytes(now.encode())
    if then is None:
        with pytest.raises(StorageError, match="another program has written it") as error:
            write(path, content, old=old)
        assert error.value.details["refusal"] == "file_changed_meanwhile"
        then = now
    else:
        write(path, content, old=old)
    assert (path.read_bytes().decode() if path.exists() else None) == then


def foreign(path, words):
    before = os.lstat(path)
    for content in ("new", None):
        with pytest.raises(StorageError, match=words) as error:
            write(path, content, old="old")
        assert error.value.details["refusal"] == "file_foreign"
    assert os.lstat(path).st_ino == before.st_ino


def test_a_link_is_not_replaced_and_not_followed(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "file").symlink_to(tmp_path / "real")
    foreign(tmp_path / "file", "it is a symbolic link")
    assert (tmp_path / "real").read_text() == "old"


def test_a_pipe_is_not_replaced_and_holds_nobody_up(tmp_path):
    os.mkfifo(tmp_path / "file")
    foreign(tmp_path / "file", "it is no file")


def test_a_folder_is_not_replaced(tmp_path):
    (tmp_path / "file").mkdir()
    foreign(tmp_path / "file", "it is no file")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_file_of_another_user_is_not_replaced(tmp_path):
    (tmp_path / "file").write_text("old")
    os.chown(tmp_path / "file", 65534, 65534)
    foreign(tmp_path / "file", "it belongs to the user with the number 65534")


@pytest.mark.parametrize(("mode", "then"), [(0o666, 0o644), (0o6775, 0o755), (0o620, 0o600)])
def test_rights_that_its_kind_should_not_have_do_not_stay(tmp_path, mode, then):
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(mode)
    write(path, "new", old="old")
    assert mode_of(path) == then


def test_what_a_killed_run_left_beside_is_no_obstacle_and_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / ".file.containerhost-storage").symlink_to(tmp_path / "precious")
    write(tmp_path / "file", "new")
    assert (tmp_path / "precious").read_text() == "precious"
    assert sorted(os.listdir(tmp_path)) == ["file", "precious"]


def test_a_file_is_written_in_the_folder_that_it_will_be_in(tmp_path, monkeypatch):
    """Beside it, hidden: from elsewhere it could not be renamed into place at once."""
    renamed, rename = [], os.rename

    def note(old, new):
        renamed.append((os.path.dirname(old), os.path.basename(old)[:2]))
        rename(old, new)

    monkeypatch.setattr(os, "rename", note)
    write(tmp_path / "file", "text")
    assert renamed == [(str(tmp_path), ".f")]


def test_what_is_synced_is_the_whole_content(tmp_path, monkeypatch):
    """First the file, before it gets its name; then the folder that the name is in."""
    synced = []

    def note(descriptor):
        path = pathlib.Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        synced.append(os.listdir(path) if path.is_dir() else path.read_text())

    monkeypatch.setattr(os, "fsync", note)
    write(tmp_path / "file", "text")
    assert synced == ["text", ["file"]]


def test_a_new_folder_is_its_owners_alone_to_write_to(tmp_path):
    before = os.umask(0)
    try:
        write(tmp_path / "new" / "file", "text")
    finally:
        os.umask(before)
    assert (mode_of(tmp_path / "new"), mode_of(tmp_path / "new" / "file")) == (0o755, 0o644)


def test_what_lies_in_the_way_of_a_file_is_not_written_through(tmp_path, monkeypatch):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / ".file.containerhost-storage").symlink_to(tmp_path / "precious")
    monkeypatch.setattr(_apply, "clear", lambda _step: None)  # it is there again at once
    with pytest.raises(StorageError, match="File exists"):
        write(tmp_path / "file", "new")
    assert (tmp_path / "precious").read_text() == "precious"


def test_nobody_else_can_read_a_file_before_it_has_its_owner(tmp_path, monkeypatch):
    modes, fchmod = [], os.fchmod

    def note(descriptor, mode):
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        fchmod(descriptor, mode)

    monkeypatch.setattr(os, "fchmod", note)
    write(tmp_path / "file", "text")
    assert modes == [0o600]


def test_that_a_file_could_not_be_renamed_is_told_whatever_became_of_it(tmp_path, monkeypatch):
    def rename(old, _new):
        os.unlink(old)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(StorageError, match="Input/output error"):
        write(tmp_path / "file", "text")


def test_a_step_leaves_nothing_open(tmp_path):
    before = os.listdir("/proc/self/fd")
    write(tmp_path / "file", "text")
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_a_file_is_as_a_step_leaves_it_or_a_parameter_of_the_kernel_may_be(tmp_path, monkeypatch):
    path = tmp_path / "file"
    step = WriteFile("Set it", str(path), "new", "old")
    assert _apply.landed(step._replace(content=None))
    path.write_text("old")
    assert not _apply.landed(step)
    path.write_text("new")
    assert _apply.landed(step)
    monkeypatch.setattr(_apply, "_PARAMETERS", str(tmp_path))
    assert _apply.landed(step._replace(content="what the kernel has rounded"))


@pytest.mark.parametrize("made", [None, "empty", "filled"])
def test_a_file_for_a_folder_that_is_filled(tmp_path, made):
    if made:
        (tmp_path / "folder").mkdir()
    if made == "filled":
        (tmp_path / "folder" / "it").touch()
    step = WriteFile("Name it", str(tmp_path / "file"), "text", if_filled=str(tmp_path / "folder"))
    _apply.execute(run_nothing, step, None)
    assert (tmp_path / "file").exists() is (made == "filled")


def test_of_a_command_or_a_tree_nobody_knows_how_far_it_came(tmp_path):
    for step in (Command("Run it", ("true",)), RemoveTree("Remove it", str(tmp_path / "x")), None):
        assert not _apply.landed(step)


@pytest.mark.parametrize("parameters", [True, False])
def test_only_what_was_written_beside_a_file_is_cleared_away(tmp_path, monkeypatch, parameters):
    beside = tmp_path / ".file.containerhost-storage"
    beside.write_text("half")
    if parameters:  # beside a parameter of the kernel nothing is ever written
        monkeypatch.setattr(_apply, "_PARAMETERS", str(tmp_path))
    for _time in range(2):
        _apply.clear(WriteFile("Set it", str(tmp_path / "file"), "new"))
    assert beside.exists() is parameters


@pytest.mark.parametrize(("path", "runs"), [("", True), ("/", False), ("/proc/self", True)])
def test_what_a_mount_makes_needless_is_not_run_where_it_is_mounted(path, runs):
    ran = []
    step = Command("Make it", ("make",), unless_mounted=path)
    _apply.execute(lambda argv, deadline: ran.append(argv) or (0, "", ""), step, None)
    assert bool(ran) is runs


def test_a_file_that_holds_what_it_is_to_hold_is_not_written_again(tmp_path):
    path = tmp_path / "file"
    path.write_text("new")
    before = path.stat().st_ino
    write(path, "new", old="old")
    assert path.stat().st_ino == before


def test_a_file_with_strange_bytes_is_replaced_and_written_as_it_was_read(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"a\xff\r\n")
    old = _apply.present(str(path))
    write(path, "new", old=old)
    assert path.read_text() == "new"
    write(path, old, old="new")
    assert path.read_bytes() == b"a\xff\r\n"


@pytest.mark.parametrize(
    ("folder", "name", "remedy"),
    [
        ("systemd/system", "srv-x.mount", "run `systemctl unmask srv-x.mount`"),
        ("systemd/system/docker.service.d", "50-srv-x.conf", "remove the link"),
    ],
)
def test_what_is_masked_stays_so_and_nobody_gets_the_rights_of_the_null_device(
    tmp_path, folder, name, remedy
):
    path = tmp_path / folder / name
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/null")
    with pytest.raises(StorageError, match="it is a symbolic link to /dev/null") as error:
        _apply.require_replaceable(WriteFile("Set it", str(path), "new", ""))
    assert error.value.details["refusal"] == "file_foreign"
    assert remedy in str(error.value)
    foreign(path, "it is a symbolic link to /dev/null")
    assert os.readlink(path) == "/dev/null"


def not_written(path, named, words):
    before = sorted(os.listdir(path.parent)) if path.parent.exists() else None
    with pytest.raises(StorageError, match=words) as error:
        write(path, "new")
    assert error.value.details["refusal"] == "folder_foreign"
    assert str(error.value).startswith(f"{named}: ")
    said = "Put a folder of root's in its place" if named.is_symlink() else "chmod go-w "
    assert said in str(error.value)
    assert (sorted(os.listdir(path.parent)) if path.parent.exists() else None) == before


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o757])
def test_nothing_is_written_into_a_folder_that_others_can_write_to(tmp_path, mode):
    (tmp_path / "unit.d").mkdir()
    (tmp_path / "unit.d").chmod(mode)
    not_written(tmp_path / "unit.d" / "file", tmp_path / "unit.d", "others than root can write")


def test_nothing_is_written_below_a_folder_that_others_can_write_to(tmp_path):
    (tmp_path / "open" / "unit.d").mkdir(parents=True)
    (tmp_path / "open").chmod(0o777)
    not_written(tmp_path / "open" / "unit.d" / "file", tmp_path / "open", "others than root")
    not_written(tmp_path / "open" / "new" / "file", tmp_path / "open", "others than root")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_nothing_is_written_into_the_folder_of_another_user(tmp_path):
    for name in ("theirs", "of their group"):
        (tmp_path / name).mkdir()
    os.chown(tmp_path / "theirs", 65534, 0)
    os.chown(tmp_path / "of their group", 0, 65534)
    (tmp_path / "of their group").chmod(0o775)
    not_written(tmp_path / "theirs" / "file", tmp_path / "theirs", "the user with the number 65534")
    not_written(tmp_path / "of their group" / "file", tmp_path / "of their group", "others than")


def test_a_folder_of_drop_ins_that_leads_elsewhere(tmp_path):
    (tmp_path / "other.service.d").mkdir()
    (tmp_path / "unit.service.d").symlink_to("other.service.d")
    path = tmp_path / "unit.service.d" / "file"
    not_written(path, tmp_path / "unit.service.d", "it is a symbolic link")


def test_a_link_to_another_folder_of_roots_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("../" + tmp_path.name + "/real")
    write(tmp_path / "link" / "file", "text")
    assert (tmp_path / "real" / "file").read_text() == "text"


def test_a_link_to_a_folder_that_others_can_write_to(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "open" / "etc").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "open" / "etc")
    not_written(tmp_path / "link" / "file", tmp_path / "open", "others than root can write")


def test_links_that_lead_in_a_circle_hold_nobody_up(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(StorageError):
        write(tmp_path / "a" / "file", "text")


def test_all_new_folders_are_their_owners_alone_to_write_to(tmp_path):
    before = os.umask(0)
    try:
        write(tmp_path / "a" / "b" / "c" / "file", "text")
    finally:
        os.umask(before)
    for name in ("a", "a/b", "a/b/c"):
        assert mode_of(tmp_path / name) == 0o755


def test_what_another_writes_while_the_new_file_is_synced_is_not_overwritten(tmp_path, monkeypatch):
    path = tmp_path / "daemon.json"
    path.write_text('{"a": 1}')

    def sync(_descriptor):
        path.write_text('{"a": 1, "theirs": 2}')

    monkeypatch.setattr(os, "fsync", sync)
    with pytest.raises(StorageError, match="another program has written it") as error:
        write(path, '{"a": 2}', old='{"a": 1}')
    assert error.value.details["refusal"] == "file_changed_meanwhile"
    assert path.read_text() == '{"a": 1, "theirs": 2}'
    assert os.listdir(tmp_path) == ["daemon.json"]


def test_what_is_no_file_is_as_no_step_leaves_it_and_holds_nobody_up(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "real").write_text("new")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "link", "folder"):
        step = WriteFile("Set it", str(tmp_path / name), "new", "old")
        assert not _apply.landed(step)
        assert not _apply.landed(step._replace(content=None))
