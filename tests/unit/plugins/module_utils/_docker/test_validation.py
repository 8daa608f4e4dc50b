# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the engine takes a file: what it is asked, and what its words mean."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Unit
from ansible_collections.containerhost.storage.plugins.module_utils._docker.validation import (
    parse_rejection,
    rejection,
)

FILE = "/proc/7/fd/3"
LEAD = f"unable to configure the Docker daemon with file {FILE}: "

# what dockerd 26 says, and what is told of it
SAID = [
    (
        LEAD + "the following directives don't match any configuration option: nope\n",
        "the following directives don't match any configuration option: nope",
    ),
    (
        LEAD + "the following directives are specified both as a flag and in the configuration "
        "file: log-opts: (from flag: map[token:secret], from file: map[token:other])\n",
        "the following directives are specified both as a flag and in the configuration file: "
        "log-opts:",
    ),
    (
        "Flag --restart has been deprecated, use a policy\ntime=x level=warning\n" + LEAD + "bad\n",
        "bad",
    ),
    (
        "Status: unknown flag: --oom-score-adjust\nSee 'dockerd --help'., Code: 125\n",
        "unknown flag: --oom-score-adjust",
    ),
    ("", "it does not say why"),
    # it could not be asked
    ("Status: unknown flag: --validate\nSee 'dockerd --help'., Code: 125\n", ""),
    (LEAD + f"open {FILE}: permission denied\n", ""),
]


@pytest.mark.parametrize(("said", "told"), SAID)
def test_what_the_engine_says(said, told):
    assert parse_rejection(said, FILE) == told


UNIT = Unit(
    "docker.service", "loaded", "active", "now", "/usr/bin/dockerd",
    words=("-H", "fd://", "--config-file", "/etc/x.json"), environment={"DOCKER_TLS": "1"},
)  # fmt: skip


class Run:
    """An engine that takes what says so."""

    def __call__(self, argv, environment):
        *self.argv, file = argv
        self.environment = environment
        assert file.startswith("--config-file=/proc/")
        with open(file.partition("=")[2], encoding="utf-8") as stream:
            self.text = stream.read()
        return int("good" not in self.text), "", LEAD + "it is not good"


@pytest.mark.parametrize(
    ("text", "wrong"), [('{"good": "é"}', ""), ("{}", "it is not good"), (None, "it is not good")]
)
def test_the_engine_is_asked_with_the_flags_and_the_environment_of_its_unit(text, wrong):
    run = Run()
    assert rejection(run, UNIT, (26, 1, 5), text) == wrong
    assert run.text == (text or "{}")
    assert run.argv == ["/usr/bin/dockerd", "--validate", *UNIT.words]
    assert run.environment["DOCKER_TLS"] == "1"
    assert "/usr/sbin" in run.environment["PATH"].split(":")


def test_one_that_has_no_such_flag_is_not_started():
    assert rejection(None, UNIT, (20, 10, 24), "{}") == ""
