# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Style, and what has to agree in more than one place. Each tool and each rule counts as one."""

from __future__ import annotations

import re
import shutil

import yaml

from . import CACHE, ROOT, run
from .cores import CORES

YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
TOOLS = (
    ["ruff", "check", "--quiet"],
    ["ruff", "format", "--check", "--quiet"],
    ["mypy", "--no-error-summary"],  # what and how is in pyproject.toml
    ["yamllint", "--strict", "."],
    ["ansible-lint", "-q"],
    ["antsibull-changelog", "lint"],
)


def run_part(new_row, options):
    """Run every tool, then the rules of our own."""
    with new_row("lint") as row:
        for argv in TOOLS:
            row.command(" ".join(argv), argv)
        for rule in (
            action_group_names_every_module,
            role_defaults_are_documented,
            releases_of_ansible_agree,
            plays_in_documents_are_sound,
        ):
            title = rule.__name__.replace("_", " ")
            print(f"-- {title}")
            problems = rule()
            print("\n".join(problems), end="\n" if problems else "")
            row.check(title, not problems)


def action_group_names_every_module():
    """Compare meta/runtime.yml with plugins/modules; return what differs."""
    listed = set(load(ROOT / "meta" / "runtime.yml")["action_groups"]["all"])
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("[!_]*.py")}
    return [f"meta/runtime.yml or plugins/modules lacks {name}" for name in listed ^ modules]


def role_defaults_are_documented():
    """Compare each role's defaults with its argument specification; return what differs."""
    problems = []
    for role in (ROOT / "roles").glob("*/"):
        specs = load(role / "meta" / "argument_specs.yml")["argument_specs"]
        documented = {
            name: option.get("default")
            for entry in specs.values()
            for name, option in entry.get("options", {}).items()
            if "default" in option
        }
        defaults = load(role / "defaults" / "main.yml") or {}
        problems += [
            f"{role.name}: the default of {name} differs from its argument specification"
            for name in sorted(defaults.keys() | documented.keys())
            if name not in defaults or name not in documented or defaults[name] != documented[name]
        ]
    return problems


def releases_of_ansible_agree():
    """Compare what says which ansible-core is supported and tested; return what differs."""
    oldest = min(CORES, key=_numbers).rpartition(".")[0]
    pinned = re.findall(
        r"^ansible-core==(\S+)", read("tests/requirements/ansible.txt"), re.MULTILINE
    )
    agrees = {
        "meta/runtime.yml": load(ROOT / "meta" / "runtime.yml")["requires_ansible"]
        == f">={oldest}.0",
        "README.md": f"| ansible-core | {oldest} or later |" in read("README.md"),
        "tests/requirements/ansible.txt": set(pinned) <= set(CORES),
    }
    for path in (ROOT / "roles").glob("*/meta/main.yml"):
        name = str(path.relative_to(ROOT))
        agrees[name] = load(path)["galaxy_info"]["min_ansible_version"] == oldest
    for core in CORES:
        path = ROOT / "tests" / "sanity" / f"ignore-{core.rpartition('.')[0]}.txt"
        agrees[str(path.relative_to(ROOT))] = path.exists()
    return [
        f"{name} does not agree with tests/parts/cores.py" for name in agrees if not agrees[name]
    ]


def _numbers(version):
    return [int(number) for number in version.split(".")]


def plays_in_documents_are_sound():
    """Lint the plays that README.md and the roles' pages show; return what is wrong."""
    place = CACHE / "lint" / "plays"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for settings in (".ansible-lint", ".yamllint", ".gitignore"):
        shutil.copy(ROOT / settings, place)
    problems = []
    for page in (ROOT / "README.md", *(ROOT / "roles").glob("*/README.md")):
        plays = [text for text in YAML.findall(page.read_text()) if "  hosts:" in text]
        name = str(page.relative_to(ROOT))
        if not plays:
            problems.append(f"{name} shows no play")
        for number, text in enumerate(plays):
            path = place / f"{name.replace('/', '-').lower()}-{number}.yml"
            path.write_text(text)
            if run(["ansible-lint", "-q", "--project-dir", place, path.name], cwd=place):
                problems.append(f"a play of {name} does not pass ansible-lint")
    return problems


def read(name):
    """Return the text of a file by its path from the top."""
    return (ROOT / name).read_text()


def load(path):
    """Return the content of a YAML file; nothing if there is no such file."""
    return yaml.safe_load(path.read_text()) if path.exists() else {}
