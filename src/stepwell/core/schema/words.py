"""A diff in the words of the field: `column users.email: type text -> varchar(50)`."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.schema.diff import ORDER, Added, Changed, Removed, Renamed
from stepwell.core.schema.snapshot import Key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from stepwell.core.schema.diff import AttributeChange, Diff
    from stepwell.core.schema.snapshot import Fact

NOTHING = "none"
# What is usual, and so is not written down: how it is called.
_USUAL = {
    "access_method": "heap",
    "algorithm": "undefined",
    "collation": "default",
    "data_access": "contains sql",
    "fires": "enabled",
    "on_conflict": "abort",
    "parallel": "unsafe",
    "persistence": "permanent",
    "replica_identity": "default",
    "security": "definer",
    "status": "enabled",
    "storage": "of the type",
    "tablespace": "of the database",
    "volatility": "volatile",
}
LONGEST = 60  # characters of a value that is told on its line
_USUAL_SCHEMA = "public."
_HAVE_BY_THEMSELVES = frozenset({"<owner>", "PUBLIC"})  # grantees of what nobody granted
# The long names that the standard has, and the short ones that people write.
_SHORT = (
    (re.compile(r"\bcharacter varying\b"), "varchar"),
    (re.compile(r"\bbit varying\b"), "varbit"),
    (re.compile(r"\bcharacter\b"), "char"),
    (re.compile(r"\b(time(?:stamp)?)(\(\d\))? with time zone\b"), r"\1tz\2"),
    (re.compile(r"\b(time(?:stamp)?)(\(\d\))? without time zone\b"), r"\1\2"),
)


class Line(NamedTuple):
    """One sentence about a change. Values that are too long for it are beside it, whole."""

    key: Key
    text: str
    before: str | None = None
    after: str | None = None


def tell(diff: Diff) -> Iterator[Line]:
    """Every change in a sentence or more. What comes or goes with its parent is counted there, and not told again."""
    come = {change.key: change.fact for change in diff.changes if isinstance(change, Added)}
    gone = {change.key: change.fact for change in diff.changes if isinstance(change, Removed)}
    with_parent: dict[tuple[type, Key], Counter[str]] = {}
    renamed = {change.key for change in diff.changes if isinstance(change, Renamed)}
    for change in diff.changes:
        if isinstance(change, Added | Removed):
            top = _top(change.fact, come if isinstance(change, Added) else gone)
            if top is not None:
                with_parent.setdefault((type(change), top), Counter())[change.fact.kind] += 1
    for change in diff.changes:
        if isinstance(change, Added | Removed):
            others = come if isinstance(change, Added) else gone
            if _top(change.fact, others) is None and not _goes_with(change.fact, others):
                yield _whole(change, with_parent.get((type(change), change.key), Counter()))
        elif not (isinstance(change, Renamed) and _goes_with(change.before, renamed)):
            yield from _told(change)


def _top(fact: Fact, others: Mapping[Key, Fact]) -> Key | None:
    """The parent that comes or goes too, the highest of them; None where there is none."""
    top = None
    while fact.parent is not None and fact.parent in others and fact.parent != top:
        top = fact.parent
        fact = others[top]
    return top


def _goes_with(fact: Fact, keys: Collection[Key]) -> bool:
    """Whether it is the index of a constraint of which the same is told."""
    return constraint_of(fact) in keys


def constraint_of(fact: Fact) -> Key | None:
    """The constraint that an index belongs to; None for anything else."""
    if not fact.attributes.get("of_constraint") or fact.parent is None:
        return None
    name = fact.identity.removeprefix(fact.parent.identity.rpartition(".")[0] + ".")
    return Key("constraint", f"{fact.parent.identity}.{name}")


def shown(key: Key) -> str:
    """A thing by its kind and name, without the schema that everybody uses."""
    return f"{key.kind} {without_usual_schema(key.identity)}".rstrip()


def without_usual_schema(identity: str) -> str:
    """A name without the schema that everybody uses."""
    return identity.removeprefix(_USUAL_SCHEMA)


def _whole(change: Added | Removed, children: Mapping[str, int]) -> Line:
    verb = "added" if isinstance(change, Added) else "removed"
    counted = ", ".join(f"{number} {plural(kind, number)}" for kind, number in sorted(children.items()))
    about = counted or (_summary(change.fact) if isinstance(change, Added) else "")
    return Line(change.key, f"{shown(change.key)}: {verb}{f' ({about})' if about else ''}")


def plural(kind: str, number: int) -> str:
    """The word for so many things of a kind."""
    if number == 1 or kind.endswith(("s", "data")):
        return kind
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}es" if kind.endswith("x") else f"{kind}s"


def _summary(fact: Fact) -> str:
    """What a new thing is, as far as that is a few words."""
    has = fact.attributes
    text = str(has.get("definition", "")) or written("type", has.get("type", ""))
    if has.get("unique"):
        text = f"unique {text}"
    if has.get("not_null"):
        text += " not null"
    if "default" in has:
        text += f" default {has['default']}"
    return text if _is_short(text) else ""


def _told(change: Renamed | Changed) -> Iterator[Line]:
    if isinstance(change, Renamed):
        name = change.after.identity
        if change.after.parent is not None:
            name = name.removeprefix(f"{change.after.parent.identity}.")
        name = without_usual_schema(name)
        yield Line(change.key, f"{shown(change.key)}: renamed to {name}")
        return
    for attribute in change.attributes:
        yield from _attribute(change, attribute)


def _attribute(change: Changed, attribute: AttributeChange) -> Iterator[Line]:
    name, before, after = attribute
    if are_named(before, after):
        one, other = before or {}, after or {}
        for key in sorted({*one, *other}):
            usual = "as usual" if key in _HAVE_BY_THEMSELVES else None
            if one.get(key) != other.get(key):
                yield _line(change.key, name, one.get(key, usual), other.get(key, usual), of=f" {key}")
    elif name == ORDER:
        yield _line(change.key, "order of columns", before, after)
    else:
        usual = None if isinstance(before or after, bool) else _USUAL.get(name)
        yield _line(change.key, name, before or usual, after or usual)


def are_named(*values: Any) -> bool:
    """Whether both are values by names, or one of them is, and the other is not there."""
    there = [value for value in values if value is not None]
    return bool(there) and all(isinstance(value, dict) for value in there)


def _line(key: Key, name: str, before: Any, after: Any, *, of: str = "") -> Line:
    word = name.replace("_", " ") + of
    if isinstance(before, bool) or isinstance(after, bool):
        return Line(key, f"{shown(key)}: {word} {_yes(before)} -> {_yes(after)}")
    one, other = written(name, before), written(name, after)
    if _is_short(one) and _is_short(other):
        return Line(key, f"{shown(key)}: {word} {one} -> {other}")
    return Line(key, f"{shown(key)}: {word}", one, other)


def _yes(value: object) -> str:
    return "yes" if value is True else "no" if not value else str(value)


def _is_short(text: str) -> bool:
    return len(text) <= LONGEST and "\n" not in text


def written(name: str, value: Any) -> str:
    """A value as people write it."""
    if value is None or value == []:
        return NOTHING
    if isinstance(value, list):
        return ", ".join(written(name, each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {written(name, each)}" for key, each in value.items())
    if name == "type":
        for long, short in _SHORT:
            value = long.sub(short, str(value))
    return str(value)


def sentences(lines: Iterable[Line]) -> list[str]:
    """The sentences alone; a value that is too long for its sentence is called so."""
    return [line.text if line.before is None else f"{line.text} is another" for line in lines]
