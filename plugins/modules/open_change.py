#!/usr/bin/python
# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: open_change
short_description: Put right, or give up, what an interrupted run has begun
version_added: "1.0.0"
author:
  - containerhost.storage contributors (@containerhost)
description:
  - Every module of this collection that changes a host keeps a journal of the change in
    C(/var/lib/containerhost-storage), from before its first step until the host is proven to be as
    wanted. After a kill, a hang-up or a power cut the next run of any of them finds it, takes back
    what can be, and says so, before it does anything else.
  - This module does that and nothing more. It is of use where a host is to be put right at once,
    and where a change can only be given up.
extends_documentation_fragment:
  - containerhost.storage.attributes
  - containerhost.storage.consent
attributes:
  check_mode:
    support: full
  diff_mode:
    support: partial
    details: What is put right is in RV(recovered), or in check mode in RV(would_recover).
  idempotent:
    support: full
  recovery:
    support: full
    details: Not with O(state=abandoned), which takes nothing back.
options:
  state:
    description:
      - V(recovered) takes back what can be of an open change, as any module does.
      - V(abandoned) takes nothing back and only drops the journal. It is for a journal that is
        damaged, of a newer version or of another host (a disk that was cloned), and for a way back
        that keeps failing. This needs O(consent). The refusal, and check mode, tell the seal and
        what is left half-done. All open changes of the host are given up by it.
    type: str
    choices: [recovered, abandoned]
    default: recovered
seealso:
  - module: containerhost.storage.storage_info
    description: Shows open changes, and changes nothing.
"""

EXAMPLES = r"""
- name: Put right what an interrupted run has begun
  containerhost.storage.open_change:

- name: Give it up, with the seal that a run in check mode returned
  containerhost.storage.open_change:
    state: abandoned
    consent: 0f3c5a7e9b1d
"""

RETURN = r"""
state:
  description: The open changes that are left.
  returned: success
  type: dict
  contains:
    open_changes:
      description: Those that are left, the latest first.
      type: list
      elements: dict
      contains:
        path:
          description: The journal.
          type: str
        seal:
          description: A mark of all that it holds.
          type: str
        problem:
          description: Why nobody can go back by it; null where one can. The rest is left out then.
          type: str
        running:
          description: Whether the run that has begun it is still at work.
          type: bool
        module:
          description: The module that has begun it.
          type: str
        time:
          description: When that was, in UTC.
          type: str
        at_work:
          description: The step that was begun and not done; null for none.
          type: dict
        done:
          description: The steps that were taken.
          type: list
          elements: dict
        way_back:
          description: The steps that take back what can be.
          type: list
          elements: dict
  sample: {open_changes: []}
recovered:
  description: What was put right. Any module that changes a host returns this.
  returned: when an earlier run was interrupted
  type: list
  elements: dict
  contains:
    module:
      description: The module that has begun it.
      type: str
    time:
      description: When that was, in UTC.
      type: str
    at_work:
      description: The step that was begun and not done; null for none.
      type: dict
    taken_back:
      description: The steps that were taken back.
      type: list
      elements: dict
    kept:
      description: The steps that were kept.
      type: list
      elements: dict
    message:
      description: All of that in sentences, as a warning tells it too.
      type: str
would_recover:
  description: What would be put right. Any module that changes a host returns this.
  returned: in check mode, when an earlier run was interrupted
  type: list
  elements: dict
  contains:
    module:
      description: The module that has begun it.
      type: str
    time:
      description: When that was, in UTC.
      type: str
    at_work:
      description: The step that was begun and not done; null for none.
      type: dict
    steps:
      description: The steps that take back what can be.
      type: list
      elements: dict
steps:
  description: The journals that were given up, or in check mode would be, each with its reason.
  returned: always
  type: list
  elements: dict
findings:
  description: What a person should know and that is no error.
  returned: always
  type: list
  elements: dict
seal:
  description: The mark of what would be given up, to be given back as O(consent).
  returned: when O(state=abandoned) and a change is open
  type: str
destroys:
  description: What would be given up, and what is left half-done.
  returned: when O(state=abandoned) and a change is open
  type: list
  elements: str
refusal:
  description: The stable name of what is wrong, by which a fleet can be counted.
  returned: when it is refused or fails
  type: str
  sample: way_back_failed
kept:
  description: The steps that were taken before another one failed, and that stay.
  returned: when a step failed
  type: list
  elements: dict
taken_back:
  description: The steps that were taken before another one failed, and that were taken back.
  returned: when a step failed
  type: list
  elements: dict
done:
  description: All steps that were taken before another one failed, kept or taken back.
  returned: when a step failed
  type: list
  elements: dict
failed_step:
  description: The step that failed, with its reason; null where none was at work.
  returned: when a step failed
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.containerhost.storage.plugins.module_utils._core.give_up import (
    describe,
    give_up,
    keep,
    observe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import reconcile


def main():
    module = AnsibleModule(
        argument_spec={
            "state": {
                "type": "str",
                "choices": ["recovered", "abandoned"],
                "default": "recovered",
            },
            "consent": {"type": "str"},
        },
        supports_check_mode=True,
    )
    recovers = module.params["state"] == "recovered"
    reconcile(module, observe, keep if recovers else give_up, describe, journaled=recovers)


if __name__ == "__main__":
    main()
