"""From the text of a Python file to a migration, by its syntax tree: nothing of the file is run.

What is no literal, or may come from a base class that is not ours, is marked: that file has to be imported.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.files.assemble import GETTERS, Declarations, assemble, with_findings
from stepwell.core.files.declared import ATTRIBUTES, Declared
from stepwell.core.files.mixed import literal_statements, mixed_findings
from stepwell.core.files.pytree import (
    MIGRATION,
    Function,
    base_names,
    imported_names,
    literal,
    migration_classes,
    parse_tree,
    returned_literal,
)
from stepwell.core.files.text import decode
from stepwell.core.migration import Direction, Finding, PythonBody
from stepwell.core.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stepwell.core.files.pytree import (
        Literal,
    )
    from stepwell.core.migration import Migration, SourceFile
    from stepwell.core.sql.rules import LexRules

_METHODS = ("up", "down", "is_applied")
_HOW_ELSE = {
    "version": "the version comes from the name of the file, or from get_version()",
    "name": "the name comes from the name of the file, or from get_name()",
    "description": "the description is the docstring of the class, or comes from get_description()",
}
_KEEP = "begin its name with '_', or write it in capitals, if it is yours"


@dataclass(slots=True)
class _Reading:
    """What has been gathered from the body of a class so far."""

    path: str
    getters: dict[str, Declared] = field(default_factory=dict)
    attributes: dict[str, Declared] = field(default_factory=dict)
    defined: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    needs_import: bool = False


def read_python(source: SourceFile, rules: LexRules) -> Migration:
    """Make a migration out of a Python file. Raises `MigrationFileError` with the line."""
    tree = parse_tree(decode(source), source.path)
    node = _only_class(tree, source.path)
    reading = _Reading(source.path, needs_import=_may_inherit(node, imported_names(tree)))
    for statement in node.body:
        _read_statement(statement, reading)
    if "up" not in reading.defined and not reading.needs_import:
        hint = "write `async def up(self) -> None:`"
        raise MigrationFileError(f"{node.name} has no up()", place=Place(source.path, node.lineno), hint=hint)
    declarations = Declarations(reading.getters, reading.attributes, ast.get_docstring(node))
    body = replace(
        _body(node, reading),
        up_sql=tuple(literal_statements(tree, node, Direction.UP, rules)),
        down_sql=tuple(literal_statements(tree, node, Direction.DOWN, rules)),
    )
    migration = assemble(source, body, declarations, reading.findings)
    mixed = mixed_findings(migration, rules)
    return with_findings(migration, (*migration.findings, *mixed)) if mixed else migration


def _only_class(tree: ast.Module, path: str) -> ast.ClassDef:
    classes = migration_classes(tree)
    if len(classes) == 1:
        return classes[0]
    if not classes:
        hint = "write `class AddSomething(Migration):`, with `from stepwell import Migration`"
        raise MigrationFileError("no class in it inherits from Migration", place=Place(path), hint=hint)
    named = ", ".join(f"{node.name} (line {node.lineno})" for node in classes)
    message = f"{len(classes)} classes in it inherit from Migration: {named}"
    hint = "one file holds one migration; a base class that several share goes into a file without a version"
    raise MigrationFileError(message, place=Place(path, classes[1].lineno), hint=hint)


def _may_inherit(node: ast.ClassDef, names: Mapping[str, str]) -> bool:
    """Whether anything but the class's own body may say what it is."""
    return bool(base_names(node, names) != [MIGRATION] or node.keywords or node.decorator_list)


def _body(node: ast.ClassDef, reading: _Reading) -> PythonBody:
    return PythonBody(
        class_name=node.name,
        class_line=node.lineno,
        has_up="up" in reading.defined,
        has_down="down" in reading.defined,
        has_is_applied="is_applied" in reading.defined,
        needs_import=reading.needs_import,
    )


def _read_statement(node: ast.stmt, reading: _Reading) -> None:
    if isinstance(node, Function):
        _read_function(node, reading)
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        for target, value in _assigned(node):
            if isinstance(target, ast.Name):
                _read_assignment(target, value, reading)
            else:
                reading.needs_import = True
    elif not isinstance(node, ast.Expr | ast.Pass | ast.ClassDef | ast.Import | ast.ImportFrom):
        reading.needs_import = True  # a loop or a condition may define anything


def _read_function(node: Function, reading: _Reading) -> None:
    place = Place(reading.path, node.lineno)
    if node.name in GETTERS:
        if isinstance(node, ast.AsyncFunctionDef):
            hint = f"write `def {node.name}(self)`"
            raise MigrationFileError(f"{node.name}() must not be async", place=place, hint=hint)
        _keep(
            reading.getters,
            node.name,
            returned_literal(node),
            Declared(f"{node.name}()", None, place),
            reading,
        )
    elif node.name in ATTRIBUTES or node.name.startswith("__"):
        reading.needs_import = True  # a property, or a constructor that may set anything
    elif node.name in _METHODS:
        reading.defined.add(node.name)
        if not node.decorator_list and not _takes_only_self(node.args):
            hint = f"write `{node.name}(self)`; the connection is `database`, from `stepwell`"
            raise MigrationFileError(f"{node.name}() must take nothing but self", place=place, hint=hint)


def _takes_only_self(arguments: ast.arguments) -> bool:
    positional = len(arguments.posonlyargs) + len(arguments.args)
    required = positional - len(arguments.defaults) + sum(value is None for value in arguments.kw_defaults)
    return required <= 1 <= positional or (positional == 0 and arguments.vararg is not None)


def _assigned(node: ast.Assign | ast.AnnAssign) -> Iterator[tuple[ast.expr, ast.expr]]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if node.value is not None:  # else it is an annotation only
        for target in targets:
            yield target, node.value


def _read_assignment(target: ast.Name, value: ast.expr, reading: _Reading) -> None:
    name, place = target.id, Place(reading.path, target.lineno)
    if name in ATTRIBUTES:
        _keep(reading.attributes, name, literal(value), Declared(name, None, place), reading)
    elif name in _METHODS or name in GETTERS:
        reading.defined.add(name)
        reading.needs_import = True
    elif not name.startswith("_") and not name.isupper() and not isinstance(value, ast.Lambda):
        hint = _HOW_ELSE.get(name) or did_you_mean(name, ATTRIBUTES) or _KEEP
        message = f"the attribute `{name}` is not known, and has no effect"
        reading.findings.append(Finding("unknown-attribute", message, place, hint))


def _keep(
    kept: dict[str, Declared], name: str, found: Literal | None, declared: Declared, reading: _Reading
) -> None:
    """Keep a literal; what is none costs an import."""
    if found is None:
        kept.pop(name, None)
        reading.needs_import = True
    else:
        kept[name] = replace(declared, value=found.value)
