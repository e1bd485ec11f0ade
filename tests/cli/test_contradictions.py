"""Each contradiction, from the message to the end: what it names solves it, and nothing else is needed."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

Run = Callable[..., tuple[int, str, str]]
UP = "-- depends:{depends}\n-- migrate:up{options}\n{up}\n-- migrate:down{options}\n{down}\n"


class Shop:
    """Migrations and a database of one engine, used from the command line."""

    def __init__(self, folder: Path, url: str, run: Run) -> None:
        self.folder, self.url, self._run = folder, url, run

    def write(self, stem: str, up: str = "", down: str = "", *, depends: str = "", options: str = "") -> Path:
        """Write a file of SQL; without `up` it makes a table."""
        name = stem.partition("_")[2]
        path = self.folder / f"{stem}.sql"
        up, down = up or f"CREATE TABLE {name} (id INTEGER);", down or f"DROP TABLE {name};"
        path.write_text(UP.format(depends=depends, up=up, down=down, options=options))
        return path

    def run(self, verb: str, *arguments: str, code: int = 0) -> str:
        """Run a command that ends with this code, and give what it told."""
        found, out, err = self._run(verb, "--url", self.url, *arguments)
        assert found == code, out + err
        return out + err

    def document(self, *arguments: str) -> dict[str, Any]:
        """The JSON of a command."""
        document: dict[str, Any] = json.loads(self._run(*arguments, "--url", self.url, "--format", "json")[1])
        return document

    def execute(self, *statements: str) -> None:
        """Change the database by hand."""
        if self.url.startswith("sqlite"):
            import sqlite3

            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as connection:
                for statement in statements:
                    connection.execute(statement)
                connection.commit()
            return
        with psycopg.connect(self.url, autocommit=True) as server:
            for statement in statements:
                server.execute(statement.encode())

    def cut_off(self, version: str) -> None:
        """Let the log look as if the second statement of a step had been cut off, with nothing that tells its end."""
        self.run("migrate", code=1)
        failed = f"version = '{version}' AND event IN ('statement_failed', 'failed')"
        self.execute(
            f"DELETE FROM migrations_log WHERE {failed}", "UPDATE migrations_log SET fingerprint = NULL"
        )


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest) -> Shop:
    """Two migrations, applied."""
    # The server first: the project takes the variables away by which it is found.
    server = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else None
    project: Path = request.getfixturevalue("project")
    url = server or f"sqlite:///{project}/shop.db"
    made = Shop(project / "db/migrations", url, request.getfixturevalue("run"))
    made.write("001_first")
    made.write("002_second", depends=" 001")
    made.run("migrate")
    return made


class Case(NamedTuple):
    """How it comes about, the finding, the command that is named, and what is run besides until all is clean."""

    make: Callable[[Shop], object]
    code: str
    command: str
    after: tuple[str, ...] = ()


TWO = "CREATE TABLE one (id INTEGER);\nCREATE TABLE second (id INTEGER);"
BACK = "DROP TABLE third;\nDROP TABLE nowhere;"


def half_applied(shop: Shop) -> None:
    path = shop.write("003_third", TWO, depends=" 002", options=" transaction:false")
    shop.run("migrate", code=1)
    path.write_text(path.read_text().replace("second (id", "two (id"))


def half_reverted(shop: Shop) -> None:
    path = shop.write("003_third", "", BACK, depends=" 002", options=" transaction:false")
    shop.run("migrate")
    shop.run("rollback", code=1)
    path.write_text(path.read_text().replace("DROP TABLE nowhere", "DROP TABLE IF EXISTS nowhere"))


def file_gone(shop: Shop) -> None:
    half_applied(shop)
    (shop.folder / "003_third.sql").unlink()


def in_doubt(shop: Shop) -> None:
    path = shop.write("003_third", TWO, depends=" 002", options=" transaction:false")
    shop.cut_off("003")
    path.write_text(path.read_text().replace("second (id", "two (id"))


def recorded_twice(shop: Shop) -> None:
    shop.execute("INSERT INTO migrations (version, name) VALUES ('2', 'second')")


CASES = {
    "changed": Case(
        lambda shop: shop.write("002_second", "CREATE TABLE second (id BIGINT);", depends=" 001"),
        "changed",
        "stepwell mark 002",
    ),
    "missing": Case(lambda shop: (shop.folder / "002_second.sql").unlink(), "missing", "stepwell unmark 002"),
    "half applied": Case(half_applied, "failed", "stepwell migrate"),
    "half reverted": Case(half_reverted, "failed", "stepwell rollback", ("stepwell migrate",)),
    "half applied, and the file is gone": Case(file_gone, "failed", "stepwell unmark 003"),
    "in doubt": Case(
        in_doubt,
        "in-doubt",
        "stepwell repair",
        ("stepwell repair --not-done 003", "stepwell migrate"),
    ),
    "out of order": Case(lambda shop: shop.write("001.5_middle"), "out-of-order", "stepwell migrate"),
    "recorded twice": Case(recorded_twice, "recorded-twice", "stepwell unmark 2"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_command_that_is_named_solves_it(name: str, shop: Shop) -> None:
    case = CASES[name]
    case.make(shop)
    (finding,) = shop.document("check")["findings"]
    assert finding["code"] == case.code
    assert named(finding["hint"]) == case.command
    if case.code != "out-of-order":  # which is no state: the status just says that it is pending
        assert case.command in shop.run("status").replace("\n  ", " ")
        hints = [each["hint"] for each in shop.document("status")["migrations"] if "hint" in each]
        assert hints == [finding["hint"]]
    first, *arguments = shlex.split(case.command)
    assert first == "stepwell"
    shown = shop.run(*arguments, "--dry-run", code=6 if case.code == "in-doubt" else 0)
    assert shown
    assert [each["code"] for each in shop.document("check")["findings"]] == [case.code]
    shop.run(*arguments, code=6 if case.code == "in-doubt" else 0)
    for command in case.after:
        shop.run(*shlex.split(command)[1:])
    assert shop.document("check")["findings"] == []
    shop.run("status", "--check")


@pytest.mark.parametrize("version", ["", "it's", "a b", "-x", "ü", "base", "$(x)"])
def test_a_record_that_no_file_could_have_is_forgotten_as_it_is_named(version: str, shop: Shop) -> None:
    """Older runners took any text for a version."""
    text = version.replace("'", "''")
    shop.execute(f"INSERT INTO migrations (version, name) VALUES ('{text}', 'old')")
    (finding,) = shop.document("check")["findings"]
    command = finding["hint"].partition("the record: ")[2]
    if command.startswith("'"):  # all of it is in quotes, where it has none of its own
        command = command[1:-1]
    shop.run(*shlex.split(command)[1:])
    assert shop.document("check")["findings"] == []


def named(hint: str) -> str:
    """The one command in a sentence."""
    found: list[str] = [
        each.strip(" '") for each in re.findall(r"stepwell [a-z]+(?: (?!it |and )[\w.-]+)?", hint)
    ]
    assert len(found) == 1, hint
    return found[0]


def test_a_version_that_two_files_have(shop: Shop, project: Path) -> None:
    shop.write("002_another", depends=" 001")
    told = shop.document("check")["error"]
    assert told["message"].startswith("duplicate version 002")
    (command,) = re.findall(r"'(mv [^']+)'", told["hint"])
    # The files are told in the order of their names: it is the second of them that would be renamed.
    assert command == "mv db/migrations/002_second.sql db/migrations/003_second.sql"
    other = command.replace("_second", "_another")
    subprocess.run(shlex.split(other), cwd=project, check=True)
    shop.run("migrate")
    assert shop.document("check")["findings"] == []
    shop.run("status", "--check")


def test_a_change_by_hand(shop: Shop) -> None:
    """`status --drift` exits 3 and names `drift`, which tells what is other; without the flag nothing is asked."""
    same = shop.document("status", "--drift")["drift"]
    assert (same["verdict"], same["why"]) == ("same", None)
    assert "drift" not in shop.document("status")
    shop.execute("CREATE INDEX by_hand ON first (id)")
    shop.run("status")
    told = " ".join(shop.run("status", "--drift", code=3).split())
    assert f"batch {same['batch']}): 'stepwell drift' tells what is other" in told
    changed = shop.document("status", "--drift")["drift"]
    assert changed["verdict"] == "changed"
    assert changed["fingerprint"] != same["fingerprint"]
    assert (changed["batch"], changed["taken_at"]) == (same["batch"], same["taken_at"])
    scratch = ["--scratch-url", shop.url, "--scratch", "same-server"] if "postgresql" in shop.url else []
    assert "index by_hand: added" in shop.run("drift", *scratch, code=3)
