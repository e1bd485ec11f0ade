"""The section markers of an SQL file, in dbmate's syntax: where each section begins and which options it has.

A marker counts only outside strings, dollar quotes and block comments. Not the header: `sqlfile` reads that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.migration import Direction, SqlBody, SqlSection
from stepwell.core.sql.errors import SqlSyntaxError
from stepwell.core.sql.lexer import lex
from stepwell.core.sql.rules import LexRules
from stepwell.core.sql.split import Statement, split
from stepwell.core.sql.tokens import Kind

# A marker, or what was meant as one: `-- migrate:up`, ` --migrate: Up`, `-- migrate:upp`, `-- migrate down`.
_MARKER_LIKE = re.compile(
    r"^(?P<indent>[ \t]*)--[ \t]*(?P<word>migrate(?:[ \t]*:[ \t]*\S*|[ \t]+(?:up|down)(?=[ \t]*$)))"
    r"(?P<options>.*)$",
    re.MULTILINE | re.IGNORECASE,
)
_MARKERS = {f"migrate:{direction}": direction for direction in Direction}
_FOREIGN = re.compile(r"^--[ \t]*\+(?:goose|migrate)[ \t]+up\b.*$", re.MULTILINE | re.IGNORECASE)
_TRANSACTION = {"true": True, "false": False}
_WRITE_MARKERS = "write `-- migrate:up` or `-- migrate:down`, at the start of the line"


@dataclass(frozen=True, slots=True)
class Sections:
    """An SQL file taken apart: what stands before the first marker, the sections, the statements of `up`."""

    header: str
    body: SqlBody
    statements: tuple[Statement, ...]


def find_sections(text: str, path: str, rules: LexRules) -> Sections:
    """Take the text of an SQL file (line ends as `\\n`) apart. Raises `MigrationFileError` with the line."""
    markers = list(_MARKER_LIKE.finditer(text))
    try:
        return _take_apart(text, path, rules, markers)
    except MigrationFileError:
        # A marker inside something cut that thing in two, or was one too many. Only now the lexer is asked:
        # had nothing been left open before any marker, each would have stood outside everything.
        outside = _outside(text, rules, markers)
        if len(outside) == len(markers):
            raise
        return _take_apart(text, path, rules, outside)


def _outside(text: str, rules: LexRules, markers: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    if not markers:
        return []
    starts = {token.start for token in lex(text, rules) if token.kind is Kind.COMMENT}
    return [marker for marker in markers if marker.end("indent") in starts]


def _take_apart(text: str, path: str, rules: LexRules, markers: Sequence[re.Match[str]]) -> Sections:
    directions = [_direction(text, path, marker) for marker in markers]
    if Direction.UP not in directions:
        _refuse_without_up(text, path)
    for number, direction in enumerate(directions):
        if direction in directions[:number]:
            _refuse(
                text, path, markers[number], f"a second `-- migrate:{direction}`", "put both into one section"
            )
    if directions[0] is Direction.DOWN:
        _refuse(
            text,
            path,
            markers[0],
            "`-- migrate:down` stands before `-- migrate:up`",
            "put the up section first",
        )
    ends = [*(marker.start() for marker in markers[1:]), len(text)]
    found = {
        direction: _section(text, path, marker, end)
        for direction, marker, end in zip(directions, markers, ends, strict=True)
    }
    up, down = found[Direction.UP], found.get(Direction.DOWN)
    statements = _statements(up, path, rules)
    if not statements:
        _refuse(text, path, markers[0], "the up section holds no statement", "write what the migration does")
    reverts = down is not None and _statements(down, path, rules)
    return Sections(text[: markers[0].start()], SqlBody(up, down if reverts else None), tuple(statements))


def _direction(text: str, path: str, marker: re.Match[str]) -> Direction:
    direction = _MARKERS.get(marker["word"])
    if direction is None or marker["indent"]:
        _refuse(text, path, marker, f"`{marker[0].strip()}` is not a marker", _WRITE_MARKERS)
    return direction


def _section(text: str, path: str, marker: re.Match[str], end: int) -> SqlSection:
    start = min(marker.end() + 1, end)
    transactional = True
    for option in marker["options"].split():
        key, _, value = option.partition(":")
        if key != "transaction" or value not in _TRANSACTION:
            hint = "the only option is `transaction:false` (or `transaction:true`)"
            _refuse(text, path, marker, f"the marker has an unknown option `{option}`", hint)
        transactional = _TRANSACTION[value]
    return SqlSection(text[start:end], _line(text, marker.start()) + 1, transactional)


def _statements(section: SqlSection, path: str, rules: LexRules) -> list[Statement]:
    try:
        return split(section.text, rules, section.first_line)
    except SqlSyntaxError as error:
        raise MigrationFileError(error.message, place=Place(path, error.line), hint=error.hint) from None


def _refuse_without_up(text: str, path: str) -> NoReturn:
    foreign = _FOREIGN.search(text)
    if foreign is not None:
        hint = f"write `-- migrate:up` instead of `{foreign[0].strip()}`"
        raise MigrationFileError(
            "no `-- migrate:up` marker", place=Place(path, _line(text, foreign.start())), hint=hint
        )
    hint = "put the line `-- migrate:up` before the first statement"
    raise MigrationFileError("no `-- migrate:up` marker", place=Place(path), hint=hint)


def _refuse(text: str, path: str, marker: re.Match[str], message: str, hint: str) -> NoReturn:
    raise MigrationFileError(message, place=Place(path, _line(text, marker.start())), hint=hint)


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
