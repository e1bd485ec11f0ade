"""The normal form of SQL text, which can never change: checksums of it stand in databases. No hash here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.sql.lexer import significant

if TYPE_CHECKING:
    from stepwell.core.sql.rules import LexRules


def normal_form(sql: str, rules: LexRules) -> str:
    """Give the tokens of SQL joined by one space, without comments and blank space.

    Executable comments and hints are tokens. The text of a token stays as it is, except that line ends become
    LF.
    """
    joined = " ".join([token.text for token in significant(sql, rules)])
    return joined.replace("\r\n", "\n").replace("\r", "\n")
