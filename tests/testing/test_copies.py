"""What lies behind the copies: who shares a template, who drops it, and what a kill leaves."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
import pytest
from tests.pytests import SOURCE
from tests.testing.conftest import ask_postgresql, ask_sqlite

from stepwell.core.errors import ConnectionFailedError
from stepwell.core.redact import Secret
from stepwell.core.url import parse_url
from stepwell.engines.postgresql.copies import FILLED, PREFIX
from stepwell.engines.postgresql.scratch import master_of
from stepwell.engines.sqlite import copies as sqlite_copies
from stepwell.ports import ConnectOptions
from stepwell.project import Project
from stepwell.testing.workshop import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stepwell.testing import Workshop

    Hold = Callable[[Project, str], "Holder"]

TEMPLATES = f"""
SELECT d.datname, shobj_description(d.oid, 'pg_database') FROM pg_database d
WHERE d.datname LIKE '{PREFIX}' || left(encode(sha256(current_database()::bytea), 'hex'), 8) || '%'"""
HELD = """
SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()"""
WAITING = """
SELECT count(*)::int FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()"""
HOLDER = """
import asyncio, json, signal, sys
from stepwell.project import Project

async def main(arguments, share):
    async with Project(**arguments).databases(share=share) as make, make() as database:
        print(database.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main(json.loads(sys.argv[1]), sys.argv[2]))
"""


class Holder:
    """Another process, which has a database until it is let go or killed."""

    def __init__(self, project: Project, share: str) -> None:
        arguments = {"root": str(project.root), "migrations": "migrations", "engine": project.dialect.name}
        arguments |= {"scratch_url": url} if (url := project.settings.scratch_url) else {}
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, json.dumps(arguments), share],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
        )

    def url(self) -> str:
        """That of its database, when it is there."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def let_go(self) -> None:
        """Let it end, and wait for that."""
        self.process.communicate("", timeout=60)
        assert self.process.returncode == 0

    def end(self) -> None:
        """End it where a test did not come to that."""
        if self.process.returncode is None:
            self.kill()

    def kill(self) -> None:
        """End it as a machine would that has no memory left."""
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=60)


@pytest.fixture
def hold() -> Iterator[Hold]:
    """What starts such processes; none of them is left."""
    with ExitStack() as stack:

        def start(project: Project, share: str) -> Holder:
            made = Holder(project, share)
            stack.callback(made.end)
            return made

        yield start


def templates(url: str) -> list[tuple[str, str]]:
    """Those whose locks are in this database, and their comments."""
    return [(str(name), str(comment)) for name, comment in ask_postgresql(url, TEMPLATES)]


def test_processes_that_share_have_one_template_and_the_last_one_drops_it(
    hold: Hold, postgresql_project: Project, postgresql_shop: Workshop, postgresql_url: str, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    postgresql_shop.python(
        "003_tells",
        f"with Path({str(told)!r}).open('a') as file:\n    file.write('up ')",
        attributes='dependencies = ["002"]\nirreversible = True',
    )
    holders = [hold(postgresql_project, "one run") for _ in range(3)]
    assert len({each.url() for each in holders}) == 3
    assert told.read_text() == "up "
    assert [comment for _, comment in templates(postgresql_url)] == [FILLED]
    holders.pop().let_go()
    assert len(templates(postgresql_url)) == 1
    for each in holders:
        each.let_go()
    assert templates(postgresql_url) == []


def test_others_and_other_files_have_another_template(
    postgresql_project: Project, postgresql_shop: Workshop, postgresql_url: str
) -> None:
    async def use() -> None:
        async with postgresql_project.databases(share="a") as one, one():
            async with postgresql_project.databases(share="b") as other, other():
                assert len(templates(postgresql_url)) == 2
            postgresql_shop.table("003_more", depends="002")
            async with postgresql_project.databases(share="a") as later, later() as database:
                assert len(templates(postgresql_url)) == 2
                assert await database.fetch_val("SELECT count(*) FROM more") == 0

    asyncio.run(use())
    assert templates(postgresql_url) == []


def test_what_a_kill_leaves_is_dropped_by_the_next(
    hold: Hold, postgresql_project: Project, postgresql_url: str
) -> None:
    process = hold(postgresql_project, "killed")
    process.url()
    process.kill()
    assert len(templates(postgresql_url)) == 1
    end(postgresql_url, holders(postgresql_url))

    async def use() -> None:
        async with postgresql_project.databases() as make, make():
            assert len(templates(postgresql_url)) == 1

    asyncio.run(use())
    assert templates(postgresql_url) == []


def test_a_template_that_a_kill_left_half_done_is_made_anew_by_who_waits_for_it(
    hold: Hold, postgresql_project: Project, postgresql_shop: Workshop, postgresql_url: str
) -> None:
    postgresql_shop.waiting("003_waits", attributes='dependencies = ["002"]\nirreversible = True')
    first = hold(postgresql_project, "same")
    asyncio.run(postgresql_shop.has_begun(first.process))
    of_the_first = holders(postgresql_url)
    second = hold(postgresql_project, "same")
    asyncio.run(until(lambda: ask_postgresql(postgresql_url, WAITING) == [(1,)]))
    assert [comment for _, comment in templates(postgresql_url)] == ["None"]
    first.kill()
    postgresql_shop.let_go()
    end(postgresql_url, of_the_first)
    name = parse_url(second.url()).database
    url = replace(parse_url(postgresql_url), database=name).whole
    assert ask_postgresql(url, "SELECT version FROM migrations ORDER BY id") == [("001",), ("002",), ("003",)]
    assert [comment for _, comment in templates(postgresql_url)] == [FILLED]
    second.let_go()
    assert templates(postgresql_url) == []


def holders(url: str) -> set[int]:
    """The numbers of the server's processes that hold a lock in this database."""
    return {int(number) for (number,) in ask_postgresql(url, HELD)}


def end(url: str, numbers: set[int]) -> None:
    """The server notices that a client was killed when it next reads from it or writes to it: that is now."""
    ask_postgresql(url, f"SELECT pg_terminate_backend(n) FROM unnest(ARRAY{sorted(numbers)}::int[]) n")
    asyncio.run(until(lambda: not numbers & holders(url)))


def test_settings_of_the_database_are_those_of_its_copies(
    postgresql_project: Project, postgresql_shop: Workshop
) -> None:
    """The server does not copy them, and keeps lists otherwise than single values."""
    wanted = {"work_mem": "5MB", "search_path": 'public, "Odd, name"', "app.title": "it's 100% a=b"}
    values = {"work_mem": "'5MB'", "search_path": 'public, "Odd, name"', "app.title": "'it''s 100% a=b'"}
    statements = (
        f"EXECUTE 'ALTER DATABASE ' || quote_ident(current_database()) || $q$ SET {name} = {value}$q$;"
        for name, value in values.items()
    )
    postgresql_shop.sql(
        "003_settings", f"DO $do$ BEGIN {' '.join(statements)} END $do$;", header="-- depends: 002"
    )

    async def use() -> None:
        async with postgresql_project.databases() as make, make() as database:
            for name, value in wanted.items():
                sql = "SELECT current_setting(:name)"
                assert await database.fetch_val(sql, {"name": name}) == value

    asyncio.run(use())


def test_a_connection_that_a_test_left_open_is_in_nobodys_way(
    postgresql_project: Project, postgresql_url: str
) -> None:
    async def use() -> psycopg.Connection:
        async with postgresql_project.databases() as make, make() as database:
            return psycopg.connect(database.url)

    left = asyncio.run(use())
    with pytest.raises(psycopg.OperationalError), left:
        left.execute("SELECT 1")
    name = left.info.dbname
    assert ask_postgresql(postgresql_url, f"SELECT 1 FROM pg_database WHERE datname = '{name}'") == []


def test_no_timeout_of_the_server_ends_what_keeps_a_database(
    postgresql_project: Project, postgresql_url: str
) -> None:
    """Between two tests, or at a breakpoint, nothing is asked of it for long."""
    names = ["statement_timeout", "lock_timeout"]
    if int(ask_postgresql(postgresql_url, "SHOW server_version_num")[0][0]) >= 140000:
        names.append("idle_session_timeout")
    given = quote(" ".join(f"-c {name}=600000" for name in names))
    joint = "&" if "?" in postgresql_url else "?"
    server = parse_url(f"{postgresql_url}{joint}options={given}")
    options = ConnectOptions(postgresql_project.settings, str(postgresql_project.root))

    async def use() -> list[Any]:
        async with master_of(server, options) as master:
            shown = [await (await master.execute(f"SHOW {name}".encode())).fetchone() for name in names]
            return [row[0] for row in shown if row]

    assert asyncio.run(use()) == ["0"] * len(names)


def test_who_may_not_make_databases_is_told_what_to_do(
    postgresql_project: Project, postgresql_url: str
) -> None:
    role = f"poor_{os.getpid()}"
    ask_postgresql(postgresql_url, f"CREATE ROLE {role} LOGIN PASSWORD 'secret-of-the-poor'")
    url = parse_url(postgresql_url)

    poor = replace(url, user=role, password=Secret("secret-of-the-poor")).whole
    project = Project(root=postgresql_project.root, migrations="migrations", scratch_url=poor)

    async def use() -> None:
        async with project.databases() as make, make():
            pass

    try:
        with pytest.raises(ConnectionFailedError, match="no scratch database can be made") as caught:
            asyncio.run(use())
    finally:
        ask_postgresql(postgresql_url, f"DROP ROLE {role}")
    assert "CREATEDB" in (caught.value.hint or "")
    assert "secret-of-the-poor" not in str(caught.value)


def test_on_sqlite_a_folder_that_a_kill_left_is_removed_by_the_next(
    hold: Hold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    project = Project(root=tmp_path, migrations="migrations", engine="sqlite")
    stays, goes = hold(project, "stays"), hold(project, "goes")
    stays.url()
    goes.url()
    goes.kill()
    assert len(list((tmp_path / "temporary").iterdir())) == 2

    async def use() -> None:
        async with project.databases() as make, make():
            found = {folder.name[: len(sqlite_copies.PREFIX)] for folder in folders(tmp_path)}
            assert found == {sqlite_copies.PREFIX}
            assert len(folders(tmp_path)) == 2

    asyncio.run(use())
    stays.let_go()
    assert folders(tmp_path) == []


def folders(place: Path) -> list[Path]:
    """What lies among the temporary files."""
    return list((place / "temporary").iterdir())


ANOTHER_AT_THE_LOCK = """
import asyncio, sys
from stepwell.project import Project
from stepwell.testing import blocking

busy = False

def another(event, arguments):
    global busy
    if event == "fcntl.flock" and not busy:
        busy = True
        with blocking.migrated_database(project):
            pass

project = Project(root=sys.argv[1], migrations="migrations", engine="sqlite")
with blocking.migrated_database(project):  # what is imported for the first time is, before anybody listens
    pass
sys.addaudithook(another)
with blocking.migrated_database(project) as database:
    print(busy, database.fetch_val("SELECT 7"))
"""


def test_on_sqlite_a_folder_that_is_being_made_is_left_alone(tmp_path: Path) -> None:
    """Another session that begins just before the lock of the folder is taken."""
    (tmp_path / "migrations").mkdir()
    command = [sys.executable, "-c", ANOTHER_AT_THE_LOCK, str(tmp_path)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=False
    )
    assert done.stdout == "True 7\n", done.stderr


def test_on_sqlite_what_belongs_to_the_whole_file_is_copied(
    tmp_path: Path,
) -> None:
    """The size of pages and the journal are settings of the file, not of a connection."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "001_wal.sql").write_text(
        "-- migrate:up transaction:false\nPRAGMA journal_mode = WAL;\nPRAGMA user_version = 7;\n"
    )
    project = Project(root=tmp_path, migrations="migrations", engine="sqlite")

    async def use() -> None:
        async with project.databases() as make, make() as database:
            assert ask_sqlite(database.url, "PRAGMA journal_mode") == [("wal",)]
            assert ask_sqlite(database.url, "PRAGMA user_version") == [(7,)]

    asyncio.run(use())
