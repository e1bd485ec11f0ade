"""What is faulted: an engine and the way to it. Each knows how it is reset, asked, and hurt; it judges nothing."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, ClassVar

import psycopg
import pymysql

from torture.faults import Kind, Striking
from torture.plans import MARIADB, POSTGRESQL, SQLITE, TALLIES, WITNESSES, Dialect, Plan, plans_of
from torture.servers import PASSWORD, MariaDB, PgBouncer, PostgreSQL

if TYPE_CHECKING:
    from pathlib import Path

    from torture.servers import Server

Row = tuple[Any, ...]

DATABASE = "torture"
QUIET = 20.0  # seconds until what a run left on the server has to have ended
LOST = (psycopg.OperationalError, pymysql.err.OperationalError, pymysql.err.InterfaceError)
ALL_KINDS = tuple(Kind)


class NotQuietError(Exception):
    """Something of a run that has ended is still at work on the server."""


class Target:
    """One engine in one mode. `name` is its key on the command line, `title` what people read."""

    name: ClassVar[str]
    title: ClassVar[str]
    kinds: ClassVar[tuple[Kind, ...]] = ALL_KINDS
    idle: ClassVar[float] = 0.4  # seconds after which a paused runner loses its session, where it loses one
    second_waits: ClassVar[float] = 2.0  # seconds that a second runner waits for the lock of a paused one
    dialect: ClassVar[Dialect]
    plans: tuple[Plan, ...]

    def __init__(self, home: Path) -> None:
        self._home = home / self.name
        self._home.mkdir()
        for plan in self.plans:
            plan.write(self._home / plan.name)

    # --- how it is reached ---

    def settings(self, plan: Plan, **more: Any) -> dict[str, Any]:
        """The arguments of the project. The fingerprint of the end asks a lot and changes nothing: it is left out."""
        return {
            "url": self.url, "root": str(self._home), "migrations": plan.name, "lock_wait": 20.0,
            "fingerprint": False, **more,
        }  # fmt: skip

    @property
    def url(self) -> str:
        """The database."""
        raise NotImplementedError

    def settings_with_pause(self, plan: Plan) -> dict[str, Any]:
        """The same where a runner is paused and another one comes."""
        return self.settings(plan, idle_timeout=self.idle, lock_wait=self.second_waits)

    # --- how it is asked ---

    def reset(self) -> None:
        """An empty database with the witnesses."""
        self.empty()
        for statement in WITNESSES:
            self.ask(statement)
        self.ask("INSERT INTO tally VALUES " + ", ".join(f"('{what}', 0)" for what in TALLIES))

    def empty(self) -> None:
        """Remove everything."""
        raise NotImplementedError

    def ask(self, sql: str) -> list[Row]:
        """Run one statement from outside, and give its rows."""
        raise NotImplementedError

    def count(self, queries: Sequence[str]) -> list[int | None]:
        """The number that each query gives; None where what it asks about is not there."""
        (row,) = self.ask("SELECT " + ", ".join(f"({query})" for query in queries))
        return list(row)

    def has_table(self, name: str) -> bool:
        """Whether a table is there."""
        return bool(self.count([self.dialect.tables.format(name)])[0])

    def quiet(self) -> None:
        """Wait until nothing of a run is at work any more. Raises `NotQuietError`."""

    def left_behind(self) -> list[str]:
        """What must not be there when no run is at work: locks, invalid indexes."""
        return []

    def scene(self) -> str:
        """What is going on, for people who look why a run hangs."""
        return ""

    # --- how it is hurt ---

    def means(self) -> Striking:
        """Called in the child, before its run: what a fault needs."""
        return Striking(lambda _: None, lambda: None, lambda: None, frozenset())

    def restart(self) -> None:
        """Start a server again that was killed."""

    @property
    def version(self) -> str:
        """Of the server."""
        raise NotImplementedError


class _Served(Target):
    """One with a server, and a connection of the harness that is made again when it was lost."""

    server: Server

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._asking: Any = None

    def _connect(self) -> Any:
        raise NotImplementedError

    def _rows(self, sql: str) -> list[Row]:
        cursor = self._asking.cursor()
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []

    def ask(self, sql: str) -> list[Row]:
        if self._asking is None:
            self._asking = self._connect()
        try:
            return self._rows(sql)
        except LOST:
            if self._asking is not None:
                with suppress(Exception):
                    self._asking.close()
            self._asking = self._connect()
            return self._rows(sql)

    def restart(self) -> None:
        self.server.restart()

    def _busy(self) -> list[Row]:
        raise NotImplementedError

    def quiet(self) -> None:
        deadline = time.monotonic() + QUIET
        while busy := self._busy():
            if time.monotonic() > deadline:
                raise NotQuietError(f"still at work: {busy}")
            time.sleep(0.005)


class PostgreSQLTarget(_Served):
    """PostgreSQL without anything in between."""

    name = "postgresql"
    title = "PostgreSQL"
    dialect = POSTGRESQL
    plans = plans_of(POSTGRESQL)
    database: ClassVar[str] = "torture"

    def __init__(self, home: Path, server: PostgreSQL) -> None:
        super().__init__(home)
        self.server: PostgreSQL = server

    @property
    def url(self) -> str:
        return (
            f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self.server.port}/{self.database}?sslmode=disable"
        )

    def _connect(self) -> Any:
        with self.server.connect("postgres") as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [self.database]
            ).fetchall()
            if not known:
                connection.execute(f"CREATE DATABASE {self.database}".encode())
        return self.server.connect(self.database)

    def empty(self) -> None:
        self.ask("DROP SCHEMA IF EXISTS public CASCADE")
        self.ask("CREATE SCHEMA public")

    @property
    def _own(self) -> str:
        return f"datname = '{self.database}' AND backend_type = 'client backend' AND application_name <> 'torture'"

    def _busy(self) -> list[Row]:
        return self.ask(
            "SELECT pid, state, left(query, 80) FROM pg_stat_activity a"
            f" WHERE {self._own} AND (state <> 'idle' OR EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid)"
            f" OR {self._must_be_gone})"
        )

    _must_be_gone: ClassVar[str] = "true"  # a session of ours ends with its client

    def scene(self) -> str:
        sessions = self.ask(
            "SELECT pid, state, wait_event, backend_xmin, pg_blocking_pids(pid), now() - xact_start, left(query, 120)"
            f" FROM pg_stat_activity WHERE {self._own}"
        )
        return "; ".join(str(tuple(map(str, row))) for row in sessions)

    def left_behind(self) -> list[str]:
        locks = self.ask(
            "SELECT locktype, pid FROM pg_locks WHERE pid <> pg_backend_pid() AND (locktype = 'advisory'"
            " OR database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
        )
        invalid = self.ask(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid OR NOT indisready"
        )
        prepared = self.ask("SELECT gid FROM pg_prepared_xacts")
        return [
            *(f"a lock is held: {row}" for row in locks),
            *(f"an index is invalid: {row[0]}" for row in invalid),
            *(f"a transaction is prepared: {row[0]}" for row in prepared),
        ]

    def means(self) -> Striking:
        admin = self.server.connect("postgres")
        postmaster = self.server.pid

        def end_sessions() -> None:
            admin.execute(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {self._own}".encode()
            )

        return Striking(
            lambda _: None, end_sessions, lambda: os.kill(postmaster, signal.SIGQUIT), frozenset()
        )

    @property
    def version(self) -> str:
        return f"PostgreSQL {self.ask('SHOW server_version')[0][0].split()[0]}"


class PooledTarget(PostgreSQLTarget):
    """PostgreSQL behind PgBouncer in transaction mode; steps without a transaction run behind it too, under a guard."""

    name = "pgbouncer"
    database = "torture_pooled"
    title = "PostgreSQL behind PgBouncer (transaction mode, pool of 4)"
    _must_be_gone = "false"  # the pooler keeps its sessions

    def __init__(self, home: Path, server: PostgreSQL, pooler: PgBouncer) -> None:
        super().__init__(home, server)
        self._pooler = pooler

    @property
    def url(self) -> str:
        return (
            f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self._pooler.port}/{self.database}?sslmode=disable"
        )


class MariaDBTarget(_Served):
    """MariaDB: nothing is in a transaction but rows with their marks."""

    name = "mariadb"
    title = "MariaDB"
    dialect = MARIADB
    plans = tuple(plan for plan in plans_of(MARIADB) if plan.name != "batch")
    idle = 1.0
    second_waits = 4.0

    def __init__(self, home: Path, server: MariaDB) -> None:
        super().__init__(home)
        self.server: MariaDB = server

    @property
    def url(self) -> str:
        return f"mariadb://tester:{PASSWORD}@127.0.0.1:{self.server.port}/{DATABASE}"

    def _connect(self) -> Any:
        connection = self.server.connect()
        connection.cursor().execute(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
        connection.select_db(DATABASE)
        return connection

    def empty(self) -> None:
        self.ask(f"DROP DATABASE {DATABASE}")
        self.ask(f"CREATE DATABASE {DATABASE}")
        self.ask(f"USE {DATABASE}")

    def scene(self) -> str:
        return str(self._busy())

    def _busy(self) -> list[Row]:
        return self.ask("SELECT id, state, info FROM information_schema.processlist WHERE user = 'tester'")

    def means(self) -> Striking:
        admin, server = self.server.connect(), self.server.pid

        def end_sessions() -> None:
            cursor = admin.cursor()
            cursor.execute("SELECT id FROM information_schema.processlist WHERE user = 'tester'")
            for (number,) in cursor.fetchall():
                with suppress(pymysql.Error):  # it may be gone by now
                    cursor.execute(f"KILL {number}")

        return Striking(lambda _: None, end_sessions, lambda: os.kill(server, signal.SIGKILL), frozenset())

    @property
    def version(self) -> str:
        return f"MariaDB {self.ask('SELECT version()')[0][0].split('-')[0]}"


class SQLiteTarget(Target):
    """SQLite with a rollback journal."""

    name = "sqlite"
    title = "SQLite (rollback journal)"
    kinds = (Kind.KILL, Kind.EXCEPTION, Kind.CANCEL, Kind.STOP)
    second_waits = 0.3  # nobody can end its session: a paused runner keeps the lock
    dialect = SQLITE
    plans = plans_of(SQLITE)
    journal: ClassVar[str] = "delete"

    @property
    def _file(self) -> Path:
        return self._home / "data" / "test.db"

    @property
    def url(self) -> str:
        return f"sqlite:///{self._file}"

    def settings_with_pause(self, plan: Plan) -> dict[str, Any]:
        return {**super().settings_with_pause(plan), "lock_timeout": 0.3}

    def empty(self) -> None:
        shutil.rmtree(self._file.parent, ignore_errors=True)
        self._file.parent.mkdir()
        self.ask(f"PRAGMA journal_mode = {self.journal}")

    def ask(self, sql: str) -> list[Row]:
        with closing(sqlite3.connect(self._file, isolation_level=None, timeout=20)) as connection:
            return connection.execute(sql).fetchall()

    def left_behind(self) -> list[str]:
        ((found,),) = self.ask("PRAGMA integrity_check")
        with closing(sqlite3.connect(self._file, isolation_level=None, timeout=0)) as connection:
            connection.execute("BEGIN EXCLUSIVE")  # raises where somebody holds a lock
            connection.execute("ROLLBACK")
        return [] if found == "ok" else [f"the file is damaged: {found}"]

    @property
    def version(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"


class WalTarget(SQLiteTarget):
    """SQLite with a write-ahead log."""

    name = "sqlite-wal"
    title = "SQLite (WAL)"
    journal = "wal"


TARGETS: dict[str, type[Target]] = {
    each.name: each for each in (PostgreSQLTarget, PooledTarget, MariaDBTarget, SQLiteTarget, WalTarget)
}
"""Every target by its name."""
