"""The root of a project on `sys.path`, for as long as code of its migrations may import from it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# A memo, not state: a root is asked for with every file, and does not move while a program runs.
@lru_cache(maxsize=64)
def resolved(root: Path) -> str:
    """The root as a path that is absolute and free of links."""
    return str(root.resolve())


@contextmanager
def root_on_path(root: Path | None) -> Iterator[None]:
    """Put the root of a project first on `sys.path`, and take it away afterwards. None changes nothing.

    `sys.path` belongs to the process: while the block runs, all threads see it.
    """
    if root is None:
        yield
        return
    entry = resolved(root)
    if sys.path[:1] == [entry]:
        yield
        return
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        if entry in sys.path:  # what was imported may have changed the path itself
            sys.path.remove(entry)
