"""Whatever people meet is explained on its page: what is missing there is told by name."""

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

import pytest

import stepwell
from stepwell import project
from stepwell.app.templates import Templates
from stepwell.cli.commands import command_names, load_command
from stepwell.cli.options import COMMON_HELP
from stepwell.cli.parser import command_parser
from stepwell.core import errors
from stepwell.core.abilities import Abilities
from stepwell.core.actions import LogEvent
from stepwell.core.contradictions import RECORDED_TWICE, RULES
from stepwell.core.events import Event
from stepwell.core.files.declared import ATTRIBUTES
from stepwell.core.history import State
from stepwell.core.report import Outcome
from stepwell.core.settings import SETTINGS, Setting
from stepwell.core.tables import ALL_COLUMNS, LOG_COLUMNS
from stepwell.core.templates.template import BUILT_IN, Kind
from stepwell.engines.postgresql.dialect import HINTS as POSTGRESQL_HINTS
from stepwell.engines.sqlite.dialect import HINTS as SQLITE_HINTS
from stepwell.render.errors import CODES, UNEXPECTED

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SOURCE = Path(stepwell.__file__).parent

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_FIRST_CELL = re.compile(r"^\|([^|]+)\|", re.MULTILINE)


def terms(page: str) -> set[str]:
    """What a page explains: what is written as code, and the first cells of its tables."""
    text = _FENCE.sub("", (DOCS / page).read_text(encoding="utf-8"))
    cells = {part.strip() for cell in _FIRST_CELL.findall(text) for part in cell.split(",")}
    return set(_CODE.findall(text)) | cells


def trees() -> Iterator[ast.Module]:
    """The syntax trees of the package."""
    for path in sorted(SOURCE.rglob("*.py")):
        yield ast.parse(path.read_text(encoding="utf-8"))


def is_call(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Those of the nodes that are literal texts."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def finding_codes() -> set[str]:
    """The first argument of every `Finding(...)`, also where a constant gives it, and what contradicts itself."""
    found = {*RULES, RECORDED_TWICE}
    for tree in trees():
        constants = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and is_call(node, "Finding") and node.args:
                first = node.args[0]
                found.update(
                    texts([constants.get(first.id, first) if isinstance(first, ast.Name) else first])
                )
    return found


def error_codes() -> set[str]:
    """The codes of errors, and of every `Fault(...)`."""
    keywords = (
        keyword
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and is_call(node, "Fault")
        for keyword in node.keywords
        if keyword.arg == "code"
    )
    given = {text for keyword in keywords for text in texts(ast.walk(keyword.value))}
    return {*CODES.values(), UNEXPECTED, errors.Fault("").code, *given}


def document_keys() -> set[str]:
    """The keys of every dict that becomes a JSON document."""
    places = ("render/json.py", "render/templates.py", "render/errors.py", "cli/commands/config.py")
    found: set[str] = set()
    for place in places:
        for node in ast.walk(ast.parse((SOURCE / place).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict):
                found.update(texts(key for key in node.keys if key is not None))
    return found


def exit_codes() -> set[str]:
    """Those of the tree of errors, of success, and of a second signal."""
    kinds = [each for _, each in inspect.getmembers(errors, inspect.isclass)]
    own = {str(kind.exit_code) for kind in kinds if issubclass(kind, errors.StepwellError)}
    return {"0", "130", "143", *own}


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        pytest.param("configuration.md", {setting.name for setting in SETTINGS}, id="settings"),
        pytest.param("running.md", exit_codes(), id="exit codes"),
        pytest.param("running.md", document_keys(), id="keys of JSON documents"),
        pytest.param("running.md", {outcome.value for outcome in Outcome}, id="outcomes"),
        pytest.param("history-tables.md", {state.value for state in State}, id="states"),
        pytest.param("history-tables.md", {*ALL_COLUMNS, *LOG_COLUMNS}, id="columns"),
        pytest.param("history-tables.md", {event.value for event in LogEvent}, id="events of the log"),
        pytest.param("errors.md", finding_codes(), id="findings"),
        pytest.param("errors.md", error_codes(), id="error codes"),
        pytest.param("errors.md", set(POSTGRESQL_HINTS), id="SQLSTATEs with a hint"),
        pytest.param("errors.md", set(SQLITE_HINTS), id="codes of SQLite with a hint"),
        pytest.param("writing-migrations.md", set(ATTRIBUTES), id="attributes"),
        pytest.param("engines.md", set(Abilities.__annotations__), id="abilities"),
        pytest.param("templates.md", {each.name for each in Templates("postgresql").all()}, id="templates"),
        pytest.param(
            "templates.md", {*BUILT_IN, *(kind.value for kind in Kind)}, id="variables of templates"
        ),
        pytest.param("library.md", {event.__name__ for event in get_args(Event)}, id="events"),
    ],
)
def test_it_is_explained(page: str, expected: set[str]) -> None:
    """A row of a table, or a term written as code."""
    assert expected, "nothing was found that could be missing"
    assert expected - terms(page) == set()


def test_errors_are_drawn_as_they_are() -> None:
    """The tree in the book has every error in its place, with its exit code."""
    page = (DOCS / "library.md").read_text(encoding="utf-8")
    for _, kind in inspect.getmembers(errors, inspect.isclass):
        if not issubclass(kind, errors.StepwellError):
            continue
        drawn = re.search(rf"^(?P<lead>[ |+-]*){kind.__name__}\b.*$", page, re.MULTILINE)
        assert drawn, f"{kind.__name__} is missing"
        depth = kind.__mro__.index(errors.StepwellError)
        assert len(drawn["lead"]) == 4 * depth
        expected = 130 if kind is errors.InterruptedRunError else kind.exit_code
        assert depth == 0 or f" {expected} " in drawn[0]


@pytest.mark.parametrize("name", command_names())
def test_a_command_is_explained(name: str) -> None:
    """By name and with all of its own options, in the page about running them."""
    command = load_command(name)
    assert command is not None
    page = (DOCS / "running.md").read_text(encoding="utf-8")
    assert re.search(rf"^## .*\b{name}\b", page, re.MULTILINE), "a section of its own"
    common = {*COMMON_HELP, *(setting.flag for setting in SETTINGS)}
    own = {
        flag
        for action in command_parser(command)._actions
        for flag in action.option_strings
        if flag.startswith("--") and flag not in common
    }
    assert {flag for flag in own if not re.search(rf"{flag}\b", page)} == set()


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: str(setting.name))
def test_a_setting_is_in_the_help_that_the_book_shows(setting: Setting) -> None:
    """The page of the command line has its flag."""
    assert f"{setting.flag} " in (DOCS / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, _ in inspect.getmembers(project.Project, inspect.iscoroutinefunction)
        if not name.startswith("_")
    ],
)
def test_a_method_of_a_project_is_explained(name: str) -> None:
    """With each of its arguments."""
    page = (DOCS / "library.md").read_text(encoding="utf-8")
    call = re.search(rf"`await {name}\(([^`]*)\)`", page)
    assert call, f"{name} is missing"
    arguments = [
        each for each in inspect.signature(getattr(project.Project, name)).parameters if each != "self"
    ]
    assert [each.partition("=")[0].strip() for each in call[1].split(",") if each] == arguments


@pytest.mark.parametrize("page", ["guarantees.md", "faults.md"])
def test_the_tests_that_show_a_promise_are_there(page: str) -> None:
    """A promise without its test would be a word."""
    named = set(re.findall(r"`(test_\w+)`", (DOCS / page).read_text(encoding="utf-8")))
    files = [*(ROOT / "tests").rglob("*.py"), *(SOURCE / "testing").rglob("*.py")]
    there = {
        name for path in files for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    }
    assert named
    assert named - there == set()
