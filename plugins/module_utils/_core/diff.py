# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What ``--diff`` shows of a file: what changes, and no secret."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.door import (
    HIDDEN,
    is_secret,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import WriteFile


def file_diff(step: WriteFile) -> dict[str, str]:
    """The text before and after a step; of a JSON object only the keys that change.

    A configuration holds more than what is changed, and may hold secrets whoever can read it.
    """
    if step.private:
        before, after = "(its content is private)\n", "(its new content is private too)\n"
    else:
        before, after = _changed(step.old, step.content)
    return {
        "before_header": step.path,
        "after_header": step.path,
        "before": before,
        "after": after,
    }


def _changed(old: str | None, new: str | None) -> tuple[str, str]:
    before, after = _object(old), _object(new)
    if before is None and after is None:
        return old or "", new or ""
    if (old and before is None) or (new and after is None):
        return "(it is no JSON object)\n" if old else "", _shown(after or {}) if new else ""
    was, becomes = _differing(before or {}, after or {})
    return _shown(was) if old else "", _shown(becomes) if new else ""


def _object(text: str | None) -> dict[str, Any] | None:
    """The JSON object that a text is; None where it is none."""
    if not text or text.lstrip()[:1] != "{":
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _differing(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Both without what is the same in both."""
    was: dict[str, Any] = {}
    becomes: dict[str, Any] = {}
    for name in dict.fromkeys((*before, *after)):
        both = [it[name] for it in (before, after) if name in it]
        if len(both) == 2 and both[0] == both[1]:
            continue
        if len(both) == 2 and isinstance(both[0], dict) and isinstance(both[1], dict):
            was[name], becomes[name] = _differing(*both)
            continue
        for side, shown in ((before, was), (after, becomes)):
            if name in side:
                shown[name] = HIDDEN if is_secret(name) else _masked(side[name])
    return was, becomes


def _masked(value: Any) -> Any:
    """A value without the secrets in it; what is in texts is hidden where they leave."""
    if isinstance(value, dict):
        return {name: HIDDEN if is_secret(name) else _masked(it) for name, it in value.items()}
    return [_masked(it) for it in value] if isinstance(value, list) else value


def _shown(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
