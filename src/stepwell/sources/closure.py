"""The modules of a project that a Python migration brings in, directly or by others, as far as its text tells."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
    """The files of the project that an import runs; none for a module that only computes."""
    if wanted.level:
        above = [folder, *folder.parents]
        if wanted.level > len(above) or folder.is_absolute() or ".." in folder.parts:
            return None
        start = above[wanted.level - 1]
    else:
        start = PurePosixPath()
        top = start / wanted.module.partition(".")[0]
        if not _is_there(root, top):
            return set() if is_pure(wanted.module) else None
    return _walked(root, start, wanted)


def _walked(root: Path, start: PurePosixPath, wanted: Import) -> set[str] | None:
    """Every package on the way is run before what is in it."""
    files: set[str] = set()
    here = start
    for part in PurePosixPath(start, *filter(None, wanted.module.split("."))).relative_to(start).parts:
        here /= part
        file = _file(root, here)
        if file is not None:
            files.add(file)
        elif not (root / here).is_dir():
            return None
    told = _file(root, here) is not None
    for name in wanted.names:
        file = _file(root, here / name)
        if file is not None:
            files.add(file)
        elif not told:  # nothing that we can read gives this name
            return None
    return files


def _is_there(root: Path, module: PurePosixPath) -> bool:
    return _file(root, module) is not None or (root / module).is_dir()


def _file(root: Path, module: PurePosixPath) -> str | None:
    """The file of a module or a package."""
    for file in (module / "__init__.py", module.with_name(f"{module.name}.py") if module.name else module):
        if (root / file).is_file():
            return file.as_posix()
    return None
