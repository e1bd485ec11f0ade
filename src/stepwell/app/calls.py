"""The awaitables that `database` hands out, and the book in which none of them can be forgotten silently."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from stepwell.core.errors import Fault, MisuseError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator, Iterator

    from stepwell.author import Row
    from stepwell.core.errors import Place

T = TypeVar("T")

LONGEST_STOP = 5.0  # seconds that a task which the author started has to hear of its cancellation


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """One call that was made. The book keeps it, so that no other call can be taken for it."""

    verb: str
    place: Place


class CallBook:
    """Which calls were made and not awaited yet, and which are still running."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._made: dict[Ticket, None] = {}
        self._running: dict[Ticket, asyncio.Task[Any] | None] = {}
        self.closed = False
        self.late: MisuseError | None = None  # a use after the end, of a task that nobody may be waiting for

    def made(self, verb: str, place: Place) -> Ticket:
        """A call was made."""
        ticket = Ticket(verb, place)
        self.must_be_open(ticket)
        self._made[ticket] = None
        return ticket

    def begun(self, ticket: Ticket) -> None:
        """A call is awaited."""
        self.must_be_open(ticket)
        if ticket not in self._made:
            raise self._misuse(
                f"database.{ticket.verb} is awaited a second time", ticket.place, "make the call anew"
            )
        del self._made[ticket]
        self._running[ticket] = _current_task()

    def ended(self, ticket: Ticket) -> None:
        """A call has its answer."""
        self._running.pop(ticket, None)

    @contextmanager
    def again(self, ticket: Ticket) -> Iterator[None]:
        """A call that was begun before is at work for one more answer."""
        self.must_be_open(ticket)
        self._running[ticket] = _current_task()
        try:
            yield
        finally:
            self.ended(ticket)

    def must_be_open(self, ticket: Ticket) -> None:
        """Raises `MisuseError` where the step has ended: nothing may reach the database any more."""
        if self.closed:
            self.late = self._after_end(ticket.verb, ticket.place)
            raise self.late

    def close(self) -> None:
        """The step has ended. Raises `MisuseError` for the first call that was forgotten or still runs."""
        self.closed = True
        for ticket in self._made:
            raise self._misuse(
                f"database.{ticket.verb} was never awaited, so it did nothing",
                ticket.place,
                "write 'await' before it",
            )
        for ticket in self._running:
            raise self._misuse(
                f"database.{ticket.verb} was still running when the migration ended",
                ticket.place,
                "await the task that runs it",
            )

    async def abandon(self) -> None:
        """The step has failed: whatever it left running is stopped, and nothing comes after it."""
        self.closed = True
        tasks = {task for task in self._running.values() if task is not None} - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=LONGEST_STOP)

    def _after_end(self, verb: str, place: Place) -> MisuseError:
        return self._misuse(
            f"database.{verb} is used after the migration {self._version} has ended",
            place,
            "await every task that the migration starts",
        )

    def _misuse(self, message: str, place: Place, hint: str) -> MisuseError:
        return MisuseError(Fault(message, code="misuse", version=self._version, place=place, hint=hint))


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # in the thread of a plain function, where no loop runs
        return None


class Call(Generic[T]):
    """One call of `database`: does nothing until it is awaited."""

    __slots__ = ("_book", "_make", "_ticket")

    def __init__(
        self, book: CallBook, verb: str, place: Place, make: Callable[[], Coroutine[Any, Any, T]]
    ) -> None:
        self._book, self._make = book, make
        self._ticket = book.made(verb, place)

    def __await__(self) -> Generator[Any, None, T]:
        self._book.begun(self._ticket)
        try:
            return (yield from self._make().__await__())
        finally:
            self._book.ended(self._ticket)


class Block(Generic[T]):
    """A context manager of `database`, to be entered with `async with` (in a plain `def`: `with`)."""

    __slots__ = ("_book", "_enter", "_leave", "_loop", "_ticket")

    def __init__(
        self,
        book: CallBook,
        verb: str,
        place: Place,
        *,
        enter: Callable[[], Coroutine[Any, Any, T]],
        leave: Callable[..., Coroutine[Any, Any, bool]],
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        self._book, self._enter, self._leave, self._loop = book, enter, leave, loop
        self._ticket = book.made(verb, place)

    async def __aenter__(self) -> T:
        self._book.begun(self._ticket)
        return await self._enter()

    async def __aexit__(self, *exc: object) -> bool:
        try:
            return await self._leave(*exc)
        finally:
            self._book.ended(self._ticket)

    def __enter__(self) -> T:
        if self._loop is None:
            raise TypeError(f"write 'async with database.{self._ticket.verb}', not 'with'")
        return asyncio.run_coroutine_threadsafe(self.__aenter__(), self._loop).result()

    def __exit__(self, *exc: object) -> bool:
        if self._loop is None:
            return False
        return asyncio.run_coroutine_threadsafe(self.__aexit__(*exc), self._loop).result()


class Rows:
    """The rows of `database.iterate`, for `async for` (in a plain `def`: `for`). Leaving the loop early is no fault."""

    __slots__ = ("_book", "_loop", "_rows", "_ticket")

    def __init__(
        self,
        book: CallBook,
        verb: str,
        place: Place,
        rows: AsyncGenerator[Row, None],
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        self._book, self._rows, self._loop = book, rows, loop
        self._ticket = book.made(verb, place)

    def _begin(self) -> None:
        self._book.begun(self._ticket)
        self._book.ended(self._ticket)

    async def __aiter__(self) -> AsyncIterator[Row]:
        self._begin()
        async with aclosing(self._rows):
            while (row := await self._next()) is not None:
                yield row

    def __iter__(self) -> Iterator[Row]:
        if self._loop is None:
            raise TypeError(f"write 'async for row in database.{self._ticket.verb}', not 'for'")
        self._begin()
        while (row := asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()) is not None:
            yield row

    async def _next(self) -> Row | None:
        with self._book.again(self._ticket):
            return await anext(self._rows, None)
