"""What people type as a target: a version that is there, or `base`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import TargetError
from stepwell.core.migration import BASE, Version

if TYPE_CHECKING:
    from stepwell.core.plan.values import Situation


def is_base(text: str) -> bool:
    """Whether it is the state before every migration."""
    return text.lower() == BASE


def find(situation: Situation, text: str) -> Version:
    """The version of a file or record, as written there.

    Raises `UsageError` for what can't be a version, and `TargetError` for one that is not there.
    """
    entry = situation.entries.get(Version.parse(text))
    if entry is None:
        raise TargetError(
            f"the target {text} does not exist", hint="see 'stepwell status' for the versions there are"
        )
    return entry.version
