# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Where the engine listens, by its own rules for addresses (opts/hosts.go of moby)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Unit

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

SOCKET = "/run/docker.sock"
CONFIG_FILE = "/etc/docker/daemon.json"


def local_socket(run: Reader, unit: Unit) -> str:
    """The path that the running engine listens at.

    :raises StorageError: it listens on TCP only.
    """
    flags = unit.running_flags
    hosts = [flag.value for flag in flags if flag.key == "hosts"]
    switched = {flag.key: flag.value for flag in flags if flag.key in ("tls", "tlsverify")}
    if not hosts:  # then its file may have some, and may be the place of what is no flag
        content = _content(flags_file(unit))
        hosts = content.get("hosts") or []
        switched = {**{key: str(content.get(key)) for key in ("tls", "tlsverify")}, **switched}
    with_tls = any(value.lower() in ("", "1", "t", "true") for value in switched.values())
    for host in hosts or [""]:
        path = parse_host(host, with_tls)
        if path == "fd" and not os.path.exists(SOCKET):
            return _listening(run, unit) or SOCKET
        if path:
            return SOCKET if path == "fd" else path
    raise StorageError(
        f"The engine of {unit.name}",
        "it listens on TCP only ({}), and this asks it on its host".format(
            ", ".join(hosts) or "--tls without a host"
        ),
        "Have it listen at a socket as well, such as -H unix://",
        refusal="engine_tcp_only",
    )


def flags_file(unit: Unit) -> str:
    """The file that the running engine has its configuration from."""
    named = [flag.value for flag in unit.running_flags if flag.key == "config-file"]
    return named[-1] if named else CONFIG_FILE


def _content(path: str) -> dict[str, Any]:
    """What is in the file; nothing where it cannot be read: who needs it refuses it."""
    try:
        return daemon_json.read(path).content
    except StorageError:
        return {}


def parse_host(host: str, with_tls: bool) -> str:
    """The path of the socket that an address means; "fd" for one that systemd hands over.

    :param with_tls: whether TLS is switched on: what is left empty is then a port of this host.
    :returns: '' for an address that is none on this host alone.
    """
    scheme, colons, path = host.strip().partition("://")
    if not scheme and not colons:
        return "" if with_tls else SOCKET
    if not colons:  # without a scheme it is TCP
        return ""
    if scheme == "unix":
        return os.path.join("/", path) if path else SOCKET
    return "fd" if scheme == "fd" else ""


def _listening(run: Reader, unit: Unit) -> str:
    """The path that systemd listens at for the engine; '' where it is not known."""
    name = unit.name.rpartition(".")[0] + ".socket"
    rc, out, _err = run(("systemctl", "show", "--property", "Listen", "--", name))
    for line in out.splitlines() if not rc else ():
        path, _blank, kind = line.partition("=")[2].partition(" ")
        if kind in ("(Stream)", "") and path.startswith("/"):
            return path
    return ""
