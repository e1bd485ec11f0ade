"""What the author of a migration wrote beside its description: comments of the header, docstrings."""

from __future__ import annotations

import ast
import re

from stepwell.core.files.pytree import migration_classes, parse_tree
from stepwell.core.files.sqlfile import is_header_line
from stepwell.core.files.text import decode
from stepwell.core.migration import Migration, PythonBody, SqlBody

_BLANK_LINE = re.compile(r"\n[ \t]*\n")


def remarks(migration: Migration) -> str:
    """The text, its lines as they are; empty where there is none."""
    text = decode(migration.source)
    if isinstance(migration.body, SqlBody):
        lines = text.split("\n")[: max(migration.body.up.first_line - 2, 0)]
        return "\n".join(_comment(line) for line in lines if not is_header_line(line)).strip()
    if not isinstance(migration.body, PythonBody):
        return ""
    tree = parse_tree(text, migration.path)
    written = [ast.get_docstring(tree), *map(ast.get_docstring, migration_classes(tree))]
    parts = [_without_description(each, migration.description) for each in written if each]
    return "\n\n".join(part for part in parts if part)


def _comment(line: str) -> str:
    """A line of a header without the signs that make a comment of it."""
    return re.sub(r"^\s*(?:--+|#|/\*+|\*+/|\*(?= ))?[ \t]?|[ \t]*\*+/[ \t]*$", "", line).rstrip()


def _without_description(text: str, description: str) -> str:
    """A docstring without its first paragraph, where that is the description already."""
    first, *rest = _BLANK_LINE.split(text.strip(), maxsplit=1)
    return (rest[0] if rest else "").strip("\n") if " ".join(first.split()) == description else text.strip()
