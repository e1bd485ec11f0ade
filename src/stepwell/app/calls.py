"""The awaitables that `database` hands out, and the book in which none of them can be forgotten silently."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from typing import Any, Generic, TypeVar

from stepwell.author import Row
from stepwell.core.errors import Fault, MisuseError, Place

T = TypeVar("T")


class CallBook:
    """Which calls were made and not awaited yet, and which are still running."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._made: dict[int, tuple[str, Place]] = {}
        self._running: dict[int, tuple[str, Place]] = {}
        self.closed = False

    def made(self, key: int, verb: str, place: Place) -> None:
        """A call was made."""
        if self.closed:
            raise self._after_end(verb, place)
        self._made[key] = (verb, place)

    def begun(self, key: int, verb: str, place: Place) -> None:
        """A call is awaited."""
        if self.closed:
            raise self._after_end(verb, place)
        if self._made.pop(key, None) is None:
            raise self._misuse(f"database.{verb} is awaited a second time", place, "make the call anew")
        self._running[key] = (verb, place)

    def ended(self, key: int) -> None:
        """A call has its answer."""
        self._running.pop(key, None)

    def close(self) -> None:
        """The step has ended. Raises `MisuseError` for the first call that was forgotten or still runs."""
        self.closed = True
        for verb, place in self._made.values():
            raise self._misuse(
                f"database.{verb} was never awaited, so it did nothing", place, "write 'await' before it"
            )
        for verb, place in self._running.values():
            raise self._misuse(
                f"database.{verb} was still running when the migration ended",
                place,
                "await the task that runs it",
            )

    def _after_end(self, verb: str, place: Place) -> MisuseError:
        return self._misuse(
            f"database.{verb} is used after the migration {self._version} has ended",
            place,
            "await every task that the migration starts",
        )

    def _misuse(self, message: str, place: Place, hint: str) -> MisuseError:
        return MisuseError(Fault(message, code="misuse", version=self._version, place=place, hint=hint))


class Call(Generic[T]):
    """One call of `database`: does nothing until it is awaited."""

    __slots__ = ("_book", "_make", "_place", "_verb")

    def __init__(
        self, book: CallBook, verb: str, place: Place, make: Callable[[], Coroutine[Any, Any, T]]
    ) -> None:
        self._book, self._verb, self._place, self._make = book, verb, place, make
        book.made(id(self), verb, place)

    def __await__(self) -> Generator[Any, None, T]:
        self._book.begun(id(self), self._verb, self._place)
        try:
            return (yield from self._make().__await__())
        finally:
            self._book.ended(id(self))


class Block(Generic[T]):
    """A context manager of `database`, to be entered with `async with` (in a plain `def`: `with`)."""

    __slots__ = ("_book", "_enter", "_leave", "_loop", "_place", "_verb")

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
        self._book, self._verb, self._place = book, verb, place
        self._enter, self._leave, self._loop = enter, leave, loop
        book.made(id(self), verb, place)

    async def __aenter__(self) -> T:
        self._book.begun(id(self), self._verb, self._place)
        return await self._enter()

    async def __aexit__(self, *exc: object) -> bool:
        try:
            return await self._leave(*exc)
        finally:
            self._book.ended(id(self))

    def __enter__(self) -> T:
        if self._loop is None:
            raise TypeError(f"write 'async with database.{self._verb}', not 'with'")
        return asyncio.run_coroutine_threadsafe(self.__aenter__(), self._loop).result()

    def __exit__(self, *exc: object) -> bool:
        if self._loop is None:
            return False
        return asyncio.run_coroutine_threadsafe(self.__aexit__(*exc), self._loop).result()


class Rows:
    """The rows of `database.iterate`, for `async for` (in a plain `def`: `for`). Leaving the loop early is no fault."""

    __slots__ = ("_book", "_loop", "_place", "_rows", "_verb")

    def __init__(
        self,
        book: CallBook,
        verb: str,
        place: Place,
        rows: AsyncIterator[Row],
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        self._book, self._verb, self._place, self._rows, self._loop = book, verb, place, rows, loop
        book.made(id(self), verb, place)

    def _begin(self) -> None:
        self._book.begun(id(self), self._verb, self._place)
        self._book.ended(id(self))

    def __aiter__(self) -> AsyncIterator[Row]:
        self._begin()
        return self._rows

    def __iter__(self) -> Iterator[Row]:
        if self._loop is None:
            raise TypeError(f"write 'async for row in database.{self._verb}', not 'for'")
        self._begin()
        while (row := asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()) is not None:
            yield row

    async def _next(self) -> Row | None:
        return await anext(self._rows, None)
