"""The shape of the code: how long files and functions are, that modules say what they are, that no place is named."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 50
VAGUE = {"util", "utils", "helper", "helpers", "manager", "common", "misc", "base"}
# The reference document names this file: it only passes a name on.
NAMED_BY_THE_REFERENCE = {"db/migrations/base.py"}
# A folder of somebody's machine, in any text; examples belong to people that we made up.
PERSONAL = re.compile(rb"(?<![\w.])/(?:root|home|Users)/(?!ann/|a b/)\w")


def test_files_are_short(root: Path, programs: list[Path]) -> None:
    lengths = {str(path.relative_to(root)): len(path.read_bytes().splitlines()) for path in programs}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES_OF_A_FILE} == {}


def test_functions_are_short(trees: dict[str, ast.Module]) -> None:
    long = [
        f"{path}:{node.lineno} {node.name}: {length} lines"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    ]
    assert long == []


def test_modules_say_what_they_are(trees: dict[str, ast.Module]) -> None:
    silent = [path for path, tree in trees.items() if tree.body and ast.get_docstring(tree) is None]
    assert silent == []


def test_public_functions_of_the_package_say_what_they_do(trees: dict[str, ast.Module]) -> None:
    silent = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in trees.items()
        if path.startswith("src/")
        for holder in ast.walk(tree)
        if isinstance(holder, ast.Module | ast.ClassDef)
        and not (isinstance(holder, ast.ClassDef) and holder.name.startswith("_"))
        for node in holder.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith(("_", "test_"))  # the name of a test is its sentence
        and ast.get_docstring(node) is None
    ]
    assert silent == []


def test_modules_have_names_that_mean_something(root: Path, programs: list[Path]) -> None:
    names = {str(path.relative_to(root)) for path in programs if path.stem in VAGUE}
    assert names <= NAMED_BY_THE_REFERENCE


def test_no_file_names_a_folder_of_somebodys_machine(root: Path, tracked: list[Path]) -> None:
    found = [
        f"{path.relative_to(root)}:{number}"
        for path in tracked
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if PERSONAL.search(line)
    ]
    assert found == []
