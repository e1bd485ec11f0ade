"""Commands that commit in the middle, CREATE INDEX CONCURRENTLY above all: what they leave when cut off is cleared.

An invalid index costs writes and serves no query, and IF NOT EXISTS passes over it as if all were well.
"""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.errors import Fault
from stepwell.core.sql.kinds import classify
from stepwell.core.sql.reader import Reader
from stepwell.engines.postgresql.bounds import UNBOUNDED, read_all, set_all
from stepwell.engines.postgresql.evidence import (
    index_of,
    qualified,
    settled,
    state_of,
    subject_of,
    table_of,
)
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from stepwell.engines.postgresql.channel import Channel, Row
    from stepwell.engines.postgresql.evidence import Index, Subject
    from stepwell.ports import BoundStatement

# Whoever builds an index has such a lock on its table, which everybody sees; what others build, only some may see.
_BUILDER = """
SELECT l.pid FROM pg_catalog.pg_locks l
WHERE l.relation::text = $1::text AND l.mode = 'ShareUpdateExclusiveLock'::text AND l.granted
AND l.pid <> pg_catalog.pg_backend_pid() AND l.database = (
  SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())"""
# Those that nobody is building at this time; of REINDEX CONCURRENTLY they are half built copies, or the old index.
_INVALID = r"""
SELECT n.nspname::text, c.relname::text, t.relname::text
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
WHERE NOT i.indisvalid AND c.relkind = 'i'::"char" AND n.nspname <> ALL ('{pg_catalog,pg_toast}'::name[])
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_locks l WHERE l.relation = i.indrelid AND l.granted
    AND l.mode = 'ShareUpdateExclusiveLock'::text AND l.pid <> pg_catalog.pg_backend_pid())
ORDER BY 1, 2"""
_COPY = re.compile(r"(?P<original>.*)_cc(new|old)[0-9]*", re.DOTALL)
BRIEFLY = {"lock_timeout": "2s", "statement_timeout": "10s"}  # for what is cleared behind a failure


@asynccontextmanager
async def unbounded(channel: Channel, *, own: bool) -> AsyncIterator[None]:
    """No timeouts of the settings for such a command: cut off by one, it would leave its half behind.

    With `own`, the migration has asked for timeouts itself, and gets them.
    """
    if own:
        yield
        return
    (former,) = await channel.rows(read_all(UNBOUNDED))
    await channel.rows(set_all(UNBOUNDED, local=False))
    try:
        yield
    finally:
        if not channel.broken:
            await channel.rows(set_all(dict(zip(UNBOUNDED, map(str, former), strict=True)), local=False))


async def prepared(
    channel: Channel, statement: BoundStatement, tell: Callable[[str], None], mark: str = ""
) -> BoundStatement:
    """Clear what a former attempt left; gives the statement that is to run now. `mark` is what each begins with."""
    subject = subject_of(statement.shown)
    if subject is None:
        return statement._replace(sql=f"{mark}{statement.sql}") if mark else statement
    subject = await settled(channel, subject)
    if (subject.does, subject.kind) == ("create", "INDEX"):
        await _clear(channel, subject, statement, tell, mark)
    elif subject.kind == "REINDEX" and (of := _reindexed(statement.shown)) is not None:
        await _clear_copies(channel, of, tell, mark)
    elif subject.does == "detach" and await state_of(channel, subject) == "detaching":
        tell(f"{subject.shown} was half detached: that is brought to its end")
        parent = qualified(subject.table_schema, subject.table or "")
        return statement._replace(
            sql=f"{mark}ALTER TABLE {parent} DETACH PARTITION {subject.quoted} FINALIZE"
        )
    return statement._replace(sql=f"{mark}{statement.sql}") if mark else statement


async def _clear(
    channel: Channel, subject: Subject, statement: BoundStatement, tell: Callable[[str], None], mark: str
) -> None:
    index = await index_of(channel, subject)
    if index is None or index.valid or index.table != await table_of(channel, subject):
        return  # an index of that name on another table is somebody else's business: the server refuses
    await _refuse_builder(channel, index, subject, statement)
    tell(f"{subject.shown} is invalid, left by a command that was cut off: it is dropped, and built anew")
    await channel.rows(f"{mark}DROP INDEX CONCURRENTLY IF EXISTS {subject.quoted}", origin=statement.origin)


async def _refuse_builder(
    channel: Channel, index: Index, subject: Subject, statement: BoundStatement
) -> None:
    """Invalid it is also while somebody is building it."""
    if builder := await channel.rows(_BUILDER, [index.table]):
        raise EngineError(
            Fault(
                f"{subject.shown} seems to be being built by process {builder[0][0]}",
                code="statement_failed",
                version=statement.origin.version,
                place=statement.origin.place,
                statement=statement.shown,
                hint="run again when it has ended, or end it with pg_terminate_backend()",
            )
        )


class Reindexed(NamedTuple):
    """What REINDEX is about: INDEX, TABLE, SCHEMA or DATABASE, and its name, perhaps with its schema."""

    kind: str
    path: tuple[str, ...]

    def has_copy(self, schema: str, copy: str, table: str) -> bool:
        """Whether an invalid index is one that this command may have left."""
        match = _COPY.fullmatch(copy)
        if match is None or (len(self.path) > 1 and self.path[-2] != schema):
            return False
        named = {"INDEX": match["original"], "TABLE": table, "SCHEMA": schema}.get(self.kind)
        return named is None or not self.path or self.path[-1] == named


def _reindexed(sql: str) -> Reindexed | None:
    """What REINDEX CONCURRENTLY is about; None for a REINDEX that is none."""
    words = Reader(sql, POSTGRESQL)
    index, concurrent = 1, False
    while words.word(index) not in _REINDEXED:
        concurrent = concurrent or words.word(index) == "CONCURRENTLY"
        if words.token(index) is None:
            return None
        index += 1
    kind, index = words.word(index), index + 1
    if words.word(index) == "CONCURRENTLY":
        concurrent, index = True, index + 1
    return Reindexed(kind, words.path(index)[0]) if concurrent else None


_REINDEXED = frozenset({"INDEX", "TABLE", "SCHEMA", "DATABASE", "SYSTEM"})


async def _clear_copies(channel: Channel, of: Reindexed, tell: Callable[[str], None], mark: str) -> None:
    for schema, name, table in await channel.rows(_INVALID):
        if not of.has_copy(schema, name, table):
            continue
        try:
            await channel.rows(f"DROP INDEX CONCURRENTLY IF EXISTS {qualified(schema, name)}")
            tell(
                f"the index {schema}.{name} was invalid, left by a REINDEX that was cut off: it has been dropped"
            )
        except EngineError as error:
            tell(f"the index {schema}.{name} is invalid, and can't be dropped: {error.fault.message}")


async def cleared(channel: Channel, statement: BoundStatement, before: Sequence[Row]) -> list[str]:
    """What became of the invalid indexes that such a command left when it failed, in words.

    `before` are those that were invalid before. Only one that the statement names is dropped.
    """
    if channel.broken or classify(statement.shown, POSTGRESQL).verb != "CREATE INDEX":
        return []
    try:
        left = [row for row in await channel.rows(_INVALID) if row not in before]
        return [await _dropped(channel, statement, row) for row in left]
    except EngineError:
        return []


async def _dropped(channel: Channel, statement: BoundStatement, row: Row) -> str:
    schema, name, _ = row
    subject = subject_of(statement.shown)
    if subject is None or subject.name != name:
        return f"the index {schema}.{name} is invalid since: drop it"
    (former,) = await channel.rows(read_all(BRIEFLY))
    await channel.rows(set_all(BRIEFLY, local=False))
    try:
        await channel.rows(f"DROP INDEX CONCURRENTLY IF EXISTS {qualified(schema, name)}")
    except EngineError:
        return f"the index {schema}.{name} is left invalid; the next run drops it, and builds it anew"
    finally:
        if not channel.broken:
            await channel.rows(set_all(dict(zip(BRIEFLY, map(str, former), strict=True)), local=False))
    return f"the index {schema}.{name} was left invalid, and has been dropped"


async def invalid_ones(channel: Channel) -> Sequence[Row]:
    """The indexes that are invalid now, and that nobody is building."""
    return await channel.rows(_INVALID)
