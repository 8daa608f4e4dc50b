# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each way of installing that the README tells of, without a network; and what is there then."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
REPOSITORY = "https://github.com/containerhost/storage.git"
INSTALL = re.compile(r"^    (ansible-galaxy collection install \S.*?)(?: +#.*)?$", re.MULTILINE)
COMMANDS = INSTALL.findall(README)
THERE = re.compile(r"\(https://github\.com/containerhost/storage/blob/main/([^)#]+)\)")
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)[^)]*\)")


def block(first_line):
    """The YAML of the README that begins with a line, such as the name of a file."""
    for text in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL):
        if first_line in text:
            return text
    raise AssertionError(f"README.md has no {first_line}")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The checkout as it is, committed: what is pushed is what others install from."""
    place = tmp_path_factory.mktemp("pushed") / "storage"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    who = ["-c", "user.name=n", "-c", "user.email=n@localhost"]
    for argv in (["init", "-q", "-b", "main"], ["add", "-A"], [*who, "commit", "-q", "-m", "All"]):
        subprocess.run(["git", *argv], cwd=place, check=True)
    return f"file://{place}"


def test_the_readme_tells_of_every_way():
    assert len(COMMANDS) == 3
    assert {"-r" in it for it in COMMANDS} == {True, False}


@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_installed_as_the_readme_says(controller, tarball, checkout, tmp_path, command):
    work = tmp_path / "work"
    work.mkdir()
    shutil.copy(tarball, work)
    wanted = block("# requirements.yml").replace(REPOSITORY, checkout)
    assert checkout in wanted
    (work / "requirements.yml").write_text(wanted)
    (work / "site.yml").write_text(block("# site.yml"))
    controller.collections = place = tmp_path / "collections"
    tool, *argv = command.replace(REPOSITORY, checkout).split()
    ran = controller(tool, *argv, "--collections-path", place, cwd=work)
    assert ran.code == 0, ran.output
    installed = place / "ansible_collections" / "containerhost" / "storage"
    assert (installed / "plugins" / "modules" / "storage_layout.py").is_file()
    assert not (installed / "lab").exists()
    # the README's own play, and a playbook by the name that the collection gives it
    for playbook in ("site.yml", "containerhost.storage.preflight"):
        argv = ("--inventory=container_hosts,", "--syntax-check", playbook)
        ran = controller("ansible-playbook", *argv, cwd=work)
        assert ran.code == 0, ran.output


@pytest.fixture(scope="module")
def unpacked(tarball, tmp_path_factory):
    place = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(tarball) as archive:
        archive.extractall(place)
    return place


def test_no_link_of_the_tarball_is_dead(unpacked):
    pages = sorted(unpacked.rglob("*.md"))
    assert len(pages) > 5
    dead = [
        f"{page.relative_to(unpacked)}: {target}"
        for page in pages
        for target in LINK.findall(page.read_text())
        if not (page.parent / target).resolve().is_relative_to(unpacked)
        or not (page.parent / target).exists()
    ]
    assert dead == []


def test_what_is_told_to_be_in_the_repository_is_there():
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "roles").rglob("*.md")]
    told = [name for page in pages for name in THERE.findall(page.read_text())]
    assert len(told) > 5
    assert [name for name in told if not (ROOT / name).exists()] == []


def test_nothing_of_the_development_is_in_the_tarball(unpacked):
    top = {path.name for path in unpacked.iterdir()}
    assert not top & {"lab", "molecule", ".ci", "Makefile", "ansible.cfg", "pyproject.toml"}
    assert not (unpacked / "tests" / "controller").exists()
