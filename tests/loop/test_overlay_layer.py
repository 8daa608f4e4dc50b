# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""overlay_layer on this machine's own kernel.

Everything lies on a tmpfs below the test's own folder and is taken away again, whatever happens.
What the kernel does not have is named, and the test is skipped.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import textwrap

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._core import lock
from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.below import (
    Lowers,
    close,
    read_marks,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.mounted import (
    describe_overlays,
    overlay_findings,
    overlays,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer import changes
from ansible_collections.containerhost.storage.plugins.modules import overlay_layer
from support.fuzz import share
from support.loops import sh

SEEDS = share(0.006)  # histories of layers


class Ended(Exception):  # noqa: N818
    """The module has exited; its result is the argument."""


class Host:
    """A folder with room for layers, and the module to run."""

    def __init__(self, folder, commands):
        self.folder, self.commands = folder, commands

    def __truediv__(self, name):
        return self.folder / name

    def make(self, **layers):
        """Make layers: ``name={"path": "content", "path/": None}``."""
        for name, entries in layers.items():
            (self / name).mkdir(exist_ok=True)
            for path, content in entries.items():
                where = self / name / path
                if path.endswith("/"):
                    where.mkdir(parents=True, exist_ok=True)
                else:
                    where.parent.mkdir(parents=True, exist_ok=True)
                    where.write_text(content)

    def options(self, **more):
        given = {
            "path": str(self / "m"),
            "lower": [str(self / "lower")],
            "upper": str(self / "upper"),
            "work": str(self / "work"),
            "persistent": False,
            **more,
        }
        return {name: value for name, value in given.items() if value is not None}

    def run(self, check=False, **options):
        self.commands.clear()
        with (
            patch_module_args({"_ansible_check_mode": check, **options}),
            pytest.raises(Ended) as ended,
        ):
            overlay_layer.main()
        return {**ended.value.args[0], "commands": list(self.commands)}

    def settles(self, **options):
        """Check mode, the real run, the second run: what they say has to fit together."""
        before = self.seen()
        planned = self.run(check=True, **options)
        assert not planned.get("failed"), planned["msg"]
        assert self.seen() == before
        done = self.run(**options)
        assert not done.get("failed"), done["msg"]
        for key in ("steps", "changed", "findings", "diff", "state"):
            assert planned[key] == done[key], key
        again = self.run(**options)
        assert (again["changed"], again["steps"], again["commands"]) == (False, [], []), again
        return done

    def refuses(self, words, **options):
        """The refusal is the same in check mode, and nothing is written before it."""
        before = self.seen()
        for check in (True, False):
            result = self.run(check=check, **options)
            assert result.get("failed"), result
            assert words in result["msg"], result["msg"]
            assert self.seen() == before

    def seen(self):
        """All that lies in the folder, and the mounts in it."""
        table = [mount for mount in mounts.mounts() if mount.path.startswith(str(self.folder))]
        return sorted(path for path in self.folder.rglob("*")), table

    def changes(self, **options):
        return self.run(check=True, **self.options(report_changes=True, limit=10_000, **options))[
            "changes"
        ]


@pytest.fixture
def host(tmp_path, monkeypatch):
    if os.geteuid():
        pytest.skip("mounting needs root")
    if shutil.which("modprobe", path="/usr/sbin:/sbin"):
        subprocess.run(["/usr/sbin/modprobe", "--quiet", "overlay"], check=False)
    with open("/proc/filesystems", encoding="ascii") as stream:
        if "\toverlay\n" not in stream.read():
            pytest.skip("this machine's kernel has no overlay")
    monkeypatch.setattr(lock, "PATH", str(tmp_path / "lock"))
    commands, real = [], basic.AnsibleModule.run_command

    def run_command(self, argv, **more):
        commands.append(" ".join(argv))
        return real(self, argv, **more)

    def end(_self, **result):
        raise Ended(result)

    def fail(_self, **result):
        raise Ended({**result, "failed": True})

    monkeypatch.setattr(basic.AnsibleModule, "run_command", run_command)
    monkeypatch.setattr(basic.AnsibleModule, "exit_json", end)
    monkeypatch.setattr(basic.AnsibleModule, "fail_json", fail)
    folder = tmp_path / "fs"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False, text=True
    )
    if done.returncode:
        pytest.skip(f"this kernel mounts no tmpfs here: {done.stderr.strip()}")
    try:
        yield Host(folder, commands)
    finally:
        for mount in reversed(mounts.mounts()):
            if mount.path.startswith(f"{tmp_path}/"):
                subprocess.run(["umount", mount.path], check=False)
        left = [one.path for one in mounts.mounts() if one.path.startswith(f"{tmp_path}/")]
        assert not left, left


@pytest.fixture
def base(host):
    host.make(lower={"a": "a", "b": "b", "d/x": "x", "d/y": "y", "e/f/g": "g"})
    return host


def test_the_life_of_a_mount(base):
    done = base.settles(**base.options())
    assert done["state"]["mounted"]
    assert (base / "m/a").read_text() == "a"
    (base / "m/new").write_text("new")
    assert base.settles(**base.options(state="unmounted"))["steps"]
    assert not (base / "m/a").exists()
    assert base.settles(**base.options())["steps"]
    assert (base / "m/new").read_text() == "new"
    base.settles(path=str(base / "m"), state="absent")
    assert (base / "upper/new").read_text() == "new"
    assert sorted(path.name for path in (base / "lower").iterdir()) == ["a", "b", "d", "e"]


def test_what_is_left_out_is_kept_however_the_path_is_written(base):
    (base / "link").symlink_to(base / "lower")
    base.settles(**base.options(metacopy=True))
    (base / "dot").symlink_to(base.folder)
    for options in (
        {"path": str(base / "m")},
        {"path": str(base / "m") + "/"},
        {"path": str(base / "dot/m")},
        base.options(lower=[str(base / "link")]),
        base.options(upper=f"{base / 'upper'}//./", work=f"/{base / 'work'}"),
    ):
        result = base.run(**options)
        assert (result.get("msg"), result["changed"], result["commands"]) == (None, False, [])
        assert result["state"]["options"]["metacopy"] is True


EVERY = [
    {"redirect_dir": "on"}, {"redirect_dir": "off"}, {"redirect_dir": "follow"},
    {"redirect_dir": "nofollow"}, {"index": True}, {"index": False}, {"metacopy": True},
    {"xino": "on"}, {"xino": "auto"}, {"xino": "off"}, {"userxattr": True}, {"volatile": True},
    {"redirect_dir": "on", "index": True, "metacopy": True, "xino": "on", "volatile": True},
]  # fmt: skip


@pytest.mark.parametrize("options", EVERY, ids=str)
def test_every_option_is_in_force_and_stays(base, options):
    done = base.run(**base.options(**options))
    if "does not know" in done.get("msg", "") or "keeps no user" in done.get("msg", ""):
        pytest.skip(done["msg"])
    again = base.settles(**base.options(**options))
    assert again["commands"] == []
    always = base.run(path=str(base / "m"))
    assert always["commands"] == []
    for name, value in options.items():
        if (name, value) != ("redirect_dir", "off") and name != "xino":
            assert done["state"]["options"][name] == value


KEPT = ["", "redirect_dir=nofollow", "redirect_dir=on", "index=on", "metacopy=on", "userxattr",
        "index=on,nfs_export=on", "nfs_export=on,redirect_dir=nofollow", "xino=on"]  # fmt: skip
ASKED = [{"metacopy": True}, {"metacopy": False}, {"index": True}, {"index": False},
         {"redirect_dir": "nofollow"}, {"redirect_dir": "follow"}, {"redirect_dir": "off"},
         {"redirect_dir": "on"}, {"userxattr": True}, {"xino": "on"}]  # fmt: skip


@pytest.mark.parametrize("kept", KEPT)
def test_options_that_go_against_those_of_the_present_mount(base, kept):
    """Each pair is mounted as it is shown in check mode, or refused before it is unmounted."""
    base.make(upper={}, work={}, m={})
    layers = f"lowerdir={base / 'lower'},upperdir={base / 'upper'},workdir={base / 'work'}"
    for asked in ASKED:
        sh("mount", "-t", "overlay", "overlay", "-o", f"{layers},{kept}", str(base / "m"))
        planned = base.run(check=True, path=str(base / "m"), persistent=False, **asked)
        before = base.seen()
        done = base.run(path=str(base / "m"), persistent=False, **asked)
        assert planned.get("msg") == done.get("msg")
        if done.get("failed"):
            assert done["refusal"] == "options_conflict", done["msg"]
            assert base.seen() == before
        else:
            assert planned["state"] == done["state"], asked
            again = base.run(path=str(base / "m"), persistent=False, **asked)
            assert again["steps"] == []
        sh("umount", str(base / "m"))


def test_a_third_overlay_in_a_stack(base):
    base.make(l2={"q": "q"}, l3={"r": "r"})
    for name, lower in (("m1", ["lower", "l2"]), ("m2", ["m1", "l3"])):
        lower = [str(base / one) for one in lower]
        base.settles(path=str(base / name), lower=lower, persistent=False)
    third = {"path": str(base / "m3"), "persistent": False}
    base.refuses("stacks 2 of them", lower=[str(base / "m2"), str(base / "l3")], **third)
    base.refuses("stacks 2 of them", **base.options(lower=[str(base / "m2")]))
    (base / "m2/d").stat()
    base.refuses("stacks 2 of them", **base.options(lower=[str(base / "m2/d")]))
    base.settles(lower=[str(base / "m1"), str(base / "l3")], **third)


def test_other_options_are_mounted_anew_unless_it_is_in_use(base):
    base.settles(**base.options())
    (base / "m/new").write_text("new")
    with open(base / "m/a"):
        pass
    busy = subprocess.Popen(["sleep", "60"], cwd=base / "m")
    try:
        base.refuses(f"in use by process {busy.pid} (sleep)", **base.options(redirect_dir="on"))
        base.refuses("in use by", path=str(base / "m"), state="absent")
    finally:
        busy.kill()
        busy.wait()
    done = base.settles(**base.options(redirect_dir="on"))
    assert [step["action"].split()[0] for step in done["steps"]] == ["umount", "env"]
    assert (base / "m/new").read_text() == "new"


@contextlib.contextmanager
def mount_namespace(propagation, *argv):
    """Have a process in a mount namespace of its own that ends as ``cat``; give its number.

    It has come that far when it echoes a line.
    """
    holder = subprocess.Popen(
        ["unshare", "--mount", f"--propagation={propagation}", *argv],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        holder.stdin.write(b"ready\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == b"ready\n"
        yield holder.pid
    finally:
        holder.kill()
        holder.communicate()


def test_what_lives_on_in_another_mount_namespace_is_not_unmounted(base):
    """As the root of a container does: nothing in it is open by a path below the mount point."""
    base.settles(**base.options())
    with mount_namespace("private", "cat") as pid:
        words = f"process {pid} (cat), which has it at {base / 'm'} in a mount namespace"
        base.refuses(words, path=str(base / "m"), state="absent")
        base.refuses(words, **base.options(redirect_dir="on"))


def test_a_copy_that_hears_of_what_happens_here_lives_on_as_well(base):
    """As the root of a container does that Docker 20.10 has started: it is a slave mount."""
    base.settles(**base.options())
    (base / "root").mkdir()
    sh("mount", "--make-shared", str(base / "m"))
    copy = f"mount --bind {base / 'm'} {base / 'root'} && cat"
    with mount_namespace("slave", "sh", "-c", copy):
        base.refuses(f"which has it at {base / 'root'}", path=str(base / "m"), state="unmounted")


def test_what_is_mounted_elsewhere_as_well_is_not_unmounted(base):
    base.settles(**base.options())
    (base / "bind").mkdir()
    sh("mount", "--bind", str(base / "m"), str(base / "bind"))
    base.refuses(f"its mount at {base / 'bind'}", path=str(base / "m"), state="unmounted")


def test_another_list_of_lowers(base):
    base.make(more={"z": "z"})
    base.settles(**base.options())
    lower = [str(base / "more"), str(base / "lower")]
    base.settles(**base.options(lower=lower))
    assert (base / "m/z").read_text() == "z"
    (base / "m/z").write_text("changed")
    base.settles(**base.options(lower=lower[1:]))
    assert (base / "m/z").read_text() == "changed"


def test_what_the_kernel_refuses_is_said_in_its_own_words_and_taken_back(base, monkeypatch):
    """An upper layer that is bound to another lower one, by index=on: ESTALE."""
    base.make(other={"a": "a"})
    base.settles(**base.options(index=True))
    failed = base.run(**base.options(lower=[str(base / "other")]))
    assert failed.get("failed")
    assert failed["undone"], failed["msg"]
    assert (base / "m/b").read_text() == "b"
    assert base.run(**base.options())["commands"] == []


@pytest.mark.parametrize(
    "name", ["a:b", "a,b", "a b", "a\\b", "a%b", "ä", "a'b", "a\\:b", "a\\", "a:", "=a"]
)
def test_names_that_need_care(host, name):
    host.make(**{name: {"a": "a"}})
    (host / (name + "u")).mkdir()
    (host / (name + "w")).mkdir()
    options = host.options(
        lower=[str(host / name)], upper=str(host / (name + "u")), work=str(host / (name + "w"))
    )
    host.settles(**options)
    assert (host / "m/a").read_text() == "a"
    (host / "m/new").write_text("new")
    assert (host / (name + "u") / "new").exists()
    found = describe_overlays([one for one in overlays() if one.mount.path == str(host / "m")])
    assert found[0]["lower"] == [str(host / name)]
    assert found[0]["upper"] == str(host / (name + "u"))
    assert found[0]["missing"] == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ('a"b', "which mount(8)"),
        ("a\nb", "no character that can be written"),
        ("a\tb", "no character that can be written"),
        ("a\\,b", "which mount(8)"),
        ("a,", "which mount(8)"),
    ],
)
def test_names_that_nothing_helps(host, name, words):
    host.make(**{name: {"a": "a"}})
    host.refuses(words, **host.options(lower=[str(host / name)]))


def test_layers_that_overlap(base):
    for options, words in (
        ({"upper": str(base / "lower/d"), "work": str(base / "work")}, "lies in"),
        ({"lower": [str(base / "lower"), str(base / "lower/d")]}, "lies in"),
        ({"lower": [str(base / "lower"), str(base / "lower")]}, "they are one folder"),
        ({"upper": str(base / "lower")}, "they are one folder"),
        ({"work": str(base / "upper/work")}, "lies in"),
        ({"work": str(base / "upper")}, "they are one folder"),
    ):
        base.refuses(words, **base.options(**options))


def test_layers_that_overlap_through_a_bind_mount(base):
    (base / "bind").mkdir()
    sh("mount", "--bind", str(base / "lower/d"), str(base / "bind"))
    base.refuses("lies in", **base.options(upper=str(base / "bind")))


def test_a_work_folder_with_something_in_it(base):
    base.make(work={"precious": "x"})
    base.refuses("work: it is not empty (precious, ...)", **base.options())
    assert (base / "work/precious").read_text() == "x"


def test_a_work_folder_on_another_filesystem(base):
    (base / "other").mkdir()
    sh("mount", "-t", "tmpfs", "tmpfs", str(base / "other"))
    words = f"and work={base / 'other/work'} on {base / 'other'}"
    base.refuses(words, **base.options(work=str(base / "other/work")))


def test_a_work_folder_that_a_volatile_mount_has_used(base):
    base.run(**base.options(volatile=True))
    if not (base / "work/work/incompat/volatile").exists():
        pytest.skip("this kernel has no volatile mounts")
    base.refuses("it is volatile, and cannot be mounted again", **base.options(metacopy=True))
    base.run(path=str(base / "m"), state="unmounted")
    base.refuses("a volatile mount has used it", **base.options())


def test_a_volatile_mount_is_told(base):
    done = base.run(**base.options(volatile=True))
    if done.get("failed"):
        pytest.skip(done["msg"])
    assert [one["topic"] for one in done["findings"]] == ["overlay_volatile"]
    found = overlay_findings([one for one in overlays() if one.mount.path == str(base / "m")])
    assert [one.topic for one in found] == ["overlay_volatile"]


def test_layers_of_another_overlay(base):
    base.settles(**base.options())
    base.make(l2={"q": "q"}, u2={}, w2={})
    two = {"path": str(base / "m2"), "lower": [str(base / "l2")], "upper": str(base / "u2")}
    for options in (
        {"upper": str(base / "upper")},
        {"work": str(base / "work")},
        {"upper": str(base / "lower")},
        {"upper": str(base / "lower/d")},
        {"lower": [str(base / "upper")]},
    ):
        given = base.options(**{**two, "work": str(base / "w2"), **options})
        base.refuses(f"the overlay at {base / 'm'} has", **given)
    base.settles(
        **base.options(**{**two, "work": str(base / "w2"), "lower": [str(base / "lower")]})
    )


INSIDE = """
import os, subprocess, sys
subprocess.run(["mount", "-t", "overlay", "overlay", "-o", sys.argv[1], sys.argv[2]], check=True)
os.chroot(sys.argv[3])
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("root", ["/", "m"], ids=["all is seen", "as in a container"])
def test_layers_of_another_overlay_in_another_mount_namespace(base, root):
    """Nothing of it is seen in mountinfo of this process; a container sees none of its layers."""
    for name in ("upper", "work", "m"):
        (base / name).mkdir()
    layers = ",".join(
        f"{option}dir={base / name}"
        for option, name in (("lower", "lower"), ("upper", "upper"), ("work", "work"))
    )
    inside = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", sys.executable, "-c", INSIDE,
         layers, str(base / "m"), str(base / root)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        if inside.stdout.readline() != "ready\n":
            pytest.skip("this machine lets nobody have a mount namespace")
        base.refuses(f"of process {inside.pid} has", **base.options(path=str(base / "m2")))
    finally:
        inside.communicate()
    base.settles(**base.options(path=str(base / "m2")))


def mount_from(folder, options, where):
    """Mount an overlay by names that only this process understands, as engines do."""
    script = 'cd "$1" && exec 7<upper 8<lower 9<work && mount -t overlay overlay -o "$2" "$3"'
    sh("sh", "-c", script, "sh", str(folder), options, str(where))


BY_NAMES = {
    "relative": "lowerdir=lower,upperdir=upper,workdir=work",
    "relative, by a link": "lowerdir=lower,upperdir=to-upper,workdir=to-work",
    "descriptors": "lowerdir=/proc/self/fd/8,upperdir=/proc/self/fd/7,workdir=/proc/self/fd/9",
}


@pytest.mark.parametrize("beside", [True, False], ids=["beside", "elsewhere"])
@pytest.mark.parametrize("options", BY_NAMES.values(), ids=BY_NAMES)
def test_two_overlays_never_write_to_one_upper(base, tmp_path, options, beside):
    """Whatever name the first was mounted by, and whatever folder that name was relative to."""
    base.make(upper={"mine": "x"}, work={}, filled={"x": "x"}, lower2={"q": "q"})
    (base / "to-upper").symlink_to(base / "upper")
    (base / "to-work").symlink_to(base / "work")
    where = base / "m" if beside else tmp_path / "elsewhere"
    where.mkdir()
    mount_from(base.folder, options, where)
    two = {"path": str(base / "m2"), "lower": [str(base / "lower2")]}
    free = {"upper": str(base / "new"), "work": str(base / "new.work")}
    for role, names in (("upper", ["upper", "lower"]), ("work", ["work"]), ("lower", ["upper"])):
        for name in names:
            given = str(base / name)
            given = {role: [given] if role == "lower" else given}
            base.refuses(f"the overlay at {where}", **base.options(**{**two, **free, **given}))
    for given in ({}, {"upper": str(base / "filled")}):
        base.settles(**base.options(**{**two, **free, **given}))
        base.settles(path=str(base / "m2"), state="absent")
        for name in ("new", "new.work"):
            shutil.rmtree(base / name, ignore_errors=True)
    sh("umount", str(where))


def test_an_overlay_that_was_mounted_from_a_folder_around_it_is_known(base):
    base.make(upper={}, work={}, m={})
    mount_from(base.folder, BY_NAMES["relative"], base / "m")
    (base / "m/new").write_text("12345")
    (base / "m/a").unlink()
    done = base.settles(**base.options())
    assert (done["steps"], done["state"]["upper"]) == ([], str(base / "upper"))
    changes = base.changes()
    assert (changes["added"], changes["deleted"], changes["bytes"]) == (1, 1, 5)


@pytest.mark.parametrize("options", BY_NAMES.values(), ids=BY_NAMES)
def test_what_cannot_be_told_is_not_made_up(base, tmp_path, options):
    """Neither figures nor a comparison, wherever the module itself happens to work."""
    base.make(upper={}, work={}, decoy={"lower/q": "", "upper/": None, "work/": None})
    (base / "to-upper").symlink_to(base / "upper")
    (base / "to-work").symlink_to(base / "work")
    where = tmp_path / "elsewhere"
    where.mkdir()
    mount_from(base.folder, options, where)
    (where / "new").write_text("12345")
    worked_in = os.getcwd()
    os.chdir(base / "decoy")
    try:
        done = base.settles(path=str(where), report_changes=True)
    finally:
        os.chdir(worked_in)
    assert [found["topic"] for found in done["findings"]] == ["overlay_layers_unclear"]
    assert "changes" not in done
    assert done["steps"] == []
    base.refuses("cannot be compared", **base.options(path=str(where)))
    found = overlay_findings([one for one in overlays() if one.mount.path == str(where)])
    assert [one.topic for one in found] == ["overlay_layers_unclear"]
    base.settles(path=str(where), state="unmounted")


@pytest.mark.parametrize("name", ["upper", "lower"])
@pytest.mark.parametrize("instead", [None, "empty", "copy", "other"])
def test_a_layer_that_was_moved_away_gives_no_figures(base, name, instead):
    base.settles(**base.options())
    (base / "m/new").write_text("new")
    (base / "m/a").unlink()
    assert base.changes()["added"] == 1
    (base / name).rename(base / "moved")
    if instead == "copy":
        shutil.copytree(base / "moved", base / name, symlinks=True) if name == "lower" else (
            base / name
        ).mkdir()
    elif instead:
        base.make(**{name: {"other": ""} if instead == "other" else {}})
    done = base.run(**base.options(report_changes=True))
    if (name, instead) != ("lower", "copy"):  # a copy of it shows the same
        assert [found["topic"] for found in done["findings"]] == ["overlay_layer_moved"], done
        assert "changes" not in done
    if name == "upper":
        base.refuses("that would show other data", **base.options(redirect_dir="nofollow"))


def test_an_upper_on_what_cannot_carry_one(base):
    base.settles(**base.options())
    for name in ("upper2", "work2"):
        (base / "m" / name).mkdir()
    options = base.options(
        path=str(base / "m2"), upper=str(base / "m/upper2"), work=str(base / "m/work2")
    )
    base.refuses("lies on overlay, which cannot be written to by an overlay", **options)
    (base / "ro").mkdir()
    sh("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(base / "ro"))
    base.refuses("is mounted read only", **base.options(
        path=str(base / "m2"), upper=str(base / "ro/u"), work=str(base / "ro/w")))  # fmt: skip


def test_lists_that_are_too_long(host):
    names = [f"{number:03}{'x' * 60}" for number in range(80)]
    host.make(**{name: {name: name} for name in names})
    host.refuses(
        "mount(2) takes 4095 and cuts off the rest",
        **host.options(lower=[str(host / name) for name in names]),
    )
    links = host / "l"
    links.mkdir()
    for number, name in enumerate(names):
        (links / str(number)).symlink_to(host / name)
    lower = [str(links / str(number)) for number in range(len(names))]
    room = 3700 // (len(lower[-1]) + 1)
    host.settles(**host.options(lower=lower[:room]))
    assert (host / "m" / names[room - 1]).exists()
    host.run(path=str(host / "m"), state="absent")
    shutil.rmtree(host / "work")
    many = [f"/{number}" for number in range(501)]
    host.refuses("it has 501 lower layers, and the kernel takes 500", **host.options(lower=many))


def test_what_is_missing_or_no_folder(base):
    base.refuses("it is not there", **base.options(lower=[str(base / "nowhere")]))
    base.refuses("it is no folder", **base.options(lower=[str(base / "lower/a")]))
    base.refuses("it is no folder", **base.options(upper=str(base / "lower/a")))
    base.refuses("is no folder", **base.options(path=str(base / "lower/a")))
    base.refuses("two lower ones", **base.options(upper=None, work=None))
    base.refuses("no lower layer was named", path=str(base / "m"))
    (base / "other").mkdir()
    sh("mount", "-t", "tmpfs", "tmpfs", str(base / "other"))
    base.refuses("tmpfs (tmpfs) is mounted there", **base.options(path=str(base / "other")))


def test_mounted_over_its_own_lower(base):
    """As people do with /etc: the layer is then covered by what it is part of."""
    options = base.options(path=str(base / "lower"))
    base.settles(**options)
    (base / "lower/a").write_text("changed")
    assert base.changes(path=str(base / "lower"))["modified"] == 1
    base.settles(**{**options, "redirect_dir": "on"})
    base.settles(path=str(base / "lower"), state="absent")
    assert (base / "lower/a").read_text() == "a"


def in_user_namespace(host, **options):
    """Run the module as root of a user namespace of its own; what it said, and if it mounted."""
    script = textwrap.dedent("""
        import json, sys
        from ansible.module_utils.testing import patch_module_args
        from ansible_collections.containerhost.storage.plugins.module_utils._core import (
            journals, lock
        )
        from ansible_collections.containerhost.storage.plugins.modules import overlay_layer
        lock.PATH, journals.FOLDER = sys.argv[2:]
        with patch_module_args(json.loads(sys.argv[1])):
            overlay_layer.main()
    """)
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-c", script,
         json.dumps(options), str(host / "run" / "lock"), str(host / "journals")],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    if "unshare failed" in done.stderr:
        pytest.skip(f"this machine lets nobody have a user namespace: {done.stderr.strip()}")
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def test_inside_a_user_namespace(base):
    refused = in_user_namespace(base, **base.options())
    assert "this is a user namespace" in refused["msg"]
    assert not (base / "upper").exists()
    done = in_user_namespace(base, **base.options(userxattr=True))
    if "keeps no user attributes" in done.get("msg", ""):
        pytest.skip(done["msg"])
    assert done.get("msg") is None
    assert done["state"]["options"]["userxattr"] is True


# What a layer changes


def tree(folder):
    """Every path below a folder -> "folder", or the content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = "/" + str(path.relative_to(folder))
        found[name] = "folder" if path.is_dir() else path.read_text()
    return found


def applied(below, changes, upper):
    """What a merged tree must be, if ``changes`` are all that the upper layer changes."""
    found = dict(below)
    for one in changes["listed"]:
        path, change = one["path"], one["change"]
        if change in ("deleted", "opaque") or (change == "modified" and not is_folder(upper, path)):
            found = {
                name: it for name, it in found.items() if not (name + "/").startswith(path + "/")
            }
        if change in ("added", "modified", "opaque"):
            found[path] = "folder" if is_folder(upper, path) else (upper / path[1:]).read_text()
    return found


def is_folder(upper, path):
    return (upper / path[1:]).is_dir()


def disturb(folder, rng):
    """Do something to a tree, at random."""
    paths = sorted(folder.rglob("*"))
    folders = [folder, *(path for path in paths if path.is_dir())]
    where = rng.choice(folders) / rng.choice("abcdefgh")
    what = rng.randrange(5)
    if what == 0 and not where.is_dir():
        where.write_text(str(rng.random()))
    elif what == 1 and not where.exists():
        where.mkdir()
    elif what == 2 and paths:
        path = rng.choice(paths)
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    elif what == 3 and paths:
        rng.choice(paths).chmod(0o755 if rng.random() < 0.5 else 0o700)
    elif what == 4 and paths:  # a folder for a file, and the other way round
        path = rng.choice(paths)
        if path.is_dir():
            shutil.rmtree(path)
            path.write_text("was a folder")
        else:
            path.unlink()
            path.mkdir()


@pytest.mark.parametrize("redirect_dir", ["nofollow", "on"])
@pytest.mark.parametrize("seed", range(6))
def test_the_changes_against_layers_that_were_upper_ones(host, seed, redirect_dir):
    """As the layers of an image are: with whiteouts, opaque and renamed folders in them."""
    rng = random.Random(seed)
    host.make(below={})
    for _number in range(40):
        disturb(host / "below", rng)
    lower = [str(host / "below")]
    for name in ("middle", "lower"):
        made = host.options(
            lower=lower, upper=str(host / name), work=str(host / f"{name}.work"),
            redirect_dir=redirect_dir,
        )  # fmt: skip
        assert not host.run(**made).get("failed")
        for _number in range(40):
            disturb(host / "m", rng)
        folders = [path for path in sorted((host / "m").rglob("*")) if path.is_dir()]
        if folders and redirect_dir == "on":
            rng.choice(folders).rename(host / "m" / f"renamed {name}")
        host.run(path=str(host / "m"), state="absent")
        lower.insert(0, str(host / name))
    ro = host.run(path=str(host / "ro"), lower=lower, persistent=False, redirect_dir="follow")
    assert not ro.get("failed"), ro
    below = tree(host / "ro")
    options = host.options(lower=lower, redirect_dir="follow")
    assert not host.run(**options).get("failed")
    for _number in range(80):
        disturb(host / "m", rng)
    changes = host.changes(lower=lower)
    assert applied(below, changes, host / "upper") == tree(host / "m")
    assert changes["orphan_whiteouts"] == 0
    for one in changes["listed"]:
        if one["change"] in ("added", "modified", "deleted", "opaque"):
            assert (one["path"] in below) == (one["change"] != "added"), one


@pytest.mark.parametrize("seed", range(12))
def test_the_changes_are_just_what_the_kernel_shows(host, seed):
    """The lower tree, with the changes applied, is the merged tree; for any history."""
    rng = random.Random(seed)
    host.make(lower={}, middle={}, below={})
    for name in ("lower", "middle", "below"):
        for _number in range(40):
            disturb(host / name, rng)
    lower = [str(host / name) for name in ("lower", "middle", "below")]
    ro = host.run(path=str(host / "ro"), lower=lower, persistent=False)
    assert not ro.get("failed"), ro
    below = tree(host / "ro")
    host.settles(**host.options(lower=lower, redirect_dir="nofollow"))
    for _number in range(80):
        disturb(host / "m", rng)
    changes = host.changes(lower=lower)
    merged = tree(host / "m")
    assert applied(below, changes, host / "upper") == merged
    assert changes["unread"] == changes["orphan_whiteouts"] == 0
    kinds = ("added", "modified", "deleted", "opaque")
    assert {kind: changes[kind] for kind in kinds} == {
        kind: sum(one["change"] == kind for one in changes["listed"]) for kind in kinds
    }
    assert changes["entries"] == sum(1 for _path in (host / "upper").rglob("*"))


def rename_some(folder, rng):
    """Rename a folder, within its parent or to another one, as a user of an overlay does."""
    folders = [path for path in sorted(folder.rglob("*")) if path.is_dir()]
    if not folders:
        return
    what = rng.choice(folders)
    into = what.parent if rng.random() < 0.4 else rng.choice([folder, *folders])
    where = into / rng.choice("abcdefgh")
    if f"{into}/".startswith(f"{what}/"):
        return
    with contextlib.suppress(OSError):  # over something that is not empty, or a file
        what.rename(where)


def changed(below, changes, upper):
    """The merged tree by the changes told: what each renamed folder has comes from where it was."""
    done = dict(below)
    for one in sorted(changes["listed"], key=lambda one: one["path"]):
        path, source = one["path"], one.get("from")
        if one["change"] != "redirected":
            done = applied(done, {"listed": [one]}, upper)
            continue
        assert below.get(source) == "folder", one
        done = {it: what for it, what in done.items() if not (it + "/").startswith(path + "/")}
        for it, what in below.items():
            if (it + "/").startswith(source + "/"):
                done[path + it[len(source) :]] = what
    for one in changes["listed"]:
        if one.get("metacopy"):  # the data is still below
            done[one["path"]] = below[source_of(one, changes)]
    return done


def source_of(one, changes):
    """Where an entry was before anything was renamed."""
    if "from" in one:
        return one["from"]
    renamed = [it for it in changes["listed"] if it["change"] == "redirected"]
    for it in sorted(renamed, key=lambda it: it["path"], reverse=True):  # the innermost
        if one["path"].startswith(it["path"] + "/"):
            return it["from"] + one["path"][len(it["path"]) :]
    return one["path"]


def require_true(below, changes):
    """Each change is called what it is: by the tree below, as a mount shows it."""
    folders = {one["path"]: one["change"] for one in changes["listed"]}
    for one in changes["listed"]:
        if one["change"] in ("added", "modified", "deleted", "opaque"):
            around = [path for path in folders if one["path"].startswith(path + "/")]
            around = [path for path in around if folders[path] in ("opaque", "redirected")]
            hidden = around and folders[max(around)] == "opaque"
            there = source_of(one, changes) in below and not hidden
            assert there == (one["change"] != "added"), one


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(SEEDS))
def test_renamed_over_several_layers(host, seed):
    """Chains of renames, opaque folders in the middle: the kernel's own answer is the truth."""
    rng, metacopy = random.Random(seed), seed % 2 == 1
    host.make(below={})
    for _number in range(40):
        disturb(host / "below", rng)
    lower = [str(host / "below")]
    for name in ("first", "second", "third", "upper"):
        options = host.options(
            lower=lower, upper=str(host / name), work=str(host / f"{name}.work"),
            redirect_dir="on", metacopy=metacopy,
        )  # fmt: skip
        if name == "upper":
            ro = host.run(
                path=str(host / "ro"), lower=lower, persistent=False, redirect_dir="on",
                metacopy=metacopy,
            )  # fmt: skip
            assert not ro.get("failed"), ro
            below = tree(host / "ro")
        assert not host.run(**options).get("failed")
        for _number in range(30):
            disturb(host / "m", rng) if rng.random() < 0.6 else rename_some(host / "m", rng)
        merged = tree(host / "m")
        if name != "upper":
            host.run(path=str(host / "m"), state="absent")
            lower.insert(0, str(host / name))
    changes = host.run(check=True, **options, report_changes=True, limit=10_000)["changes"]
    assert changed(below, changes, host / "upper") == merged
    require_true(below, changes)
    assert changes["orphan_whiteouts"] == changes["unread"] == 0


def marked_tree(folder, rng):
    """Folders two to four deep, with files, and with marks that no rename may ever have made."""
    for _number in range(12):
        (folder / "/".join(rng.choice("abc") for _depth in range(rng.randrange(1, 5)))).mkdir(
            parents=True, exist_ok=True
        )
    for path in [folder, *sorted(folder.rglob("*"))]:
        (path / f"file-{folder.name}").touch()
        if path != folder and rng.random() < 0.2:
            os.setxattr(path, "trusted.overlay.opaque", b"y")
        if path != folder and rng.random() < 0.3:
            depth = rng.randrange(3)
            name = "/".join(rng.choice("abc") for _depth in range(depth + 1))
            mark = name if depth == 0 else "/" + name
            os.setxattr(path, "trusted.overlay.redirect", mark.encode())


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_name_is_looked_up_as_the_kernel_does(host, seed):
    """Whatever marks stand in whatever layer: each folder is merged with those of the kernel."""
    rng = random.Random(seed)
    names = ("upper", "third", "second", "first")
    for name in (*names, "work", "m"):
        (host / name).mkdir()
    for name in names:
        marked_tree(host / name, rng)
    lower = [str(host / name) for name in names[1:]]
    options = (
        f"lowerdir={':'.join(lower)},upperdir={host / 'upper'},workdir={host / 'work'},"
        "redirect_dir=on"
    )
    sh("mount", "-t", "overlay", "overlay", "-o", options, str(host / "m"))
    lowers = Lowers(lower, "trusted.overlay.")
    compared = 0
    try:
        for name in "abc":
            compared += compare(host, lowers, lowers.roots, name)
    finally:
        lowers.close()
    assert compared > 3


def compare(host, lowers, below, path):
    """Compare a folder of the upper layer, and those in it, with what the mount shows."""
    upper, name = host / "upper" / path, os.path.basename(path)
    if not upper.is_dir():
        return 0
    try:
        shown = sorted(os.listdir(host / "m" / path))
    except OSError:  # the kernel will have none of these marks
        return 0
    marks = read_marks(str(upper), "trusted.overlay.")
    opaque = marks.get("opaque") == b"y"
    redirect = None if opaque else os.fsdecode(marks.get("redirect", b"")) or None
    merged = [] if opaque else lowers.merged(below, name, redirect)
    try:
        found = {name for one in merged for name in os.listdir(one.fd)} | set(os.listdir(upper))
        assert sorted(found) == shown, (path, marks)
        return 1 + sum(compare(host, lowers, merged, f"{path}/{name}") for name in "abc")
    finally:
        close(merged)


def test_what_a_layer_changes(base):
    (base / "lower/big").write_bytes(bytes(17 * 1024**2))
    (base / "lower/pair").write_text("pair")
    base.settles(**base.options(redirect_dir="on", metacopy=True))
    merged = base / "m"
    (merged / "new").write_text("12345")
    os.link(merged / "new", merged / "new2")
    (merged / "a").write_text("other")
    (merged / "b").unlink()
    shutil.rmtree(merged / "d")
    (merged / "d").mkdir()
    (merged / "e").rename(merged / "renamed")
    with open(merged / "big", "r+b") as stream:
        stream.write(b"1")
    (merged / "pair").chmod(0o600)
    (merged / "out").symlink_to("/etc")
    changes = base.changes()
    listed = {(one["path"], one["change"]) for one in changes["listed"]}
    assert listed == {
        ("/new", "added"), ("/new2", "added"), ("/a", "modified"), ("/b", "deleted"),
        ("/d", "opaque"), ("/e", "deleted"), ("/renamed", "redirected"), ("/big", "modified"),
        ("/pair", "modified"), ("/out", "added"),
    }  # fmt: skip
    assert [one["from"] for one in changes["listed"] if "from" in one] == ["/e"]
    assert changes["large_copy_ups"] == [{"path": "/big", "size": 17 * 1024**2}]
    assert changes["metacopy"] == 1
    assert changes["bytes"] == 5 + 5 + 17 * 1024**2
    assert changes["device_whiteouts"] == 2


def test_below_a_renamed_folder_its_old_name_is_what_counts(base):
    base.settles(**base.options(redirect_dir="on"))
    (base / "m/d").rename(base / "m/e/moved")
    (base / "m/e/moved/x").write_text("changed")
    (base / "m/e/moved/y").unlink()
    (base / "m/e/moved/z").write_text("new")
    listed = {one["path"]: one for one in base.changes()["listed"]}
    assert listed["/e/moved"] == {"path": "/e/moved", "change": "redirected", "from": "/d"}
    assert listed["/e/moved/x"]["change"] == "modified"
    assert listed["/e/moved/y"]["change"] == "deleted"
    assert listed["/e/moved/z"]["change"] == "added"


def test_what_marks_in_a_lower_layer_hide_is_not_below(host):
    host.make(below={"d/x": "", "d/y": "", "e/f": "", "g/h": "", "w": ""})
    made = host.options(
        lower=[str(host / "below")], upper=str(host / "middle"), work=str(host / "middle.work"),
        redirect_dir="on",
    )  # fmt: skip
    assert not host.run(**made).get("failed")
    for name in ("d", "g"):
        shutil.rmtree(host / "m" / name)
    (host / "m/d").mkdir()  # opaque
    (host / "m/d/x").write_text("x")
    (host / "m/e").rename(host / "m/r")  # a redirect
    (host / "m/g").write_text("was a folder")
    (host / "m/w").unlink()  # a whiteout
    host.run(path=str(host / "m"), state="absent")
    host.make(upper={"d/x": "", "d/y": "", "r/f": "", "e/f": "", "g/h": "", "w": ""})
    lower = [str(host / "middle"), str(host / "below")]
    changes = host.changes(lower=lower)
    assert {one["path"]: one["change"] for one in changes["listed"]} == {
        "/d/x": "modified", "/d/y": "added", "/r/f": "modified", "/e": "added", "/e/f": "added",
        "/g": "modified", "/g/h": "added", "/w": "added",
    }  # fmt: skip


def test_a_device_file_that_is_no_whiteout(base):
    """The kernel hides any device file 0:0; that there was nothing to hide is what can be told."""
    base.make(upper={})
    os.mknod(base / "upper/a", 0o020000, os.makedev(0, 0))
    os.mknod(base / "upper/null", 0o020666, os.makedev(0, 0))
    os.mknod(base / "upper/zero", 0o020666, os.makedev(1, 5))
    done = base.run(**base.options(report_changes=True))
    assert done["changes"]["deleted"] == 1
    assert done["changes"]["orphan_whiteouts"] == 1
    listed = {one["path"]: one["change"] for one in done["changes"]["listed"]}
    assert listed == {"/a": "deleted", "/null": "orphan_whiteout", "/zero": "added"}
    assert [one["topic"] for one in done["findings"]] == ["orphan_whiteouts"]
    assert not (base / "m/null").exists()


@pytest.mark.parametrize("userxattr", [False, True])
def test_whiteouts_as_attributes_as_well_as_devices(base, userxattr):
    """Made by tools that may make no device file, in layers that are read as lower ones."""
    ours, other = ("user", "trusted") if userxattr else ("trusted", "user")
    base.make(upper={"b": "", "d/x": "", "empty": "", "nothing": ""})
    os.mknod(base / "upper/a", 0o020000, os.makedev(0, 0))
    try:
        for name in ("b", "d/x", "nothing"):
            os.setxattr(base / "upper" / name, f"{ours}.overlay.whiteout", b"y")
        os.setxattr(base / "upper", f"{ours}.overlay.opaque", b"x")
        os.setxattr(base / "upper/d", f"{ours}.overlay.opaque", b"x")
        os.setxattr(base / "upper/empty", f"{other}.overlay.whiteout", b"y")
    except OSError as error:
        pytest.skip(f"no such attributes on this kernel's tmpfs: {error.strerror}")
    changes = base.changes(userxattr=userxattr or None)
    listed = {one["path"]: one["change"] for one in changes["listed"]}
    assert listed == {
        "/a": "deleted", "/b": "deleted", "/d/x": "deleted", "/nothing": "orphan_whiteout",
        "/empty": "added",
    }  # fmt: skip
    assert (changes["device_whiteouts"], changes["attribute_whiteouts"]) == (1, 3)
    assert (changes["opaque"], changes["foreign_marks"]) == (0, 1)
    # The kernel's own reading of the same layer.
    (base / "ro").mkdir()
    options = f"lowerdir={base / 'upper'}:{base / 'lower'}" + (",userxattr" if userxattr else "")
    sh("mount", "-t", "overlay", "-o", options, "overlay", str(base / "ro"))
    if (base / "ro/b").exists():
        pytest.skip("this kernel knows no whiteouts as attributes")
    assert sorted(path.name for path in (base / "ro").rglob("*")) == ["d", "e", "empty", "f", "g",
                                                                      "y"]  # fmt: skip


def test_reading_leaves_nothing_mounted_and_follows_no_link(base):
    base.make(upper={"sub/f": "f"}, outside={"secret": "s"})
    (base / "upper/out").symlink_to(base / "outside")
    (base / "upper/mounted").mkdir()
    sh("mount", "--bind", str(base / "outside"), str(base / "upper/mounted"))
    before = base.seen()
    result = base.run(state="unmounted", report_changes=True, **base.options())
    assert base.seen() == before
    listed = {one["path"]: one["change"] for one in result["changes"]["listed"]}
    assert listed == {"/sub": "added", "/sub/f": "added", "/out": "added", "/mounted": "unread"}
    assert result["commands"] == []


def test_names_that_are_no_text(base):
    base.make(upper={})
    with open(os.fsencode(base / "upper") + b"/\xff", "wb"):
        pass
    assert base.changes()["listed"] == [{"path": "/\\xff", "change": "added", "size": 0}]


def test_a_deep_tree(base, monkeypatch):
    base.make(upper={})
    here = os.open(base / "upper", os.O_RDONLY)
    for _number in range(1500):
        os.mkdir("deep", dir_fd=here)
        below = os.open("deep", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    assert base.changes()["added"] == 1500
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.setattr(changes, "_let_open_many", lambda: None)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, limits[1]))
    try:
        refused = base.run(**base.options(report_changes=True))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert "upper: it cannot be read: Too many open files." in refused["msg"]
    assert not (base / "m").exists()
    sh("rm", "--recursive", str(base / "upper"))


def test_the_list_has_an_end(base):
    base.make(upper={str(number): "" for number in range(10)})
    result = base.run(check=True, **base.options(report_changes=True, limit=3))
    assert (len(result["changes"]["listed"]), result["changes"]["truncated"]) == (3, True)
    assert result["changes"]["added"] == 10


def test_a_missing_layer_of_a_mount_is_told(base):
    base.settles(**base.options())
    (base / "lower").rename(base / "moved")
    found = overlay_findings([one for one in overlays() if one.mount.path == str(base / "m")])
    assert [one.topic for one in found] == ["overlay_layer_missing"]


def test_systemd_takes_the_unit(base):
    """Its own words about the text, without installing it."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed on this machine")
    from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import (
        Config,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.unit import (
        OverlayUnit,
    )

    lower = ("/srv/a:b", "/srv/c,d", "/srv/e f", "/srv/100%")
    unit = OverlayUnit.of("/srv/m d", Config(lower=lower, upper="/srv/u", work="/srv/w"))
    where = base / unit.name
    where.write_text(unit.text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", where],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if unit.name in line or str(where) in line]
    assert not said, done.stderr
