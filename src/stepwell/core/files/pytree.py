"""The syntax tree of a Python file and what is looked for in it: imports, classes, literals. Runs nothing."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from stepwell.core.errors import MigrationFileError, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import CodeType

MIGRATION = "Migration"
T = TypeVar("T")
_SPOILED = 9  # how often a parse may be spoiled before that is told

# An invalid escape, and a number with a keyword right behind it, are only warnings, but a filter may turn a
# warning into an error. The filters belong to the process: they are touched only for a text that may need it.
_MAY_WARN = re.compile(r"\\|[0-9](?:and|else|for|if|in|is|not|or)\b")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands in the text."""

    value: object


def parse_tree(text: str, path: str) -> ast.Module:
    """Parse Python, without warnings. Raises `MigrationFileError` with the line that can't be read."""
    return _read(lambda: ast.parse(text, path), text, path)


def compile_text(text: str, path: str, file: str) -> CodeType:
    """Compile Python; `file` is its name in tracebacks. Raises as `parse_tree` does."""
    return _read(lambda: compile(text, file, "exec", dont_inherit=True), text, path)


def _read(read: Callable[[], T], text: str, path: str) -> T:
    try:
        return _once_more(lambda: _quietly(read) if _MAY_WARN.search(text) else read())
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise _not_python(error, path) from None


def _once_more(read: Callable[[], T]) -> T:
    """Garbage that parses Python too, such as a task that writes a traceback, can spoil a parse of CPython 3.11.

    https://github.com/python/cpython/issues/106905
    """
    for _ in range(_SPOILED):
        try:
            return read()
        except SystemError:
            continue
    return read()


def _not_python(error: SyntaxError | RecursionError | MemoryError, path: str) -> MigrationFileError:
    if isinstance(error, SyntaxError):
        return MigrationFileError(f"it is not Python: {error.msg}", place=Place(path, error.lineno))
    return MigrationFileError("it is nested too deeply to be read", place=Place(path))


def _quietly(read: Callable[[], T]) -> T:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read()


def imported_names(tree: ast.Module) -> dict[str, str]:
    """The names that imports bind at module level, each with the name that it had where it comes from."""
    return {
        alias.asname or alias.name: alias.name
        for node in _module_level(tree.body)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


def migration_classes(tree: ast.Module) -> list[ast.ClassDef]:
    """The classes that inherit from something named Migration, itself or through one another.

    Where there is none, those that inherit from anything and define `up`: a project's base has any name.
    """
    names = imported_names(tree)
    classes = [node for node in _module_level(tree.body) if isinstance(node, ast.ClassDef)]
    found: list[ast.ClassDef] = []
    for node in classes:
        kin = {other.name for other in found}
        if any(base.endswith(MIGRATION) or base in kin for base in base_names(node, names)):
            found.append(node)
    return found or [node for node in classes if node.bases and "up" in methods(node)]


def base_names(node: ast.ClassDef, names: Mapping[str, str]) -> list[str]:
    """The last part of each base's name, as it was before an import renamed it."""
    return [original_name(base, names) for base in node.bases]


def original_name(node: ast.expr, names: Mapping[str, str]) -> str:
    """The last part of a dotted name, as it was before an import renamed it; empty for what is no name."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return node.attr
    return original_name(node.value, names) if isinstance(node, ast.Subscript) else ""


def methods(node: ast.ClassDef) -> dict[str, Function]:
    """The methods that a class defines itself."""
    return {item.name: item for item in node.body if isinstance(item, Function)}


def literal(node: ast.expr) -> Literal | None:
    """The value of an expression that is a literal, or None."""
    try:
        return Literal(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def returned_literal(function: Function) -> Literal | None:
    """What a function returns that does nothing else (after a docstring), if it is a literal; or None."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    if (
        len(body) != 1
        or not isinstance(body[0], ast.Return)
        or not all(map(_is_override, function.decorator_list))
    ):
        return None
    return Literal(None) if body[0].value is None else literal(body[0].value)


def _is_override(decorator: ast.expr) -> bool:
    return original_name(decorator, {}) == "override"


def _module_level(body: Sequence[ast.stmt | ast.ExceptHandler]) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported, also those under `if`, `try` and `with`."""
    for node in body:
        if not isinstance(node, ast.ExceptHandler):
            yield node
        if isinstance(node, ast.If | ast.Try | ast.With | ast.ExceptHandler):
            for block in ("body", "handlers", "orelse", "finalbody"):
                yield from _module_level(getattr(node, block, ()))
