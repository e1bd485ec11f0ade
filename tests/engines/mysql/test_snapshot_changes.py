"""Every change of the structure is noticed, and told in the right words: each alone, on its own kitchen sink."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.blocks import Block, must_be_noticed, read_blocks

from .conftest import HERE, Sink, made, run, taken

if TYPE_CHECKING:
    from stepwell.core.schema.snapshot import Snapshot

CHANGES = read_blocks(HERE / "changes.sql")


def test_there_are_many() -> None:
    assert len(CHANGES) > 130
    assert all(block.told for block in CHANGES)


@pytest.mark.parametrize("block", [pytest.param(block, id=block.told[0]) for block in CHANGES])
def test_a_change_is_noticed(block: Block, kitchen: Sink, everything: str, unchanged: Snapshot) -> None:
    if not kitchen.can(block):
        return  # the server has no such thing: there is nothing that could go unnoticed
    with made(kitchen, everything) as sink:
        run(sink.url, block.sql)
        must_be_noticed(block, unchanged, taken(sink.url))


def test_nothing_here_is_unknown(unchanged: Snapshot) -> None:
    assert unchanged.unknown == ()
