"""What the catalog tells of a statement that no transaction takes: a fingerprint before it, a verdict after a kill.

All that a transaction takes is in one with its marks. The rest are few commands, and each leaves a trace by which it
can be told whether it ran, or may run twice without harm; for what is neither there is no fingerprint.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.evidence import Judgement, Verdict
from stepwell.core.sql.kinds import classify
from stepwell.core.sql.reader import Reader
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.engines.postgresql.tables import quote

if TYPE_CHECKING:
    from stepwell.engines.postgresql.channel import Channel, Row

FORMAT = 1
WITH_NUMBER = 2  # parts of a state
_EXISTS = {
    "DATABASE": "SELECT d.oid::text FROM pg_catalog.pg_database d WHERE d.datname = $1::name",
    "TABLESPACE": "SELECT s.oid::text FROM pg_catalog.pg_tablespace s WHERE s.spcname = $1::name",
    "SUBSCRIPTION": (
        "SELECT s.oid::text FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid"
        " WHERE s.subname = $1::name AND d.datname = pg_catalog.current_database()"
    ),
}
_VISIBLE = (
    "CASE WHEN $1::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $1::name END"
)
_INDEX = f"""
SELECT n.nspname::text, c.oid::text, i.indisvalid, i.indrelid::text
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
WHERE c.relkind = 'i'::"char" AND c.relname = $2::name AND {_VISIBLE}"""
_TABLE = f"""
SELECT n.nspname::text, c.oid::text
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = ANY ('{{r,m,p}}'::"char"[]) AND c.relname = $2::name AND {_VISIBLE}"""
# A column that PostgreSQL has since 14, as has the command; the row as JSON can be asked for it everywhere.
_PARTITION = f"""
SELECT coalesce((pg_catalog.row_to_json(h) ->> 'inhdetachpending'::text)::bool, false)
FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relispartition AND c.relname = $2::name AND {_VISIBLE}"""

# Whatever they did the first time, a second time comes to the same.
_REPEATABLE = {
    "REINDEX": "an index may be built anew twice",
    "VACUUM": "VACUUM may run twice",
    "CLUSTER": "CLUSTER may run twice",
    "REPACK": "REPACK may run twice",
    "ALTER DATABASE": "a database may be moved to the same tablespace twice",
}


class Subject(NamedTuple):
    """What a statement is about: `does` is create, drop, detach or repeat; of an index or partition, its table too."""

    does: str
    kind: str
    schema: str | None = None
    name: str = ""
    table_schema: str | None = None
    table: str | None = None

    @property
    def shown(self) -> str:
        """The object, in words."""
        name = self.name if self.schema is None else f"{self.schema}.{self.name}"
        return f"the {self.kind.lower()} {name}"

    @property
    def quoted(self) -> str:
        """The object, as SQL has it."""
        return qualified(self.schema, self.name)


class Index(NamedTuple):
    """An index as it stands."""

    schema: str
    oid: str
    valid: bool
    table: str  # its number


def qualified(schema: str | None, name: str) -> str:
    """A name as SQL has it."""
    return quote(name) if schema is None else f"{quote(schema)}.{quote(name)}"


def subject_of(sql: str) -> Subject | None:
    """What a statement that no transaction takes is about; None where nothing would tell whether it ran."""
    facts = classify(sql, POSTGRESQL)
    reader = Reader(sql, POSTGRESQL)
    match facts.verb.split():
        case _ if facts.verb in _REPEATABLE:
            return Subject("repeat", facts.verb)
        case ["CREATE", "INDEX"] if facts.creates:
            made = facts.creates[0]
            return Subject("create", "INDEX", made.schema, made.name, made.schema, made.table)
        case ["DROP", "INDEX"]:
            return _named(reader, 2, "drop", "INDEX")
        case ["ALTER", "TABLE"]:
            return _partition(reader)
        case ["CREATE" | "DROP" as command, kind] if kind in _EXISTS:
            return _named(reader, 2, command.lower(), kind)
        case _:
            return None


def _named(reader: Reader, index: int, does: str, kind: str) -> Subject | None:
    """The object whose name comes next, after the words that may stand before it."""
    while reader.word(index) in {"CONCURRENTLY", "IF", "EXISTS"} and reader.sign(index + 1) != ".":
        index += 1
    path, _ = reader.path(index)
    return Subject(does, kind, path[-2] if len(path) > 1 else None, path[-1]) if path else None


def _partition(reader: Reader) -> Subject | None:
    index = 2
    while reader.word(index) in {"IF", "EXISTS", "ONLY"}:
        index += 1
    parent, index = reader.path(index)
    index += reader.sign(index) == "*"
    if not parent or not reader.words(index, "DETACH", "PARTITION"):
        return None
    path, _ = reader.path(index + 2)
    if not path:
        return None
    schema, parent_schema = (names[-2] if len(names) > 1 else None for names in (path, parent))
    return Subject("detach", "PARTITION", schema, path[-1], parent_schema, parent[-1])


# --- looking ---


async def index_of(channel: Channel, subject: Subject) -> Index | None:
    """The index of that name, if there is one."""
    rows = await channel.rows(_INDEX, [subject.schema, subject.name])
    return Index(*rows[0]) if rows else None


async def settled(channel: Channel, subject: Subject) -> Subject:
    """The same with its schema: that of the table of an index to be made, else that in which it is found now.

    Later the search path may lead elsewhere, also because what is found now is gone then.
    """
    if subject.schema is not None:
        return subject
    match subject.kind:
        case "INDEX" if subject.table is not None:
            rows = await channel.rows(_TABLE, [subject.table_schema, subject.table])
            return subject._replace(schema=rows[0][0], table_schema=rows[0][0]) if rows else subject
        case "INDEX":
            found = await index_of(channel, subject)
            return subject._replace(schema=found.schema) if found is not None else subject
        case "PARTITION":
            rows = await channel.rows(_TABLE, [None, subject.name])
            return subject._replace(schema=rows[0][0]) if rows else subject
        case _:
            return subject


async def table_of(channel: Channel, subject: Subject) -> str | None:
    """The number of the table that an index is made on."""
    rows = await channel.rows(_TABLE, [subject.table_schema, subject.table])
    return str(rows[0][1]) if rows else None


async def state_of(channel: Channel, subject: Subject) -> str:
    """How the object stands: a word, and which one it is."""
    match subject.kind:
        case "INDEX":
            index = await index_of(channel, subject)
            return "absent" if index is None else f"{'valid' if index.valid else 'invalid'} {index.oid}"
        case "PARTITION":
            rows = await channel.rows(_PARTITION, [subject.schema, subject.name])
            return "absent" if not rows else "detaching" if rows[0][0] else "attached"
        case kind if kind in _EXISTS:
            found: list[Row] = await channel.rows(_EXISTS[kind], [subject.name])
            return f"there {found[0][0]}" if found else "absent"
        case _:
            return ""


async def fingerprint(channel: Channel, sql: str) -> str | None:
    """How what a statement would change stands now; None where that would tell nothing."""
    subject = subject_of(sql)
    if subject is None:
        return None
    subject = await settled(channel, subject)
    return json.dumps([FORMAT, *subject, await state_of(channel, subject)])


async def judge(channel: Channel, text: str) -> Judgement:
    """Whether the statement ran before which this was taken."""
    number, *fields = json.loads(text)
    if number != FORMAT:
        return Judgement(Verdict.UNKNOWN, "another version of stepwell wrote the fingerprint")
    subject, before = Subject(*fields[:-1]), fields[-1]
    if subject.does == "repeat":
        return Judgement(Verdict.REPEATABLE, _REPEATABLE[subject.kind])
    now = await state_of(channel, subject)
    if now == before:
        # Nothing has happened, or nothing had to happen, as with IF NOT EXISTS: it comes to the same again.
        return Judgement(Verdict.NOT_RUN, f"{subject.shown} is {_in_words(now)}, as before")
    return _judged(subject, before.split(), now.split())


def _judged(subject: Subject, before: list[str], after: list[str]) -> Judgement:
    """Both states are a word and, of what is there, which one it is."""
    now, other = after[0], len(before) == len(after) == WITH_NUMBER and before[1] != after[1]
    if subject.does == "drop" and other:
        return Judgement(Verdict.RAN, f"{subject.shown} is another one than before")
    told = f"{subject.shown} is {_in_words(now)}"
    match subject.does, now:
        case ("create", "valid" | "there") | ("drop" | "detach", "absent"):
            return Judgement(Verdict.RAN, told)
        case "create", "invalid":
            return Judgement(Verdict.NOT_RUN, f"{told}: it is dropped, and built anew")
        case "detach", "detaching":
            return Judgement(Verdict.NOT_RUN, f"{told}: that is brought to its end")
        case _:
            return Judgement(Verdict.NOT_RUN, told)


def _in_words(state: str) -> str:
    word = state.split(maxsplit=1)[0]
    return {"absent": "not there", "there": "there", "valid": "there and valid"}.get(word, word)
