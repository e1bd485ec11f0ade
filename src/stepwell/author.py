"""What people who write migrations import: `Migration`, to inherit, and `database`, the handle of the running step.

`database` is bound by the one context variable of the package; the shell binds it (`app/handle.py`) and unbinds it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from stepwell.core.errors import Fault, MisuseError, Place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Sequence
    from contextlib import AbstractAsyncContextManager
    from types import FrameType

Values = Mapping[str, Any]
Row = dict[str, Any]


class Handle(Protocol):
    """What a running step offers; every call gets the frame of the code that made it."""

    engine: str

    def call(self, verb: str, frame: FrameType, *arguments: Any) -> Any:
        """Make the call `verb`: an awaitable, or the result itself where the step is blocking."""

    def enter(self, verb: str, frame: FrameType) -> Any:
        """Make a context manager: `transaction` or `driver`."""

    def iterate(self, frame: FrameType, sql: str, values: Values | None) -> Any:
        """Make an iterator over rows."""


running_step: ContextVar[Handle | None] = ContextVar("stepwell_running_step", default=None)


def _handle(verb: str, frame: FrameType) -> Handle:
    handle = running_step.get()
    if handle is None:
        raise MisuseError(
            Fault(
                f"database.{verb} is used outside a migration",
                code="outside_step",
                place=Place(frame.f_code.co_filename, frame.f_lineno),
                hint="database works only inside up(), down() and is_applied(), while stepwell runs them",
            )
        )
    return handle


def _caller() -> FrameType:
    return sys._getframe(2)  # noqa: SLF001 - the documented way to learn the line of a caller without a traceback


class Database:
    """The database of the running step. Parameters are written `:name`, values given as a dict.

    In a plain `def up(self)` the same calls are made without `await` and give their result at once.
    """

    __slots__ = ()

    @property
    def engine(self) -> str:
        """`"postgresql"`, `"sqlite"`, `"mysql"` or `"mariadb"`."""
        return _handle("engine", _caller()).engine

    def execute(self, sql: str, values: Values | None = None) -> Awaitable[None]:
        """Run SQL; it is queued where the engine can. Without values it may hold several statements and COPY blocks."""
        frame = _caller()
        result: Awaitable[None] = _handle("execute()", frame).call("execute", frame, sql, values)
        return result

    def execute_many(self, sql: str, list_of_values: Sequence[Values]) -> Awaitable[None]:
        """Run one statement once for each dict of values; queued where the engine can."""
        frame = _caller()
        result: Awaitable[None] = _handle("execute_many()", frame).call(
            "execute_many", frame, sql, list_of_values
        )
        return result

    def execute_count(self, sql: str, values: Values | None = None) -> Awaitable[int]:
        """Run one statement and give the number of rows it affected; waits."""
        frame = _caller()
        result: Awaitable[int] = _handle("execute_count()", frame).call("execute_count", frame, sql, values)
        return result

    def fetch_all(self, sql: str, values: Values | None = None) -> Awaitable[list[Row]]:
        """Run one statement and give all its rows as dicts; waits."""
        frame = _caller()
        result: Awaitable[list[Row]] = _handle("fetch_all()", frame).call("fetch_all", frame, sql, values)
        return result

    def fetch_one(self, sql: str, values: Values | None = None) -> Awaitable[Row | None]:
        """Run one statement and give its first row as a dict, or None; waits."""
        frame = _caller()
        result: Awaitable[Row | None] = _handle("fetch_one()", frame).call("fetch_one", frame, sql, values)
        return result

    def fetch_val(self, sql: str, values: Values | None = None) -> Awaitable[Any]:
        """Run one statement and give the first column of its first row, or None; waits."""
        frame = _caller()
        result: Awaitable[Any] = _handle("fetch_val()", frame).call("fetch_val", frame, sql, values)
        return result

    def iterate(self, sql: str, values: Values | None = None) -> AsyncIterator[Row]:
        """Run one statement and give its rows one by one, without holding all in memory."""
        frame = _caller()
        rows: AsyncIterator[Row] = _handle("iterate()", frame).iterate(frame, sql, values)
        return rows

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """A savepoint: what is inside is kept as a whole or undone as a whole. Entering and leaving wait."""
        frame = _caller()
        block: AbstractAsyncContextManager[None] = _handle("transaction()", frame).enter("transaction", frame)
        return block

    def flush(self) -> Awaitable[None]:
        """Wait for all that is queued; call it before an effect outside the database."""
        frame = _caller()
        result: Awaitable[None] = _handle("flush()", frame).call("flush", frame)
        return result

    def driver(self) -> AbstractAsyncContextManager[Any]:
        """The driver's own connection, for what only it can do. It must not end the transaction."""
        frame = _caller()
        block: AbstractAsyncContextManager[Any] = _handle("driver()", frame).enter("driver", frame)
        return block

    def __repr__(self) -> str:
        return "<stepwell.database>"


database = Database()


class Migration:
    """One versioned change. Inherit it once in a file and define `up` and, if it can be reverted, `down`.

    The four getters have defaults: version and name come from the name of the file, the description from the class
    docstring, the dependencies from the class attribute `dependencies`. See "Writing migrations" in the book.
    """

    dependencies: Sequence[str]  # none of our own: whether it was stated is known by whether it is there
    transactional: bool = True
    irreversible: bool = False
    idempotent: bool = False
    ends_segment: bool = False
    lock_timeout: float | str | None = None
    statement_timeout: float | str | None = None
    idle_timeout: float | str | None = None
    tags: Sequence[str] = ()
    replaces: Sequence[str] = ()
    phase: str | None = None

    def get_version(self) -> str:
        """The version: what stands before the first `_` in the name of the file."""
        return _file_stem(type(self)).partition("_")[0]

    def get_name(self) -> str:
        """The name: what stands behind the first `_` in the name of the file."""
        version, _, name = _file_stem(type(self)).partition("_")
        return name or version

    def get_description(self) -> str:
        """The description: the first paragraph of the class docstring."""
        own = type(self).__dict__.get("__doc__")
        return " ".join(own.strip().split("\n\n")[0].split()) if isinstance(own, str) else ""

    def get_dependencies(self) -> list[str]:
        """The versions that must be applied first: the class attribute `dependencies`."""
        return list(getattr(self, "dependencies", ()))


def _file_stem(cls: type) -> str:
    """The stem of the file in which a class is defined, also while that file is being loaded."""
    up = getattr(cls, "up", None)
    found = getattr(up, "__globals__", {}).get("__file__")
    path = found or getattr(sys.modules.get(cls.__module__), "__file__", None) or ""
    name = str(path).replace("\\", "/").rpartition("/")[2]
    return name.removesuffix(".py")
