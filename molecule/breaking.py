# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of a whole layout, and what breaks one of its steps."""

from __future__ import annotations

import shlex

import pytest

# Stands before a program: what it does to one call of it is said in two files.
BREAKER = """#!/bin/sh
name=$(basename "$0")
if [ "$name $*" = "$(cat /run/broken.action)" ]; then
    case $(cat /run/broken.how) in
        fails) echo "broken for the test" >&2; exit 1 ;;
        killed-before) kill -9 $PPID; exit 1 ;;
        killed-after) PATH=/usr/sbin:/usr/bin:/sbin:/bin "$name" "$@"; kill -9 $PPID; exit 1 ;;
        killed-meanwhile)
            kill -9 $PPID
            exec >/run/broken.output 2>&1 </dev/null  # nobody reads the pipe, and writing kills
            while [ ! -e /run/broken.go-on ]; do sleep 1; done ;;
        hangs) touch /run/broken.hangs; sleep 1000 ;;
    esac
fi
PATH=/usr/sbin:/usr/bin:/sbin:/bin exec "$name" "$@"
"""


@pytest.fixture(scope="module")
def layout(host, module):
    """Return a function that runs the module as the role does, by the host's variables."""
    prefix, variables = "docker_storage_", host.backend.get_variables()
    options = {
        name[len(prefix) :]: value for name, value in variables.items() if name.startswith(prefix)
    }
    options["devices"] = variables["lab_disks"]

    def run(check=False):
        return module("storage_layout", check=check, **options)

    return run


@pytest.fixture
def broken(host):
    """Return a function that breaks an action in one way; it is mended at the end."""
    programs = set()

    def break_it(action, how):
        mend()
        if action.startswith(("write ", "remove ")):
            folder = action.split()[1].rpartition("/")[0]
            host.check_output("mkdir --parents %s && chattr +i %s", folder, folder)
            programs.add(folder)
            return
        program = "/usr/local/sbin/" + action.split()[0]
        host.check_output("printf '%%s' %s >/run/broken.action", " ".join(shlex.split(action)))
        host.check_output("printf '%%s' %s >/run/broken.how", how)
        host.check_output("printf '%%s' %s >%s && chmod +x %s", BREAKER, program, program)
        programs.add(program)

    def mend():
        for path in programs:
            if path.startswith("/usr/local/"):
                host.check_output("rm -f %s", path)
            else:
                host.check_output("chattr -i %s", path)
        programs.clear()

    break_it.mend = mend
    yield break_it
    mend()
