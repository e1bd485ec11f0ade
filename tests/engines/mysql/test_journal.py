"""Where each statement commits by itself: what a kill, a failure or an interruption leaves to the next run."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import pytest

from stepwell.core.errors import ContradictionError, StepError
from stepwell.testing.workshop import outcomes, report_of, until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from stepwell.testing import Workshop

SLOW = 0.7  # seconds that a statement takes which is killed meanwhile


def events(shop: Workshop, version: str = "001") -> list[str]:
    """What the log says of a version, such as `intent 1`."""
    entries = [entry for entry in shop.log() if str(entry.version) == version]
    return [f"{entry.event} {entry.statement}" if entry.statement else entry.event for entry in entries]


def running(shop: Workshop, text: str) -> Callable[[], bool]:
    """Whether a statement with this text runs on the server."""
    return lambda: any(
        text in str(info) and "processlist" not in str(info)
        for info in shop.column("SELECT info FROM information_schema.processlist WHERE db = DATABASE()")
    )


def killed_while(shop: Workshop, text: str) -> None:
    """Start a run in a process of its own, and kill it while a statement with this text runs."""
    process: subprocess.Popen[str] = shop.process()
    asyncio.run(until(running(shop, text)))
    process.kill()
    process.communicate()


def test_what_came_before_a_failure_stands_although_rows_came_between(shop: Workshop) -> None:
    """CREATE TABLE commits whatever is open: nothing may be told to be undone."""
    shop.sql(
        "001_step",
        "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);\nCREATE TABLE b (id INTEGER);\n"
        "INSERT INTO a VALUES (2);\nINSERT INTO no_such_table VALUES (1);\nINSERT INTO a VALUES (3);",
    )
    shop.table("002_after")
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, StepError)
    assert str(error.place) == shop.line(shop.folder / "001_step.sql", "no_such_table")
    report = report_of(error)
    assert outcomes(report) == ["001 failed", "002 not_run"]
    assert any("it commits after each statement" in warning for warning in report.warnings)
    assert shop.column("SELECT id FROM a ORDER BY id") == [1, 2]
    assert events(shop)[-3:] == ["intent 5", "statement_failed 5", "failed"]
    shop.ask("CREATE TABLE no_such_table (id INTEGER)")
    assert outcomes(shop.migrate()) == ["001 applied", "002 applied"]
    assert shop.column("SELECT id FROM a ORDER BY id") == [1, 2, 3]


def test_a_kill_between_two_statements_resumes_at_the_second(shop: Workshop) -> None:
    shop.python(
        "001_step",
        f"""
        await database.execute("CREATE TABLE a (id INTEGER)")
        await database.execute("INSERT INTO a VALUES (1)")
        if not Path({str(shop.root / "killed")!r}).exists():
            Path({str(shop.root / "killed")!r}).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        await database.execute("INSERT INTO a VALUES (2)")
        """,
        head="import os\nimport signal\n",
    )
    process = shop.process()
    process.communicate()
    assert process.returncode == -9
    assert shop.states() == {"001": "failed"}
    assert shop.column("SELECT id FROM a") == [1]
    assert shop.migrate().ok
    assert shop.column("SELECT id FROM a ORDER BY id") == [1, 2]
    assert events(shop) == ["intent 1", "done 1", "intent 2", "done 2", "intent 3", "done 3", "applied"]


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO a SELECT {{n}} FROM (SELECT SLEEP({SLOW})) AS slow",
        f"UPDATE a SET id = id + 1 + SLEEP({SLOW})",
        f"DELETE FROM a WHERE id = SLEEP({SLOW}) + 1",
    ],
)
def test_rows_are_changed_once_however_the_client_dies(shop: Workshop, statement: str) -> None:
    """They commit together with their mark: no doubt is possible, and nobody is asked."""
    shop.ask("CREATE TABLE a (id INTEGER)")
    shop.ask("INSERT INTO a VALUES (1)")
    shop.ask("CREATE TABLE once (id INTEGER)")
    once = statement.format(n=7)
    shop.sql("001_step", f"INSERT INTO once VALUES (1);\n{once};\nINSERT INTO once VALUES (2);")
    killed_while(shop, "SLEEP")
    assert shop.migrate().ok
    expected = {"INSERT": [1, 7], "UPDATE": [2], "DELETE": []}[statement.partition(" ")[0]]
    assert shop.column("SELECT id FROM a ORDER BY id") == expected
    assert shop.column("SELECT id FROM once ORDER BY id") == [1, 2]
    assert events(shop) == ["intent 1", "done 1", "intent 2", "done 2", "intent 3", "done 3", "applied"]


def test_a_change_of_the_schema_is_in_doubt_after_a_kill(shop: Workshop) -> None:
    """The next run waits until the server has ended the old statement, then asks a person."""
    shop.sql("001_step", f"CREATE TABLE a AS SELECT SLEEP({SLOW}) AS slept;\nCREATE TABLE b (id INTEGER);")
    began = time.monotonic()
    killed_while(shop, "SLEEP")
    error = shop.failure(shop.project().migrate())
    assert time.monotonic() - began > SLOW
    assert isinstance(error, ContradictionError)
    assert "in doubt" in error.message
    assert not shop.exists("b")
    shop.ask("DROP TABLE IF EXISTS a")
    shop.run(shop.project().unmark("001"))
    assert shop.migrate().ok
    assert shop.exists("b")


@pytest.mark.parametrize("how", ["an engine of its own", "a table elsewhere"])
def test_rows_that_do_not_undo_are_in_doubt_too(shop: Workshop, how: str) -> None:
    """Where a table keeps what an abort should undo, or is not known, the intent is written first."""
    table = "a"
    if how == "an engine of its own":
        shop.sql("001_table", "CREATE TABLE a (id INTEGER) ENGINE = MyISAM;")
    else:
        table = shop.url.rpartition("/")[2] + "_other.a"
        shop.sql(
            "001_table", f"CREATE DATABASE {table[:-2]};\nCREATE TABLE {table} (id INTEGER) ENGINE = MyISAM;"
        )
    try:
        shop.sql("002_step", f"INSERT INTO {table} VALUES (1);\nINSERT INTO {table} SELECT SLEEP({SLOW});")
        killed_while(shop, "SLEEP")
        assert "in doubt" in shop.failure(shop.project().migrate()).message
        assert events(shop, "002") == ["intent 1", "done 1", "intent 2"]
    finally:
        if "." in table:
            shop.ask(f"DROP DATABASE IF EXISTS {table[:-2]}")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (f"INSERT INTO a SELECT 7 + SLEEP({SLOW})", [1, 7]),
        (f"CREATE TABLE b AS SELECT SLEEP({SLOW}) AS slept", None),
    ],
)
def test_a_connection_that_is_lost_is_told_and_the_next_run_does_what_is_known(
    shop: Workshop, statement: str, expected: list[int] | None
) -> None:
    shop.ask("CREATE TABLE a (id INTEGER)")
    shop.sql("001_step", f"INSERT INTO a VALUES (1);\n{statement};")

    async def cut() -> BaseException | None:
        run = asyncio.create_task(shop.project().migrate())
        await until(running(shop, "SLEEP"))
        ((thread,),) = shop.ask(
            "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE '%SLEEP%'"
            " AND id <> CONNECTION_ID()"
        )
        shop.ask(f"KILL {thread}")
        await asyncio.wait({run})
        return run.exception()

    error = asyncio.run(cut())
    assert isinstance(error, ContradictionError | StepError)
    assert outcomes(report_of(error)) == ["001 in_doubt" if expected is None else "001 failed"]
    if expected is None:
        assert "in doubt" in shop.failure(shop.project().migrate()).message
    else:
        assert shop.migrate().ok
        assert shop.column("SELECT id FROM a ORDER BY id") == expected


def test_what_the_session_was_set_to_is_set_again_by_a_run_that_resumes(shop: Workshop) -> None:
    """It went with the old session: what is done is passed over, but this has to be done again."""
    shop.ask("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    shop.ask("CREATE TABLE child (id INTEGER REFERENCES parent (id))")
    shop.ask("INSERT INTO parent VALUES (1)")
    shop.ask("INSERT INTO child VALUES (1)")
    shop.sql(
        "001_step",
        "SET foreign_key_checks = 0;\nSET @wanted = 7;\nCREATE TABLE a (id INTEGER);\nINSERT INTO b VALUES (1);\n"
        "DELETE FROM parent;\nINSERT INTO a VALUES (@wanted);",
    )
    shop.failure(shop.project().migrate())
    shop.ask("CREATE TABLE b (id INTEGER)")
    assert shop.migrate().ok
    assert shop.column("SELECT id FROM a") == [7]
    assert shop.column("SELECT count(*) FROM parent") == [0]


def test_many_rows_are_all_there_or_none(shop: Workshop) -> None:
    shop.ask("CREATE TABLE a (id INTEGER PRIMARY KEY)")
    shop.ask("INSERT INTO a VALUES (500)")
    shop.python(
        "001_step",
        """
        rows = [{"id": number} for number in range(1, 1001)]
        await database.execute_many("UPDATE a SET id = :id WHERE id = :id + 499", rows[:1])
        await database.execute_many("INSERT INTO a VALUES (:id)", rows)
        """,
    )
    shop.failure(shop.project().migrate())
    assert shop.column("SELECT id FROM a") == [1]
    shop.ask("DELETE FROM a")
    assert shop.migrate().ok
    assert shop.column("SELECT count(*) FROM a") == [1000]


@pytest.mark.parametrize(
    ("statement", "stands"),
    [
        ("INSERT INTO a SELECT SLEEP(20) FROM a", False),
        ("CREATE TABLE b AS SELECT SLEEP(20) FROM a", False),
    ],
)
def test_an_interruption_stops_the_statement_on_the_server(
    shop: Workshop, statement: str, stands: bool
) -> None:
    shop.ask("CREATE TABLE a (id INTEGER)")
    shop.ask("INSERT INTO a VALUES (1), (2), (3)")
    shop.sql("001_step", f"{statement};")

    async def interrupted() -> None:
        run = asyncio.create_task(shop.project().migrate())
        await until(running(shop, "SLEEP"))
        run.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await run

    began = time.monotonic()
    asyncio.run(interrupted())
    assert time.monotonic() - began < 10
    assert not running(shop, "SLEEP")()
    assert shop.column("SELECT count(*) FROM a") == [3]
    assert shop.exists("b") is stands
    assert events(shop)[-2:] == ["statement_failed 1", "failed"]
    assert shop.run(shop.project().unlock()).holder is None
