"""Every await point of a run: an event loop's tasks that count their suspensions, and a fault at one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

Strike = Callable[[str], BaseException | None]
"""Does the fault; takes the place of the await point, gives the exception to be thrown there, if any."""


class Points:
    """Counts the suspensions of every task of a loop; at number `at` (from 1; None: never) it strikes once."""

    def __init__(self, at: int | None, strike: Strike) -> None:
        self.passed = 0
        self.open = True
        self.main: asyncio.Task[Any] | None = None
        self._at, self._strike = at, strike

    def factory(self, loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
        """Make a task of the loop, as `loop.set_task_factory` wants it. The first one is the run itself."""
        task: asyncio.Task[Any] = asyncio.Task(_Watched(coro, self), loop=loop, **options)
        self.main = self.main or task
        return task

    def suspended(self, coro: Any) -> BaseException | None:
        """A task has suspended. Gives what is to be thrown into it."""
        if not self.open:
            return None
        self.passed += 1
        return self._strike(place_of(coro)) if self.passed == self._at else None


class _Watched(Coroutine[Any, Any, Any]):
    """A coroutine that tells of every suspension of the one in it."""

    def __init__(self, coro: Any, points: Points) -> None:
        self._coro, self._points = coro, points

    def send(self, value: Any) -> Any:
        return self._told(self._coro.send(value))

    def throw(self, *what: Any) -> Any:
        return self._told(self._coro.throw(*what))

    def close(self) -> None:
        self._coro.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        waiting: Generator[Any, Any, Any] = self._coro.__await__()
        return waiting

    def _told(self, awaited: Any) -> Any:
        error = self._points.suspended(self._coro)
        if error is None:
            return awaited
        if awaited is not None:
            awaited._asyncio_future_blocking = False  # noqa: SLF001 - the task that would reset it never sees it
        return self.throw(error)


def place_of(coro: Any) -> str:
    """Where a suspended coroutine waits: its innermost frame in a file, such as `channel.py:74 call`."""
    frame: FrameType | None = None
    while coro is not None:
        frame = getattr(coro, "cr_frame", None) or getattr(coro, "ag_frame", None) or frame
        coro = getattr(coro, "cr_await", None) or getattr(coro, "ag_await", None)
    if frame is None:
        return "?"
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno} {frame.f_code.co_name}"
