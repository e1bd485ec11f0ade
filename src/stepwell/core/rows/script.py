"""A script of the user's own data, taken apart into what is to be run: a dump of a database is one too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stepwell.core.sql.kinds import StatementKind, classify
from stepwell.core.sql.split import split

if TYPE_CHECKING:
    from stepwell.core.sql.rules import LexRules
    from stepwell.core.sql.statement import Statement

# What newer versions of pg_dump write for psql only, on the first and the last lines.
_FOR_THE_CLIENT = re.compile(r"^\\(?:un)?restrict\b.*$", re.MULTILINE)


def statements(script: str, rules: LexRules) -> list[Statement]:
    """The statements of a script, without those that begin and end transactions: it is loaded whole or not.

    Raises `SqlSyntaxError`.
    """
    if rules.client is not None:
        script = _FOR_THE_CLIENT.sub("", script)
    found = split(script, rules)
    return [each for each in found if classify(each.text, rules).kind is not StatementKind.TRANSACTION]
