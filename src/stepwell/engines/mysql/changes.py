"""What one statement would do to the catalog, as its text tells. Pure: nobody is asked.

It says only what it is sure of: where a change could not be seen in the catalog, or could not be told from having
happened twice, it says nothing, and a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.sql.created import created_objects
from stepwell.core.sql.kinds import classify
from stepwell.core.sql.objects import object_words
from stepwell.core.sql.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stepwell.core.sql.rules import LexRules

RELATION = "relation"  # a table, view or sequence: they share their names
TABLE, VIEW, SEQUENCE, DATABASE = "table", "view", "sequence", "database"


class Effect(StrEnum):
    """What becomes of an object."""

    APPEARS = "appears"
    VANISHES = "vanishes"
    CHANGES = "changes"
    REPLACED = "replaced"
    STAYS = "stays"  # in another's place, so that nothing is said of what it looks like


class Path(NamedTuple):
    """The name of an object; `schema` is None for that of the session."""

    schema: str | None
    name: str


class Target(NamedTuple):
    """An object that a statement is about, and what becomes of it."""

    kind: str
    path: Path
    effect: Effect


@dataclass(frozen=True, slots=True)
class Change:
    """All that a statement does. `conditional`: IF EXISTS, IF NOT EXISTS; `replaces`: OR REPLACE."""

    targets: tuple[Target, ...]
    conditional: bool = False
    replaces: bool = False


_BY_KIND = ("TRIGGER", "PROCEDURE", "FUNCTION", "EVENT")
_OPTIONS = frozenset({"ONLINE", "OFFLINE", "IGNORE"})  # between ALTER and TABLE, or after it
# What they do to rows or files, the catalog does not tell.
_UNSEEN_IN_ALTER = frozenset({"TRUNCATE", "EXCHANGE", "DISCARD", "IMPORT"})


def change_of(sql: str, rules: LexRules) -> Change | None:
    """What a statement changes that the catalog can tell; None where it can't, or where that is not known."""
    facts = classify(sql, rules)
    reader = Reader(sql, rules)
    parse = _PARSERS.get(facts.verb)
    return parse(reader, facts.verb) if parse is not None else None


# --- CREATE ---


def _create(reader: Reader, verb: str) -> Change | None:
    made = next(iter(created_objects(reader, verb)), None)
    if made is None or made.temporary or _is_unseen(reader, verb):
        return None
    if verb == "CREATE INDEX":
        if made.table is None:
            return None
        target = Target(TABLE, Path(made.schema, made.table), Effect.CHANGES)
        return Change((target,), conditional=made.if_not_exists or made.or_replace)
    target = Target(verb.split()[1].lower(), Path(made.schema, made.name), Effect.APPEARS)
    return Change((target,), conditional=made.if_not_exists, replaces=made.or_replace)


def _is_unseen(reader: Reader, verb: str) -> bool:
    words = {reader.word(index) for index, _ in enumerate(reader)}
    if verb == "CREATE TABLE":
        # It fills it with rows, which a second time would be others.
        start, _ = _after_kind(reader)
        return "SELECT" in words or bool({"TABLE", "VALUES"} & set(_outer_words(reader, start)))
    if verb == "CREATE EVENT":
        return "AT" in words  # one that runs once, and is gone then
    return verb == "CREATE FUNCTION" and "SONAME" in words


def _outer_words(reader: Reader, start: int) -> Iterator[str]:
    """The words outside of parentheses from an index on."""
    depth = 0
    for index, token in enumerate(reader):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if index >= start and depth == 0 and reader.word(index):
            yield reader.word(index)


def _create_database(reader: Reader, verb: str) -> Change | None:
    start, conditional = _after_kind(reader, "IF", "NOT", "EXISTS")
    return _about_database(reader, start, Effect.APPEARS, conditional=conditional)


def _about_database(
    reader: Reader, start: int, effect: Effect, *, conditional: bool = False
) -> Change | None:
    name = reader.name(start)
    if name is None or "REPLACE" in {reader.word(1), reader.word(2)}:
        return None
    return Change((Target(DATABASE, Path(name, name), effect),), conditional=conditional)


# --- DROP ---


def _drop(reader: Reader, verb: str) -> Change | None:
    if reader.word(1) == "TEMPORARY":
        return None
    start, conditional = _after_kind(reader, "IF", "EXISTS")
    kind = verb.split()[1].lower()
    paths, _ = _paths(reader, start)
    targets = tuple(Target(kind, path, Effect.VANISHES) for path in paths)
    return Change(targets, conditional=conditional) if targets else None


def _drop_index(reader: Reader, verb: str) -> Change | None:
    start, conditional = _after_kind(reader, "IF", "EXISTS")
    path = _path(reader, start + 2) if reader.word(start + 1) == "ON" else None
    return None if path is None else Change((Target(TABLE, path, Effect.CHANGES),), conditional=conditional)


def _drop_database(reader: Reader, verb: str) -> Change | None:
    start, conditional = _after_kind(reader, "IF", "EXISTS")
    return _about_database(reader, start, Effect.VANISHES, conditional=conditional)


# --- ALTER, RENAME ---


def _alter(reader: Reader, verb: str) -> Change | None:
    start, conditional = _after_kind(reader, "IF", "EXISTS")
    path = _path(reader, start)
    if path is None:
        return None
    kind = verb.split()[1].lower()
    new = _new_name(reader, kind, start)
    if new is not None:
        family = RELATION if kind == TABLE else kind
        targets = (Target(family, path, Effect.VANISHES), Target(family, new, Effect.APPEARS))
        return None if conditional or new.name == path.name else Change(targets)
    return Change((Target(kind, path, Effect.CHANGES),), conditional=conditional)


def _alter_table(reader: Reader, verb: str) -> Change | None:
    words = {reader.word(index) for index, _ in enumerate(reader)}
    if words & _UNSEEN_IN_ALTER or _makes_anew(reader):
        return None
    return _alter(reader, verb)


def _new_name(reader: Reader, kind: str, start: int) -> Path | None:
    """Of ALTER TABLE ... RENAME [TO | AS] new, and of events. RENAME COLUMN and RENAME INDEX name parts."""
    depth = 0
    for index, token in enumerate(reader):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if index <= start or depth or reader.word(index) != "RENAME":
            continue
        after = index + 1
        if reader.word(after) in {"COLUMN", "INDEX", "KEY"}:
            continue
        if reader.word(after) in {"TO", "AS"} or reader.sign(after) == "=":
            after += 1
        if kind == "event" or reader.sign(after + 1) != "(":
            return _path(reader, after)
    return None


def _makes_anew(reader: Reader) -> bool:
    """Whether a column is dropped and made again under its name: it looks the same, and a second time costs rows."""
    gone: set[str | None] = set()
    made: set[str | None] = set()
    for index, _ in enumerate(reader):
        word = reader.word(index)
        if word == "DROP":
            gone.add(_column(reader, index + 1))
        elif word == "ADD":
            made.update(_added(reader, index + 1))
        elif word in {"CHANGE", "RENAME"}:
            at = _past(reader, index + 1, "COLUMN", "IF", "EXISTS")
            gone.add(_column(reader, at))
            made.add(_column(reader, at + (2 if reader.word(at + 1) == "TO" else 1)))
            # a column that keeps its name is changed in its place
            if _column(reader, at) == _column(reader, at + 1):
                gone.discard(_column(reader, at))
    return bool((gone & made) - {None})


def _added(reader: Reader, index: int) -> Iterator[str | None]:
    """The names after ADD [COLUMN] [IF NOT EXISTS], one or, in parentheses, several."""
    index = _past(reader, index, "COLUMN", "IF", "NOT", "EXISTS")
    if reader.sign(index) != "(":
        yield _column(reader, index)
        return
    depth = 0
    while (token := reader.token(index)) is not None:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0:
            return
        if depth == 1 and token.text in "(,":
            yield _column(reader, index + 1)
        index += 1


_NO_COLUMN_WORDS = (
    "INDEX KEY PRIMARY UNIQUE FOREIGN CONSTRAINT CHECK FULLTEXT SPATIAL PARTITION PERIOD SYSTEM VECTOR"
)
_NO_COLUMNS = frozenset(_NO_COLUMN_WORDS.split())


def _column(reader: Reader, index: int) -> str | None:
    index = _past(reader, index, "COLUMN", "IF", "EXISTS")
    name = reader.name(index)
    return None if name is None or reader.word(index) in _NO_COLUMNS else name.casefold()


def _past(reader: Reader, index: int, *words: str) -> int:
    """The index behind those of the words that stand there, in this order."""
    for word in words:
        index += reader.word(index) == word
    return index


def _alter_database(reader: Reader, verb: str) -> Change | None:
    start, _ = _after_kind(reader)
    if reader.word(start) in {"CHARACTER", "CHARSET", "COLLATE", "DEFAULT", "COMMENT", "UPGRADE", "READ"}:
        return None  # that of the session
    return _about_database(reader, start, Effect.CHANGES)


def _rename(reader: Reader, verb: str) -> Change | None:
    """RENAME TABLE a TO b, c TO d. Where the same names stand after it, it could have happened twice."""
    if reader.word(1) not in {"TABLE", "TABLES"}:
        return None
    index = 2
    moved: dict[Path, Path] = {}  # where it is now -> where it was
    order: list[Path] = []
    while (source := _path(reader, index)) is not None:
        index = _behind(reader, index)
        if reader.word(index) != "TO" or (goal := _path(reader, index + 1)) is None:
            return None
        index = _behind(reader, index + 1)
        moved[goal] = moved.pop(source, source)
        order += [each for each in (source, goal) if each not in order]
        if reader.sign(index) != ",":
            break
        index += 1
    if reader.token(index) is not None:
        return None
    sources = set(moved.values())
    effects = {path: _effect(path, path in sources, path in moved) for path in order}
    targets = tuple(Target(RELATION, path, effect) for path, effect in effects.items() if effect is not None)
    return Change(targets) if any(target.effect is Effect.VANISHES for target in targets) else None


def _effect(path: Path, before: bool, after: bool) -> Effect | None:
    if before and after:
        return Effect.STAYS
    if before or after:
        return Effect.VANISHES if before else Effect.APPEARS
    return None  # only passed through


# --- names ---


def _after_kind(reader: Reader, *condition: str) -> tuple[int, bool]:
    """The index behind CREATE ... KIND [condition], and whether the condition stands there."""
    words = object_words(reader)
    index = words.end if words is not None else 1
    while reader.word(index) in _OPTIONS:
        index += 1
    if condition and reader.words(index, *condition):
        return index + len(condition), True
    return index, False


def _path(reader: Reader, index: int) -> Path | None:
    names, _ = reader.path(index)
    return Path(names[-2] if len(names) > 1 else None, names[-1]) if names else None


def _behind(reader: Reader, index: int) -> int:
    return reader.path(index)[1]


def _paths(reader: Reader, index: int) -> tuple[list[Path], int]:
    """The names of `a, b.c` from an index on."""
    found = []
    while (path := _path(reader, index)) is not None:
        found.append(path)
        index = _behind(reader, index)
        if reader.sign(index) != ",":
            break
        index += 1
    return found, index


_PARSERS: dict[str, Callable[[Reader, str], Change | None]] = {
    **{f"CREATE {kind}": _create for kind in ("TABLE", "VIEW", "SEQUENCE", "INDEX", *_BY_KIND)},
    **{f"DROP {kind}": _drop for kind in ("TABLE", "VIEW", "SEQUENCE", *_BY_KIND)},
    **{f"ALTER {kind}": _alter for kind in ("VIEW", "PROCEDURE", "FUNCTION", "EVENT")},
    "DROP INDEX": _drop_index,
    "ALTER TABLE": _alter_table,
    "RENAME": _rename,
    **dict.fromkeys(("CREATE DATABASE", "CREATE SCHEMA"), _create_database),
    **dict.fromkeys(("DROP DATABASE", "DROP SCHEMA"), _drop_database),
    **dict.fromkeys(("ALTER DATABASE", "ALTER SCHEMA"), _alter_database),
}
