"""Whether a file is a migration, by its name or by what stands in it."""

import pytest

from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.files.admission import admit, finding_about
from stepwell.core.files.names import FileName, Ignored, IgnoredBecause, read_name
from stepwell.core.migration import Finding, Language, SourceFile, Version

MIGRATION = "from stepwell import Migration as M\nclass Add(M):\n    def up(self): pass\n"
NAME_IT = "name it like `006_add_column.py`: a version, `_`, and what it does"


def admitted(file_name: str, content: str) -> SourceFile | None:
    parts = read_name(file_name)
    assert isinstance(parts, FileName)
    return admit(parts, f"db/{file_name}", content.encode())


def test_a_source_file_holds_what_was_read() -> None:
    assert admitted("006_add.sql", "abc") == SourceFile(
        path="db/006_add.sql",
        language=Language.SQL,
        version=Version("006"),
        name="add",
        content=b"abc",
        file_hash="ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    )


BY_CONTENT = [
    ("add_users.py", MIGRATION, True),
    ("add_users.py", "class Add(ShopMigration):\n    async def up(self): pass\n", True),
    ("add_users.py", "# Migration\nclass Add:\n    def up(self): pass\n", False),
    ("shop_base.py", "class ShopMigration(Migration):\n    pass\n", False),
    ("add_users.py", "x = 1\n", False),
    ("add_users.py", "class Migration(:\n", False),
    ("seed.sql", "-- migrate:up\nA;\n", True),
    ("seed.sql", "SELECT '\n -- migrate:up\n'", False),
    ("seed.sql", "A;", False),
    ("seed_2.sql", "", False),
    ("006_add.py", "", True),
    ("006_add.sql", "", True),
]


@pytest.mark.parametrize(("file_name", "content", "is_migration"), BY_CONTENT)
def test_the_content_decides_where_the_name_does_not(
    file_name: str, content: str, is_migration: bool
) -> None:
    assert (admitted(file_name, content) is not None) is is_migration


BAD_NAMES = [
    ("0 6_add.sql", "", "the version '0 6' may hold only letters, digits, '_', '.' and '-'"),
    ("006ä_add.sql", "", "the version '006ä' may hold only letters, digits, '_', '.' and '-'"),
    ("1" * 51 + "_add.sql", "", "the version '11111111111111111111'... has 51 characters, at most 50 fit"),
    (
        "base_users.py",
        MIGRATION,
        "the version 'base' is reserved: it stands for the state before every migration",
    ),
    ("006_a\nb.sql", "", "the name 'a\\nb' holds a character that can't be shown"),
    ("006_a\u202eb.sql", "", "the name 'a\\u202eb' holds a character that can't be shown"),
]


@pytest.mark.parametrize(("file_name", "content", "message"), BAD_NAMES)
def test_names_that_can_not_be_a_migrations(file_name: str, content: str, message: str) -> None:
    with pytest.raises(MigrationFileError) as raised:
        admitted(file_name, content)
    assert raised.value.message == message
    assert raised.value.place == Place(f"db/{file_name}")
    assert raised.value.hint == NAME_IT


@pytest.mark.parametrize("because", IgnoredBecause)
def test_what_is_said_of_ignored_files(because: IgnoredBecause) -> None:
    said = {
        IgnoredBecause.RESERVED: Finding(
            "reserved-name",
            "it is passed over: names that begin with 'R__' are reserved for repeatable migrations",
            Place("db/a"),
            "begin the name with a version",
        ),
        IgnoredBecause.SUFFIX_CASE: Finding(
            "suffix-case",
            "it is passed over: its suffix is not in lower case",
            Place("db/a"),
            "write the suffix in lower case",
        ),
    }
    assert finding_about(Ignored(because), "db/a") == said.get(because)
