"""Facts about what the server keeps as statements, such as views and triggers; and about sequences. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from stepwell.core.schema.snapshot import Fact
from stepwell.core.sql.tokens import Kind
from stepwell.engines.mysql.structure.created import clauses, text_of, tokens_of, tokens_of_view
from stepwell.engines.mysql.structure.pieces import named, of_table, told, unless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from stepwell.core.sql.rules import LexRules

_CHECK_OPTION = re.compile(r" WITH (?:CASCADED|LOCAL) CHECK OPTION$")
_ALGORITHM = re.compile(r"CREATE ALGORITHM=(\w+) ")
# Time zones differ by quarters of an hour, and by no more than this.
_NARROWEST, _WIDEST = timedelta(minutes=15), timedelta(hours=26)
_AGGREGATE = re.compile(r"\bAGGREGATE FUNCTION\b", re.IGNORECASE)
_OF_SEQUENCE = {
    "START": ("start", "with "), "MINVALUE": ("minimum", ""), "MAXVALUE": ("maximum", ""),
    "INCREMENT": ("increment", "by "), "CACHE": ("cache", ""), "NOCACHE": ("no_cache", ""), "CYCLE": ("cycle", ""),
    "NOCYCLE": ("", ""), "ENGINE": ("engine", "="), "AS": ("type", ""),
}  # fmt: skip


def _body(text: str) -> str:
    """A statement as its author wrote it. What ends it may have come along, by some ways to send it."""
    return text.rstrip().removesuffix(";").rstrip()


def _common(row: Mapping[str, Any]) -> dict[str, Any]:
    """What all of these have.

    In which character set its author wrote it is left out: that is another one for each client, whoever runs it.
    """
    return {
        "definer": row["definer"],
        "security": unless(row.get("security_type"), "definer"),
        "sql_mode": row.get("sql_mode"),
        "collation": row.get("database_collation"),
    }


def view(row: Mapping[str, Any], text: str, rules: LexRules, database: str) -> Fact:
    """A view: what the catalog says of it, and what SHOW CREATE prints, of which the end may be told by the former."""
    tokens = tokens_of_view(text, rules, database)
    at = next(index for index, token in enumerate(tokens) if token.text.upper() == "VIEW")
    name = next(index for index, token in enumerate(tokens) if index > at and token.kind is Kind.QUOTED)
    algorithm = _ALGORITHM.match(text)
    check = unless(row["check_option"], "none")
    definition = text_of(tokens[name + 1 :])
    if check:
        definition = _CHECK_OPTION.sub("", definition)
    attributes = told(
        definition=definition.removeprefix("AS "),
        algorithm=unless(algorithm[1] if algorithm else "", "undefined"),
        check_option=check,
        **_common(row),
    )
    return Fact("view", named(row["table_name"]), None, attributes)


def triggers(rows: Iterable[Mapping[str, Any]]) -> Iterator[Fact]:
    """The triggers, which come in the order in which those of one event run."""
    before: dict[tuple[str, str, str], str] = {}
    for row in rows:
        table, name = row["event_object_table"], row["trigger_name"]
        runs = table, row["action_timing"], row["event_manipulation"]
        attributes = told(
            runs=f"{row['action_timing']} {row['event_manipulation']}".lower(),
            follows=before.get(runs),
            definition=_body(row["action_statement"]),
            **_common(row),
        )
        before[runs] = name
        yield Fact("trigger", named(table, name), of_table(table), attributes)


def routines(
    rows: Iterable[Mapping[str, Any]], parameters: Iterable[Mapping[str, Any]], created: Mapping[str, str]
) -> Iterator[Fact]:
    """Procedures, functions and packages; `created` is what SHOW CREATE prints of functions, by their names."""
    by_routine: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in parameters:
        by_routine[row["routine_type"], row["specific_name"]].append(row)
    for row in rows:
        usual = row["database_collation"]
        kind, name = row["routine_type"], row["routine_name"]
        taken = by_routine[kind, name]
        attributes = told(
            parameters=[_parameter(each, usual, kind) for each in taken if each["ordinal_position"]],
            returns=next((_type(each, usual) for each in taken if not each["ordinal_position"]), None),
            definition=_body(row["routine_definition"]),
            language=unless(row["external_language"], "sql"),
            deterministic=row["is_deterministic"] == "YES",
            data_access=unless(row["sql_data_access"], "contains sql"),
            comment=row["routine_comment"],
            aggregate=kind == "FUNCTION"
            and _AGGREGATE.search(created.get(name, "").partition("(")[0]) is not None,
            **_common(row),
        )
        yield Fact(kind.lower(), named(name), None, attributes)


def _parameter(row: Mapping[str, Any], usual: str, kind: str) -> str:
    mode = "" if kind == "FUNCTION" and row["parameter_mode"] == "IN" else f"{row['parameter_mode']} "
    default = row.get("parameter_default")
    otherwise = f" default {default}" if default is not None else ""
    return f"{mode}{named(row['parameter_name'])} {_type(row, usual)}{otherwise}"


def _type(row: Mapping[str, Any], usual: str) -> str:
    collation = row["collation_name"]
    return str(row["dtd_identifier"]) + (f" collate {collation}" if collation not in (None, usual) else "")


def events(rows: Iterable[Mapping[str, Any]]) -> Iterator[Fact]:
    """The events."""
    for row in rows:
        interval = f"{row['interval_value']} {row['interval_field']}" if row["interval_value"] else None
        begins_now = any(_is_same(row["starts"], row[made]) for made in ("created", "last_altered"))
        attributes = told(
            every=interval,
            at=_moment(row["execute_at"]),
            starts=None if begins_now else _moment(row["starts"]),
            ends=_moment(row["ends"]),
            time_zone=row["time_zone"],
            status=unless(row["status"], "enabled"),
            preserved=row["on_completion"] == "PRESERVE",
            definition=_body(row["event_definition"]),
            comment=row["event_comment"],
            **_common(row),
        )
        yield Fact("event", named(row["event_name"]), None, attributes)


def _moment(value: datetime | None) -> str | None:
    """A time that somebody wrote. One that is counted from the moment in which an event was made has seconds.

    Which people write too, where something lasts up to the end of an hour.
    """
    is_written = value is not None and (value.second == 0 or (value.minute, value.second) == (59, 59))
    return str(value) if is_written else None


def _is_same(one: datetime | None, other: datetime | None) -> bool:
    """Whether two times are the same in some pair of time zones: each is told in another one."""
    if one is None or other is None:
        return False
    between = abs(one - other)
    return between <= _WIDEST and not between % _NARROWEST


def libraries(rows: Iterable[Mapping[str, Any]]) -> Iterator[Fact]:
    """The libraries of MySQL."""
    for row in rows:
        attributes = told(
            definition=row["library_definition"],
            language=row["language"],
            comment=row["library_comment"],
            definer=row["creator"],
            sql_mode=row["sql_mode"],
        )
        yield Fact("library", named(row["library_name"]), None, attributes)


def sequence(name: str, text: str, rules: LexRules, database: str) -> Fact:
    """A sequence, by what SHOW CREATE prints of it; which value comes next is not in it."""
    tokens = tokens_of(text, rules, database)
    at = next(index for index, token in enumerate(tokens) if token.kind is Kind.QUOTED)
    before, by_word = clauses(tokens[at + 1 :], frozenset(_OF_SEQUENCE))
    has: dict[str, Any] = {}
    for word, value in by_word.items():
        known, prefix = _OF_SEQUENCE[word]
        has[known] = value.removeprefix(prefix).strip() or True
    has.pop("", None)
    return Fact("sequence", named(name), None, told(**has, options=before))
