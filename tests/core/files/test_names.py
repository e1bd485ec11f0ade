"""What the name of a file says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.files.names import Evidence, FileName, Ignored, IgnoredBecause, read_name, stem_of
from stepwell.core.migration import Language

MIGRATIONS = [
    ("001_initial_schema.py", "001", "initial_schema", Language.PYTHON),
    ("006_add.new.column.sql", "006", "add.new.column", Language.SQL),
    ("001.py", "001", "001", Language.PYTHON),
    ("001.sql", "001", "001", Language.SQL),
    ("001_.sql", "001", "001", Language.SQL),
    ("20261123101500_add_users.sql", "20261123101500", "add_users", Language.SQL),
    ("V1__init.sql", "V1", "init", Language.SQL),
    ("1.10_split.py", "1.10", "split", Language.PYTHON),
    ("v2helpers.py", "v2helpers", "v2helpers", Language.PYTHON),
    ("001-add-users.sql", "001-add-users", "001-add-users", Language.SQL),
]
OPEN = [
    ("users_table.py", "users", "table", Language.PYTHON),
    ("utils_db.py", "utils", "db", Language.PYTHON),
    ("base_2.py", "base", "2", Language.PYTHON),
    ("seed.sql", "seed", "seed", Language.SQL),
    ("R__view.py", "R", "view", Language.PYTHON),
]
IGNORED = [
    ("__init__.py", IgnoredBecause.ASIDE),
    ("_001_draft.sql", IgnoredBecause.ASIDE),
    (".001_add.sql.swp", IgnoredBecause.ASIDE),
    (".py", IgnoredBecause.ASIDE),
    ("~001_add.sql", IgnoredBecause.ASIDE),
    ("001_add.sql~", IgnoredBecause.ASIDE),
    ("001_add.pyc", IgnoredBecause.SUFFIX),
    ("001_add.sql.bak", IgnoredBecause.SUFFIX),
    ("001_add", IgnoredBecause.SUFFIX),
    ("README.md", IgnoredBecause.SUFFIX),
    ("001_add.SQL", IgnoredBecause.SUFFIX_CASE),
    ("001_add.Py", IgnoredBecause.SUFFIX_CASE),
    ("base.py", IgnoredBecause.NO_VERSION),
    ("helpers.py", IgnoredBecause.NO_VERSION),
    ("R__refresh_view.sql", IgnoredBecause.RESERVED),
    ("R__2.sql", IgnoredBecause.RESERVED),
]


@pytest.mark.parametrize(("file_name", "version", "name", "language"), MIGRATIONS)
def test_a_name_with_a_version_is_a_migrations(
    file_name: str, version: str, name: str, language: Language
) -> None:
    assert read_name(file_name) == FileName(version, name, language, Evidence.NAME)


@pytest.mark.parametrize(("file_name", "version", "name", "language"), OPEN)
def test_a_name_without_a_digit_leaves_it_to_the_content(
    file_name: str, version: str, name: str, language: Language
) -> None:
    assert read_name(file_name) == FileName(version, name, language, Evidence.CONTENT)


@pytest.mark.parametrize(("file_name", "because"), IGNORED)
def test_other_files_are_ignored(file_name: str, because: IgnoredBecause) -> None:
    assert read_name(file_name) == Ignored(because)


@given(st.text())
def test_any_name_can_be_read(file_name: str) -> None:
    parts = read_name(file_name)
    if isinstance(parts, FileName):
        assert file_name.startswith(parts.version)
        assert parts.name


@pytest.mark.parametrize(
    ("path", "stem"),
    [("db/migrations/006_add.py", "006_add"), ("006.x_add.sql", "006.x_add"), ("a.b/006", "006")],
)
def test_stem_of(path: str, stem: str) -> None:
    assert stem_of(path) == stem
