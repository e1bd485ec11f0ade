"""Commands that commit in the middle, CREATE INDEX CONCURRENTLY above all: what they leave when cut off is cleared.

An invalid index costs writes and serves no query, and IF NOT EXISTS passes over it as if all were well.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from stepwell.core.errors import Fault
from stepwell.core.sql.reader import Reader
from stepwell.engines.postgresql.bounds import UNBOUNDED, read_all, set_all
from stepwell.engines.postgresql.evidence import index_of, qualified, settled, state_of, subject_of
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from stepwell.engines.postgresql.channel import Channel
    from stepwell.engines.postgresql.evidence import Index, Subject
    from stepwell.ports import BoundStatement

_BUILDER = "SELECT p.pid FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid::text = $1::text"
# What REINDEX CONCURRENTLY leaves when it is cut off: a half built copy, or the old index.
_COPIES = r"""
SELECT n.nspname::text, c.relname::text
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
WHERE NOT i.indisvalid AND c.relkind = 'i'::"char" AND c.relname::text ~ '_cc(new|old)[0-9]*$'::text
  AND n.nspname <> ALL ('{pg_catalog,pg_toast}'::name[])
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = c.oid)"""


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
    channel: Channel, statement: BoundStatement, tell: Callable[[str], None]
) -> BoundStatement:
    """Clear what a former attempt left; gives the statement that is to run now."""
    subject = subject_of(statement.shown)
    if subject is None:
        return statement
    subject = await settled(channel, subject)
    if (subject.does, subject.kind) == ("create", "INDEX"):
        await _clear(channel, subject, statement, tell)
    elif subject.kind == "REINDEX" and _concurrent(statement.shown):
        await _clear_copies(channel, tell)
    elif subject.does == "detach" and await state_of(channel, subject) == "detaching":
        tell(f"{subject.shown} was half detached: that is brought to its end")
        parent = qualified(subject.table_schema, subject.table or "")
        return statement._replace(sql=f"ALTER TABLE {parent} DETACH PARTITION {subject.quoted} FINALIZE")
    return statement


async def _clear(
    channel: Channel, subject: Subject, statement: BoundStatement, tell: Callable[[str], None]
) -> None:
    index = await index_of(channel, subject)
    if index is None or index.valid:
        return
    await _refuse_builder(channel, index, subject, statement)
    tell(f"{subject.shown} is invalid, left by a command that was cut off: it is dropped, and built anew")
    await channel.rows(f"DROP INDEX CONCURRENTLY IF EXISTS {subject.quoted}", origin=statement.origin)


async def _refuse_builder(
    channel: Channel, index: Index, subject: Subject, statement: BoundStatement
) -> None:
    """Invalid it is also while somebody is building it."""
    if builder := await channel.rows(_BUILDER, [index.oid]):
        raise EngineError(
            Fault(
                f"{subject.shown} is being built by process {builder[0][0]}",
                code="statement_failed",
                version=statement.origin.version,
                place=statement.origin.place,
                statement=statement.shown,
                hint="run again when it has ended, or end it with pg_terminate_backend()",
            )
        )


async def _clear_copies(channel: Channel, tell: Callable[[str], None]) -> None:
    for schema, name in await channel.rows(_COPIES):
        tell(f"the index {schema}.{name} is invalid, left by a REINDEX that was cut off: it is dropped")
        await channel.rows(f"DROP INDEX CONCURRENTLY IF EXISTS {qualified(schema, name)}")


def _concurrent(sql: str) -> bool:
    words = Reader(sql, POSTGRESQL)
    return any(words.word(index) == "CONCURRENTLY" for index in range(8))


async def cleared(channel: Channel, statement: BoundStatement, error: EngineError) -> EngineError:
    """The error of such a command, with what became of the invalid index that it left."""
    subject = subject_of(statement.shown)
    if channel.broken or subject is None or (subject.does, subject.kind) != ("create", "INDEX"):
        return error
    try:
        subject = await settled(channel, subject)
        index = await index_of(channel, subject)
        if index is None or index.valid or await channel.rows(_BUILDER, [index.oid]):
            return error
        await channel.rows(f"DROP INDEX CONCURRENTLY IF EXISTS {subject.quoted}")
        told = f"{subject.shown} was left invalid, and has been dropped"
    except EngineError:
        told = f"{subject.shown} is left invalid; the next run drops it, and builds it anew"
    hint = f"{error.fault.hint}; {told}" if error.fault.hint else told
    return EngineError(replace(error.fault, hint=hint), error.kind)
