"""The Python form of a migration that was written in SQL: the same statements, one call for each."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.files.declared import ATTRIBUTES, DEPENDENCIES
from stepwell.core.migration import Direction, SqlBody, Traits, version_texts
from stepwell.core.sql.lexer import lex
from stepwell.core.sql.tokens import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.core.migration import Migration
    from stepwell.core.sql.rules import LexRules
    from stepwell.core.sql.statement import Statement

_WIDTH = 88  # columns; what fits no line gets one of its own, as the usual formatters have it
_BODY = " " * 8
_COMMENT = re.compile(r"[ \t]*--[ \t]?(?P<text>.*)")


def python_form(migration: Migration, class_name: str, rules: LexRules) -> str:
    """Write an SQL migration in Python. Raises `MigrationFileError` for a COPY block."""
    body = migration.body
    assert isinstance(body, SqlBody)  # noqa: S101 - it was read from an SQL file
    lines = migration.source.content.decode().splitlines()
    parts = [
        "from stepwell import Migration, database\n\n",
        f"class {class_name}(Migration):",
        f'    """{_documented(migration.description)}"""\n',
        *_attributes(migration),
    ]
    for direction in Direction:
        if statements := migration.statements(direction):
            parts += ["", f"    async def {direction}(self) -> None:"]
            parts += _calls(statements, lines, migration.path, rules)
    return "\n".join(parts) + "\n"


def _attributes(migration: Migration) -> Iterator[str]:
    listed = ", ".join(f'"{text}"' for text in version_texts(migration.dependencies))
    yield f"    {DEPENDENCIES} = [{listed}]"
    if not all(migration.transactional(direction) for direction in Direction):
        yield "    transactional = False"
    for name in ATTRIBUTES:
        value = getattr(migration.traits, name, None)
        if name != "transactional" and value != getattr(Traits(), name, None):
            yield f"    {name} = {list(value) if isinstance(value, tuple) else value!r}"


def _calls(statements: tuple[Statement, ...], lines: list[str], path: str, rules: LexRules) -> Iterator[str]:
    for statement in statements:
        if statement.copy_data is not None:
            raise MigrationFileError(
                "a COPY block has no form in Python", place=Place(path, statement.line), hint="use --sql"
            )
        yield from _comments_above(lines, statement.line - 1)
        yield _call(statement.text, rules)


def _comments_above(lines: list[str], index: int) -> Iterator[str]:
    first = index
    while first and (found := _COMMENT.fullmatch(lines[first - 1])) and "migrate:" not in found["text"]:
        first -= 1
    for line in lines[first:index]:
        found = _COMMENT.fullmatch(line)
        yield f"{_BODY}# {found['text'] if found else line}".rstrip()


def _call(sql: str, rules: LexRules) -> str:
    if "\n" in sql:
        begin, end = ("", "") if _is_bound(sql, rules) else (f"{_BODY}    ", _BODY)
        lines = _escaped(sql).replace("\n", f"\n{begin}")
        return f'{_BODY}await database.execute("""\n{begin}{lines}\n{end}""")'
    literal = _literal(sql)
    call = f"{_BODY}await database.execute({literal})"
    if len(call) <= _WIDTH:
        return call
    return f"{_BODY}await database.execute(\n{_BODY}    {literal}\n{_BODY})"


def _is_bound(sql: str, rules: LexRules) -> bool:
    """Whether a line break stands in a literal, so that blanks behind it would be part of a value."""
    return any(token.kind in (Kind.STRING, Kind.QUOTED) and "\n" in token.text for token in lex(sql, rules))


def _literal(text: str) -> str:
    """A text of one line as Python source, in the quotes that formatters choose."""
    escaped = text.replace("\\", "\\\\")
    if escaped.count('"') > escaped.count("'"):
        return "'" + escaped.replace("'", "\\'") + "'"
    return '"' + escaped.replace('"', '\\"') + '"'


def _documented(text: str) -> str:
    """A text of one line as it stands in a docstring."""
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'{escaped[:-1]}\\"' if escaped.endswith('"') else escaped


def _escaped(text: str) -> str:
    """A text as it stands between three quotes."""
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    assert ast.literal_eval(f'"""\n{escaped}\n"""') == f"\n{text}\n"  # noqa: S101 - else it would be other SQL
    return escaped
