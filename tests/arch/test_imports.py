"""Imports point one way. The contracts are in pyproject.toml; import-linter checks them, typing imports included."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# What the core may use of the standard library: words, values and containers; nothing that acts.
PURE = {
    "__future__", "ast", "codecs", "collections", "dataclasses", "datetime", "difflib", "enum", "functools", "hashlib",
    "heapq", "itertools", "json", "re", "reprlib", "shlex", "sys", "types", "typing", "unicodedata", "urllib",
    "warnings",
}  # fmt: skip
# `sys` is asked for the version of Python only, `warnings` is told to be quiet while a syntax tree is made.
ONLY_PART = {"urllib": {"parse"}, "datetime": {"datetime", "UTC", "timedelta"}, "shlex": {"quote"}}


def test_import_contracts(root: Path) -> None:
    """In a process of its own: import-linter configures logging, which switches off the loggers there are."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", code, "--no-logo", "pyproject.toml"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Contracts: 5 kept, 0 broken." in done.stdout


def imports_of(path: Path) -> Iterator[tuple[str, set[str]]]:
    """What a file imports, anywhere in it: the module, and the names that are taken from it."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, set()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", {alias.name for alias in node.names}


def test_the_core_uses_only_what_does_not_act(root: Path) -> None:
    """The contract forbids a list; this allows one: whatever is new has to be looked at."""
    wrong = []
    for path in sorted((root / "src/stepwell/core").rglob("*.py")):
        for module, names in imports_of(path):
            top, _, rest = module.partition(".")
            parts = {rest} if rest else names
            if top != "stepwell" and (top not in PURE or not parts <= ONLY_PART.get(top, parts)):
                wrong.append(f"{path.relative_to(root)}: {module} {sorted(names)}")
    assert wrong == []


def test_engines_are_not_named_where_abilities_are_asked(root: Path) -> None:
    """Core, application and renderers know no engine by its name: they ask for abilities."""
    names = {"postgresql", "sqlite", "mysql", "mariadb"}
    wrong = [
        f"{path.relative_to(root)}:{node.lineno}"
        for part in ("core/plan", "core/run", "app", "render")
        for path in sorted((root / "src/stepwell" / part).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Compare)
        and any(isinstance(each, ast.Constant) and each.value in names for each in ast.walk(node))
    ]
    assert wrong == []


HEAVY = {"asyncio", "logging", "psycopg", "sqlite3", "rich", "argparse", "tomllib", "json", "dataclasses"}


def test_importing_the_package_imports_nothing(root: Path) -> None:
    program = "import sys\nbefore = set(sys.modules)\nimport stepwell\nprint(*set(sys.modules) - before)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={"PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert {name for name in loaded if name.startswith("stepwell")} == {"stepwell"}
    assert not HEAVY & loaded


def test_every_public_name_is_there() -> None:
    """The names are given lazily: one that is misspelt would be found out by users."""
    import stepwell

    assert set(stepwell.__all__) <= set(dir(stepwell))
    for name in stepwell.__all__:
        assert getattr(stepwell, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        stepwell.no_such_name  # noqa: B018 - it is the asking that is tried
