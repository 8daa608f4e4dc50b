# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from containerhost_lab import image, paths, qemu, recipe
from containerhost_lab.errors import LabError


@pytest.fixture
def guest(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "finish.sh").write_text("true\n")
    (tmp_path / "files" / "fstab").write_text("LABEL=root / ext4\n")
    return tmp_path


def key(guest, release="bookworm", public_key="ssh-ed25519 A"):
    return recipe.key(recipe.image_recipe(release, guest, public_key))


def test_the_same_recipe_has_the_same_key(guest):
    assert key(guest) == key(guest)
    assert key(guest).startswith("bookworm-")


def changed_script(guest):
    (guest / "finish.sh").write_text("false\n")


def changed_file(guest):
    (guest / "files" / "fstab").write_text("\n")


def new_file(guest):
    (guest / "files" / "hosts").write_text("")


def renamed_file(guest):
    (guest / "files" / "fstab").rename(guest / "files" / "crypttab")


def executable(guest):
    (guest / "finish.sh").chmod(0o755)


@pytest.mark.parametrize(
    "change", [changed_script, changed_file, new_file, renamed_file, executable]
)
def test_a_change_of_what_goes_in_is_another_image(guest, change):
    before = key(guest)
    change(guest)
    assert key(guest) != before


def test_another_release_or_key_is_another_image(guest):
    keys = {key(guest), key(guest, "trixie"), key(guest, public_key="ssh-ed25519 B")}
    assert len(keys) == 3


def test_another_package_is_another_image(guest, monkeypatch):
    before = key(guest)
    monkeypatch.setattr(recipe, "PACKAGES", [*recipe.PACKAGES, "zfsutils-linux"])
    assert key(guest) != before


def test_a_saved_state_depends_on_accelerator_and_memory():
    machines = [
        tuple(qemu.machine(accelerator, memory))
        for accelerator in ("kvm", "tcg")
        for memory in (2**30, 2**31)
    ]
    assert len(set(machines)) == 4


def test_an_unknown_release_is_refused(guest):
    with pytest.raises(LabError, match="no release 'woody' here: take bookworm or trixie"):
        recipe.image_recipe("woody", guest, "")


@pytest.fixture
def extras(tmp_path_factory):
    folder = tmp_path_factory.mktemp("extras")
    (folder / "zfs.sh").write_text("true\n")
    return folder


def test_an_extra_is_an_image_of_its_own(guest, extras):
    plain = recipe.image_recipe("bookworm", guest, "")
    zfs = recipe.image_recipe("bookworm", guest, "", "zfs", extras)
    assert recipe.key(zfs) != recipe.key(plain)
    (extras / "zfs.sh").write_text("false\n")
    assert recipe.image_recipe("bookworm", guest, "", "zfs", extras) != zfs


def test_a_plain_image_knows_nothing_of_extras(guest):
    assert "extra" not in recipe.image_recipe("bookworm", guest, "")


def test_an_extra_is_put_in_before_the_archive_is_taken_away(guest, extras):
    wanted = recipe.image_recipe("bookworm", guest, "", "zfs", extras)
    words = image.debootstrap(wanted, guest / "tree", guest)
    hooks = [word for word in words if word.startswith("--customize-hook=")]
    assert [("zfs.sh" in hook, "finish.sh" in hook) for hook in hooks] == [
        (True, False),
        (False, True),
    ]
    assert hooks[0].endswith('zfs.sh "$1" linux-headers-amd64 zfs-dkms zfsutils-linux')


def test_an_extra_may_have_a_last_word_and_tell_the_kernel_something(guest, extras):
    (extras / "selinux.sh").write_text("true\n")
    plain = recipe.image_recipe("bookworm", guest, "", "selinux", extras)
    assert plain["extra"]["kernel_arguments"] == "security=selinux selinux=1"
    assert "last" not in plain["extra"]
    (extras / "selinux-last.sh").write_text("true\n")
    wanted = recipe.image_recipe("bookworm", guest, "", "selinux", extras)
    words = image.debootstrap(wanted, guest / "tree", guest)
    hooks = [word for word in words if word.startswith("--customize-hook=")]
    assert [hook.partition(".sh")[0].rpartition("/")[2] for hook in hooks] == [
        "selinux", "finish", "selinux-last",
    ]  # fmt: skip


def test_an_image_may_have_arguments_for_its_kernel(tmp_path):
    assert qemu.kernel_arguments(tmp_path) == qemu.KERNEL_ARGUMENTS
    (tmp_path / qemu.ARGUMENTS).write_text("security=selinux")
    assert qemu.kernel_arguments(tmp_path) == qemu.KERNEL_ARGUMENTS + " security=selinux"


def test_every_extra_has_its_script():
    assert {f"{name}.sh" for name in recipe.EXTRAS} <= {it.name for it in paths.EXTRAS.iterdir()}
