"""A statement that its migration cancels while the loop and the step agree on it: nobody waits, nothing is skipped."""

from __future__ import annotations

import asyncio

import pytest

from stepwell.app.gate import Gate
from stepwell.ports import EngineError


async def nothing() -> None:
    """A statement."""


def test_cancelled_before_it_was_let_through() -> None:
    async def both() -> BaseException | None:
        gate = Gate()
        task = asyncio.create_task(gate.through("a", nothing, answers=False))
        assert await gate.wait(task) is not None
        task.cancel()
        await asyncio.wait({task})
        return await asyncio.wait_for(gate.execute(), 5)

    assert isinstance(asyncio.run(both()), EngineError)


def test_cancelled_after_it_ran_no_word_is_left_for_the_next() -> None:
    async def both() -> None:
        gate = Gate()
        task = asyncio.create_task(gate.through("a", nothing, answers=False))
        await gate.wait(task)
        assert await gate.execute() is None
        task.cancel()
        await asyncio.wait({task})
        gate.resume()
        with pytest.raises(EngineError, match="cancelled its statement 1"):
            await gate.through("b", nothing, answers=False)
        with pytest.raises(EngineError, match="cancelled its statement 1"):
            gate.must_be_whole()

    asyncio.run(both())


def test_whatever_ends_the_step_ends_the_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """As by a lack of memory, where the step waits for a word."""

    async def fails() -> object:
        raise MemoryError

    async def both() -> BaseException | None:
        gate = Gate()
        monkeypatch.setattr(gate._words, "get", fails)
        task = asyncio.create_task(gate.through("a", nothing, answers=False))
        await asyncio.wait({task})
        assert await gate.wait(task) is None
        assert isinstance(task.exception(), MemoryError)
        return await asyncio.wait_for(gate.execute(), 5)

    assert isinstance(asyncio.run(both()), EngineError)


def test_a_step_that_ends_without_a_word_is_not_waited_for() -> None:
    async def both() -> BaseException | None:
        gate = Gate()
        gate._ran = asyncio.get_running_loop().create_future()
        await gate.wait(asyncio.create_task(nothing()))
        return await asyncio.wait_for(gate.execute(), 5)

    assert isinstance(asyncio.run(both()), EngineError)
