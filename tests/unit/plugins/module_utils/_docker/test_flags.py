# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""dockerd's flags as they may be written, and the keys of daemon.json that each collides with."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker.flags import (
    Flag,
    Word,
    collisions,
    parse_flags,
)

UNIT = "/lib/systemd/system/docker.service"


def parsed(line):
    """The flags of a line of words without quotes, as (key, value, spelled), and what is none."""
    found, strays = parse_flags([Word(text, UNIT) for text in line.split()])
    assert {flag.source for flag in found} <= {UNIT}
    return [(flag.key, flag.value, flag.spelled) for flag in found], list(strays)


WRITTEN = [
    ("", [], []),
    ("--storage-driver=vfs", [("storage-driver", "vfs", "--storage-driver")], []),
    ("--storage-driver vfs", [("storage-driver", "vfs", "--storage-driver")], []),
    ("-s vfs", [("storage-driver", "vfs", "-s")], []),
    ("-s=vfs", [("storage-driver", "vfs", "-s")], []),
    ("-svfs", [("storage-driver", "vfs", "-s")], []),
    ("-Ds vfs", [("debug", "", "-D"), ("storage-driver", "vfs", "-s")], []),
    ("-Dsvfs", [("debug", "", "-D"), ("storage-driver", "vfs", "-s")], []),
    ("-D=false", [("debug", "false", "-D")], []),
    ("-H fd:// -G docker", [("hosts", "fd://", "-H"), ("group", "docker", "-G")], []),
    ("-l debug -b br0 -p /x", [("log-level", "debug", "-l"), ("bridge", "br0", "-b"),
                               ("pidfile", "/x", "-p")], []),
    ("-g /srv", [("data-root", "/srv", "-g")], []),
    ("--graph /srv", [("data-root", "/srv", "--graph")], []),
    # a switch takes no word behind it
    ("--iptables false", [("iptables", "", "--iptables")], ["false"]),
    ("--iptables=false", [("iptables", "false", "--iptables")], []),
    ("--debug -s vfs", [("debug", "", "--debug"), ("storage-driver", "vfs", "-s")], []),
    # what takes a value takes it, whatever it looks like
    ("--label --debug", [("labels", "--debug", "--label")], []),
    ("--storage-driver", [("storage-driver", "", "--storage-driver")], []),
    ("-s", [("storage-driver", "", "-s")], []),
    # one that is not known: what can be its value is
    ("--new-thing 5 -s vfs", [("new-thing", "5", "--new-thing"),
                              ("storage-driver", "vfs", "-s")], []),
    ("--new-thing --debug", [("new-thing", "", "--new-thing"), ("debug", "", "--debug")], []),
    ("-z -D", [("z", "", "-z"), ("debug", "", "-D")], []),
    # words that are none of dockerd's
    ("--label a b", [("labels", "a", "--label")], ["b"]),
    ("-- -", [], ["--", "-"]),
]  # fmt: skip


@pytest.mark.parametrize(("line", "flags", "strays"), WRITTEN)
def test_a_flag_is_read_as_the_engine_reads_it(line, flags, strays):
    assert parsed(line) == (flags, strays)


# Every flag of dockerd 20.10, 26 and 29 that is a key as well: the flag, its key.
OWN_NAME = [
    "allow-direct-routing",
    "allow-nondistributable-artifacts",
    "api-cors-header",
    "bip",
    "bip6",
    "bridge",
    "bridge-accept-fwmark",
    "cgroup-parent",
    "containerd",
    "containerd-namespace",
    "containerd-plugins-namespace",
    "cpu-rt-period",
    "cpu-rt-runtime",
    "cri-containerd",
    "data-root",
    "debug",
    "default-cgroupns-mode",
    "default-gateway",
    "default-gateway-v6",
    "default-ipc-mode",
    "default-runtime",
    "default-shm-size",
    "dns",
    "dns-search",
    "exec-root",
    "experimental",
    "firewall-backend",
    "fixed-cidr",
    "fixed-cidr-v6",
    "graph",
    "group",
    "host-gateway-ip",
    "http-proxy",
    "https-proxy",
    "icc",
    "init",
    "init-path",
    "ip",
    "ip-forward",
    "ip-forward-no-drop",
    "ip-masq",
    "ip6tables",
    "iptables",
    "ipv6",
    "live-restore",
    "log-driver",
    "log-format",
    "log-level",
    "max-concurrent-downloads",
    "max-concurrent-uploads",
    "max-download-attempts",
    "metrics-addr",
    "mtu",
    "network-control-plane-mtu",
    "network-diagnostic-port",
    "no-new-privileges",
    "no-proxy",
    "nri-opts",
    "oom-score-adjust",
    "pidfile",
    "raw-logs",
    "rootless",
    "seccomp-profile",
    "selinux-enabled",
    "shutdown-timeout",
    "storage-driver",
    "swarm-default-advertise-addr",
    "tls",
    "tlscacert",
    "tlscert",
    "tlskey",
    "tlsverify",
    "userland-proxy",
    "userland-proxy-path",
    "userns-remap",
]
OTHER_NAME = {
    "authorization-plugin": "authorization-plugins",
    "cdi-spec-dir": "cdi-spec-dirs",
    "default-address-pool": "default-address-pools",
    "default-network-opt": "default-network-opts",
    "default-ulimit": "default-ulimits",
    "dns-opt": "dns-opts",
    "exec-opt": "exec-opts",
    "feature": "features",
    "graph": "data-root",
    "host": "hosts",
    "host-gateway-ip": "host-gateway-ips",
    "insecure-registry": "insecure-registries",
    "label": "labels",
    "log-opt": "log-opts",
    "node-generic-resource": "node-generic-resources",
    "registry-mirror": "registry-mirrors",
    "storage-opt": "storage-opts",
}
SHORT = {
    "-D": "debug",
    "-G": "group",
    "-H": "hosts",
    "-b": "bridge",
    "-g": "graph",
    "-l": "log-level",
    "-p": "pidfile",
    "-s": "storage-driver",
}
PAIRS = [
    *(("--" + name, name) for name in OWN_NAME),
    *(("--" + name, key) for name, key in OTHER_NAME.items()),
    *SHORT.items(),
]
SWITCHES = [
    "allow-direct-routing",
    "cri-containerd",
    "debug",
    "experimental",
    "icc",
    "init",
    "ip-forward",
    "ip-forward-no-drop",
    "ip-masq",
    "ip6tables",
    "iptables",
    "ipv6",
    "live-restore",
    "no-new-privileges",
    "raw-logs",
    "rootless",
    "selinux-enabled",
    "tls",
    "tlsverify",
    "userland-proxy",
]


def found(line, content):
    flags, _strays = parse_flags([Word(text, UNIT) for text in line.split(" ")])
    return [(flag.spelled, key) for flag, key in collisions(flags, content)]


@pytest.mark.parametrize(("spelled", "key"), PAIRS)
def test_a_flag_collides_with_its_key(spelled, key):
    for content in ({key: "x"}, {key: None}, {"debug": 1, "dns": [], key: [], "hosts": []}):
        for line in (f"{spelled}=x", f"{spelled} x", f"{spelled} -x", f"--zzz {spelled}=x --yyy"):
            assert (spelled, key) in found(line, content)
    assert found(f"{spelled}=x", {key + "x": 1, "other": 2}) == []
    assert found("--zzz=x", {key: 1}) == []


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_collides_also_where_it_says_the_same(name):
    assert found(f"--{name}", {name: True}) == [(f"--{name}", name)]
    assert found(f"--{name} -s vfs", {"storage-driver": "vfs"}) == [("-s", "storage-driver")]


NONE = [
    ("--add-runtime a=b", {"runtimes": {"a": {}}}),  # the engine merges these
    ("--config-file /etc/d.json", {"debug": True}),
    ("--log-driver local", {"log-opts": {"log-driver": "x"}}),  # an object that is one key
    ("--http-proxy x", {"features": {"http-proxy": True}}),
    ("", {"hosts": []}),
]


@pytest.mark.parametrize(("line", "content"), NONE)
def test_what_goes_together(line, content):
    assert found(line, content) == []


def test_the_keys_within_an_object_count_as_keys_of_the_file():
    assert found("--http-proxy=x", {"proxies": {"http-proxy": "y"}}) == [
        ("--http-proxy", "http-proxy")
    ]
    assert found("--proxies=x", {"proxies": {"http-proxy": "y"}}) == []


def test_a_flag_that_is_given_twice_is_told_once():
    assert found("-H fd:// -H tcp://x --host=y", {"hosts": []}) == [
        ("-H", "hosts"),
        ("--host", "hosts"),
    ]


def test_the_variable_collides_with_nothing():
    flag = Flag("storage-driver", "vfs", "DOCKER_DRIVER", UNIT)
    assert list(collisions([flag], {"storage-driver": "vfs"})) == []


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("--storage-opt dm.fs=xfs", "--storage-opt dm.fs=xfs"),
        ("-s vfs", "-s vfs"),
        ("--http-proxy http://me:secret@proxy", "--http-proxy"),
        ("--log-opt splunk-token=secret", "--log-opt"),
        ("--debug", "--debug"),
    ],
)
def test_only_values_about_storage_are_shown(line, shown):
    (flag,), _strays = parse_flags([Word(text, UNIT) for text in line.split()])
    assert flag.shown == shown
