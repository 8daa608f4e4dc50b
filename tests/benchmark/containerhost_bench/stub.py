# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in for a host's Python: it answers every module with a recorded result. Pure.

It is a script of sed's, which starts in a fraction of the time that any Python takes: what the
stub costs counts as the controller's. What Ansible sends is read to its end, from standard input
or, without pipelining, from the file that is named. The module is told by the wrapper around it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

# The one result of all modules of a collection that have none of their own.
ANY = "*"
UNKNOWN = {"failed": True, "msg": "The simulated fleet has no recorded result of this module."}
# How ansible-core's wrapper names what is inside: on a line of its own; before 2.19, in a call.
NAMED = r"^\(module_fqn\| *runpy\.run_module(.*, init_globals=dict(_module_fqn\)='"


def script(results: Mapping[str, dict], sed: str = "/usr/bin/sed") -> str:
    """Return the text of the stub.

    :param results: a module's full name -> its result; ``namespace.collection.*`` is for the others
    :param sed: where sed is, a GNU one
    """
    own = {name: result for name, result in results.items() if not name.endswith(ANY)}
    others = {name: result for name, result in results.items() if name.endswith(ANY)}
    rules = [answer(pattern(name), result) for name, result in (*own.items(), *others.items())]
    return "".join((f"#!{sed} -nf\n", f"/{NAMED}/!d\n", *rules, answer(NAMED, UNKNOWN)))


def pattern(name: str) -> str:
    """Return what matches the line that names a module; raises ValueError where none could."""
    namespace, collection, module = name.split(".")
    if (namespace, collection) == ("ansible", "builtin"):
        inside = f"ansible.modules.{module}"
    else:
        inside = f"ansible_collections.{namespace}.{collection}.plugins.modules.{module}"
    if module == ANY:
        return NAMED + re.escape(inside.removesuffix(ANY))
    return NAMED + re.escape(inside) + "'"


def answer(matches: str, result: dict) -> str:
    """Return the rule that prints a result instead of the line that matches, and goes on reading.

    sed takes a backslash out of a text that it prints.
    """
    text = json.dumps(result).replace("\\", "\\\\")
    return f"/{matches}/c\\\n{text}\n"
