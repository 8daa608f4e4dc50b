# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""dockerd's flags, and the keys of daemon.json that each stands for.

A flag beats nothing: the engine does not start when a setting stands both in a flag and in
daemon.json (``findConfigurationConflicts()`` in moby's daemon/config/config.go). Which flags there
are, and by which names the file has them, is in daemon/command/ of moby (cmd/dockerd/ before 29),
read at v20.10.24, v26.1.5 and docker-v29.7.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

# The flags that stand for a key of another name. All others stand for a key of their own.
_KEYS = {
    "add-runtime": "runtimes",
    "authorization-plugin": "authorization-plugins",
    "cdi-spec-dir": "cdi-spec-dirs",
    "cluster-store-opt": "cluster-store-opts",
    "default-address-pool": "default-address-pools",
    "default-network-opt": "default-network-opts",
    "default-ulimit": "default-ulimits",
    "dns-opt": "dns-opts",
    "exec-opt": "exec-opts",
    "feature": "features",
    "graph": "data-root",  # its name before 17.05
    "host": "hosts",
    "host-gateway-ip": "host-gateway-ips",  # from 28 on
    "insecure-registry": "insecure-registries",
    "label": "labels",
    "log-opt": "log-opts",
    "node-generic-resource": "node-generic-resources",
    "registry-mirror": "registry-mirrors",
    "storage-opt": "storage-opts",
}

# The flags whose own name is, or was, a key as well as the other one.
_KEY_OF_OLD = ("graph", "host-gateway-ip")

# Flags that take no value as a word of its own, only behind "=".
_SWITCHES = {
    "allow-direct-routing", "cri-containerd", "debug", "disable-legacy-registry", "experimental",
    "help", "icc", "init", "ip-forward", "ip-forward-no-drop", "ip-masq", "ip6tables", "iptables",
    "ipv6", "live-restore", "no-new-privileges", "raw-logs", "restart", "rootless",
    "selinux-enabled", "tls", "tlsverify", "userland-proxy", "validate", "version",
}  # fmt: skip

_WITH_VALUE = {
    *_KEYS, "allow-nondistributable-artifacts", "api-cors-header", "bip", "bip6", "bridge",
    "bridge-accept-fwmark", "cgroup-parent", "cluster-advertise", "cluster-store", "config-file",
    "containerd", "containerd-namespace", "containerd-plugins-namespace", "cpu-rt-period",
    "cpu-rt-runtime", "data-root", "default-cgroupns-mode", "default-gateway",
    "default-gateway-v6", "default-ipc-mode", "default-runtime", "default-shm-size", "dns",
    "dns-search", "exec-root", "firewall-backend", "fixed-cidr", "fixed-cidr-v6", "group",
    "http-proxy", "https-proxy", "init-path", "ip", "log-driver", "log-format", "log-level",
    "max-concurrent-downloads", "max-concurrent-uploads", "max-download-attempts", "metrics-addr",
    "mtu", "network-control-plane-mtu", "network-diagnostic-port", "no-proxy", "nri-opts",
    "oom-score-adjust", "pidfile", "seccomp-profile", "shutdown-timeout", "storage-driver",
    "swarm-default-advertise-addr", "tlscacert", "tlscert", "tlskey", "userland-proxy-path",
    "userns-remap",
}  # fmt: skip

_SHORT = {
    "D": "debug",
    "G": "group",
    "H": "host",
    "b": "bridge",
    "g": "graph",
    "h": "help",
    "l": "log-level",
    "p": "pidfile",
    "r": "restart",
    "s": "storage-driver",
    "v": "version",
}

# Objects of the file that are one key; the keys within others count as keys of the file.
_ONE_KEY = {
    "builder", "cluster-store-opts", "default-network-opts", "default-ulimits", "features",
    "log-opts", "runtimes",
}  # fmt: skip

# What may stand in both: the engine takes all of it.
_MERGED = ("runtimes",)

# What concerns storage. The values of the others are nobody's business: a proxy has a password.
STORAGE = (
    "config-file",
    "data-root",
    "features",
    "hosts",
    "storage-driver",
    "storage-opts",
    "userns-remap",
)

VARIABLE = "DOCKER_DRIVER"  # beats both the flag and the file without a word, see daemon.go


class Word(NamedTuple):
    """A word of a command line, and the file that it stands in."""

    text: str
    source: str


class Flag(NamedTuple):
    """A setting that the engine is started with."""

    key: str  # as in daemon.json
    value: str
    spelled: str  # how it is written, such as "--storage-opt" or "DOCKER_DRIVER"
    source: str  # the file that it is written in

    @property
    def shown(self) -> str:
        """The flag as a person may see it: its value only where that is about storage."""
        if not self.value or self.key not in STORAGE:
            return self.spelled
        return f"{self.spelled} {self.value}"


def parse_flags(words: Sequence[Word]) -> tuple[tuple[Flag, ...], tuple[str, ...]]:
    """The flags in dockerd's arguments, in their order, and the words that are none.

    Written as pflag takes them: ``--name=value``, ``--name value``, ``-n value``, ``-n=value``,
    ``-nvalue``, several short ones in one word. dockerd takes no other words: where there are some,
    a value has spaces in it that were lost, or the engine does not start.
    """
    found: list[Flag] = []
    strays: list[str] = []
    at = 0
    while at < len(words):
        text, source = words[at]
        after = words[at + 1].text if at + 1 < len(words) else None
        at += 1
        if text.startswith("--") and text != "--":
            name, equals, value = text[2:].partition("=")
            if not equals and _takes_next(name, after):
                value, at = after or "", at + 1
            found.append(_flag(name, value, "--" + name, source))
        elif text.startswith("-") and text not in ("-", "--"):
            taken, rest_is_next = _short(text[1:], after, source)
            found += taken
            at += rest_is_next
        else:
            strays.append(text)
    return tuple(found), tuple(strays)


def _takes_next(name: str, after: str | None) -> bool:
    """Tell whether the next word is the value; of a flag that is not known, where it can be."""
    if after is None or name in _SWITCHES:
        return False
    return name in _WITH_VALUE or not after.startswith("-")


def _short(letters: str, after: str | None, source: str) -> tuple[list[Flag], bool]:
    """The flags of a word such as ``-Ds`` without its hyphen, and whether the next is a value."""
    found: list[Flag] = []
    while letters:
        letter, rest = letters[0], letters[1:]
        name = _SHORT.get(letter, letter)
        if rest.startswith("="):
            return [*found, _flag(name, rest[1:], "-" + letter, source)], False
        if name in _SWITCHES:
            found.append(_flag(name, "", "-" + letter, source))
            letters = rest
            continue
        if rest or not _takes_next(name, after):
            return [*found, _flag(name, rest, "-" + letter, source)], False
        return [*found, _flag(name, after or "", "-" + letter, source)], True
    return found, False


def _flag(name: str, value: str, spelled: str, source: str) -> Flag:
    return Flag(_KEYS.get(name, name), value, spelled, source)


def collisions(flags: Sequence[Flag], content: Mapping[str, Any]) -> Iterator[tuple[Flag, str]]:
    """Each flag that the engine does not start on beside a key of its file, with that key.

    :param content: of daemon.json.
    """
    keys: set[str] = set()
    for key, value in content.items():
        keys |= set(value) if isinstance(value, dict) and key not in _ONE_KEY else {key}
    told = set()
    for flag in flags:
        if flag.spelled == VARIABLE:
            continue
        own = flag.spelled.lstrip("-")
        names = {flag.key, *({own, _SHORT.get(own, own)} & set(_KEY_OF_OLD))}
        for key in sorted(names & keys - set(_MERGED)):
            if (flag.spelled, key) not in told:
                told.add((flag.spelled, key))
                yield flag, key
