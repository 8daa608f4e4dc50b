# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""That the invariant on the words of a command would find a value that is read as an option."""

from __future__ import annotations

import pytest
from support.words import wrong_words


@pytest.mark.parametrize(
    ("argv", "wrong"),
    [
        (("systemctl", "stop", "--", "docker.service"), []),
        (("systemctl", "stop", "docker.service"), ["docker.service"]),
        (("systemctl", "stop", "-H"), ["-H"]),
        (("umount", "--", "-x"), []),
        (("umount", "/srv"), ["/srv"]),
        (("lvcreate", "--name", "-x", "vg"), []),
        (("lvcreate", "--name", "x", "--test"), ["--test"]),
        (("zfs", "set", "quota=1", "pool/a"), []),
        (("zfs", "set", "quota=1", "-r"), []),
        (("chattr", "+x"), ["+x"]),
        (("unheard-of", "-x"), ["-x"]),
    ],
)
def test_what_is_wrong_with_a_command(argv, wrong):
    assert wrong_words(argv) == wrong
