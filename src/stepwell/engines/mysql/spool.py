"""Rows that wait in a temporary file, so that reading many of them needs little memory. It knows no database."""

from __future__ import annotations

import pickle
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

IN_MEMORY = 8 * 1024 * 1024  # bytes; only what is larger goes to the disk


class Spool:
    """First everything is put, then everything is read once. The file has no name, and goes with its block."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by the block that uses the spool
        self._batches = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def put(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add some rows."""
        pickle.dump(list(rows), self._file, pickle.HIGHEST_PROTOCOL)
        self._batches += 1

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """All rows, in the order in which they came."""
        self._file.seek(0)
        for _ in range(self._batches):
            yield from pickle.load(self._file)  # noqa: S301 - our own bytes, in a file that nobody else can open
