"""Describes the tables of a MySQL or MariaDB database that are to get rows, by its information_schema."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from stepwell.core.rows.description import Column, Constraint, Family, ForeignKey, Table, Type
from stepwell.core.rows.hints import columns_in
from stepwell.engines.mysql.lexical import MYSQL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stepwell.engines.mysql.channel import Channel, Row

_TABLES = """SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()
  AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY table_name"""
_COLUMNS = """SELECT table_name, column_name, data_type, column_type, is_nullable, column_default, extra,
  generation_expression, character_maximum_length, numeric_precision, numeric_scale
FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position"""
_UNIQUE = """SELECT table_name, index_name, column_name FROM information_schema.statistics
WHERE table_schema = DATABASE() AND non_unique = 0 ORDER BY table_name, index_name, seq_in_index"""
_REFERENCES = """SELECT table_name, constraint_name, column_name, referenced_table_name, referenced_column_name
FROM information_schema.key_column_usage WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL
  AND referenced_table_schema = DATABASE() ORDER BY table_name, constraint_name, ordinal_position"""
_TRIGGERS = """SELECT event_object_table, trigger_name FROM information_schema.triggers
WHERE trigger_schema = DATABASE() AND event_manipulation = 'INSERT' ORDER BY 1, 2"""
_CHECKS_OF_MARIADB = """SELECT table_name, constraint_name, check_clause FROM information_schema.check_constraints
WHERE constraint_schema = DATABASE() ORDER BY 1, 2"""
_CHECKS_OF_MYSQL = """SELECT t.table_name, c.constraint_name, c.check_clause
FROM information_schema.check_constraints c JOIN information_schema.table_constraints t
  ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name
WHERE c.constraint_schema = DATABASE() AND t.constraint_type = 'CHECK' ORDER BY 1, 2"""

KNOWN = {
    "tinyint": Family.INTEGER,
    "smallint": Family.INTEGER,
    "mediumint": Family.INTEGER,
    "int": Family.INTEGER,
    "bigint": Family.INTEGER,
    "year": Family.INTEGER,
    "bit": Family.INTEGER,
    "decimal": Family.DECIMAL,
    "float": Family.FLOAT,
    "double": Family.FLOAT,
    "char": Family.TEXT,
    "varchar": Family.TEXT,
    "tinytext": Family.TEXT,
    "text": Family.TEXT,
    "mediumtext": Family.TEXT,
    "longtext": Family.TEXT,
    "binary": Family.BYTES,
    "varbinary": Family.BYTES,
    "tinyblob": Family.BYTES,
    "blob": Family.BYTES,
    "mediumblob": Family.BYTES,
    "longblob": Family.BYTES,
    "date": Family.DATE,
    "datetime": Family.TIMESTAMP,
    "timestamp": Family.TIMESTAMP,
    "time": Family.TIME,
    "json": Family.JSON,
    "uuid": Family.UUID,
    "enum": Family.ENUM,
    "set": Family.ENUM,
}
# What is written with a function around its text.
SHAPES = {
    "geometry": ("POINT(1 2)", "POINT(3 4)"),
    "point": ("POINT(1 2)", "POINT(3 4)"),
    "linestring": ("LINESTRING(0 0,1 1)", "LINESTRING(1 2,3 4)"),
    "polygon": ("POLYGON((0 0,1 0,1 1,0 0))", "POLYGON((5 5,6 5,6 6,5 5))"),
    "multipoint": ("MULTIPOINT(1 2,3 4)", "MULTIPOINT(5 6,7 8)"),
    "multilinestring": ("MULTILINESTRING((0 0,1 1))", "MULTILINESTRING((1 2,3 4))"),
    "multipolygon": ("MULTIPOLYGON(((0 0,1 0,1 1,0 0)))", "MULTIPOLYGON(((5 5,6 5,6 6,5 5)))"),
    "geometrycollection": ("GEOMETRYCOLLECTION(POINT(1 2))", "GEOMETRYCOLLECTION(POINT(3 4))"),
    "geomcollection": ("GEOMETRYCOLLECTION(POINT(1 2))", "GEOMETRYCOLLECTION(POINT(3 4))"),
}
OTHERS = {"inet4": ("192.0.2.1", "192.0.2.2"), "inet6": ("2001:db8::1", "2001:db8::2")}
_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_YEARS = (1901, 2155)
_TINY = 60  # characters of four bytes in the 255 that a tinytext has
_JSON = re.compile(r"json_valid\(`([^`]+)`\)", re.IGNORECASE)  # what is left of a column of JSON in MariaDB
_LABEL = re.compile(r"'((?:[^']|'')*)'")


async def describe(channel: Channel, own: frozenset[str], *, is_mariadb: bool) -> list[Table]:
    """Every base table but those of the tool, whose names are given."""
    checks = _CHECKS_OF_MARIADB if is_mariadb else _CHECKS_OF_MYSQL
    columns = _by_table(await channel.rows(_COLUMNS))
    unique = _by_table(await channel.rows(_UNIQUE))
    references = _by_table(await channel.rows(_REFERENCES))
    triggers = _by_table(await channel.rows(_TRIGGERS))
    checked = _by_table(await channel.rows(checks))
    names = [str(row[0]) for row in await channel.rows(_TABLES)]
    return [
        _table(name, columns[name], unique[name], references[name], triggers[name], checked[name])
        for name in names
        if name.lower() not in own
    ]


def _by_table(rows: Sequence[Row]) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row[1:])
    return found


def _table(  # noqa: PLR0917 - what the catalog says, answer by answer
    name: str,
    columns: Sequence[Row],
    unique: Sequence[Row],
    references: Sequence[Row],
    triggers: Sequence[Row],
    checks: Sequence[Row],
) -> Table:
    names = [str(row[0]) for row in columns]
    keys: dict[str, list[str | None]] = defaultdict(list)
    for index, column in unique:
        keys[index].append(column)
    foreign: dict[str, list[Row]] = defaultdict(list)
    for key, *rest in references:
        foreign[key].append(tuple(rest))
    documents = {match[1] for _, text in checks if (match := _JSON.fullmatch(text.strip()))}
    return Table(
        name,
        tuple(_column(row, is_json=row[0] in documents) for row in columns),
        primary=tuple(each for each in keys.pop("PRIMARY", []) if each is not None),
        constraints=(
            *(Constraint(each, columns_in(text, names, MYSQL), (_plain(text),)) for each, text in checks),
            Constraint("PRIMARY", tuple(row[1] for row in unique if row[0] == "PRIMARY"), unique=True),
            *(
                Constraint(key, tuple(each for each in about if each) or tuple(names), unique=True)
                for key, about in keys.items()
            ),
        ),
        references=tuple(
            ForeignKey(key, tuple(row[0] for row in rows), rows[0][1], tuple(row[2] for row in rows))
            for key, rows in foreign.items()
        ),
        triggers=tuple(row[0] for row in triggers),
    )


def _plain(clause: str) -> str:
    r"""The clause without the marks of character sets; MySQL shows strings in it as `_utf8mb4\'text\'`."""
    return re.sub(r"_[a-z0-9]+(?=\\?')", "", clause).replace("\\'", "'")


def _column(row: Row, *, is_json: bool) -> Column:
    name, kind, full, nullable, default, extra, generation, length, digits, scale = row
    generated = bool(generation)
    numbered = "auto_increment" in (extra or "").lower()
    given = default is not None and str(default).upper() != "NULL"
    return Column(
        str(name),
        kind_of("json" if is_json else kind.lower(), full, length, digits, scale),
        nullable=nullable == "YES",
        default=not generated and (given or numbered),
        fresh=numbered,
        generated=generated,
    )


def kind_of(kind: str, full: str, length: Any, digits: Any, scale: Any) -> Type:
    """A type, as the catalog has it in several columns."""
    if kind in SHAPES or kind in OTHERS:
        return Type(Family.UNKNOWN, kind, labels=SHAPES.get(kind) or OTHERS[kind])
    family = KNOWN.get(kind, Family.UNKNOWN)
    if family is Family.INTEGER:
        low, high = _bounds(kind, full.lower(), digits)
        return Type(family, kind, low=low, high=high)
    if family is Family.DECIMAL:
        return Type(family, kind, digits=int(digits), scale=int(scale or 0))
    if family is Family.ENUM:
        labels = tuple(text.replace("''", "'") for text in _LABEL.findall(full))
        pair = (",".join(labels[:2]),) if kind == "set" and len(labels) > 1 else ()
        return Type(family, kind, labels=labels + pair)
    if family in (Family.TEXT, Family.BYTES) and kind in ("char", "varchar", "binary", "varbinary"):
        return Type(family, kind, length=int(length))
    return Type(family, kind, length=_TINY if kind == "tinytext" else None)


def _bounds(kind: str, full: str, digits: Any) -> tuple[int, int]:
    if kind == "year":
        return _YEARS
    if full.startswith("tinyint(1)") or kind == "bit":
        return 0, 2 ** int(digits if kind == "bit" else 1) - 1
    bits = _BITS[kind]
    return (0, 2**bits - 1) if "unsigned" in full else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
