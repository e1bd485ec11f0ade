"""What the pages show works: migrations can be read, programs compile, commands and settings are known."""

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from stepwell.cli.commands import load_command
from stepwell.cli.options import settle_wait, split_command
from stepwell.cli.parser import command_parser
from stepwell.core.files.admission import admit
from stepwell.core.files.names import FileName, read_name
from stepwell.core.files.parse import parse
from stepwell.core.settings import Given, Origin, OriginKind, resolve
from stepwell.engines.postgresql.lexical import POSTGRESQL

ROOT = Path(__file__).parents[2]
PROGRAMS = ("stepwell ", "python -m stepwell ", "python db/migrate_incremental.py ")

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code, and where it stands."""

    place: str
    language: str
    text: str


def every_block() -> Iterator[Block]:
    """All blocks of all pages that people read."""
    pages = [*ROOT.glob("*.md"), *(page for page in ROOT.glob("docs/**/*.md") if "_build" not in page.parts)]
    for page in sorted(pages):
        text = page.read_text(encoding="utf-8")
        for match in _FENCE.finditer(text):
            line = text.count("\n", 0, match.start(2)) + 1
            yield Block(f"{page.relative_to(ROOT).as_posix()}:{line}", match[1], match[2])


BLOCKS = tuple(every_block())
COMMANDS = tuple(
    (f"{block.place} {line}", line.removeprefix(program))
    for block in BLOCKS
    if block.language == "console"
    for line in re.findall(r"^\$ (.*)$", block.text, re.MULTILINE)
    for program in PROGRAMS
    if line.startswith(program)
)


def in_language(language: str, having: str = "") -> list[Block]:
    """The blocks in a language that hold a text."""
    return [block for block in BLOCKS if block.language == language and having in block.text]


def place(block: Block) -> str:
    """How a test of a block is called."""
    return block.place


def file_name(block: Block) -> str:
    """What the file of an example has to be called: as its getters say, where it has them."""
    getters = dict(re.findall(r"def get_(version|name)\(self\) -> str:\n +return \"(.+)\"", block.text))
    suffix = "py" if block.language == "python" else "sql"
    return f"{getters.get('version', '009')}_{getters.get('name', 'example')}.{suffix}"


@pytest.mark.parametrize(
    "block", [*in_language("python", "(Migration)"), *in_language("sql", "migrate:up")], ids=place
)
def test_a_migration_can_be_read_and_has_no_findings(block: Block) -> None:
    """By the parser that reads those of people."""
    called = file_name(block)
    name = read_name(called)
    assert isinstance(name, FileName)
    source = admit(name, f"db/migrations/{called}", block.text.encode())
    assert source is not None
    migration = parse(source, POSTGRESQL)
    assert migration.findings == ()
    assert migration.description
    assert migration.dependencies_stated


@pytest.mark.parametrize("block", in_language("python"), ids=place)
def test_python_compiles(block: Block) -> None:
    """With `await` at the top, as in an interactive session."""
    compile(block.text, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


@pytest.mark.parametrize("block", in_language("toml", "[tool.stepwell"), ids=place)
def test_settings_are_known_and_right(block: Block) -> None:
    """Those of the project and those of each environment."""
    table = tomllib.loads(block.text)["tool"]["stepwell"]
    own = {key: value for key, value in table.items() if key != "env"}
    for given in (own, *table.get("env", {}).values()):
        resolve([layer(given)])


def layer(given: Mapping[str, object]) -> Mapping[str, Given]:
    """Settings as they come from a configuration."""
    return {name: Given(value, Origin(OriginKind.CONFIG, "example")) for name, value in given.items()}


@pytest.mark.parametrize("line", [pytest.param(line, id=place) for place, line in COMMANDS])
def test_a_command_can_be_parsed(line: str) -> None:
    """Its name, its options and their values are known."""
    name, rest = split_command(shlex.split(line, comments=True))
    command = load_command(name or "")
    if command is None:
        assert rest == ["--help"]
    else:
        command_parser(command).parse_args(settle_wait(rest))


def test_the_commands_of_the_readme_are_those_of_the_tests() -> None:
    """What a newcomer types first is what the run of all tests types, word for word."""
    commands = re.findall(
        r"^\$ (python3 -m venv .*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    run = [command.rpartition("&& .venv/bin/python ")[2] for command in commands]
    assert run == ["db/migrate_incremental.py migrate", "-m pytest -n 2"]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert commands[1] in script.splitlines()
