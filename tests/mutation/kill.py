# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the tests against one mutant, in a process that is forked for it."""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import io
import os
import resource
import signal
import sys
import traceback
from pathlib import Path

import pytest

COLLECTION = "ansible_collections.containerhost.storage"


def warm(root):
    """Load what every run needs, but nothing of the collection, which is to be loaded changed."""
    sys.dont_write_bytecode = False  # pytest's rewritten tests are kept, out of sight
    sys.pycache_prefix = str(root / ".cache" / "mutants" / "pycache")
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(root / ".cache" / "mutants" / "hypothesis")
    os.chdir(root)
    for name in ("ansible.module_utils.basic", "hypothesis.strategies", "unittest.mock"):
        importlib.import_module(name)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        pytest.main(["--version"])  # with that it has loaded its own plugins
    loaded = [name for name in sys.modules if name.startswith(COLLECTION)]
    if loaded:
        raise RuntimeError(f"{', '.join(loaded)} would be tested unchanged")
    gc.freeze()  # pytest collects garbage at its end, and none of this is any


def notices(module, path, source, tests, limits):
    """Tell whether a test fails, or hangs, with ``source`` in place of a module's own.

    :param module: its full name; None for the code as it is.
    """
    child = os.fork()
    if not child:
        status = 2
        try:
            status = _run(module, path, source, tests, limits)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    _pid, status = os.waitpid(child, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what the tests have left running
    return status != 0


def _run(module, path, source, tests, limits):
    os.setsid()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # Hypothesis is all that the tests need
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_seconds"],) * 2)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(limits["seconds"])
    if module:
        sys.meta_path.insert(0, _Finder(module, path, source))
    quiet = ["-x", "-q", "-p", "no:cacheprovider", "--tb=no", "--no-header", "--no-summary"]
    determined = ["-p", "_hypothesis_pytestplugin", "--hypothesis-seed=0"]
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    own, others = _own_first(tests, path)
    with contextlib.redirect_stdout(io.StringIO()):
        for each in (own, others):
            status = int(pytest.main([*quiet, *determined, *each])) if each else 0
            if status:
                return status
    return 0


def _own_first(tests, path):
    """Return the file that is named after the code, and the other files, to be run after it."""
    files = [
        file
        for place in map(Path, tests)
        for file in ([place] if place.is_file() else sorted(place.rglob("test_*.py")))
    ]
    own = [
        file
        for file in files
        if path and (file.stem, file.parent.name) == (f"test_{path.stem}", path.parent.name)
    ]
    return [list(map(str, each)) for each in (own, [file for file in files if file not in own])]


class _Finder(importlib.abc.MetaPathFinder):
    """Finds one module, changed."""

    def __init__(self, module, path, source):
        self._module, self._path, self._source = module, path, source

    def find_spec(self, name, path=None, target=None):
        """Return the changed module's specification, for that name only."""
        if name != self._module:
            return None
        loader = _Loader(name, str(self._path))
        loader.source = self._source
        return importlib.util.spec_from_file_location(name, self._path, loader=loader)


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles ``source`` and not what the file holds; nothing of it is kept."""

    source = ""

    def get_code(self, fullname):
        """Return the code object of the changed text."""
        return compile(self.source, self.path, "exec", dont_inherit=True)
