"""The import of a Python migration, and what it really says then."""

import linecache
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from stepwell.author import Migration as Author
from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.files.parse import parse
from stepwell.core.migration import Migration, PythonBody, Traits, Version
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.sources.directory import DirectorySource
from stepwell.sources.effective import effective
from stepwell.sources.loader import PythonLoader
from stepwell.sources.memory import MemorySource
from stepwell.sources.root import root_on_path

MakeFolder = Callable[[Mapping[str, bytes | str]], Path]
PATH = "db/migrations/006_add.py"


@pytest.fixture(autouse=True)
def modules() -> Iterator[None]:
    """Forget what a test imported: each has a package `db` of its own."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def parsed(root: Path) -> Migration:
    (source,) = DirectorySource([Path("db/migrations")], root).read().files
    return parse(source, POSTGRESQL)


def from_memory(content: str) -> Migration:
    (source,) = MemorySource({"006_add.py": content}).read().files
    return parse(source, POSTGRESQL)


def class_with(body: str, *, beginning: str = "from stepwell.author import Migration\n") -> str:
    """A file whose class begins on line 2 and its body on line 3."""
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    return f"{beginning}class Add(Migration):\n{indented}    def up(self): pass\n    def down(self): pass\n"


SIMPLE = class_with("pass")


def test_the_class_is_the_one_of_the_file(make_folder: MakeFolder) -> None:
    root = make_folder({"006_add.py": class_with("'''Adds.'''\ndependencies = ['001']")})
    before = parsed(root)
    after, cls = PythonLoader(root).load(before)
    assert after == before
    assert cls is not None
    assert issubclass(cls, Author)
    assert cls.__name__ == "Add"
    assert (cls().get_version(), cls().get_name(), cls().get_description()) == ("006", "add", "Adds.")


def test_what_runs_is_what_was_read(make_folder: MakeFolder) -> None:
    root = make_folder({"006_add.py": SIMPLE})
    migration = parsed(root)
    (root / PATH).write_text("raise SystemExit('edited since')")
    assert PythonLoader(root).load(migration)[0] == migration


def test_a_file_is_imported_once_by_a_loader_and_anew_by_another(make_folder: MakeFolder) -> None:
    root = make_folder({"006_add.py": SIMPLE})
    migration, loader = parsed(root), PythonLoader(root)
    cls = loader.load(migration)[1]
    assert loader.load(migration)[1] is cls
    assert PythonLoader(root).load(migration)[1] is not cls


def test_an_sql_file_has_no_class() -> None:
    (source,) = MemorySource({"006_add.sql": "-- migrate:up\nA;\n"}).read().files
    migration = parse(source, POSTGRESQL)
    assert PythonLoader(None).load(migration) == (migration, None)
    assert effective(migration, Author) == migration


IMPORTS = [
    "from db.migrations.base import Migration\n",
    "from .base import Migration\n",
    "from . import base; Migration = base.Migration\n",
    "from db.session import NAME; from .base import Migration\n",
]


@pytest.mark.parametrize("beginning", IMPORTS)
def test_a_file_imports_what_lies_below_the_root(make_folder: MakeFolder, beginning: str) -> None:
    root = make_folder(
        {
            "006_add.py": class_with("pass", beginning=beginning),
            "base.py": "from stepwell.author import Migration\n",
            "__init__.py": "",
            "../__init__.py": "",
            "../session.py": "NAME = 'a'\n",
        }
    )
    path = list(sys.path)
    assert PythonLoader(root).load(parsed(root))[1] is not None
    assert sys.path == path


def test_no_byte_code_is_written_for_a_migration(make_folder: MakeFolder) -> None:
    root = make_folder({"006_add.py": SIMPLE})
    PythonLoader(root).load(parsed(root))
    assert [path.name for path in (root / "db" / "migrations").iterdir()] == ["006_add.py"]


def test_the_path_is_left_as_it_was(tmp_path: Path) -> None:
    path = list(sys.path)
    with root_on_path(tmp_path):
        assert sys.path == [str(tmp_path.resolve()), *path]
    with root_on_path(tmp_path):
        sys.path[:] = path
    assert sys.path == path
    with root_on_path(None):
        assert sys.path == path
    with pytest.raises(KeyError), root_on_path(tmp_path):
        raise KeyError
    assert sys.path == path


def test_tracebacks_show_the_lines_that_ran(make_folder: MakeFolder) -> None:
    root = make_folder({"006_add.py": class_with("def get_name(self): return 1 / 0")})
    migration, loader = parsed(root), PythonLoader(root)
    (root / PATH).write_text("edited since")
    linecache.checkcache()
    with pytest.raises(MigrationFileError) as raised:
        loader.load(migration)
    assert raised.value.message == "get_name() failed: ZeroDivisionError: division by zero"
    assert raised.value.place == Place(PATH, 3)
    last = traceback.extract_tb(raised.value.__cause__.__traceback__ if raised.value.__cause__ else None)[-1]
    assert (last.filename, last.line) == (loader.file_of(migration), "def get_name(self): return 1 / 0")
    assert loader.file_of(migration) == str(root.resolve() / PATH)


WITH_A_DATACLASS = """\
from __future__ import annotations
from dataclasses import KW_ONLY, dataclass
from stepwell.author import Migration

@dataclass
class Row:
    _: KW_ONLY
    mood: str

class Add(Migration):
    ROWS = [Row(mood="calm")]
    async def up(self): pass
"""


def test_dataclasses_of_a_migration_find_their_module() -> None:
    _, cls = PythonLoader(None).load(from_memory(WITH_A_DATACLASS))
    assert repr(vars(cls)["ROWS"]) == "[Row(mood='calm')]"


NOT_OURS = """\
class Migration:
    pass

class AddMigration(dict):
    def up(self): pass
"""
FAILURES: list[tuple[str, str, str, int | None, str | None]] = [
    (
        "an error",
        SIMPLE + "\n1 / 0\n",
        "it can't be imported: ZeroDivisionError: division by zero",
        7,
        None,
    ),
    (
        "an error in a function that the file calls",
        SIMPLE + "def f():\n    raise ValueError('no')\n\nf()\n",
        "it can't be imported: ValueError: no",
        7,
        None,
    ),
    (
        "an error with a secret in it",
        SIMPLE + "raise ValueError('postgresql://app:S3cr3t@db/shop')\n",
        "it can't be imported: ValueError: postgresql://app:***@db/shop",
        6,
        None,
    ),
    (
        "a getter's error with a secret in it",
        class_with("def get_name(self): raise ValueError('password=S3cr3t')"),
        "get_name() failed: ValueError: password=***",
        3,
        None,
    ),
    (
        "a missing module",
        "import no_such_module_anywhere\n" + SIMPLE,
        "it can't be imported: ModuleNotFoundError: No module named 'no_such_module_anywhere'",
        1,
        "modules are looked for in ROOT, and among what is installed",
    ),
    (
        "the end of the program",
        "import sys\nsys.exit('bye')\n" + SIMPLE,
        "its import ended the program (SystemExit: 'bye')",
        2,
        "put nothing but definitions at the level of the module",
    ),
    (
        "what only the compiler sees",
        class_with("def rows(self): await self.up()"),
        "it is not Python: 'await' outside async function",
        3,
        None,
    ),
    (
        "a base that is not ours",
        NOT_OURS,
        "AddMigration does not inherit from stepwell's Migration",
        4,
        "inherit from `Migration`, with `from stepwell import Migration`",
    ),
    (
        "two classes, one of them made",
        SIMPLE + "Other = type('Other', (Migration,), {'__module__': __name__})\n",
        "2 classes in it inherit from Migration: Add, Other",
        2,
        "one file holds one migration",
    ),
    (
        "a class that can't be made",
        class_with("def __init__(self, connection): pass"),
        "Add() failed: TypeError: Add.__init__() missing 1 required positional argument: 'connection'",
        2,
        None,
    ),
    (
        "a version that contradicts the name of the file",
        class_with("def get_version(self): return str(7)"),
        "get_version() says '7', the name of the file says '006'",
        3,
        "rename the file, or correct the getter",
    ),
    (
        "a getter that gives something else",
        class_with("\n\ndef get_dependencies(self): return ','.join(['001', '002'])"),
        "get_dependencies() must be a list of versions, not '001,002'",
        5,
        'write ["001,002"]',
    ),
    (
        "an attribute that is something else",
        class_with("lock_timeout = 'x' * 2"),
        "lock_timeout: 'xx' is not a length of time: write seconds, or for example '250ms', '5s', '10min'",
        2,
        None,
    ),
    (
        "a property that fails",
        class_with("@property\ndef tags(self): return [][0]"),
        "tags failed: IndexError: list index out of range",
        2,
        None,
    ),
    (
        "no up",
        "from stepwell import author\nBaseMigration = author.Migration\nclass Add(BaseMigration): pass\n",
        "Add has no up()",
        3,
        "write `async def up(self) -> None:`",
    ),
]


@pytest.mark.parametrize(
    ("content", "message", "line", "hint"),
    [case[1:] for case in FAILURES],
    ids=[case[0] for case in FAILURES],
)
def test_failures(
    make_folder: MakeFolder, content: str, message: str, line: int | None, hint: str | None
) -> None:
    root = make_folder({"006_add.py": content})
    with pytest.raises(MigrationFileError) as raised:
        PythonLoader(root).load(parsed(root))
    assert raised.value.message == message
    assert raised.value.place == Place(PATH, line)
    assert raised.value.hint == (hint and hint.replace("ROOT", str(root)))


@pytest.mark.parametrize(
    ("beginning", "raised"),
    [("raise KeyboardInterrupt\n", KeyboardInterrupt), ("1 / 0\n", MigrationFileError)],
)
def test_an_interruption_passes_and_no_half_module_stays(beginning: str, raised: type[BaseException]) -> None:
    migration = from_memory(beginning + SIMPLE)
    PythonLoader(None).load(from_memory(SIMPLE))  # so that what loading itself needs is there
    modules = set(sys.modules)
    with pytest.raises(raised):
        PythonLoader(None).load(migration)
    assert set(sys.modules) == modules


EFFECTIVE: list[tuple[str, str, dict[str, object]]] = [
    ("getters", class_with("def get_name(self): return 'ADD'.title()"), {"name": "Add"}),
    ("a version", class_with("def get_version(self): return str(6)"), {"version": Version("6")}),
    ("a description", class_with("def get_description(self): return 'a ' * 2"), {"description": "a a"}),
    ("dependencies", class_with("dependencies = [f'{1:03}']"), {"dependencies": (Version("1"),)}),
    (
        "a loop",
        class_with("for transactional in (True, False): pass"),
        {"traits": Traits(transactional=False)},
    ),
    ("a property", class_with("@property\ndef tags(self): return ['a']"), {}),
]


@pytest.mark.parametrize(
    ("content", "values"), [case[1:] for case in EFFECTIVE], ids=[case[0] for case in EFFECTIVE]
)
def test_values_that_are_no_literals(content: str, values: dict[str, object]) -> None:
    migration, _ = PythonLoader(None).load(from_memory(content))
    assert {name: getattr(migration, name) for name in values} == values
    assert isinstance(migration.body, PythonBody)
    assert not migration.body.needs_import
    assert migration.findings == ()


BASE = """\
from stepwell.author import Migration

class SeedMigration(Migration):
    '''The docstring of a base class describes no migration.'''
    idempotent = True
    dependencies = ["001"]
    def get_description(self): return f"Seed {self.__class__.__name__}"
    async def up(self): pass
    async def is_applied(self): return True
"""


def test_what_a_base_class_of_the_project_brings(make_folder: MakeFolder) -> None:
    content = "from seeds_of_the_tests import SeedMigration\n\nclass Moods(SeedMigration):\n    ROWS = 3\n"
    root = make_folder({"006_add.py": content, "../../seeds_of_the_tests.py": BASE})
    migration, _ = PythonLoader(root).load(parsed(root))
    assert migration.description == "Seed Moods"
    assert (migration.dependencies, migration.dependencies_stated) == ((Version("001"),), True)
    assert migration.traits == Traits(idempotent=True)
    assert migration.body == PythonBody("Moods", 3, has_up=True, has_down=False, has_is_applied=True)
    assert [finding.code for finding in migration.findings] == ["no-down"]


def test_findings_of_the_text_are_kept_and_not_said_twice() -> None:
    content = class_with("wobble = 1\nirreversible = True")
    before = from_memory(content)
    after, _ = PythonLoader(None).load(before)
    assert [finding.code for finding in before.findings] == ["irreversible-with-down", "unknown-attribute"]
    assert after.findings == before.findings
