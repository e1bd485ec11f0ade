"""The exit code of `verify` tells what a gate in CI has to know."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
from tests.verify.test_verify import ON_ROWS, USERS

from stepwell.cli.main import main

if TYPE_CHECKING:
    from stepwell.testing import Workshop

LOSSY = ON_ROWS["a column that goes takes its values along"]
FAILS = ON_ROWS["a column that every row lacks"]
TABLE = "CREATE TABLE second (id INTEGER);"


@pytest.fixture
def run(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `verify` on the command line, without a target; gives the exit code and its document."""

    def call(*arguments: str, scratch: str = shop.url) -> tuple[int, dict[str, Any]]:
        (shop.root / "stepwell.toml").write_text('migrations = ["migrations"]\n')
        code = main(
            ["verify", *arguments, "--scratch-url", scratch, "--format", "json", "-q"], root=shop.root
        )
        return code, json.loads(capsys.readouterr().out)

    return call


@pytest.mark.parametrize(
    ("case", "arguments", "code"),
    [
        ((TABLE, "DROP TABLE second;"), ["--strict"], 0),
        ((TABLE, ""), ["--strict"], 0),  # irreversible, which is not wrong
        ((TABLE, "SELECT 1;"), [], 3),
        (LOSSY[:2], [], 0),
        (LOSSY[:2], ["--strict"], 3),
        (FAILS[:2], [], 3),
        (FAILS[:2], ["--no-rows"], 0),
    ],
)
def test_of_a_verdict(
    shop: Workshop, run: Any, case: tuple[str, str], arguments: list[str], code: int
) -> None:
    shop.sql("001_users", USERS, "DROP TABLE users;")
    shop.sql("002_case", *case)
    found, document = run(*arguments)
    assert (found, document["ok"]) == (code, code == 0), document


def test_of_a_version_that_does_not_exist(shop: Workshop, run: Any) -> None:
    shop.table("001_first")
    code, document = run("002")
    assert (code, document["error"]["code"]) == (2, "target")


def test_of_files_that_are_wrong(shop: Workshop, run: Any) -> None:
    shop.table("001_first")
    shop.sql("002_second", "")
    code, document = run()
    assert (code, document["error"]["path"]) == (4, "migrations/002_second.sql")


def test_of_a_server_that_is_down(shop: Workshop, run: Any) -> None:
    shop.table("001_first")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # without listening
        port = nobody.getsockname()[1]
        code, _ = run(scratch=f"postgresql://ann@127.0.0.1:{port}/none")
    assert code == 7


def test_of_an_engine_that_has_no_place_for_a_scratch_database(shop: Workshop, run: Any) -> None:
    shop.table("001_first")
    code, document = run("--url", "postgresql://ann@127.0.0.1/none", scratch="sqlite://")
    assert code == 2
    assert document["error"]["message"] == "scratch_url is of sqlite, the target of postgresql"


@pytest.mark.parametrize(("up", "code"), [("CREATE TABLE IF NOT EXISTS second (id INTEGER);", 0), (TABLE, 3)])
def test_of_one_that_is_declared_idempotent(shop: Workshop, run: Any, up: str, code: int) -> None:
    """Also of the first one: what it has made is no database to be adopted, but what it has to live with."""
    shop.sql("001_second", up, "DROP TABLE second;", header="-- idempotent: true")
    found, document = run()
    assert found == code, document
    told = document["migrations"][0]["reasons"]
    assert told == [] if code == 0 else told[0].startswith("up() twice fails: ")


def test_of_a_report_that_can_not_be_written(shop: Workshop, run: Any) -> None:
    shop.table("001_first")
    code, document = run("--junit", str(shop.root / "missing" / "report.xml"))
    assert code == 2
    assert "report.xml can't be written: No such file or directory" in document["error"]["message"]
