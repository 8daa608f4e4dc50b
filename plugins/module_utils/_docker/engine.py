# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The Docker engine: installed or not, its version, its unit, and what it says of itself."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import addresses
from ansible_collections.containerhost.storage.plugins.module_utils._docker.json_types import (
    ADDRESS,
    NUMBER,
    OBJECT,
    PATH,
    ROWS,
    STRING,
    STRINGS,
    require_types,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.option_values import (
    Version,
    version,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import (
    Unit,
    is_engine,
    observe_unit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    find_program,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

DATA_ROOT = "/var/lib/docker"

# What an engine on the containerd image store has in its DriverStatus, as "driver-type".
STORE_TYPE = "io.containerd.snapshotter.v1"

# Seconds. The engine answers /info in milliseconds; a hung pool makes it wait for ever.
_PATIENCE = 60


# What of its answer to GET /info is read: what every engine says, and what some leave out.
_SAID = {"Driver": STRING, "DockerRootDir": PATH, "ServerVersion": STRING}
_MAY_SAY = {
    "Containerd": ADDRESS.or_null(),
    "DriverStatus": ROWS.or_null(),
    "Images": NUMBER,
    "SecurityOptions": STRINGS.or_null(),
}


class Engine(NamedTuple):
    """The engine of this host."""

    unit: Unit
    version: Version  # (26, 1, 5): of the running engine, else of the installed program
    info: dict[str, Any] | None  # its answer to GET /info; None while it is not running

    @property
    def driver(self) -> str:
        """The driver it runs on: a storage driver or a snapshotter; '' while it does not run."""
        return (self.info or {}).get("Driver", "")

    @property
    def status(self) -> dict[str, Any]:
        """The driver's own account of itself, name -> value."""
        return {row[0]: row[1] for row in (self.info or {}).get("DriverStatus") or []}

    @property
    def containerd_store(self) -> bool:
        """Tell whether images are kept by containerd: then there is no storage driver at all."""
        return self.status.get("driver-type") == STORE_TYPE

    @property
    def user_namespaces(self) -> bool:
        """Tell whether the running engine maps the users of its containers."""
        options = (self.info or {}).get("SecurityOptions") or []
        return any("name=userns" in option.split(",") for option in options)

    @property
    def data_root(self) -> str:
        """The folder that it keeps its data in, as configured; '' while it does not run.

        With user namespaces it reports a folder <uid>.<gid> below the one that was configured.
        """
        root = (self.info or {}).get("DockerRootDir", "")
        return re.sub(r"/\d+\.\d+$", "", root) if self.user_namespaces else root


def observe_engine(run: Reader, service: str) -> Engine | None:
    """Observe the engine in one command, or two while it is stopped.

    :returns: an :class:`Engine`, or None where none is installed.
    :raises StorageError: it runs and does not answer, its version cannot be told, or there is an
        engine that is none of root's Docker.
    """
    unit = observe_unit(run, service)
    if os.path.basename(unit.program) not in ("dockerd", ""):
        _other_engines().refuse_unit(unit)
    program = unit.program or find_program("dockerd") or ""
    if unit.load == "not-found" or not os.access(program, os.X_OK) or not is_engine(program):
        _other_engines().refuse_in_its_place(service)
        return None
    unit = unit._replace(program=program)
    # An engine that is stopped is left alone: a word to its socket would start it.
    info = _info(run, unit) if unit.running else None
    found = version(info["ServerVersion"]) if info else ()
    return Engine(unit, found or installed_version(run, program), info)


def _other_engines() -> ModuleType:
    # Loaded where it is asked for: a host with its engine need not wait for it.
    from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
        other_engines,
    )

    return other_engines


def next_version(run: Reader, engine: Engine) -> Version:
    """The version that the next start will run: another one than now runs, after an upgrade.

    While the running program still is the file that is installed, the version is known; asking
    for it takes the time of starting a large program.

    :raises StorageError: it does not say.
    """
    with contextlib.suppress(OSError):
        if os.path.samefile(f"/proc/{engine.unit.pid}/exe", engine.unit.program):
            return engine.version
    return installed_version(run, engine.unit.program)


def installed_version(run: Reader, program: str) -> Version:
    """The version of the installed program.

    :raises StorageError: it does not say.
    """
    out = run.read((program, "--version"))
    found = version(out) if out.startswith("Docker version ") else ()
    if not found:
        raise StorageError(
            program,
            f"it does not tell its version: {out.strip()!r}",
            "Reinstall it",
            refusal="engine_version_unknown",
        )
    return found


def _info(run: Reader, unit: Unit) -> dict[str, Any]:
    """What the running engine says of itself.

    :raises StorageError: it does not answer, or not as an engine does.
    """
    path = addresses.local_socket(run, unit)
    return checked(path, ask(path, "/info"))


def ask(path: str, what: str) -> Any:
    """GET ``what`` from the engine whose socket is at ``path``; return the JSON it answers.

    HTTP/1.0, so that the answer comes in one piece and ends with the connection: http.client
    would take longer to load than the whole exchange takes.

    :raises StorageError: it gives no such answer.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_PATIENCE)
            connection.connect(path)
            connection.sendall(f"GET {what} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _blank, body = answer.partition(b"\r\n\r\n")
        status = head.split(b"\r\n")[0].decode(errors="surrogateescape")
        if status.split(" ")[1:2] != ["200"]:
            raise ValueError(status or "it closed the connection")
        return json.loads(body)
    except (OSError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise StorageError(
            f"The engine at {path}",
            f"its service is active, but it did not answer GET {what}: {reason}",
            "Look at the journal of its service, and run again once `docker info` works",
            refusal="engine_unresponsive",
        ) from None


def checked(path: str, info: Any) -> dict[str, Any]:
    """An engine's answer to GET /info, if all that is read of it is what it has to be.

    :param path: of its socket, for the error texts.
    :raises StorageError: a part of it is of another type.
    """
    what = f"The answer of the engine at {path} to GET /info"
    remedy = "Look at `docker info`; what answers there may not be Docker"
    require_types(what, {"": OBJECT}, {"": info}, remedy, refusal="engine_answer_malformed")
    for name in _SAID:
        info.setdefault(name, None)
    require_types(what, {**_SAID, **_MAY_SAY}, info, remedy, refusal="engine_answer_malformed")
    return info
