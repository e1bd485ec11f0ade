"""What every verb is given: where migrations and the database are, and how to tell people of progress. No globals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.author import Migration as Author
    from stepwell.core.events import Event
    from stepwell.core.files.listing import Source
    from stepwell.core.migration import Migration
    from stepwell.core.settings import Settings
    from stepwell.core.url import DatabaseUrl
    from stepwell.ports import Batch, Connection, Dialect, Forbidden


class Loader(Protocol):
    """Imports a Python migration from the bytes that were hashed."""

    def load(self, migration: Migration) -> tuple[Migration, type[Author] | None]:
        """Give the migration as its class really is, and the class; None for an SQL file."""

    def modules_of(self, migration: Migration) -> Mapping[str, bytes] | None:
        """The modules of the project that it brings in, with their bytes; None where that can't be told."""

    def file_of(self, migration: Migration) -> str:
        """The name of its file as code objects have it."""


class Context(NamedTuple):
    """Everything a verb needs.

    `connect` is told whether the run only asks; where the database is `absent`, it makes the file of it otherwise.
    `jitter` gives numbers from 0 to 1, `clock` seconds that only go up, `clean` a text without secrets. `forbid` says
    why a statement must not run here, or None; `scratch` makes the same for an empty throw-away database, and `copies`
    for copies of one that is filled once for all who give the same key. `url` is what the database is reached by.
    """

    settings: Settings
    source: Source
    loader: Loader
    dialect: Dialect
    connect: Callable[[bool], Awaitable[Connection]]
    absent: bool
    emit: Callable[[Event], None]
    clock: Callable[[], float]
    jitter: Callable[[], float]
    new_batch: Callable[[], Batch]
    clean: Callable[[str], str]
    forbid: Callable[[str], Forbidden | None] = lambda _: None
    scratch: Callable[[], AbstractAsyncContextManager[Context]] | None = None
    copies: Callable[[str, FillContext], AbstractAsyncContextManager[CopyContext]] | None = None
    url: DatabaseUrl | None = None


FillContext = Callable[[Context], Awaitable[None]]
CopyContext = Callable[[], AbstractAsyncContextManager[Context]]
