# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in for the Python of a simulated host, run as Ansible runs it."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from containerhost_bench import fleet, stub

RECORDED = {
    "ansible.builtin.ping": {"ping": "pong"},
    "some.where.tool": {"msg": 'a "word",\na back\\slash & a slash /, \\n and \\1, über'},
    "some.where.*": {"changed": False},
}
OURS = "ansible_collections.some.where.plugins.modules."


@pytest.fixture
def python(tmp_path):
    sed = shutil.which("sed")
    if sed is None:
        pytest.skip("there is no sed")
    path = tmp_path / "python"
    path.write_text(stub.script(RECORDED, sed), encoding="utf-8")
    path.chmod(0o755)
    return path


def payload(inside, parameters="{}"):
    """What Ansible sends: a wrapper, and the call in it that names the module."""
    return "\n".join(lines_of(inside, parameters)) + "\n"


def old_payload(inside, parameters="{}"):
    """The same before ansible-core 2.19; what is for debugging names the module once more."""
    lines = [
        f"    ANSIBALLZ_PARAMS = {json.dumps(parameters)}",
        f"        runpy.run_module(mod_name={inside!r}, "
        f"init_globals=dict(_module_fqn={inside!r}, _modlib_path=modlib_path),",
        "                         run_name='__main__', alter_sys=True)",
        f"            runpy.run_module(mod_name={inside!r}, init_globals=None, "
        "run_name='__main__', alter_sys=True)",
        f'    ZIPDATA = """{"UEsDBBQAAAA" * 9999}"""',
    ]
    return "\n".join(lines) + "\n"


def lines_of(inside, parameters):
    return [
        "def _ansiballz_main(\n    module_fqn: str,\n) -> None:\n    pass",
        'if __name__ == "__main__":\n    _ansiballz_main(',
        f"ansible_module={inside.rpartition('.')[2]!r},\nmodule_fqn={inside!r},",
        f"params={parameters!r},\nzip_data='{'UEsDBBQAAAA' * 9999}',\n)",
    ]


def answer(python, text, tmp_path, by_name):
    if not by_name:
        argv, given = [str(python)], text
    else:
        (tmp_path / "AnsiballZ_module.py").write_text(text)
        argv, given = [str(python), str(tmp_path / "AnsiballZ_module.py")], ""
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("by_name", [False, True], ids=["input", "file"])
@pytest.mark.parametrize(
    ("inside", "result"),
    [
        ("ansible.modules.ping", RECORDED["ansible.builtin.ping"]),
        (OURS + "tool", RECORDED["some.where.tool"]),
        (OURS + "tools", RECORDED["some.where.*"]),
        (OURS + "another", RECORDED["some.where.*"]),
        ("ansible.modules.pings", stub.UNKNOWN),
        ("ansible.modules.setup", stub.UNKNOWN),
        ("ansible_collections.some.other.plugins.modules.tool", stub.UNKNOWN),
    ],
)
@pytest.mark.parametrize("sent", [payload, old_payload])
def test_a_module_has_its_recorded_result(python, tmp_path, inside, result, by_name, sent):
    assert answer(python, sent(inside), tmp_path, by_name) == result


@pytest.mark.parametrize("sent", [payload, old_payload])
def test_a_module_is_not_told_by_its_parameters(python, tmp_path, sent):
    given = sent(OURS + "another", "module_fqn='ansible.modules.ping',")
    assert answer(python, given, tmp_path, by_name=False) == RECORDED["some.where.*"]


def test_what_names_no_module_has_no_result(python):
    done = subprocess.run([str(python)], input="print(1)\n", capture_output=True, text=True)
    assert done.stdout == ""


def test_a_module_has_a_full_name():
    with pytest.raises(ValueError, match="not enough values"):
        stub.script({"ping": {}})


def test_the_recorded_results_change_nothing():
    recorded = json.loads(fleet.RESULTS.read_text())
    assert {"ansible.builtin.ping", "containerhost.storage.*"} <= recorded.keys()
    assert not any(result.get("changed") or result.get("failed") for result in recorded.values())
