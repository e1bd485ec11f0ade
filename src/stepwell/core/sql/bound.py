"""Which statements act on their session, so that what they did is gone with it; as far as their text tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stepwell.core.sql.kinds import StatementFacts

_VERBS = frozenset({"PREPARE", "LISTEN", "LOAD", "DECLARE", "ATTACH"})
_FUNCTIONS = re.compile(
    r"\b(set_config|pg_(try_)?advisory_lock(_shared)?|get_lock|dblink_connect)\s*\(", re.IGNORECASE
)


def bound_to_session(sql: str, facts: StatementFacts) -> bool:
    """Whether a session that did not run this statement is another one for the statements after it."""
    temporary = any(created.temporary for created in facts.creates)
    return temporary or facts.verb in _VERBS or _FUNCTIONS.search(sql) is not None
