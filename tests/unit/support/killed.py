# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of three files, for runs that are killed: a file that is kept, an engine, what it runs on.

``put PATH`` makes a file, ``drop PATH`` removes it, ``fail`` fails; nothing else is known here.
"""

from __future__ import annotations

import os

from ansible_collections.containerhost.storage.plugins.module_utils._core import (
    reconcile as _reconcile,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Part,
    Pause,
    Plan,
    WriteFile,
)
from support.instants import killed_at
from support.invariants import Ended, FakeModule


class Host(FakeModule):
    """A module and its host, below a folder: pool, config, flag and engine are files in it."""

    def __init__(self, folder, **more):
        super().__init__(**more)
        self.folder, self.warned, self.broken = folder, [], ()
        self.path = {name: str(folder / name) for name in ("pool", "config", "flag", "engine")}
        if not os.path.exists(self.path["config"]):
            (folder / "config").write_text("old")
            (folder / "engine").touch()

    def warn(self, message):
        self.warned.append(message)

    def run_command(self, argv, **_more):
        if argv[0] == "systemctl":  # asked for the engine
            up = os.path.exists(self.path["engine"])
            return 0, f"ActiveState={'active' if up else 'inactive'}\nInvocationID=1\n", ""
        verb, path = argv
        if os.path.basename(path) in self.broken:
            return 3, "", "it does not work"
        if verb == "put":
            with open(path, "w", encoding="ascii"):
                pass
        elif os.path.exists(path):
            os.remove(path)  # not one of the INSTANTS
        return 0, "", ""

    def seen(self):
        """``(pool, config, flag, engine)``: whether each is there, and the text of config."""
        with open(self.path["config"], encoding="ascii") as stream:
            text = stream.read()
        pool, flag, engine = (os.path.exists(self.path[it]) for it in ("pool", "flag", "engine"))
        return pool, text, flag, engine

    def plan(self, seen):
        """A pool that is kept, and below a paused engine a config and a flag."""
        pool, text, flag, engine = seen
        after = (True, "new", True, True)
        if seen == after:
            return Plan((), after)
        path = self.path
        parts = [] if pool else [Part((Command("Make the pool", ("put", path["pool"])),))]
        steps, undo = [], []
        if not flag:
            steps.append(Command("Set the flag", ("put", path["flag"])))
            undo.append(Command("Flag as it was", ("drop", path["flag"])))
        if text != "new":
            steps.append(WriteFile("Configure it", path["config"], "new", text))
            undo.append(WriteFile("Config as it was", path["config"], text, "new"))
        start = Command("Start the engine", ("put", path["engine"]))
        stop = (Command("Stop the engine", ("drop", path["engine"])),) if engine else ()
        parts.append(
            Part(tuple(steps), tuple(undo), pauses=(Pause("e", stop, (start,), (start,)),))
        )
        return Plan(tuple(parts), after)

    def run(self, plan=None):
        """One run of the module; what it ended with, ``Ended``."""
        try:
            _reconcile.reconcile(self, lambda _run: self.seen(), plan or self.plan, lambda it: {})
        except Ended as ended:
            return ended
        raise AssertionError("the module did not end")

    def only_look(self):
        """A run that wants nothing: what an earlier one has begun is put right all the same."""
        return self.run(lambda seen: Plan((), seen))


def run_killed(host, instant, plan=None):
    """Run in a process of its own, and kill it at an instant; whether it came to that."""
    return killed_at(instant, lambda: host.run(plan))
