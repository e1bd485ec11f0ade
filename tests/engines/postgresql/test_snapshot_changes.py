"""Every change of the structure is noticed, and told in the right words: each alone, on a copy of the kitchen sink."""

import asyncio

import psycopg
import pytest

from stepwell.core.redact import Redactor
from stepwell.core.schema.diff import Added, Changed, Diff, Removed, Renamed, diff
from stepwell.core.schema.snapshot import Snapshot, loads
from stepwell.core.schema.words import tell
from stepwell.engines.postgresql.channel import Channel
from stepwell.engines.postgresql.structure.reading import ask

from .conftest import Block, Sink, read_blocks

CHANGES = read_blocks("changes.sql")


def test_there_are_many() -> None:
    assert len(CHANGES) > 200
    assert all(block.told for block in CHANGES)


@pytest.mark.parametrize("block", [pytest.param(block, id=block.told[0]) for block in CHANGES])
def test_a_change_is_noticed(block: Block, sink: Sink, unchanged: Snapshot) -> None:
    if not sink.can(block):
        return  # the server has no such thing: there is nothing that could go unnoticed
    before, after = unchanged, asyncio.run(after_running(sink.url, block.sql))
    found = diff(before, after)
    told = [line.text for line in tell(found)]
    assert [text for text in block.told if not any(each.startswith(text) for each in told)] == [], told
    assert before.fingerprint != after.fingerprint or _guarded_only(found)
    assert loads(after.dumps()) == after
    assert _turned(diff(after, before)) == found


async def after_running(url: str, statements: str) -> Snapshot:
    """The snapshot after some statements, which are undone."""
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
    async with connection:
        channel = Channel(connection, Redactor(()))
        await connection.execute("BEGIN")
        await connection.execute(statements.encode())
        await channel.open_pipeline()
        taken = await ask(channel, [])
        await channel.close_pipeline()
        await connection.execute("ROLLBACK")
    return taken


def _guarded_only(found: Diff) -> bool:
    """Whether only that has changed which not every role may read, and which the fingerprint does not know."""
    return all(
        isinstance(change, Changed) and change.before.attributes == change.after.attributes
        for change in found.changes
    )


def _turned(found: Diff) -> Diff:
    """The same diff, read from its end."""
    turned: list[Added | Removed | Renamed | Changed] = []
    for change in found.changes:
        match change:
            case Added(fact):
                turned.append(Removed(fact))
            case Removed(fact):
                turned.append(Added(fact))
            case Renamed(one, other):
                turned.append(Renamed(other, one))
            case Changed(one, other, attributes):
                swapped = tuple(each._replace(before=each.after, after=each.before) for each in attributes)
                turned.append(Changed(other, one, swapped))
    turned.sort(key=lambda change: (change.key, type(change).__name__))
    return Diff(tuple(turned), found.notes)
