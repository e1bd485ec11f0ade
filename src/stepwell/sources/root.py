"""The root of a project on `sys.path`, for as long as code of its migrations may import from it.

What is imported from there belongs to that project alone: another one, or the program around, may have modules of the
same names (`db`, `db.session`), and must not be given these, nor give us its own.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    Modules = dict[str, ModuleType]

# The modules of each root whose names others have too: for the next time, so that none is imported twice.
_APART: dict[str, Modules] = {}
_LAST = [""]  # the root whose block was entered last: within it nothing has to be looked for again


# A memo, not state: a root is asked for with every file, and does not move while a program runs.
@lru_cache(maxsize=64)
def resolved(root: Path) -> str:
    """The root as a path that is absolute and free of links."""
    return str(root.resolve())


@contextmanager
def root_on_path(root: Path | None) -> Iterator[None]:
    """Put the root of a project first on `sys.path`, and take it away afterwards. None changes nothing.

    `sys.path` and `sys.modules` belong to the process: while the block runs, all threads see them so.
    """
    if root is None:
        yield
        return
    entry = resolved(root)
    if sys.path[:1] == [entry] and [entry] == _LAST:
        yield
        return
    _LAST[:] = [entry]
    sys.path.insert(0, entry)
    others = _take_away_others(entry)
    sys.modules.update(_APART.get(entry, {}))
    try:
        yield
    finally:
        if entry in sys.path:  # what was imported may have changed the path itself
            sys.path.remove(entry)
        if others:
            _APART[entry] = _take_away(others, sys.modules)
            sys.modules.update(others)


def _take_away_others(entry: str) -> Modules:
    """Modules that hide what lies below this root: those of a name that is found there, but come from elsewhere."""
    own = {path.stem for path in Path(entry).iterdir() if path.is_dir() or path.suffix == ".py"}
    foreign = {
        name.partition(".")[0]
        for name, module in list(sys.modules.items())
        if name in own and not _lies_below(module, entry)
    }
    return _take_away(dict.fromkeys(foreign), sys.modules)


def _take_away(names: dict[str, ModuleType] | dict[str, None], modules: Modules) -> Modules:
    """Take modules of these names, and those inside of them, away."""
    tops = {name.partition(".")[0] for name in names}
    return {name: modules.pop(name) for name in list(modules) if name.partition(".")[0] in tops}


def _lies_below(module: ModuleType, entry: str) -> bool:
    """Whether a module was found below the root; one without a place (built in, a namespace) hides nothing."""
    file = getattr(module, "__file__", None)
    if file is not None:
        return str(file).startswith(entry + "/")
    paths = list(getattr(module, "__path__", ()))
    return not paths or any(str(path).startswith(entry + "/") for path in paths)
