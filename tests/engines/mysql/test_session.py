"""What a step may not do to its session, what is set back after it, and who holds the lock."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pymysql
import pytest
from tests.mariadb import ask, connecting

from stepwell.core.errors import LockTimeoutError, StepError
from stepwell.core.redact import Redactor
from stepwell.core.url import parse_url
from stepwell.engines.mysql.lock import SessionLock, name_of
from stepwell.engines.mysql.opening import open_by_url

if TYPE_CHECKING:
    from stepwell.testing import Workshop


def lock_of(shop: Workshop) -> str:
    """The name of the lock of this database."""
    return name_of(shop.url.rpartition("/")[2], "migrations", folds_case=False)


# --- the lock ---


def test_a_lock_that_is_held_is_waited_for_and_its_holder_named_and_ended(shop: Workshop) -> None:
    shop.table("001_first")
    with pymysql.connect(**connecting(parse_url(shop.url))) as other:
        other.cursor().execute("SELECT GET_LOCK(%s, 0)", [lock_of(shop)])
        error = shop.failure(shop.project(lock_wait=0.2).migrate())
        assert isinstance(error, LockTimeoutError)
        assert f"connection {other.thread_id()} of tester at" in error.message
        assert "Sleep" in error.message
        assert not shop.exists("migrations")
        report = shop.run(shop.project().unlock(force=True))
        assert report.ended
        assert shop.run(shop.project().unlock()).holder is None
        with pytest.raises(pymysql.err.Error):
            other.ping(reconnect=False)
    assert shop.migrate().ok


def test_nothing_is_held_after_a_run(shop: Workshop) -> None:
    shop.table("001_first")
    shop.sql("002_second", "SELECT * FROM nowhere;")
    shop.failure(shop.project().migrate())
    assert shop.ask(f"SELECT IS_USED_LOCK('{lock_of(shop)}')") == [(None,)]


def test_another_table_has_another_lock(shop: Workshop) -> None:
    shop.table("001_first")
    with pymysql.connect(**connecting(parse_url(shop.url))) as other:
        other.cursor().execute("SELECT GET_LOCK(%s, 0)", [lock_of(shop)])
        assert shop.run(shop.project(table="history", lock_wait=0.1).migrate()).ok


@pytest.mark.parametrize("call", ["RELEASE_ALL_LOCKS()", "RELEASE_LOCK('{lock}')"])
def test_a_step_that_gives_the_lock_away_is_not_recorded(shop: Workshop, call: str) -> None:
    shop.sql("001_first", f"CREATE TABLE a (id INTEGER);\nDO {call.format(lock=lock_of(shop))};")
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, StepError)
    assert error.fault.code == "lock_lost"
    assert error.fault.version == "001"
    assert shop.applied() == []


@pytest.mark.parametrize(
    ("database", "table", "same"),
    [
        (("shop", "migrations"), ("shop", "migrations"), True),
        (("shop", "migrations"), ("shop", "Migrations"), False),
        (("shop", "migrations"), ("other", "migrations"), False),
        (("a", "b_c"), ("a_b", "c"), False),
    ],
)
def test_names_of_locks(database: tuple[str, str], table: tuple[str, str], same: bool) -> None:
    first, second = (name_of(*each, folds_case=False) for each in (database, table))
    assert (first.casefold() == second.casefold()) is same
    assert len(name_of("d" * 64, "t" * 64, folds_case=False)) <= 64
    assert name_of("Shop", "T", folds_case=True) == name_of("shop", "t", folds_case=True)


def test_a_proxy_that_changes_sessions_is_found_before_the_first_statement(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock stays with a session that is somebody else's by now: to this one it is as if it was never taken."""
    taken = SessionLock.take

    async def take(lock: SessionLock) -> bool:
        got = await taken(lock)
        await lock.give_back()
        return got

    monkeypatch.setattr(SessionLock, "take", take)
    shop.sql("001_first", "CREATE TABLE a (id INTEGER);")
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, StepError)
    assert error.fault.code == "lock_lost"
    assert "a proxy changed the connection" in error.message
    assert not shop.exists("a")


# --- the connection ---


def test_a_server_that_is_gone_is_noticed(shop: Workshop) -> None:
    """What the system is told of our socket."""

    async def options() -> list[int]:
        connection = await open_by_url(parse_url(shop.url), Redactor(()))
        try:
            raw = connection._writer.transport.get_extra_info("socket")
            names = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
            found = [raw.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in names]
            return [raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), *found]
        finally:
            await connection.leave()

    assert asyncio.run(options()) == [1, 5, 2, 3, 10_000]


# --- what is refused, and what is found ---


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("LOCK TABLES a WRITE", "LOCK TABLES is refused"),
        ("UNLOCK TABLES", "UNLOCK TABLES is refused"),
        ("SET autocommit = 0", "autocommit was switched off"),
        ("SET SESSION autocommit = OFF", "autocommit was switched off"),
        ("CALL opens()", "a transaction was left open"),
    ],
)
def test_what_would_keep_the_journal_from_being_written(shop: Workshop, statement: str, message: str) -> None:
    shop.ask("CREATE TABLE a (id INTEGER)")
    shop.ask("CREATE PROCEDURE opens() BEGIN START TRANSACTION; INSERT INTO a VALUES (1); END")
    shop.sql("001_step", f"INSERT INTO a VALUES (7);\n{statement};\nINSERT INTO a VALUES (8);")
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, StepError)
    assert message in error.message
    assert str(error.place) == shop.line(shop.folder / "001_step.sql", statement)
    assert shop.column("SELECT id FROM a") == [7]
    assert [entry.event for entry in shop.log()][-1] == "failed"


def test_the_driver_s_connection_must_come_back_outside_of_a_transaction(shop: Workshop) -> None:
    shop.ask("CREATE TABLE a (id INTEGER)")
    shop.python(
        "001_step",
        """
        async with database.driver() as connection:
            await connection.begin()
            cursor = await connection.cursor()
            await cursor.execute("INSERT INTO a VALUES (1)")
        """,
    )
    error = shop.failure(shop.project().migrate())
    assert "a transaction was left open" in error.message
    assert shop.column("SELECT count(*) FROM a") == [0]


def test_two_statements_in_one_text_are_refused_by_the_server(shop: Workshop) -> None:
    """Ours are sent one by one; what a migration builds by itself must not hide a second one."""
    shop.ask("CREATE TABLE a (id INTEGER)")
    shop.python(
        "001_step",
        """
        async with database.driver() as connection:
            cursor = await connection.cursor()
            await cursor.execute("INSERT INTO a VALUES (1); DELETE FROM a")
        """,
    )
    assert "1064" in str(shop.failure(shop.project().migrate()))
    assert shop.column("SELECT count(*) FROM a") == [0]


# --- what is set back ---


def test_what_a_step_sets_does_not_reach_the_next_one(shop: Workshop) -> None:
    other = shop.url.rpartition("/")[2] + "_other"
    shop.sql(
        "001_sets",
        f"CREATE DATABASE {other};\nUSE {other};\nSET time_zone = '+05:00', foreign_key_checks = 0;\n"
        "SET NAMES latin1;\nSET sql_mode = 'ANSI_QUOTES';\nCREATE TABLE there (id INTEGER);",
    )
    shop.sql(
        "002_reads",
        "CREATE TABLE seen AS SELECT DATABASE() = SUBSTRING_INDEX(DATABASE(), '_other', 1) AS own,"
        " @@time_zone = '+00:00' AS zone, @@foreign_key_checks AS checks,"
        " @@character_set_client = 'utf8mb4' AS letters, LOCATE('ANSI', @@sql_mode) = 0 AS mode;",
    )
    try:
        assert shop.migrate().ok
        assert shop.ask("SELECT * FROM seen") == [(1, 1, 1, 1, 1)]
    finally:
        shop.ask(f"DROP DATABASE {other}")


@pytest.mark.mariadb
def test_timeouts_are_those_of_the_migration(shop: Workshop) -> None:
    names = "@@lock_wait_timeout, @@innodb_lock_wait_timeout, @@max_statement_time, @@wait_timeout"
    shop.python(
        "001_own",
        f"""
        row = await database.fetch_one("SELECT {names}")
        Path({str(shop.root / "own")!r}).write_text(repr([float(each) for each in row.values()]))
        """,
        attributes="lock_timeout = 2\nstatement_timeout = 1.5\nidle_timeout = 30",
    )
    shop.python(
        "002_given",
        f"""
        row = await database.fetch_one("SELECT {names}")
        Path({str(shop.root / "given")!r}).write_text(repr([float(each) for each in row.values()]))
        """,
    )
    shop.run(shop.project(lock_timeout=0.0, statement_timeout=0.0, idle_timeout=600.0).migrate())
    assert (shop.root / "own").read_text() == "[2.0, 2.0, 1.5, 30.0]"
    assert (shop.root / "given").read_text() == "[31536000.0, 31536000.0, 0.0, 600.0]"


@pytest.mark.mariadb  # MySQL stops a SELECT only
def test_a_statement_that_takes_too_long_is_stopped(shop: Workshop) -> None:
    shop.sql("001_slow", "CREATE TABLE a AS SELECT SLEEP(20);")
    error = shop.failure(shop.project(statement_timeout=0.2).migrate())
    assert isinstance(error, StepError)
    assert error.fault.sqlstate == "1969"
    assert error.hint is not None
    assert "--statement-timeout" in error.hint


def test_a_table_that_somebody_else_locks_is_waited_for_only_so_long(shop: Workshop) -> None:
    shop.ask("CREATE TABLE a (id INTEGER)")
    shop.sql("001_alter", "ALTER TABLE a ADD COLUMN more INTEGER;")
    with pymysql.connect(**connecting(parse_url(shop.url))) as other:
        other.cursor().execute("SELECT * FROM a")
        error = shop.failure(shop.project(lock_timeout=1.0).migrate())
    assert isinstance(error, StepError)
    assert error.fault.sqlstate == "1205"
    assert error.hint is not None
    assert "--lock-timeout" in error.hint
    assert shop.migrate().ok


def test_times_are_utc_whatever_the_zone_of_the_server_is(shop: Workshop, mariadb_server: str) -> None:
    ask(mariadb_server, "SET GLOBAL time_zone = '+11:00'")
    try:
        shop.table("001_first")
        shop.migrate()
    finally:
        ask(mariadb_server, "SET GLOBAL time_zone = 'SYSTEM'")
    differences = shop.column(
        "SELECT ABS(TIMESTAMPDIFF(SECOND, created_at, UTC_TIMESTAMP())) FROM migrations UNION ALL"
        " SELECT ABS(TIMESTAMPDIFF(SECOND, started_at, UTC_TIMESTAMP())) FROM migrations_log"
    )
    assert max(differences) < 60
