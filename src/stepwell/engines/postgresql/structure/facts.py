"""Rows of the catalog become facts: attributes by the names of their columns, grants and comments put to them. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.schema.snapshot import Fact, Key
from stepwell.engines.postgresql.structure.deparsed import normal
from stepwell.engines.postgresql.structure.pieces import HEAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from stepwell.engines.postgresql.channel import Row

Where = tuple[str, int, int]  # class, number and column of an object

# Attributes that are expressions or statements, written by the server out of what it has understood.
EXPRESSIONS = frozenset(
    {"default", "definition", "generated", "partition_by", "sql_body", "using", "with_check"}
)
_OPTIONS = frozenset({"options", "server_options", "settings", "toast_options"})
_NUMBERS = frozenset({"cost", "rows"})  # which the server has with a fraction
_SECRET = re.compile(
    r"passw|passwd|pwd|secret|token|credential|private_?key|access_?key|api_?key", re.IGNORECASE
)
MASK = "***"
# Where a subscription connects to, without what would let others connect.
_HARMLESS = frozenset({"host", "hostaddr", "port", "dbname", "user", "sslmode", "application_name"})


class Remarks(NamedTuple):
    """What is told about objects apart from them: grants, comments, and security labels by their provider."""

    grants: Mapping[Where, Mapping[str, Any]]
    comments: Mapping[Where, str]
    labels: Mapping[Where, Mapping[str, str]]

    def put_to(self, where: Where, told: dict[str, Any]) -> None:
        """Tell what there is about one object."""
        if (grants := self.grants.get(where)) is not None:
            told["grants"] = grants
        if (comment := self.comments.get(where)) is not None:
            told["comment"] = comment
        if (labels := self.labels.get(where)) is not None:
            told["security_labels"] = labels


def facts_of(columns: Sequence[str], rows: Iterable[Row], remarks: Remarks) -> Iterator[tuple[Where, Fact]]:
    """The facts that the rows of one question tell, each with where it is from."""
    names = columns[len(HEAD) :]
    readers = [(name, reader) for name in names if (reader := _reader(name)) is not None]
    has_guarded = "guarded" in names
    parents: dict[tuple[str | None, str | None], Key] = {}  # many have the same
    for catalog, oid, sub, kind, identity, parent_kind, parent, owner, *values in rows:
        told: dict[str, Any] = {
            name: value
            for name, value in zip(names, values, strict=True)
            if value is not None and value is not False
        }
        for name, reader in readers:
            if name in told:
                told[name] = reader(told[name])
        if owner is not None:
            told["owner"] = owner
        if "usual_grants" in told:
            told["grants"] = given(told["grants"], told.pop("usual_grants"))
        where = catalog, oid, sub
        remarks.put_to(where, told)
        guarded = _guarded(told) if has_guarded else {}
        belongs = parents.get((parent_kind, parent))
        if belongs is None and parent_kind is not None and parent is not None:
            belongs = parents[parent_kind, parent] = Key(parent_kind, parent)
        yield where, Fact(kind, identity, belongs, told, guarded)


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _reader(name: str) -> Callable[[Any], Any] | None:
    """What has to be done to the values of an attribute; None for most."""
    plain = name.removeprefix("guarded_")
    if plain in _OPTIONS:
        return _options
    if plain == "connection":
        return _connection
    if plain in EXPRESSIONS:
        return normal
    return _plain if plain in _NUMBERS else None


def _guarded(told: dict[str, Any]) -> dict[str, Any] | None:
    """Take what not every role may read out of what is told; None where this role may not."""
    may_read = told.pop("guarded", False)
    names = [name for name in told if name.startswith("guarded_")]
    guarded = {name.removeprefix("guarded_"): told.pop(name) for name in names}
    return guarded if may_read else None


def given(grants: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """What of the grants is not as it is of itself; nothing is left to a grantee whom all was taken from."""
    return {
        who: grants.get(who, []) for who in sorted({*grants, *usual}) if grants.get(who) != usual.get(who)
    }


def _options(values: Iterable[str]) -> dict[str, str]:
    """Options by their names. What is a secret by its name is masked: it is no structure, and nobody's business."""
    pairs = (value.partition("=") for value in values)
    return {name: MASK if _SECRET.search(name) else value for name, _, value in pairs}


def _connection(text: str) -> dict[str, str]:
    """Where a connection string leads to: only what is known to be harmless."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(text)
    except ProgrammingError:
        return {}
    return {name: str(value) for name, value in sorted(parts.items()) if name in _HARMLESS}


def without_tables(facts: Iterable[Fact], tables: frozenset[str]) -> Iterator[Fact]:
    """All facts but those about these tables: what they are, have, and what their columns own."""
    if not tables:
        yield from facts
        return
    for fact in facts:
        about = fact.parent.identity if fact.parent is not None else ""
        owner = str(fact.attributes.get("owned_by", "")) if fact.kind == "sequence" else ""
        if fact.identity in tables and fact.kind == "table":
            continue
        if about in tables or any(owner.startswith(f"{table}.") for table in tables):
            continue
        yield fact
