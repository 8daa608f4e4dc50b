# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Running programs: to read the host, and to take a step."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.identity import MARK
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

if TYPE_CHECKING:
    from subprocess import Popen

# Every command is run in the C locale: parsers read English, and nothing else.
_ENVIRONMENT = {"LC_ALL": "C", "LANGUAGE": "C", "LVM_SUPPRESS_FD_WARNINGS": "1"}

# What is told to end at its deadline has this long for it, in seconds, before it is killed.
_GRACE = 10.0

Answer = tuple[int, str, str]  # exit status, standard output, standard error


class Reader:
    """Runs commands on the host. The one door between this collection and a subprocess.

    :param module: an ``AnsibleModule``; of it only ``run_command`` is used.
    """

    def __init__(self, module: Any) -> None:
        self._module = module

    def __call__(
        self, argv: Sequence[str], environment: Mapping[str, str] = MappingProxyType({})
    ) -> Answer:
        """Run ``argv``, never a shell line.

        :param environment: what it is to have in its environment besides ours.
        """
        return self._module.run_command(
            list(argv),
            environ_update={**environment, **_ENVIRONMENT},
            expand_user_and_vars=False,
        )

    def read(self, argv: Sequence[str]) -> str:
        """Run ``argv`` and return what it printed.

        :raises StorageError: it did not exit with 0.
        """
        return self.of(argv, self(argv))

    @staticmethod
    def of(argv: Sequence[str], answer: Answer) -> str:
        """What ``argv`` printed, of the ``answer`` that running it gave.

        :raises StorageError: it did not exit with 0.
        """
        rc, out, err = answer
        if rc:
            raise StorageError(
                "`{}`".format(" ".join(argv)),
                f"it failed with exit status {rc}: {(err or out).strip()}",
                "Run it by hand on the host to see more",
                refusal="command_failed",
            )
        return out


class Taker(Reader):
    """Runs the commands of steps: each by a deadline, and so that it is known whose it is.

    :param run: the name of the run; every process of a step has it in its environment.
    :param lock: the descriptor of the host's lock, which then lives as long as a step's process
        does; None where there is none.
    """

    def __init__(self, module: Any, run: str, lock: int | None = None) -> None:
        super().__init__(module)
        self._environment = {**_ENVIRONMENT, MARK: run}
        self._more = {} if lock is None else {"pass_fds": (lock,)}

    def __call__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str] = MappingProxyType({}),
        deadline: float = 60,
    ) -> Answer:
        """Run ``argv``, never a shell line, for at most ``deadline`` seconds.

        :raises StorageError: it could not be run, or did not end by then.
        """
        clock = _Clock(deadline)
        try:
            answer = self._module.run_command(
                list(argv),
                environ_update={**environment, **self._environment},
                expand_user_and_vars=False,
                before_communicate_callback=clock.start,
                handle_exceptions=False,
                **self._more,
            )
        except Exception as error:  # run_command would end the module, and nothing be taken back
            raise StorageError(
                _quoted(argv),
                f"it could not be run ({type(error).__name__}: {error})",
                "Mend what it names, then run again",
                refusal="program_failed",
            ) from error
        finally:
            clock.stop()
        if clock.struck:
            said = (answer[2] or answer[1]).strip()
            raise StorageError(
                _quoted(argv),
                f"it had not ended after {deadline} seconds, and was ended"
                + (f"; it had said: {said}" if said else ""),
                "Look for what it waited for, then run again",
                refusal="step_deadline",
            )
        return answer


def _quoted(argv: Sequence[str]) -> str:
    return "`{}`".format(" ".join(map(shlex.quote, argv)))


class _Clock:
    """Ends a process at its deadline."""

    def __init__(self, seconds: float) -> None:
        self.struck = False
        self._seconds, self._stopped = seconds, threading.Event()

    def start(self, process: Popen[bytes]) -> None:
        threading.Thread(target=self._wait, args=(process,), daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _wait(self, process: Popen[bytes]) -> None:
        if self._stopped.wait(self._seconds):
            return
        self.struck = True
        process.terminate()
        if not self._stopped.wait(_GRACE):
            process.kill()
