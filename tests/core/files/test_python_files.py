"""Python migrations, read by their syntax tree."""

import warnings
from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.files.parse import from_record, parse
from stepwell.core.migration import Migration, PythonBody, SourceFile, Traits, Version
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
