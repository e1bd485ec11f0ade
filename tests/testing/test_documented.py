"""What the page about tests shows is run as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.pytests import SOURCE, run_pytest

PAGE = Path(__file__).parents[2] / "docs" / "testing-migrations.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
MIGRATIONS = {
    "001_users": ("CREATE TABLE users (id INTEGER PRIMARY KEY);", "DROP TABLE users;"),
    "002_books": ("CREATE TABLE books (id INTEGER PRIMARY KEY, title VARCHAR(99));", "DROP TABLE books;"),
    "003_more": ("CREATE TABLE more (id INTEGER PRIMARY KEY);", "DROP TABLE more;"),
    "004_slug": ("ALTER TABLE books ADD COLUMN slug VARCHAR(99);", "ALTER TABLE books DROP COLUMN slug;"),
    "005_fill": (
        "UPDATE books SET slug = replace(lower(title), ' ', '-') WHERE slug IS NULL;",
        "UPDATE books SET slug = NULL WHERE slug = replace(lower(title), ' ', '-');",
    ),
}


def block(having: str) -> str:
    """The one that holds a text."""
    (found,) = (each for each in BLOCKS if having in each)
    return str(found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project for which the examples are right."""
    (tmp_path / "db" / "migrations").mkdir(parents=True)
    (tmp_path / "stepwell.toml").write_text('url = "sqlite:///app.db"\n')
    before = ""
    for stem, (up, down) in MIGRATIONS.items():
        text = f"-- description: {stem}\n-- depends: {before}\n-- migrate:up\n{up}\n-- migrate:down\n{down}\n"
        (tmp_path / "db" / "migrations" / f"{stem}.sql").write_text(text)
        before = stem[:3]
    return tmp_path


def test_the_tests_for_pytest_pass(folder: Path) -> None:
    (folder / "test_page.py").write_text(block("(MigrationTests)") + block("def test_every_book"))
    ran = run_pytest(folder)
    assert ran.code == 0, ran.output
    assert {"test_verify[005]", "test_no_drift", "test_every_book_gets_an_address"} <= ran.names("passed")


def test_the_tests_for_unittest_pass(folder: Path) -> None:
    (folder / "test_page.py").write_text(block("import unittest"))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "unittest", "-v", "test_page"],
        cwd=folder,
        env={"PYTHONPATH": str(SOURCE), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Ran 2 tests" in done.stderr


def test_the_program_that_awaits_ends_well(folder: Path) -> None:
    body = "".join(f"    {line}\n" for line in block("await assert_verified").splitlines())
    (folder / "page.py").write_text(f"import asyncio\nasync def main():\n{body}asyncio.run(main())\n")
    done = subprocess.run(
        [sys.executable, "-W", "error", "page.py"],
        cwd=folder,
        env={"PYTHONPATH": str(SOURCE), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
