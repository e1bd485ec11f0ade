"""The statements that can be read in a file without running it, and whether they change schema and data."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from stepwell.core.errors import Place
from stepwell.core.files.constants import constants_in, constants_of, texts_of
from stepwell.core.files.pytree import (
    imported_names,
    methods,
    original_name,
)
from stepwell.core.migration import Direction, Finding
from stepwell.core.sql.errors import SqlSyntaxError
from stepwell.core.sql.kinds import StatementKind, classify
from stepwell.core.sql.split import split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stepwell.core.files.constants import Constants
    from stepwell.core.files.pytree import (
        Function,
    )
    from stepwell.core.migration import Migration
    from stepwell.core.sql.rules import LexRules
    from stepwell.core.sql.statement import Statement

_HANDLE = "database"
_CALLS = frozenset(
    ("execute", "execute_many", "execute_count", "fetch_all", "fetch_one", "fetch_val", "iterate"),
)
# Most migrations hold nothing else, and to tell it from the first word costs a hundredth of classifying them.
_PLAIN_SCHEMA = re.compile(r"(?:CREATE|ALTER|DROP)\b", re.IGNORECASE)
_NAMES = {StatementKind.SCHEMA: "the schema", StatementKind.DATA: "data"}


def mixed_findings(migration: Migration, rules: LexRules) -> tuple[Finding, ...]:
    """One finding, at the first statement of the second kind, where up() changes both schema and data.

    None without a transaction, since each statement then gives back its locks itself.
    """
    statements = migration.statements(Direction.UP)
    if rules.commands.one_lock or not migration.transactional(Direction.UP):
        return ()
    if all(map(_is_plainly_schema, statements)):
        return ()
    first: Statement | None = None
    first_kind: StatementKind | None = None
    for statement in statements:
        kind = classify(statement, rules).kind
        if kind not in _NAMES:
            continue
        if first is None:
            first, first_kind = statement, kind
        elif kind is not first_kind and first_kind is not None:
            message = (
                f"it changes {_NAMES[kind]} here, and {_NAMES[first_kind]} on line {first.line}: "
                "long data changes then hold the locks of schema changes"
            )
            hint = "make two migrations of it, the second depending on the first"
            return (Finding("mixed-schema-and-data", message, Place(migration.path, statement.line), hint),)
    return ()


def _is_plainly_schema(statement: Statement) -> bool:
    return _PLAIN_SCHEMA.match(statement.text) is not None


def literal_statements(
    tree: ast.Module, node: ast.ClassDef, direction: Direction, rules: LexRules
) -> Iterator[Statement]:
    """The literal SQL that a Python migration gives to `database` in one direction, in the order of its text.

    Takes the tree of the file and its class. Follows calls of the class's own methods, and names that the module gives
    to literals, one by one or in a list that is gone through.
    """
    names = imported_names(tree)
    constants = constants_of(tree.body)
    for argument in _literal_arguments(methods(node), direction.value, names, constants, set()):
        try:
            yield from split(str(argument.value), rules, argument.lineno)
        except SqlSyntaxError:
            continue  # what is wrong with it is said when it runs, with the statement


def _literal_arguments(
    defined: Mapping[str, Function],
    name: str,
    names: Mapping[str, str],
    constants: Constants,
    visited: set[str],
) -> Iterator[ast.Constant]:
    """The literal texts given to `database` in a method and in the methods that it calls."""
    if name not in defined or name in visited:
        return
    visited.add(name)
    known = constants_in(defined[name], constants)
    for call in _calls(defined[name]):
        function = call.func
        if not isinstance(function, ast.Attribute):
            continue
        if isinstance(function.value, ast.Name) and function.value.id == "self":
            yield from _literal_arguments(defined, function.attr, names, constants, visited)
        elif function.attr in _CALLS and original_name(function.value, names) == _HANDLE:
            yield from _literal_text(call, known)


def _literal_text(call: ast.Call, known: Constants) -> Iterator[ast.Constant]:
    given = call.args[:1] or [keyword.value for keyword in call.keywords if keyword.arg == "sql"]
    for argument in given:
        yield from texts_of(argument, known)


def _calls(function: Function) -> list[ast.Call]:
    found = [
        node for statement in function.body for node in ast.walk(statement) if isinstance(node, ast.Call)
    ]
    return sorted(found, key=lambda call: (call.lineno, call.col_offset))
