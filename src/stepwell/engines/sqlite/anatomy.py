"""Describes the tables of a SQLite file that are to get rows, by its pragmas and the text of their CREATE TABLE."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stepwell.core.rows.description import Column, Constraint, Family, ForeignKey, Table, Type
from stepwell.core.rows.hints import columns_in
from stepwell.core.sql.lexer import significant
from stepwell.core.sql.reader import identifier
from stepwell.core.sql.tokens import Kind
from stepwell.engines.sqlite.lexical import SQLITE
from stepwell.engines.sqlite.tables import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stepwell.core.sql.tokens import Token
    from stepwell.engines.sqlite.channel import Channel

_TABLES = (
    "SELECT name, sql FROM sqlite_master"
    " WHERE type = 'table' AND substr(lower(name), 1, 7) <> 'sqlite_' ORDER BY name"
)
_TRIGGERS = "SELECT lower(tbl_name), name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
_HIDDEN, _VIRTUAL, _STORED = 1, 2, 3

# What a declared type says, in this order; SQLite itself only knows INTEGER, REAL, TEXT, BLOB and NUMERIC.
DECLARED: tuple[tuple[str, Family], ...] = (
    (r"BOOL", Family.BOOLEAN),
    (r"INT", Family.INTEGER),
    (r"TIMESTAMP|DATETIME", Family.TIMESTAMP),
    (r"DATE", Family.DATE),
    (r"TIME", Family.TIME),
    (r"JSON", Family.JSON),
    (r"UUID|GUID", Family.UUID),
    (r"CHAR|CLOB|TEXT|STRING", Family.TEXT),
    (r"BLOB|BINARY|BYTEA", Family.BYTES),
    (r"REAL|FLOA|DOUB", Family.FLOAT),
    (r"DEC|NUM|MONEY", Family.DECIMAL),
)
_LIMITS = re.compile(r"\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")
_BITS = 63
_INSERT = re.compile(r"\b(?:BEFORE|AFTER)?\s*INSERT\s+ON\b", re.IGNORECASE)


async def describe(channel: Channel, own: frozenset[str]) -> list[Table]:
    """Every table but those of the tool (in lower case), of the engine, and the inner ones of virtual tables."""
    _, found = await channel.rows(_TABLES)
    virtual = {
        name: str(sql) for name, sql in found if re.match(r"\s*CREATE\s+VIRTUAL", sql or "", re.IGNORECASE)
    }
    _, triggers = await channel.rows(_TRIGGERS)
    tables = []
    for name, sql in found:
        inner = any(name.startswith(f"{each}_") for each in virtual)
        if name.lower() not in own and not inner:
            fired = tuple(
                each for table, each, text in triggers if table == name.lower() and _INSERT.search(text)
            )
            tables.append(await _table(channel, name, sql, fired, virtual=name in virtual))
    real = {table.name.lower(): table for table in tables}
    return [_pointed(table, real) for table in tables]


async def _table(channel: Channel, name: str, sql: str, triggers: tuple[str, ...], *, virtual: bool) -> Table:
    quoted = quote(name)
    rows = (await channel.rows(f"PRAGMA table_xinfo({quoted})"))[1]
    rows = [row for row in rows if row[6] != _HIDDEN]
    key = tuple(row[1] for row in sorted(rows, key=lambda row: int(row[5])) if row[5])
    columns = tuple(_column(row, key, _is_rowid(sql)) for row in rows)
    names = [column.name for column in columns]
    checks = [
        Constraint(each or text, columns_in(text, names, SQLITE) or tuple(names), (text,))
        for each, text in checks_of(sql)
    ]
    return Table(
        name,
        columns,
        primary=key,
        constraints=(*checks, *[each async for each in _unique(channel, quoted, names)]),
        references=tuple(await _references(channel, name, quoted)),
        triggers=triggers,
        trouble="it is a virtual table: its module decides what can be in it" if virtual else None,
    )


def _is_rowid(sql: str) -> bool:
    return re.search(r"\)[^)]*\bWITHOUT\s+ROWID\b[^)]*$", sql, re.IGNORECASE) is None


def _column(row: Sequence[Any], key: tuple[str, ...], has_rowid: bool) -> Column:
    _, name, declared, required, default, place, hidden = row
    generated = hidden in (_VIRTUAL, _STORED)
    numbered = has_rowid and key == (name,) and str(declared).upper() == "INTEGER"
    keyed = bool(place) and not has_rowid
    return Column(
        name,
        kind_of(str(declared)),
        nullable=not (required or keyed or numbered or place),
        default=(default is not None and not generated) or numbered,
        fresh=numbered,
        generated=generated,
    )


def kind_of(declared: str) -> Type:
    """What values a column should have that was declared so. SQLite would take others."""
    upper = declared.upper()
    family = next((family for pattern, family in DECLARED if re.search(pattern, upper)), Family.ANY)
    limits = _LIMITS.search(upper)
    first, second = (int(limits[1]), int(limits[2] or 0)) if limits else (None, None)
    if family is Family.BOOLEAN:
        return Type(Family.INTEGER, declared, low=0, high=1)
    if family is Family.INTEGER:
        return Type(family, declared, low=-(2**_BITS), high=2**_BITS - 1)
    if family is Family.TEXT:
        return Type(family, declared, length=first or None)
    if family is Family.DECIMAL:
        return Type(family, declared, digits=first, scale=second)
    return Type(family, declared or "any")


async def _unique(channel: Channel, quoted: str, names: list[str]) -> Any:
    """Unique indexes, those of constraints too; over expressions and partial ones by the text that made them."""
    for _, index, unique, _, _ in (await channel.rows(f"PRAGMA index_list({quoted})"))[1]:
        if unique:
            found = [row[2] for row in (await channel.rows(f"PRAGMA index_info({quote(index)})"))[1]]
            _, texts = await channel.rows(
                "SELECT sql FROM sqlite_master WHERE name = ? AND sql IS NOT NULL", (index,)
            )
            condition = tuple(
                text[text.upper().rindex(" WHERE ") :] for (text,) in texts if " WHERE " in text.upper()
            )
            about = tuple(each for each in found if each is not None)
            if None in found or condition:
                about = columns_in(texts[0][0].partition("(")[2], names, SQLITE) if texts else tuple(names)
            yield Constraint(index, about, condition, unique=True)


async def _references(channel: Channel, name: str, quoted: str) -> list[ForeignKey]:
    keys: dict[int, list[tuple[Any, ...]]] = {}
    for row in (await channel.rows(f"PRAGMA foreign_key_list({quoted})"))[1]:
        keys.setdefault(row[0], []).append(row)
    return [
        ForeignKey(
            f"foreign key {number} of {name}",
            tuple(row[3] for row in sorted(rows, key=lambda row: int(row[1]))),
            rows[0][2],
            tuple(row[4] or "" for row in sorted(rows, key=lambda row: int(row[1]))),
            deferrable=True,
        )
        for number, rows in sorted(keys.items())
    ]


def _pointed(table: Table, real: dict[str, Table]) -> Table:
    """With the names of tables as they are written, and the primary key where a foreign key names no columns."""
    from dataclasses import replace

    references = []
    for key in table.references:
        target = real.get(key.table.lower())
        if target is not None:
            targets = target.primary if "" in key.targets else key.targets
            if len(targets) == len(key.columns):
                references.append(replace(key, table=target.name, targets=targets))
    return replace(table, references=tuple(references))


def checks_of(sql: str) -> Iterator[tuple[str | None, str]]:
    """The checks in the text of a CREATE TABLE: the name of each, if it has one, and its expression."""
    tokens = list(significant(sql, SQLITE))
    name: str | None = None
    index = 0
    while index < len(tokens):
        word = tokens[index].text.upper() if tokens[index].kind is Kind.WORD else ""
        if word == "CONSTRAINT" and index + 1 < len(tokens):
            name = identifier(tokens[index + 1], SQLITE.commands)
            index += 1
        elif word == "CHECK" and index + 1 < len(tokens) and tokens[index + 1].text == "(":
            end = _closing(tokens, index + 1)
            start = tokens[index + 1].start + 1
            yield name, sql[start : tokens[end].start].strip()
            name, index = None, end
        elif word in ("UNIQUE", "PRIMARY", "FOREIGN", "REFERENCES", "NOT", "DEFAULT", "COLLATE"):
            name = None
        index += 1


def _closing(tokens: Sequence[Token], index: int) -> int:
    depth = 0
    for place in range(index, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[place].text, 0)
        if depth == 0:
            return place
    return len(tokens) - 1
