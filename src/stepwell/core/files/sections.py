"""The section markers of an SQL file, in dbmate's syntax: where each section begins and which options it has.

A marker counts only outside strings, dollar quotes and block comments. Not the header: `sqlfile` reads that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.migration import Direction, SqlBody, SqlSection
from stepwell.core.sql.errors import SqlSyntaxError
from stepwell.core.sql.lexer import lex, significant
from stepwell.core.sql.split import split
from stepwell.core.sql.tokens import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.sql.rules import LexRules
    from stepwell.core.sql.statement import Statement

# A marker, or what was meant as one: `-- migrate:up`, ` --migrate: Up`, `-- migrate:upp`, `-- migrate down`.
_MARKER_LIKE = re.compile(
    r"^(?P<indent>[ \t]*)--[ \t]*(?P<word>migrate(?:[ \t]*:[ \t]*\S*|[ \t]+(?:up|down)(?=[ \t]*$)))"
    r"(?P<options>.*)$",
    re.MULTILINE | re.IGNORECASE,
)
_MARKERS = {f"migrate:{direction}": direction for direction in Direction}
_FOREIGN = re.compile(r"^--[ \t]*\+(?:goose|migrate)[ \t]+up\b.*$", re.MULTILINE | re.IGNORECASE)
_COMMENTS = re.compile(r"(?:[ \t\f]*(?:--[^\n]*)?(?:\n|\Z))*")
_TRANSACTION = {"true": True, "false": False}
_WRITE_OPTION = "the only option is `transaction:false` (or `transaction:true`)"
_WRITE_MARKERS = "write `-- migrate:up` or `-- migrate:down`, at the start of the line"


@dataclass(frozen=True, slots=True)
class Sections:
    """An SQL file taken apart: what stands before the first marker, and the sections."""

    header: str
    body: SqlBody


def find_sections(text: str, path: str, rules: LexRules) -> Sections:
    """Take the text of an SQL file (line ends as LF) apart. Raises `MigrationFileError` with the line."""
    file = _File(text, path, rules)
    markers = list(_MARKER_LIKE.finditer(text))
    try:
        return file.take_apart(markers)
    except MigrationFileError:
        # A marker inside something cut that thing in two, or was one too many. Only now the lexer is asked:
        # had nothing been left open before any marker, each would have stood outside everything.
        outside = file.outside(markers)
        if len(outside) == len(markers):
            raise
        return file.take_apart(outside)


@dataclass(frozen=True, slots=True)
class _File:
    """The text that is taken apart, where it comes from, and how its dialect reads."""

    text: str
    path: str
    rules: LexRules

    def outside(self, markers: Sequence[re.Match[str]]) -> Sequence[re.Match[str]]:
        """The markers that stand outside everything: those that are comments of their own."""
        if not markers:
            return markers
        starts = {token.start for token in lex(self.text, self.rules) if token.kind is Kind.COMMENT}
        return [marker for marker in markers if marker.end("indent") in starts]

    def take_apart(self, markers: Sequence[re.Match[str]]) -> Sections:
        """Take these markers for the markers of the file."""
        if not markers:
            self.refuse_without_up()
        header = self.text[: markers[0].start()]
        self.check_only_comments(header)
        self.check_order(markers)
        up = self.section(markers[0], markers[1].start() if len(markers) > 1 else len(self.text))
        if not up.statements:
            self.refuse(
                markers[0].start(), "the up section holds no statement", "write what the migration does"
            )
        down = self.section(markers[1], len(self.text)) if len(markers) > 1 else None
        reverts = down is not None and down.statements
        return Sections(header, SqlBody(up, down if reverts else None))

    def check_only_comments(self, header: str) -> None:
        if _COMMENTS.fullmatch(header):
            return  # as nearly always; the lexer also knows the comments of the dialect
        for token in significant(header, self.rules):
            hint = "move it into a section, below its marker"
            self.refuse(token.start, "a statement stands before `-- migrate:up`", hint)

    def check_order(self, markers: Sequence[re.Match[str]]) -> None:
        """One up section, then at most one down section."""
        directions = [self.direction(marker) for marker in markers]
        if Direction.UP not in directions:
            self.refuse_without_up()
        for number, direction in enumerate(directions):
            if direction in directions[:number]:
                message = f"a second `-- migrate:{direction}`"
                self.refuse(markers[number].start(), message, "put both into one section")
        if directions[0] is Direction.DOWN:
            message = "`-- migrate:down` stands before `-- migrate:up`"
            self.refuse(markers[0].start(), message, "put the up section first")

    def direction(self, marker: re.Match[str]) -> Direction:
        direction = _MARKERS.get(marker["word"])
        if direction is None or marker["indent"]:
            self.refuse(marker.start(), f"`{marker[0].strip()}` is not a marker", _WRITE_MARKERS)
        return direction

    def section(self, marker: re.Match[str], end: int) -> SqlSection:
        start = min(marker.end() + 1, end)
        transactional = True
        for option in marker["options"].split():
            key, _, value = option.partition(":")
            if key != "transaction" or value not in _TRANSACTION:
                self.refuse(marker.start(), f"the marker has an unknown option `{option}`", _WRITE_OPTION)
            transactional = _TRANSACTION[value]
        text, first_line = self.text[start:end], self.line(marker.start()) + 1
        return SqlSection(text, first_line, transactional, self.statements(text, first_line))

    def statements(self, text: str, first_line: int) -> tuple[Statement, ...]:
        try:
            return tuple(split(text, self.rules, first_line))
        except SqlSyntaxError as error:
            raise MigrationFileError(
                error.message, place=Place(self.path, error.line), hint=error.hint
            ) from None

    def refuse_without_up(self) -> NoReturn:
        message = "no `-- migrate:up` marker"
        if foreign := _FOREIGN.search(self.text):
            self.refuse(foreign.start(), message, f"write `-- migrate:up` instead of `{foreign[0].strip()}`")
        hint = "put the line `-- migrate:up` before the first statement"
        raise MigrationFileError(message, place=Place(self.path), hint=hint)

    def refuse(self, offset: int, message: str, hint: str) -> NoReturn:
        raise MigrationFileError(message, place=Place(self.path, self.line(offset)), hint=hint)

    def line(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1
