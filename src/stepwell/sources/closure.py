"""The modules of a project that a Python migration brings in, directly or by others, as far as its text tells."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from importlib.machinery import PathFinder
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from stepwell.core.errors import MigrationError
from stepwell.core.files.imports import imports_of, is_pure
from stepwell.core.files.pytree import parse_tree

if TYPE_CHECKING:
    from stepwell.core.files.imports import Import

Closure = Mapping[str, bytes]
"""The bytes of each module, by its path below the root."""


# What the bytes of a module were before it was loaded: those that this process has until its end. A memo, not state.
_AS_LOADED: dict[Path, bytes] = {}


def closure(root: Path, path: str, text: str, loaded: Collection[str | None] = ()) -> Closure | None:
    """The modules that the file at this path, relative to the root, brings in, with that text.

    None where that can't be told: where something is imported that is neither the project's own nor known to only
    compute, where files may be read, and where a module that was `loaded` (its file) before may have been another.
    """
    found = _closure(root, path, text)
    if found is None:
        return None
    for name, content in found.items():
        file = root / name
        if str(file) not in loaded:
            _AS_LOADED[file] = content
        elif _AS_LOADED.get(file) != content:
            return None
    return found


def _closure(root: Path, path: str, text: str) -> dict[str, bytes] | None:
    found: dict[str, bytes] = {}
    left: list[tuple[str, str]] = [(path, text)]
    while left:
        here, source = left.pop()
        try:
            imports = imports_of(parse_tree(source, here))
        except MigrationError:
            return None
        if imports is None:
            return None
        for each in imports:
            modules = _modules(root, PurePosixPath(here).parent, each)
            if modules is None:
                return None
            for name in modules - found.keys():
                try:
                    found[name] = (root / name).read_bytes()
                    left.append((name, found[name].decode()))
                except (OSError, UnicodeDecodeError):
                    return None
    return found


def _modules(root: Path, folder: PurePosixPath, wanted: Import) -> set[str] | None:
    """The files of the project that an import runs; none for a module that only computes; None: it can't be told."""
    inside = tuple(filter(None, wanted.module.split(".")))
    if wanted.level:
        above = [folder, *folder.parents]
        if wanted.level > len(above) or folder.is_absolute() or ".." in folder.parts:
            return None
        inside = (*above[wanted.level - 1].parts, *inside)
    if not inside or not _is_ours(root, inside[0]):
        return set() if not wanted.level and is_pure(wanted.module) else None
    return _walked(root, inside, wanted.names)


def _walked(root: Path, inside: tuple[str, ...], names: tuple[str, ...]) -> set[str] | None:
    """The files of a module, of every package on the way, which is run before, and of the modules that it gives."""
    files: list[str | None] = []
    here = PurePosixPath()
    for part in inside:
        here /= part
        files.append(_file(root, here))
        if files[-1] is None and not (root / here).is_dir():
            return None
    told = files[-1] is not None
    for name in names:
        files.append(_file(root, here / name))
        if files[-1] is None and not told:  # nothing that we can read gives this name
            return None
    if not told and not names:  # a folder by itself: what is in it comes with other imports
        return None
    return {file for file in files if file is not None}


def _is_ours(root: Path, name: str) -> bool:
    """Whether a module at the top is that of the project: the root is looked into first, but built-in ones come before,
    and a folder that is no package gives way to every package of its name that is installed.
    """
    if name in sys.builtin_module_names:
        return False
    if _file(root, PurePosixPath(name)) is not None:
        return True
    if not (root / name).is_dir():
        return False
    elsewhere = PathFinder.find_spec(name, [each for each in sys.path if Path(each) != root])
    return elsewhere is None or elsewhere.loader is None or elsewhere.origin is None


def _file(root: Path, module: PurePosixPath) -> str | None:
    """The file of a module or a package."""
    for file in (module / "__init__.py", module.with_name(f"{module.name}.py") if module.name else module):
        if (root / file).is_file():
            return file.as_posix()
    return None
