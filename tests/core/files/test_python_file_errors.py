"""What is wrong with a Python migration is told with its line, and what to do."""

from collections.abc import Callable
from textwrap import dedent

import pytest

from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.files.parse import parse
from stepwell.core.migration import Migration, SourceFile, version_problem
from stepwell.engines.postgresql.lexical import POSTGRESQL

MakeSource = Callable[[str, str | bytes], SourceFile]


def read(make_source: MakeSource, content: str, name: str = "006_add_new_column.py") -> Migration:
    return parse(make_source(name, content), POSTGRESQL)


def class_with(body: str, *, base: str = "Migration", ways: str = "up down") -> str:
    """A file whose class begins on line 4, and this body of it on line 5."""
    methods = "".join(f"\n    def {way}(self): pass\n" for way in ways.split())
    indented = "".join(f"    {line}\n" for line in dedent(body).splitlines())
    return f"from stepwell import Migration, database\n\n\nclass Add({base}):\n{indented}{methods}"


NO_DURATION = "is not a length of time: write seconds, or for example '250ms', '5s', '10min'"
ERRORS: list[tuple[str, str, str, int | None, str | None]] = [
    (
        "no class",
        "from stepwell import database\n",
        "no class in it inherits from Migration",
        None,
        "write `class AddSomething(Migration):`, with `from stepwell import Migration`",
    ),
    (
        "a class without a base",
        "class Add:\n    def up(self): pass\n",
        "no class in it inherits from Migration",
        None,
        "write `class AddSomething(Migration):`, with `from stepwell import Migration`",
    ),
    (
        "two classes",
        "class A(Migration):\n    pass\n\nclass B(Migration):\n    pass\n",
        "2 classes in it inherit from Migration: A (line 1), B (line 4)",
        4,
        "one file holds one migration; a base class that several share goes into a file without a version",
    ),
    (
        "one that inherits from the other",
        "class Base(Migration):\n    pass\n\nclass Add(Base):\n    def up(self): pass\n",
        "2 classes in it inherit from Migration: Base (line 1), Add (line 4)",
        4,
        "one file holds one migration; a base class that several share goes into a file without a version",
    ),
    ("no up", class_with("pass", ways="down"), "Add has no up()", 4, "write `async def up(self) -> None:`"),
    (
        "up with a parameter",
        class_with("async def up(self, connection): pass", ways=""),
        "up() must take nothing but self",
        5,
        "write `up(self)`; the connection is `database`, from `stepwell`",
    ),
    (
        "down without self",
        class_with("def down(): pass", ways="up"),
        "down() must take nothing but self",
        5,
        "write `down(self)`; the connection is `database`, from `stepwell`",
    ),
    (
        "another version",
        class_with("\ndef get_version(self): return '007'"),
        "get_version() says '007', the name of the file says '006'",
        6,
        "rename the file, or correct the getter",
    ),
    (
        "a version that only begins like the name of the file",
        class_with("def get_version(self): return '006_add_n'"),
        "get_version() says '006_add_n', the name of the file says '006'",
        5,
        "rename the file, or correct the getter",
    ),
    (
        "another name",
        class_with("def get_name(self): return 'add_columns'"),
        "get_name() says 'add_columns', the name of the file says 'add_new_column'",
        5,
        "rename the file, or correct the getter",
    ),
    (
        "a number as version",
        class_with("def get_version(self): return 6"),
        "get_version() must be a text, not 6",
        5,
        'write "6"',
    ),
    (
        "no version",
        class_with("def get_version(self): return"),
        "get_version() must be a text, not None",
        5,
        None,
    ),
    (
        "a bad version",
        class_with("def get_version(self): return 'v 6'"),
        "get_version(): the version 'v 6' may hold only letters, digits, '_', '.' and '-'",
        5,
        None,
    ),
    (
        "dependencies in a text",
        class_with("def get_dependencies(self): return '001'"),
        "get_dependencies() must be a list of versions, not '001'",
        5,
        'write ["001"]',
    ),
    (
        "dependencies in a set",
        class_with("dependencies = {'001'}"),
        "dependencies must be a list of versions, not {'001'}",
        5,
        None,
    ),
    (
        "a number as dependency",
        class_with("dependencies = ['001', 2]"),
        "each of dependencies must be a text, not 2",
        5,
        'write "2"',
    ),
    (
        "a dependency on the reserved version",
        class_with("dependencies = ['base']"),
        f"each of dependencies: {version_problem('base')}",
        5,
        None,
    ),
    (
        "dependencies said twice",
        class_with("dependencies = ['001']\ndef get_dependencies(self): return ['002']"),
        "get_dependencies() contradicts the attribute `dependencies` (db/migrations/006_add_new_column.py:5)",
        6,
        "keep one of the two",
    ),
    (
        "a description that is no text",
        class_with("def get_description(self): return None"),
        "get_description() must be a text, not None",
        5,
        None,
    ),
    (
        "an async getter",
        class_with("async def get_name(self): return 'add'"),
        "get_name() must not be async",
        5,
        "write `def get_name(self)`",
    ),
    (
        "a flag that is none",
        class_with("transactional = 'no'"),
        "transactional must be true or false, not 'no'",
        5,
        None,
    ),
    (
        "a bad duration",
        class_with("lock_timeout = '5 parsecs'"),
        f"lock_timeout: '5 parsecs' {NO_DURATION}",
        5,
        None,
    ),
    (
        "tags in a text",
        class_with("tags = 'slow'"),
        "tags must be a list of texts, not 'slow'",
        5,
        'write ["slow"]',
    ),
    ("a phase that is no text", class_with("phase = 2"), "phase must be a text, not 2", 5, None),
    (
        "a syntax error",
        "class Add(Migration):\n    def up(self:\n",
        "it is not Python: '(' was never closed",
        2,
        None,
    ),
    ("an indent", "x = 1\n  y = 2\n", "it is not Python: unexpected indent", 2, None),
]


@pytest.mark.parametrize(
    ("content", "message", "line", "hint"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS]
)
def test_errors(
    make_source: MakeSource, content: str, message: str, line: int | None, hint: str | None
) -> None:
    with pytest.raises(MigrationFileError) as raised:
        read(make_source, content)
    assert raised.value.message == message
    assert raised.value.place == Place("db/migrations/006_add_new_column.py", line)
    assert raised.value.hint == hint
    assert raised.value.exit_code == 4
