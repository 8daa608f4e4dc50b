# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import pathlib

import pytest
import yaml
from containerhost_bench import cli, figures, layouts
from containerhost_bench.errors import BenchError


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """The groups that are measured, in turn. The one called "zfs" cannot be."""
    seen = []

    def measure(name):
        def note(campaign):
            seen.append((name, campaign.counts, campaign.layouts or campaign.fleets))
            if name == "zfs":
                raise BenchError("there is no ZFS")

        return note

    monkeypatch.setattr(cli, "MEASURE", {name: (measure(name), 1) for name in figures.GROUPS})
    monkeypatch.setattr(cli, "CACHE", tmp_path)
    monkeypatch.setattr(cli, "LATEST", tmp_path / "latest.json")
    for name, answer in (("ensure", None), ("install_collection", None), ("versions", {})):
        monkeypatch.setattr(cli.environment, name, lambda answer=answer: answer)
    return seen


@pytest.mark.parametrize(
    ("words", "groups"),
    [
        ([], list(figures.GROUPS)),
        (["btrfs"], ["btrfs"]),
        (["overlay", "pool"], ["pool", "overlay"]),
    ],
)
def test_what_is_named_is_measured(measured, tmp_path, words, groups):
    cli.main(words)
    assert [name for name, _, _ in measured] == groups
    written = json.loads((tmp_path / "latest.json").read_text())
    titles = [it.title for it in figures.FIGURES if it.group in groups]
    assert [it["title"] for it in written["figures"]] == titles


def test_one_that_fails_does_not_keep_the_others_from_being_measured(measured, capsys):
    assert cli.main(["zfs", "btrfs"]) == 1
    assert [name for name, _, _ in measured] == ["zfs", "btrfs"]
    assert "zfs could not be measured: there is no ZFS" in capsys.readouterr().out


def test_counts_and_layouts(measured):
    cli.main(["layouts", "--layout", "overlay2", "--runs", "9"])
    assert measured == [("layouts", cli.Counts(3, 3, 9), ["overlay2"])]


def test_fleets_of_a_size(measured):
    cli.main(["fleet", "--hosts", "20", "--hosts", "50"])
    assert measured == [("fleet", cli.Counts(3, 3, 5), [20, 50])]


@pytest.mark.parametrize(
    "words", [["lvm"], ["--layout", "ext4"], ["--runs", "0"], ["--hosts", "many"]]
)
def test_what_there_is_not_is_refused(measured, words):
    with pytest.raises(SystemExit):
        cli.main(words)
    assert measured == []


def test_all_groups_can_be_measured():
    assert list(cli.MEASURE) == list(figures.GROUPS)


def test_layouts_have_names_of_their_own():
    assert len(set(layouts.NAMES)) == len(layouts.LAYOUTS)


def test_the_default_layout_is_what_the_role_makes_by_default():
    role = pathlib.Path(layouts.__file__).parents[3] / "roles" / "docker_storage"
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text())
    (layout,) = (it for it in layouts.LAYOUTS if it.name == figures.DEFAULT_LAYOUT)
    changed = {name for name, value in layout.variables.items() if defaults[name] != value}
    assert changed == {"docker_storage_devices"}
