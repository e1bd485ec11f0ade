"""A server repeats the statement that it refuses: what looks like a password in it is masked wherever it is told."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING

import pytest

from stepwell.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from stepwell.testing import Workshop

SECRET = "S3cr3t"
COMMANDS = (("migrate", "--dry-run"), ("migrate",), ("log",), ("status",))
STATEMENTS = {
    "a wrong option": "CREATE ROLE zz_nobody PASSWORD 'S3cr3tPW' CONNECTION LIMIT x",
    "a role that is not there": "ALTER ROLE zz_nobody PASSWORD 'S3cr3tPW'",
    "a role that is not there, in other words": "ALTER USER zz_nobody WITH ENCRYPTED PASSWORD E'S3cr3t\\'PW'",
    "words of a connection": "SELECT zz_connect('host=nowhere.invalid password=S3cr3tPW')",
    "a user mapping": "CREATE USER MAPPING FOR zz_nobody SERVER zz OPTIONS (user 'bob', password 'S3cr3tPW')",
    "a URL": "SELECT 'postgresql://bob:S3cr3tPW@db/shop' FROM zz_nowhere",
}


@pytest.fixture(params=["sql", "python"])
def written(request: pytest.FixtureRequest, shop: Workshop) -> Callable[[str], None]:
    """A function that writes a migration of one statement."""

    def write(statement: str) -> None:
        if request.param == "sql":
            shop.sql("001_step", f"{statement};")
        else:
            shop.python("001_step", f"await database.execute({statement!r})")

    return write


@pytest.mark.parametrize("kind", STATEMENTS)
def test_the_library_masks_it(
    kind: str, written: Callable[[str], None], shop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    written(STATEMENTS[kind])
    heard: list[object] = []
    project = shop.project(events=heard.append)
    with caplog.at_level(logging.DEBUG):
        shop.run(project.migrate(dry_run=True))
        error = shop.failure(project.migrate())
    told = {
        "error": str(error) + repr(error) + repr(error.args),
        "hint": str(error.hint),
        "traceback": "".join(traceback.format_exception(error)),
        "logging": caplog.text,
        "events": repr(heard),
        "the log": repr(shop.ask("SELECT * FROM migrations_log")),
    }
    assert {place for place, text in told.items() if SECRET in text} == set()


@pytest.mark.parametrize("options", [(), ("-v",), ("--format", "json"), ("-v", "--format", "json")])
@pytest.mark.parametrize("kind", STATEMENTS)
def test_the_program_masks_it(
    kind: str,
    options: tuple[str, ...],
    written: Callable[[str], None],
    shop: Workshop,
    capsys: pytest.CaptureFixture[str],
) -> None:
    written(STATEMENTS[kind])
    place = ("--url", shop.url, "--migrations", str(shop.folder), *options)
    codes = [main([*command, *place], root=shop.root) for command in COMMANDS]
    assert codes == [0, 1, 0, 0]
    told = "".join(capsys.readouterr())
    assert SECRET not in told
    assert "***" in told
