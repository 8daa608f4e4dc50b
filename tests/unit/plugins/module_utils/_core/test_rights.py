# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a file's owner, mode, ACL and attributes when it is replaced and taken back."""

from __future__ import annotations

import errno
import os
import stat
import struct

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core import act as _act
from ansible_collections.containerhost.storage.plugins.module_utils._core import rights as _rights
from ansible_collections.containerhost.storage.plugins.module_utils._core.apply import execute
from ansible_collections.containerhost.storage.plugins.module_utils._core.journal import (
    open_changes,
    open_journal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Part,
    Pause,
    Plan,
    Rights,
    StorageError,
    WriteFile,
)

ACL = "system.posix_acl_access"
NOBODY = 0xFFFFFFFF
# include/uapi/linux/posix_acl.h
USER_OBJ, USER, GROUP_OBJ, MASK, OTHER = 0x01, 0x02, 0x04, 0x10, 0x20

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


def acl(user, group, mask, other=0, owner=6):
    """An ACL as the kernel has it in its attribute; the user with the number 100 has rights."""
    entries = (
        (USER_OBJ, owner, NOBODY),
        (USER, user, 100),
        (GROUP_OBJ, group, NOBODY),
        (MASK, mask, NOBODY),
        (OTHER, other, NOBODY),
    )
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def supports(folder, name, value):
    try:
        os.setxattr(folder, name, value)
        os.removexattr(folder, name)
    except OSError:
        return False
    return True


@pytest.fixture
def file(tmp_path):
    """A file with an ACL and an attribute, where the filesystem has those."""
    path = tmp_path / "daemon.json"
    path.write_text("old")
    path.chmod(0o640)
    try:
        os.setxattr(path, "user.note", b"kept \xff")
        os.setxattr(path, ACL, acl(user=4, group=0, mask=4))
    except OSError as error:
        pytest.skip(f"{tmp_path}: {error.strerror}")
    return path


def write(path, content, old, **more):
    execute(None, WriteFile("Set it", str(path), content, old, **more), None)


def all_of(path):
    """Everything about a file but its content, read by other means than those of the code."""
    found = os.stat(path)
    names = sorted(os.listxattr(path))
    return (
        stat.S_IMODE(found.st_mode),
        found.st_uid,
        found.st_gid,
        [(name, os.getxattr(path, name)) for name in names],
    )


def test_an_acl_and_attributes_stay_over_the_replacement(file):
    before = all_of(file)
    write(file, "new", "old")
    assert file.read_text() == "new"
    assert all_of(file) == before
    assert os.getxattr(file, ACL) == acl(user=4, group=0, mask=4)


def test_that_others_may_write_by_an_acl_does_not_stay(file):
    os.setxattr(file, ACL, acl(user=6, group=6, mask=6))
    write(file, "new", "old")
    # The mask bounds what the user with the number 100 and the group can do.
    assert os.getxattr(file, ACL) == acl(user=6, group=6, mask=4)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_replaced_file_gets_no_acl_of_its_folder(tmp_path):
    path = tmp_path / "daemon.json"
    path.write_text("old")
    path.chmod(0o600)
    if not supports(tmp_path, "system.posix_acl_default", acl(user=7, group=7, mask=7)):
        pytest.skip("no ACL here")
    os.setxattr(tmp_path, "system.posix_acl_default", acl(user=7, group=7, mask=7))
    before = all_of(path)
    write(path, "new", "old")
    assert all_of(path) == before


def test_a_label_is_kept(file, monkeypatch):
    """As SELinux has them: on this machine no policy is loaded, so the calls are looked at."""
    label = b"system_u:object_r:container_config_t:s0\0"
    listed, got, given = os.listxattr, os.getxattr, []
    monkeypatch.setattr(
        os, "listxattr", lambda it, **more: [*listed(it, **more), "security.selinux"]
    )
    new = b"system_u:object_r:etc_t:s0\0"

    def getxattr(it, name, **more):
        if name == "security.selinux":
            return new if isinstance(it, int) else label
        return got(it, name, **more)

    monkeypatch.setattr(os, "getxattr", getxattr)
    monkeypatch.setattr(os, "setxattr", lambda _it, name, value: given.append((name, value)))
    write(file, "new", "old")
    assert ("security.selinux", label) in given


def test_what_the_kernel_computes_of_the_content_is_not_carried_over(file, monkeypatch):
    listed = os.listxattr
    computed = ["security.ima", "security.evm", "security.capability"]
    monkeypatch.setattr(os, "listxattr", lambda it, **more: [*listed(it, **more), *computed])
    names = [name for name, _value in _rights.rights_of(str(file)).attributes]
    assert sorted(names) == [ACL, "user.note"]


def test_an_attribute_that_cannot_be_kept_is_a_refusal_and_the_file_stays(file, monkeypatch):
    before = all_of(file)

    def setxattr(_descriptor, name, _value):
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP), name)

    monkeypatch.setattr(os, "setxattr", setxattr)
    with pytest.raises(StorageError, match="cannot be kept") as error:
        write(file, "new", "old")
    monkeypatch.undo()
    assert error.value.details["refusal"] == "file_rights_lost"
    assert file.read_text() == "old"
    assert all_of(file) == before
    assert os.listdir(file.parent) == [file.name]


def test_a_filesystem_without_attributes_is_no_obstacle(tmp_path, monkeypatch):
    def listxattr(_path, **_more):
        raise OSError(errno.ENOTSUP, "Operation not supported")

    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o604)
    monkeypatch.setattr(os, "listxattr", listxattr)
    write(path, "new", "old")
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


@pytest.mark.parametrize(("user", "mask", "taken"), [(7, 7, False), (7, 5, True), (5, 5, True)])
@as_root
def test_a_folder_that_an_acl_lets_others_write_to(tmp_path, user, mask, taken):
    folder = tmp_path / "unit.d"
    folder.mkdir()
    if not supports(folder, ACL, acl(user, 5, mask, owner=7)):
        pytest.skip("no ACL here")
    os.setxattr(folder, ACL, acl(user, 5, mask, owner=7))
    if taken:
        write(folder / "file", "new", None)
        return
    with pytest.raises(StorageError, match="others than root can write to it"):
        write(folder / "file", "new", None)


@as_root
def test_roots_own_group_is_root(tmp_path):
    (tmp_path / "unit.d").mkdir()
    (tmp_path / "unit.d").chmod(0o775)
    write(tmp_path / "unit.d" / "file", "new", None)


class Failing:
    """A module whose commands fail."""

    _name = "fake"

    def run_command(self, argv, **_more):
        return 1, "", "it fails"


def plan(path, content, old, **more):
    written = WriteFile("Set it", str(path), content, old)
    back = WriteFile("Set it back", str(path), old, content, **more)
    return Plan(
        (Part((written, Command("Fail", ("fail",))), (back,)),),
        None,
    )


MODES = [0o600, 0o640, 0o644, 0o666, 0o664, 0o4755, 0o400]


@pytest.mark.parametrize("content", ["new", None])
@pytest.mark.parametrize("mode", MODES)
@as_root
def test_the_way_back_gives_a_file_exactly_the_rights_that_it_had(file, mode, content):
    os.chown(file, 0, 12)
    os.chmod(file, mode)
    before = all_of(file)
    with pytest.raises(StorageError, match="it fails") as error:
        _act.act(Failing(), plan(file, content, "old"), None, None, None, journaled=False)
    assert error.value.details["undone"] is True
    assert file.read_text() == "old"
    assert all_of(file) == before


def test_so_does_the_start_of_a_unit_on_its_old_file(file):
    before = all_of(file)
    written = WriteFile("Set it", str(file), "new", "old")
    back = WriteFile("Name it", str(file), "old, named", "new")
    pause = Pause("docker.service", start=(Command("Fail", ("fail",)),), back=(back,))
    with pytest.raises(StorageError, match="it fails"):
        _act.act(
            Failing(),
            Plan((Part((written,), (), pauses=(pause,)),), None),
            None,
            None,
            None,
            journaled=False,
        )
    assert all_of(file) == before


def test_what_brings_a_unit_back_remembers_them_too(file):
    written, back = (
        WriteFile("Set it", str(file), "new", "old"),
        WriteFile("As it was", str(file), "old"),
    )
    pause = Pause("docker.service", back=(Command("Start it", ("true",)), back))
    (part,) = _rights.remembering([Part((written,), pauses=(pause,))])
    command, restored = part.pauses[0].back
    assert command == pause.back[0]
    assert restored.rights is not None
    assert restored.rights == _rights.rights_of(str(file))


def test_what_was_not_there_has_no_rights_to_come_back(tmp_path):
    path = tmp_path / "new"
    with pytest.raises(StorageError):
        _act.act(Failing(), plan(path, "new", None), None, None, None, journaled=False)
    assert not path.exists()
    assert _rights.rights_of(str(path)) is None
    assert _rights.rights_of(str(path / "below")) is None
    assert _rights.rights_of(str(tmp_path)) is None


def test_a_journal_remembers_them(file):
    parts = _rights.remembering(plan(file, "new", "old").parts)
    open_journal("run", "fake", parts)
    (change,) = open_changes()
    assert change.parts == parts
    found = change.parts[0].undo[0].rights
    assert isinstance(found, Rights)
    assert (ACL, acl(user=4, group=0, mask=4).hex()) in found.attributes
