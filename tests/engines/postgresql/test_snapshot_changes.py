"""Every change of the structure is noticed, and told in the right words: each alone, on a copy of the kitchen sink."""

import asyncio

import psycopg
import pytest
from tests.blocks import Block, must_be_noticed, read_blocks

from stepwell.core.redact import Redactor
from stepwell.core.schema.snapshot import Snapshot
from stepwell.engines.postgresql.channel import Channel
from stepwell.engines.postgresql.structure.reading import ask

from .conftest import HERE, Sink

CHANGES = read_blocks(HERE / "changes.sql")


def test_there_are_many() -> None:
    assert len(CHANGES) > 200
    assert all(block.told for block in CHANGES)


@pytest.mark.parametrize("block", [pytest.param(block, id=block.told[0]) for block in CHANGES])
def test_a_change_is_noticed(block: Block, sink: Sink, unchanged: Snapshot) -> None:
    if not sink.can(block):
        return  # the server has no such thing: there is nothing that could go unnoticed
    before, after = unchanged, asyncio.run(after_running(sink.url, block.sql))
    must_be_noticed(block, before, after)


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
