# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Being told to end (a signal) while steps are taken: the step at work ends, and no more begin."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class ToldToEnd:
    """A context manager that notes such signals; to be called between two steps.

    What was ignored before (nohup) stays so.
    """

    def __init__(self) -> None:
        self._told: int | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> ToldToEnd:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def __call__(self) -> None:
        """:raises StorageError: the run was told to end since it began."""
        if self._told is not None:
            name = signal.Signals(self._told).name
            raise StorageError(
                "This run",
                f"it was told to end ({name})",
                "Run it again when it may run to its end",
                refusal="run_ended",
            )

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._told = number
