# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A journal that cannot be written, or not be gone back from, stops a run before its first step."""

from __future__ import annotations

import pytest
from traces import traces

FOLDER = "/var/lib/containerhost-storage"
SMALL = f"mkdir --mode 700 --parents {FOLDER} && mount -t tmpfs -o size=64k,mode=700 small {FOLDER}"
FULL = f"{SMALL} && (dd if=/dev/zero of={FOLDER}/filler bs=1k || true)"
READ_ONLY = f"{SMALL} && mount -o remount,ro {FOLDER}"
FOREIGN = f"{SMALL} && chmod 777 {FOLDER}"


@pytest.fixture
def unchanged(host):
    """Prove that nothing is done: no disk is written to, and nothing is configured."""
    before = traces(host)
    yield
    assert traces(host) == before


@pytest.mark.parametrize(
    ("setup", "refusal"),
    [
        (FULL, "journal_unwritable"),
        (READ_ONLY, "journal_unwritable"),
        (FOREIGN, "journal_folder"),
    ],
)
def test_one_that_cannot_be_written(host, layout, unchanged, setup, refusal):
    host.check_output(setup)
    try:
        result = layout()
    finally:
        host.check_output("umount %s", FOLDER)
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["refusal"] == refusal
    assert FOLDER in result["msg"]


DAMAGED = 'sed -i \'1s/"module"/"modole"/\' {path}'
CUT_OFF = "head -c 100 {path} >/root/cut && cat /root/cut >{path}"
NEWER = 'sed -i \'1s/"version": 1/"version": 2/\' {path}'
CLONED = "echo 0123456789abcdef0123456789abcdef >/etc/machine-id"


@pytest.fixture
def identity(host):
    """Leave the host's identity as it was."""
    before = host.check_output("cat /etc/machine-id")
    yield
    host.check_output("echo %s >/etc/machine-id", before)


def test_one_that_cannot_be_gone_back_from(
    host, layout, module, broken, step, journals, engine, identity
):
    """The volume group is made, and the run killed; then the journal is spoilt in each way."""
    broken(step("vgcreate "), "killed-after")
    layout()
    broken.mend()
    (name,) = journals()
    path = f"{FOLDER}/{name}"
    whole = host.check_output("base64 --wrap 0 %s", path)
    writes = host.check_output("vgs --noheadings -o vg_mda_used_count,vg_seqno docker")
    for spoil, refusal in [
        (DAMAGED, "journal_damaged"),
        (CUT_OFF, "journal_damaged"),
        (NEWER, "journal_newer"),
        (CLONED, "journal_foreign"),
    ]:
        host.check_output(spoil.format(path=path))
        for check in (True, False):
            result = layout(check=check)
            assert (result["failed"], result["changed"]) == (True, False), (refusal, result)
            assert result["refusal"] == refusal
            assert path in result["msg"]
            assert "containerhost.storage.open_change (state: abandoned)" in result["msg"]
        (told,) = module("storage_info", gather=["open_changes"])["storage"]["open_changes"]
        assert told["problem"]
        assert journals() == [name]
        host.check_output("echo %s | base64 --decode >%s", whole, path)
    assert host.check_output("vgs --noheadings -o vg_mda_used_count,vg_seqno docker") == writes
    assert engine()

    # A person looks at what is left, and gives it up.
    refused = module("open_change", state="abandoned")
    assert (refused["failed"], refused["refusal"]) == (True, "consent_missing")
    assert journals() == [name]
    ended = module("open_change", state="abandoned", consent=refused["seal"])
    assert (ended["failed"], ended["changed"]) == (False, True)
    assert journals() == []
    assert not module("open_change", state="abandoned")["changed"]
