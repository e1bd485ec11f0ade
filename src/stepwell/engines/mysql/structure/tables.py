"""Facts about tables, and about what they consist of: columns, indexes, constraints, partitions. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.schema.diff import POSITION
from stepwell.core.schema.snapshot import Fact
from stepwell.core.sql.tokens import Kind
from stepwell.engines.mysql.structure import created
from stepwell.engines.mysql.structure.created import clauses, meaningful, parenthesized, text_of
from stepwell.engines.mysql.structure.pieces import (
    name_of,
    named,
    of_table,
    text_of_literal,
    told,
    unknown,
    without_secrets,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stepwell.core.schema.snapshot import Key
    from stepwell.core.sql.rules import LexRules
    from stepwell.engines.mysql.structure.created import Tokens

_OF_COLUMN = frozenset(
    {
        "AUTO_INCREMENT", "CHARACTER", "CHECK", "COLLATE", "COLUMN_FORMAT", "COMMENT", "DEFAULT", "ENGINE_ATTRIBUTE",
        "GENERATED", "INVISIBLE", "NOT", "NULL", "ON", "REF_SYSTEM_ID", "SECONDARY_ENGINE_ATTRIBUTE", "SRID",
        "STORAGE", "WITHOUT",
    }
)  # fmt: skip
# What an attribute of its own tells, or the catalog in better words: of a collation, whether it was written or not.
_TOLD_OF_COLUMN = _OF_COLUMN - {
    "COLUMN_FORMAT",
    "ENGINE_ATTRIBUTE",
    "SECONDARY_ENGINE_ATTRIBUTE",
    "SRID",
    "STORAGE",
}
_OF_INDEX = frozenset({"COMMENT", "IGNORED", "INVISIBLE"})
# Never structure (the counter), or an attribute of its own.
_TOLD_OF_TABLE = frozenset(
    {"AUTO_INCREMENT", "CHARSET", "COLLATE", "COMMENT", "DEFAULT CHARSET", "ENGINE", "WITH SYSTEM VERSIONING"}
)
# Of columns of these types MySQL does not write that their default is NULL.
_SILENT = re.compile(r"\w*(?:text|blob)|json|geom|(?:multi)?(?:point|linestring|polygon)")
_GENERATED = re.compile(r"ALWAYS AS (.*?)(?: (VIRTUAL|STORED|PERSISTENT))?", re.DOTALL | re.IGNORECASE)
# When the first part of a history begins: by default the day on which the table was made.
_BEGIN_OF_HISTORY = re.compile(r" STARTS TIMESTAMP'[^']*'")
_TYPES_OF_INDEX = {"FULLTEXT": "fulltext", "SPATIAL": "spatial", "VECTOR": "vector"}
_TYPES_OF_CONSTRAINT = {"FOREIGN KEY": "foreign key", "CHECK": "check"}


class Words(NamedTuple):
    """What the catalog says of a column in better words than SHOW CREATE: its collation, and its comment."""

    collation: str | None
    comment: str


class Given(NamedTuple):
    """A table: its name, what SHOW CREATE prints, and what the catalog says of it and its columns."""

    name: str
    text: str
    about: Words
    columns: Mapping[str, Words]


def facts_of(given: Given, rules: LexRules, database: str) -> Iterator[Fact]:
    """The facts of one table."""
    if given.text.startswith("CREATE TEMPORARY"):  # of this session, which sees the other one no more
        yield Fact("table", named(given.name), None, {"invalid": "hidden by a temporary table"})
        return
    made = created.table(given.text, rules, database)
    seen: set[Key] = set()
    periods: dict[str, str] = {}
    position = 0
    for item in made.items:
        first = next(token for token in item if token.kind is not Kind.SPACE)
        if first.kind is Kind.QUOTED:
            position += 1
            told_of = given.columns.get(name_of(first), Words(None, ""))
            yield _column(given.name, item, position, told_of)
        elif first.text.upper() == "PERIOD":
            period = meaningful(item)[2:]
            periods[name_of(period[0])] = "".join(token.text for token in period[1:])
        else:
            fact = _hanger(given.name, item)
            if fact.key in seen:  # a check may have the name of a foreign key
                fact = replace(fact, identity=f"{fact.identity} ({fact.attributes.get('type')})")
            seen.add(fact.key)
            yield fact
    for partition in made.partitions:
        yield _partition(given.name, partition)
    yield Fact("table", named(given.name), None, _about(given, made, periods))


def _about(given: Given, made: created.Made, periods: Mapping[str, str]) -> dict[str, Any]:
    options = {
        name: without_secrets(name, value)
        for name, value in made.options.items()
        if name not in _TOLD_OF_TABLE
    }
    return told(
        engine=made.options.get("ENGINE"),
        collation=given.about.collation,
        comment=without_secrets("comment", given.about.comment),
        options=options,
        partition_by=_BEGIN_OF_HISTORY.sub("", made.partition_by).removeprefix("PARTITION BY "),
        periods=dict(periods),
        system_versioned="WITH SYSTEM VERSIONING" in made.options,
    )


def _column(table: str, item: Tokens, position: int, words: Words) -> Fact:
    at = next(index for index, token in enumerate(item) if token.kind is Kind.QUOTED)
    before, has = clauses(item[at + 1 :], _OF_COLUMN)
    generated, stored = _generated(has)
    nullable = has.get("NOT") != "NULL"
    default = has.get("DEFAULT")
    lacks = default is None and nullable and generated is None
    attributes = told(
        type=before,
        collation=words.collation,
        comment=words.comment,
        not_null=not nullable,
        default=None if default == "NULL" and nullable else default,
        no_default=lacks and not _SILENT.match(before),
        on_update=_behind(has, "ON", "UPDATE "),
        auto_increment=_flag(has, "AUTO_INCREMENT"),
        generated=generated,
        stored=stored,
        invisible=_flag(has, "INVISIBLE"),
        check=has.get("CHECK"),
        without_system_versioning="WITHOUT" in has,
        options={name: value for name, value in has.items() if name not in _TOLD_OF_COLUMN},
    )
    attributes[POSITION] = position
    return Fact("column", named(table, name_of(item[at])), of_table(table), attributes)


def _generated(has: Mapping[str, str]) -> tuple[str | None, bool]:
    text = has.get("GENERATED")
    if text is None:
        return None, False
    match = _GENERATED.fullmatch(text)
    if match is None:
        return text, False
    return match[1], (match[2] or "").upper() in {"STORED", "PERSISTENT"}


def _flag(has: Mapping[str, str], word: str) -> bool | str:
    """Whether it is said; if more is, that."""
    return has[word] or True if word in has else False


def _behind(has: Mapping[str, str], word: str, prefix: str) -> str | None:
    text = has.get(word)
    return None if text is None else text.removeprefix(prefix)


def _hanger(table: str, item: Tokens) -> Fact:
    """An index or a constraint."""
    tokens = meaningful(item)
    words = [token.text.upper() for token in tokens if token.kind is Kind.WORD]
    if words[0] == "CONSTRAINT":
        at = item.index(tokens[1])
        return _constraint(table, name_of(tokens[1]), text_of(item[at + 1 :]))
    if words[:2] == ["PRIMARY", "KEY"]:
        return _index(table, "PRIMARY", item, "PRIMARY KEY ")
    key = next((index for index, token in enumerate(tokens) if token.text.upper() == "KEY"), None)
    if key is None or tokens[key + 1].kind is not Kind.QUOTED:
        return unknown(f"in the table {named(table)}: {text_of(item)}")
    return _index(table, name_of(tokens[key + 1]), item[item.index(tokens[key + 1]) + 1 :], words[0])


def _constraint(table: str, name: str, definition: str) -> Fact:
    kind = next((word for start, word in _TYPES_OF_CONSTRAINT.items() if definition.startswith(start)), None)
    enforced = definition.removesuffix(" NOT ENFORCED")
    attributes = told(type=kind, definition=enforced, not_enforced=enforced != definition)
    return Fact("constraint", named(table, name), of_table(table), attributes)


def _index(table: str, name: str, item: Tokens, word: str) -> Fact:
    key, rest = parenthesized(item)
    more, has = clauses(rest, _OF_INDEX)
    comment = text_of_literal(has.get("COMMENT", "''"))
    is_primary = word == "PRIMARY KEY "
    attributes = told(
        type="primary key" if is_primary else _TYPES_OF_INDEX.get(word),
        definition=f"{text_of(key)} {more}".strip(),
        unique=word == "UNIQUE",
        comment=comment,
        ignored=_flag(has, "IGNORED"),
        invisible=_flag(has, "INVISIBLE"),
    )
    return Fact("constraint" if is_primary else "index", named(table, name), of_table(table), attributes)


def _partition(table: str, item: Tokens) -> Fact:
    """A partition, without its engine, which is that of the table."""
    tokens = meaningful(item)
    before, has = clauses(item[item.index(tokens[1]) + 1 :], {"ENGINE"})
    rest = re.sub(r"^= \w+ ?", "", has.get("ENGINE", ""))
    attributes = told(definition=without_secrets("definition", f"{before} {rest}".strip()))
    return Fact("partition", named(table, name_of(tokens[1])), of_table(table), attributes)
