"""The import of a Python migration: what runs is what was read and hashed, not what is on disk by now."""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

from stepwell.author import Migration as Author
from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.files.pytree import compile_text
from stepwell.core.files.text import decode
from stepwell.core.redact import Redactor
from stepwell.sources.root import resolved, root_on_path

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from stepwell.core.migration import PythonBody, SourceFile

_INHERIT = "inherit from `Migration`, with `from stepwell import Migration`"


def load_class(source: SourceFile, body: PythonBody, root: Path | None) -> type[Author]:
    """Run the file as a fresh module and give its migration class.

    `root` is the folder of the configuration; imports of the file find what lies there.
    Raises `MigrationFileError`, with the line of the file, where the import fails (also with SystemExit), and
    where it does not define exactly one class that inherits from `stepwell.Migration`.
    """
    module = _new_module(source, root)
    text, file = decode(source), str(module.__file__)
    code = compile_text(text, source.path, file)
    _show_lines(file, text)
    sys.modules[module.__name__] = module  # dataclasses and type hints of the file look for it there
    try:
        with root_on_path(root):
            exec(code, module.__dict__)  # noqa: S102 - to run the author's code is what this is for
        return _only_class(module, source, body)
    except BaseException as error:
        sys.modules.pop(module.__name__, None)
        if isinstance(error, MigrationFileError) or not isinstance(error, Exception | SystemExit):
            raise
        raise _import_failed(error, source, module, root) from error


def file_of(source: SourceFile, root: Path | None) -> str:
    """The path of a file on disk, as code objects and tracebacks name it."""
    return source.path if root is None else os.path.join(resolved(root), source.path)  # noqa: PTH118 - of every file


def _new_module(source: SourceFile, root: Path | None) -> ModuleType:
    """A module of which only the name tells that it was not imported in the usual way."""
    file = file_of(source, root)
    identity = sha256(f"{file}\0{source.file_hash}".encode(), usedforsecurity=False).hexdigest()
    module = ModuleType(f"_stepwell_migration_{identity[:16]}")
    module.__file__ = file
    # The folder as a package, so that `from .base import Migration` works.
    folders = source.path.split("/")[:-1]
    if folders and all(folder.isidentifier() for folder in folders):
        module.__spec__ = ModuleSpec(".".join((*folders, module.__name__)), None, origin=file)
        module.__package__ = module.__spec__.parent
    return module


def _show_lines(file: str, text: str) -> None:
    """Let tracebacks show the lines that run: an entry without a time of change is never read again."""
    import linecache

    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)


def _only_class(module: ModuleType, source: SourceFile, body: PythonBody) -> type[Author]:
    defined = {
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Author) and value.__module__ == module.__name__
    }
    if len(defined) == 1:
        return defined.pop()
    place = Place(source.path, body.class_line)
    if not defined:
        message = f"{body.class_name} does not inherit from stepwell's Migration"
        raise MigrationFileError(message, place=place, hint=_INHERIT)
    names = ", ".join(sorted(found.__name__ for found in defined))
    message = f"{len(defined)} classes in it inherit from Migration: {names}"
    raise MigrationFileError(message, place=place, hint="one file holds one migration")


def _import_failed(
    error: BaseException, source: SourceFile, module: ModuleType, root: Path | None
) -> MigrationFileError:
    line = _line_in(str(module.__file__), error.__traceback__)
    hint = None
    if isinstance(error, SystemExit):
        message = f"its import ended the program (SystemExit: {error.code!r})"
        hint = "put nothing but definitions at the level of the module"
    else:
        # The author's code may put what it connects with into its errors.
        message = Redactor().clean(f"it can't be imported: {type(error).__name__}: {error}")
        if isinstance(error, ModuleNotFoundError) and root is not None:
            hint = f"modules are looked for in {root}, and among what is installed"
    return MigrationFileError(message, place=Place(source.path, line), hint=hint)


def _line_in(file: str, traceback: TracebackType | None) -> int | None:
    """The line of this file that was running, the innermost where there are several."""
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == file:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
