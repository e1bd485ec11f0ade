"""What the text of a Python file can bring in from outside of it: its imports, and whether they tell all of it.

It is about what an outcome depends on, not about safety: whoever wants to hide an import can.
"""

from __future__ import annotations

import ast
from typing import NamedTuple

# They do nothing but compute, so that what they give depends on nothing but what they are given (and on chance).
PURE = frozenset(
    {
        "__future__", "abc", "base64", "collections", "contextlib", "dataclasses", "datetime", "decimal", "enum",
        "fractions", "functools", "hashlib", "inspect", "itertools", "json", "logging", "math", "operator", "re",
        "secrets", "statistics", "stepwell", "string", "textwrap", "typing", "uuid",
    }
)  # fmt: skip
# What reads files, or runs code that stands nowhere.
_OUTWARD = frozenset(
    {
        "__builtins__", "__file__", "__import__", "__loader__", "__spec__", "breakpoint", "compile", "eval", "exec",
        "globals", "input", "open", "vars",
    }
)  # fmt: skip


class Import(NamedTuple):
    """One import: the dots before the module, the module, and what is taken from it, which may be modules too."""

    level: int
    module: str
    names: tuple[str, ...] = ()


def imports_of(tree: ast.Module) -> tuple[Import, ...] | None:
    """All imports of a file, wherever they stand; None where it may reach what no import tells of, such as a file."""
    found: list[Import] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in _OUTWARD:
            return None
        if isinstance(node, ast.Import):
            found += [Import(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            found.append(Import(node.level, node.module or "", names))
    return tuple(found)


def is_pure(module: str) -> bool:
    """Whether an absolute module only computes."""
    return module.partition(".")[0] in PURE
