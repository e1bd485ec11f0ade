"""Bad inputs 35 to 49: files, as the program tells of them. How each is read is in `tests/core/files/`, folders with
all that can be in them in `tests/sources/`.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.inputs.conftest import Told

from stepwell.core.errors import MigrationFileError
from stepwell.sources.directory import DirectorySource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.inputs.conftest import Ask

UTF8 = "save the file as UTF-8"
AWAIT = "write 'await' before it"
CLASS = "write `class AddSomething(Migration):`, with `from stepwell import Migration`"
ONE_CLASS = "one file holds one migration; a base class that several share goes into a file without a version"
OTHER_VERSION = (
    "give the one that is not applied yet another version, such as by 'mv db/migrations/{} db/migrations/{}'"
)
FOLDER = Path("db/migrations")


def table(name: str) -> str:
    return f"-- migrate:up\nCREATE TABLE {name} (id INTEGER);\n-- migrate:down\nDROP TABLE {name};\n"


def python(body: str, *, head: str = "", define: str = "async def") -> str:
    """A migration whose `up` begins on line 7, and its body on line 8."""
    return (
        f"from stepwell import Migration, database\n{head}\n\n\nclass A(Migration):\n    dependencies = []\n"
        f"    {define} up(self):\n        {body}\n"
    )


def wrong(message: str, place: str, hint: str | None = None, *, code: str = "file_wrong") -> Told:
    return Told(4, code, message, f"db/migrations/{place}", hint)


def failed(code: str, message: str, line: int, hint: str | None = None) -> Told:
    return Told(1, code, message, f"db/migrations/001_a.py:{line}", hint)


CREATE = "database.execute('CREATE TABLE a (id INTEGER)')"
REFUSED: dict[str, tuple[dict[str, str | bytes], Told]] = {
    "36 UTF-16": (
        {"001_a.sql": table("a").encode("utf-16")},
        wrong("it is UTF-16, not UTF-8", "001_a.sql", UTF8),
    ),
    "37 Latin-1": (
        {"001_a.sql": b"-- migrate:up\n-- caf\xe9\nSELECT 1;\n"},
        wrong("it is not UTF-8: byte 0xe9 at offset 20", "001_a.sql:2", UTF8),
    ),
    "40 empty": (
        {"001_a.sql": ""},
        wrong(
            "no `-- migrate:up` marker",
            "001_a.sql",
            "put the line `-- migrate:up` before the first statement",
        ),
    ),
    "40 only comments": (
        {"001_a.sql": "-- migrate:up\n-- nothing\n/* at all */\n"},
        wrong("the up section holds no statement", "001_a.sql:1", "write what the migration does"),
    ),
    "40 empty Python": (
        {"001_a.py": ""},
        wrong("no class in it inherits from Migration", "001_a.py", CLASS),
    ),
    "42 the same version": (
        {"001_a.sql": table("a"), "001_b.sql": table("b")},
        wrong(
            "duplicate version 001: db/migrations/001_a.sql has it too",
            "001_b.sql",
            OTHER_VERSION.format("001_b.sql", "002_b.sql"),
            code="graph_wrong",
        ),
    ),
    "42 the same but for zeros": (
        {"001_a.sql": table("a"), "1_b.sql": table("b")},
        wrong(
            "duplicate version: 1 is the same as 001 of db/migrations/001_a.sql",
            "1_b.sql",
            OTHER_VERSION.format("1_b.sql", "2_b.sql"),
            code="graph_wrong",
        ),
    ),
    "42 in both languages": (
        {"001_a.sql": table("a"), "001_a.py": python("pass")},
        wrong(
            "duplicate version 001: db/migrations/001_a.py:5 has it too",
            "001_a.sql",
            OTHER_VERSION.format("001_a.sql", "002_a.sql"),
            code="graph_wrong",
        ),
    ),
    "45 a folder": (
        {"001_a.sql/inside": ""},
        wrong(
            "it is a folder, and has the name of a migration", "001_a.sql", "rename it, or move it elsewhere"
        ),
    ),
    "49 a syntax error": (
        {"001_a.py": "x = = 1\n"},
        wrong("it is not Python: invalid syntax", "001_a.py:1"),
    ),
    "49 no class": (
        {"001_a.py": "x = 1\n"},
        wrong("no class in it inherits from Migration", "001_a.py", CLASS),
    ),
    "49 two classes": (
        {"001_a.py": python("pass") + "\n\nclass B(Migration):\n    async def up(self): pass\n"},
        wrong("2 classes in it inherit from Migration: A (line 5), B (line 11)", "001_a.py:11", ONE_CLASS),
    ),
    "49 an import that fails": (
        {"001_a.py": python("pass", head="1 / 0")},
        wrong("it can't be imported: ZeroDivisionError: division by zero", "001_a.py:2"),
    ),
    "49 an import that never ends": (
        {"001_a.py": python("pass", head="def f(): f()\nf()")},
        wrong("it can't be imported: RecursionError: maximum recursion depth exceeded", "001_a.py:2"),
    ),
    "49 an import that ends the program": (
        {"001_a.py": python("pass", head="import sys; sys.exit(3)")},
        wrong(
            "its import ended the program (SystemExit: 3)",
            "001_a.py:2",
            "put nothing but definitions at the level of the module",
        ),
    ),
    "49 never awaited": (
        {"001_a.py": python(CREATE)},
        failed("misuse", "database.execute() was never awaited, so it did nothing", 8, AWAIT),
    ),
    "49 returned instead of awaited": (
        {"001_a.py": python(f"return {CREATE}")},
        failed("misuse", "database.execute() was never awaited, so it did nothing", 8, AWAIT),
    ),
    "49 a recursion": (
        {"001_a.py": python("await self.up()")},
        failed("migration_raised", "RecursionError: maximum recursion depth exceeded", 8),
    ),
    "49 the end of the program": (
        {"001_a.py": python("sys.exit(3)", head="import sys")},
        failed("migration_raised", "SystemExit: 3", 8),
    ),
    "49 a generator": (
        {"001_a.py": python("yield 1")},
        failed(
            "misuse",
            "up() holds a 'yield', which makes it a generator: nothing of it has run",
            7,
            "take the 'yield' out, or put it into a function of its own",
        ),
    ),
}
ACCEPTED: dict[str, dict[str, str | bytes]] = {
    "35 a byte order mark": {"001_a.sql": b"\xef\xbb\xbf" + table("a").encode()},
    "38 line ends of Windows": {"001_a.sql": table("a").replace("\n", "\r\n").encode()},
    "39 a comment last, and no line end": {
        "001_a.sql": "-- migrate:up\nCREATE TABLE a (id INTEGER); -- the end"
    },
    "39 no semicolon either": {"001_a.sql": "-- migrate:up\nCREATE TABLE a (id INTEGER) -- the end"},
    "43 a gap": {"001_a.sql": table("a"), "907_b.sql": table("b")},
    "43 of the future": {"99991231235959_a.sql": table("a")},
    "49 byte code and an __init__": {
        "001_a.sql": table("a"),
        "002_b.pyc": b"\0",
        "__init__.py": "raise SystemExit",
    },
    "49 no coroutine": {"001_a.py": python(CREATE, define="def")},
    "49 it blocks": {"001_a.py": python(f"time.sleep(0.01); await {CREATE}", head="import time")},
}


def write(root: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / FOLDER / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.fixture
def tables(sqlite_url: str) -> Callable[[], set[str]]:
    """A function that gives the names of the tables in the database."""

    def names() -> set[str]:
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
            return {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master")}

    return names


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_is_refused(
    case: str, ask: Ask, root: Path, sqlite_url: str, tables: Callable[[], set[str]]
) -> None:
    files, expected = REFUSED[case]
    write(root, files)
    assert ask("migrate", "--url", sqlite_url) == expected
    assert not tables() & {"a", "b"}


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_file_that_is_odd_and_right(
    case: str, ask: Ask, root: Path, sqlite_url: str, tables: Callable[[], set[str]]
) -> None:
    write(root, ACCEPTED[case])
    assert ask("migrate", "--url", sqlite_url) is None
    assert "a" in tables()
    assert ask("status", "--check", "--url", sqlite_url) is None


@contextmanager
def as_nobody() -> Iterator[None]:
    """Where we are root, be nobody for a while: root may read everything."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("mode", [0o000, 0o200])
def test_a_file_that_can_not_be_read(mode: int) -> None:
    """46."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        root = Path(folder).resolve()
        (root / FOLDER).mkdir(parents=True)
        path = root / FOLDER / "001_a.sql"
        path.write_text(table("a"))
        path.chmod(mode)
        with as_nobody(), pytest.raises(MigrationFileError) as caught:
            DirectorySource([FOLDER], root).read()
    error = caught.value
    assert (error.message, str(error.place), error.hint) == (
        "it can't be read: Permission denied",
        "db/migrations/001_a.sql",
        "the user that runs this needs to read it",
    )


def test_what_is_imported_is_only_what_will_run(ask: Ask, root: Path, sqlite_url: str) -> None:
    """49: an effect at the level of the module is not had by asking, nor where anything else is wrong."""
    write(root, {"001_a.py": python("pass", head="open('imported', 'w').close()"), "002_b.sql": "wrong"})
    for command in ("status", "check", "migrate"):
        told = ask(command, "--url", sqlite_url)
        if command != "status":
            assert told is not None
            assert told.exit_code == 4
    write(root, {"002_b.sql": table("b")})
    assert ask("status", "--url", sqlite_url) is None
    assert not (root / "imported").exists()
    assert ask("migrate", "--url", sqlite_url) is None
    assert (root / "imported").exists()


def test_the_process_ends_in_a_migration(
    ask: Ask, root: Path, sqlite_url: str, tables: Callable[[], set[str]]
) -> None:
    """49: `os._exit()` is a kill. Nothing of the batch stays, and the next run begins anew."""
    write(
        root,
        {
            "001_a.sql": table("a"),
            "002_b.py": python("os._exit(7)", head="import os"),
            "003_c.sql": table("c"),
        },
    )
    program = [sys.executable, "-m", "stepwell", "migrate", "--url", sqlite_url]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    done = subprocess.run(program, cwd=root, env=environment, capture_output=True, check=False)
    assert done.returncode == 7
    assert not tables() & {"a", "c"}
    write(root, {"002_b.py": python("pass")})
    assert ask("migrate", "--url", sqlite_url) is None
    assert {"a", "c"} <= tables()


HISTORY = {
    "47 deleted": (
        ("001_a.sql", None),
        "applied, but the file is missing: 001 a",
        None,
        "restore the file, or forget the record with 'stepwell unmark 001', or go on without it: --allow-missing",
    ),
    "48 edited": (
        ("001_a.sql", table("other")),
        "changed after being applied: 001 a",
        "db/migrations/001_a.sql",
        (
            "restore the file and put the change into a new migration; if the database has the change already,"
            " 'stepwell mark 001' accepts the file as it is; to go on regardless: --allow-changed"
        ),
    ),
}


@pytest.mark.parametrize("case", HISTORY)
def test_a_file_that_is_not_what_was_applied(case: str, ask: Ask, root: Path, sqlite_url: str) -> None:
    (name, content), message, place, hint = HISTORY[case]
    write(root, {"001_a.sql": table("a"), "002_b.sql": table("b")})
    assert ask("migrate", "--url", sqlite_url) is None
    if content is None:
        (root / FOLDER / name).unlink()
    else:
        write(root, {name: content})
    write(root, {"003_c.sql": table("c")})
    assert ask("migrate", "--url", sqlite_url) == Told(6, "contradiction", message, place, hint)


def test_out_of_order(ask: Ask, root: Path, sqlite_url: str) -> None:
    """43: it is applied and told; who is strict refuses."""
    write(root, {"001_a.sql": table("a"), "003_c.sql": table("c")})
    assert ask("migrate", "--url", sqlite_url) is None
    write(root, {"002_b.sql": table("b")})
    assert ask("migrate", "--strict", "--url", sqlite_url) == Told(
        6,
        "contradiction",
        "out of order: 002 b stands before a migration that is applied already",
        None,
        "without --strict it is applied now, since its dependencies are met",
    )
    assert ask("migrate", "--url", sqlite_url) is None
