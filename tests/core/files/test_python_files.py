"""Python migrations, read by their syntax tree."""

import warnings
from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.files.parse import from_record, parse
from stepwell.core.migration import Migration, PythonBody, SourceFile, Traits, Version, version_problem
from stepwell.engines.postgresql.lexical import POSTGRESQL

MakeSource = Callable[[str, str | bytes], SourceFile]

LONG = '''\
from db.migrations.base import Migration
from db.session import database


class AddNewColumnMigration(Migration):
    def get_version(self) -> str:
        """The docstring of a getter is no matter."""
        return "006"

    def get_name(self) -> str:
        return "add_new_column"

    def get_description(self) -> str:
        return "Add new_column to users table"

    def get_dependencies(self) -> list[str]:
        return ["001"]

    async def up(self) -> None:
        await database.execute("ALTER TABLE users ADD COLUMN IF NOT EXISTS new_column VARCHAR(255)")

    async def down(self) -> None:
        await database.execute("ALTER TABLE users DROP COLUMN IF EXISTS new_column")
'''
SHORT = '''\
import stepwell


class AddNewColumn(stepwell.Migration):
    """Add new_column
    to users table

    The rest is for readers.
    """

    dependencies = ["001"]

    def up(self):
        pass

    def down(self):
        pass
'''


def read(make_source: MakeSource, content: str, name: str = "006_add_new_column.py") -> Migration:
    return parse(make_source(name, content), POSTGRESQL)


def class_with(body: str, *, base: str = "Migration", ways: str = "up down") -> str:
    """A file whose class begins on line 4, and this body of it on line 5."""
    methods = "".join(f"\n    def {way}(self): pass\n" for way in ways.split())
    indented = "".join(f"    {line}\n" for line in dedent(body).splitlines())
    return f"from stepwell import Migration, database\n\n\nclass Add({base}):\n{indented}{methods}"


@pytest.mark.parametrize("content", [LONG, SHORT, LONG.replace("\n", "\r\n"), "\ufeff" + LONG])
def test_both_forms_say_the_same(make_source: MakeSource, content: str) -> None:
    migration = read(make_source, content)
    assert migration.version == Version("006")
    assert migration.name == "add_new_column"
    assert migration.description == "Add new_column to users table"
    assert migration.dependencies == (Version("001"),)
    assert migration.dependencies_stated
    assert migration.traits == Traits()
    assert migration.findings == ()
    assert migration.reversible
    assert isinstance(migration.body, PythonBody)
    assert not migration.body.needs_import


def test_the_place_is_the_line_of_the_class(make_source: MakeSource) -> None:
    migration = read(make_source, LONG)
    assert migration.body == PythonBody("AddNewColumnMigration", 5, True, True, False)
    assert migration.place == Place("db/migrations/006_add_new_column.py", 5)


TRAITS: list[tuple[str, Traits]] = [
    ("transactional = False", Traits(transactional=False)),
    ("transactional: bool = False", Traits(transactional=False)),
    ("irreversible = idempotent = ends_segment = False", Traits()),
    ("idempotent = True; ends_segment = True", Traits(idempotent=True, ends_segment=True)),
    (
        "lock_timeout = '250ms'\nstatement_timeout = 60\nidle_timeout = None",
        Traits(True, lock_timeout=0.25, statement_timeout=60.0),
    ),
    ("tags = ['slow', 'large']\nphase = 'expand'", Traits(tags=("slow", "large"), phase="expand")),
    ("replaces = ('001', '002')", Traits(replaces=("001", "002"))),
    ("later: int\n_private = object()\nROWS = compute()\n\nclass Inner: pass", Traits()),
]


@pytest.mark.parametrize(("body", "traits"), TRAITS)
def test_attributes(make_source: MakeSource, body: str, traits: Traits) -> None:
    migration = read(make_source, class_with(body))
    assert migration.traits == traits
    assert migration.findings == ()
    assert isinstance(migration.body, PythonBody)
    assert not migration.body.needs_import


NAMES = [
    # The name of the file, what the getters say, the version and the name that it has then.
    ("006_add.py", "", "006", "add"),
    ("006_add.py", "def get_version(self): return '6'", "006", "add"),
    ("006_add_new_column.py", "def get_name(self): return 'Add new  column'", "006", "Add new  column"),
    ("2026_01_add.py", "def get_version(self): return '2026_01'", "2026_01", "add"),
    ("2026_01.py", "def get_version(self): return '2026_01'", "2026_01", "2026_01"),
    (
        "2026_01_a_b.py",
        "def get_version(self): return '2026_01'\ndef get_name(self): return 'a b'",
        "2026_01",
        "a b",
    ),
    ("001.py", "def get_name(self): return '001'", "001", "001"),
]


@pytest.mark.parametrize(("file_name", "body", "version", "name"), NAMES)
def test_version_and_name(
    make_source: MakeSource, file_name: str, body: str, version: str, name: str
) -> None:
    migration = read(make_source, class_with(body), file_name)
    assert (migration.version.text, migration.name) == (version, name)


BASES = [
    # How the base is named, and whether the file has to be imported to know all of the class.
    ("from stepwell import Migration as M\nclass Add(M):", False),
    ("from db.migrations.base import Migration\nclass Add(Migration):", False),
    ("import stepwell\nclass Add(stepwell.Migration):", False),
    ("import stepwell as s\nclass Add(s.Migration):", False),
    (
        "try:\n    from a import Migration\nexcept ImportError:\n    pass\nclass Add(Migration):",
        False,
    ),
    ("from shop import ShopMigration\nclass Add(ShopMigration):", True),
    ("from shop import SeedMigration as Seed\nclass Add(Seed):", True),
    ("from shop import Step\nclass Add(Step):", True),
    ("from shop import Mixin, Migration\nclass Add(Mixin, Migration):", True),
    ("from shop import Migration\nclass Add(Migration[int]):", False),
    ("from shop import Migration, mark\n@mark\nclass Add(Migration):", True),
    ("from shop import Migration\nclass Add(Migration, kind='seed'):", True),
]


@pytest.mark.parametrize(("beginning", "needs_import"), BASES)
def test_the_class_is_found_by_its_base(make_source: MakeSource, beginning: str, needs_import: bool) -> None:
    content = f"{beginning}\n    def up(self): pass\n    def down(self): pass\n"
    body = read(make_source, content).body
    assert isinstance(body, PythonBody)
    assert (body.class_name, body.needs_import) == ("Add", needs_import)


NOT_LITERAL = [
    "def get_version(self): return VERSION",
    "def get_version(self): return f'{6:03}'",
    "def get_description(self):\n    print()\n    return 'x'",
    "@cached\ndef get_name(self): return 'add_new_column'",
    "def get_dependencies(self): return [first()]",
    "dependencies = [*OTHERS]",
    "lock_timeout = 5 * SECONDS",
    "if True:\n    transactional = False",
    "get_name = other",
    "transactional, irreversible = False, False",
    "dependencies = ['001']\ndependencies = OTHERS",
]


@pytest.mark.parametrize("body", NOT_LITERAL)
def test_what_is_no_literal_costs_an_import(make_source: MakeSource, body: str) -> None:
    migration = read(make_source, class_with(body))
    assert isinstance(migration.body, PythonBody)
    assert migration.body.needs_import


def test_a_base_of_another_name_may_bring_up_and_down(make_source: MakeSource) -> None:
    migration = read(make_source, "from shop import SeedMigration\nclass Add(SeedMigration):\n    rows = 3\n")
    assert migration.body == PythonBody("Add", 2, False, False, False, needs_import=True)
    assert [finding.code for finding in migration.findings] == ["unknown-attribute"]


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


FINDINGS: list[tuple[str, str, list[tuple[str, str, int | None, str | None]]]] = [
    (
        "no way down",
        class_with("pass", ways="up"),
        [
            (
                "no-down",
                "it has no way down, and is not declared irreversible",
                4,
                "write the way down, or declare it irreversible",
            )
        ],
    ),
    (
        "a way down that will not be run",
        class_with("irreversible = True"),
        [
            (
                "irreversible-with-down",
                "it is declared irreversible, and yet it has a way down, which will not be run",
                4,
                "remove one of the two",
            )
        ],
    ),
    ("declared irreversible", class_with("irreversible = True", ways="up"), []),
    (
        "unknown attributes",
        class_with("dependancies = ['001']\nversion = '006'\ndescription = 'x'\nwobble = 1"),
        [
            (
                "unknown-attribute",
                "the attribute `dependancies` is not known, and has no effect",
                5,
                "did you mean 'dependencies'?",
            ),
            (
                "unknown-attribute",
                "the attribute `version` is not known, and has no effect",
                6,
                "the version comes from the name of the file, or from get_version()",
            ),
            (
                "unknown-attribute",
                "the attribute `description` is not known, and has no effect",
                7,
                "the description is the docstring of the class, or comes from get_description()",
            ),
            (
                "unknown-attribute",
                "the attribute `wobble` is not known, and has no effect",
                8,
                "begin its name with '_', or write it in capitals, if it is yours",
            ),
        ],
    ),
]


@pytest.mark.parametrize(
    ("content", "expected"), [case[1:] for case in FINDINGS], ids=[case[0] for case in FINDINGS]
)
def test_findings(
    make_source: MakeSource, content: str, expected: list[tuple[str, str, int | None, str | None]]
) -> None:
    found = read(make_source, content).findings
    assert [
        (finding.code, finding.message, finding.place.line, finding.hint) for finding in found
    ] == expected


def test_dependencies_may_be_left_unstated(make_source: MakeSource) -> None:
    unstated, none = read(make_source, class_with("pass")), read(make_source, class_with("dependencies = []"))
    assert (unstated.dependencies, unstated.dependencies_stated) == ((), False)
    assert (none.dependencies, none.dependencies_stated) == ((), True)


@pytest.mark.parametrize("content", ["x = '\\d'\n", "x = 1 if 1else 2\n", "x = 1 is 1\n"])
def test_reading_gives_no_warnings(make_source: MakeSource, content: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read(make_source, content + class_with("pass"))
    assert [str(warning.message) for warning in caught] == []


def test_nothing_of_the_file_is_run(make_source: MakeSource, capsys: pytest.CaptureFixture[str]) -> None:
    content = "print('run')\nraise SystemExit\n" + class_with("print('run')")
    assert read(make_source, content).name == "add_new_column"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", ["x = " + "(" * 5000 + ")" * 5000, "x = " + "-" * 200_000 + "1"])
def test_what_is_nested_too_deeply_is_an_error_of_the_file(make_source: MakeSource, content: str) -> None:
    with pytest.raises(MigrationFileError) as raised:
        read(make_source, content)
    assert raised.value.place is not None


def test_a_migration_from_its_record_is_not_parsed(make_source: MakeSource) -> None:
    source = make_source("006_add.py", "this is not Python")
    migration = from_record(source, "Add", "Adds", [Version("001")])
    expected: dict[str, Any] = {"version": Version("006"), "name": "Add", "description": "Adds"}
    assert migration == Migration(**expected, dependencies=(Version("001"),), source=source, body=None)
    assert from_record(source, "Add", "Adds", [], version=Version("006_x")).version == Version("006_x")
