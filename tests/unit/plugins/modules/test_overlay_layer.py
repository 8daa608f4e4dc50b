# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module from its parameters to its result, in check mode, on folders of this machine."""

from __future__ import annotations

import json

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import NAMES
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.kernel import Kernel
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer import observe
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.changes import (
    COUNTS,
)
from ansible_collections.containerhost.storage.plugins.modules import overlay_layer

KERNEL = Kernel("6.12.1", True, {}, False)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """``run(**options) -> result``, with layers in a folder, by the kernel above."""
    monkeypatch.setattr(observe, "observe_kernel", lambda: KERNEL)
    monkeypatch.setattr(observe, "SYSTEMD", str(tmp_path / "none"))
    monkeypatch.setattr(observe, "uses", lambda layers, but: ())
    (tmp_path / "lower").mkdir()
    (tmp_path / "lower/a").write_text("a")
    given = {name: str(tmp_path / name) for name in ("upper", "work")}
    given.update(path=str(tmp_path / "m"), lower=[str(tmp_path / "lower")])

    def run(**options):
        with (
            patch_module_args({"_ansible_check_mode": True, **given, **options}),
            pytest.raises(SystemExit),
        ):
            overlay_layer.main()
        return json.loads(capsys.readouterr().out)

    return run


def test_check_mode_plans_and_makes_nothing(run, tmp_path):
    result = run()
    if "keeps no trusted" in result.get("msg", "") or "lies on overlay" in result.get("msg", ""):
        pytest.skip(result["msg"])
    assert result["changed"]
    assert [step["action"].split()[0] for step in result["steps"]] == ["mkdir"] * 3 + ["env"]
    assert result["state"]["upper"] == str(tmp_path / "upper")
    assert set(result["state"]["options"]) == set(NAMES)
    assert [path.name for path in tmp_path.iterdir()] == ["lower"]
    assert "changes" not in result


def test_changes_are_read_without_a_mount(run, tmp_path):
    (tmp_path / "upper/sub").mkdir(parents=True)
    (tmp_path / "upper/a").write_text("other")
    (tmp_path / "upper/sub/b").write_text("bb")
    result = run(state="unmounted", report_changes=True, limit=2)
    assert not result["changed"]
    changes = result["changes"]
    assert (changes["added"], changes["modified"], changes["bytes"]) == (2, 1, 7)
    assert changes["truncated"]
    returned = yaml.safe_load(overlay_layer.RETURN)["changes"]["contains"]
    assert set(changes) == set(returned)
    assert set(COUNTS) < set(returned)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lower": ["lower"]}, "it is no absolute path"),
        ({"metacopy": True, "redirect_dir": "off"}, "metacopy=on needs redirect_dir=on"),
        ({"upper": None}, "and no upper"),
        ({"lower": []}, "no lower layer was named"),
        ({"path": "/"}, "the root of the host"),
    ],
)
def test_refusals_name_the_way_out(run, tmp_path, options, words):
    result = run(**options)
    assert result["failed"]
    assert words in result["msg"]
    assert [path.name for path in tmp_path.iterdir()] == ["lower"]


def test_what_is_documented_is_what_is_taken(run):
    documented = yaml.safe_load(overlay_layer.DOCUMENTATION)["options"]
    taken = run(lower=[])["invocation"]["module_args"]
    assert set(documented) == set(taken)
