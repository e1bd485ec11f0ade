"""Databases for tests: migrated, of one's own, and gone in the end, on every engine."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from stepwell.core.errors import StepError, TargetError, UsageError
from stepwell.project import Project
from stepwell.testing import blocking, migrated_database
from stepwell.testing.workshop import outcomes, texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stepwell.testing import Database, Workshop

    Ask = Callable[[str, str], list[tuple[Any, ...]]]

NAMES = "SELECT name FROM users ORDER BY id"


async def applied(database: Database) -> list[str]:
    return texts([entry.version for entry in (await database.status()).entries if entry.applied])


def test_each_is_migrated_and_of_its_own(project: Project, ask: Ask) -> None:
    async def use() -> None:
        async with project.databases() as make:
            async with make() as one, make() as other:
                assert ask(one.url, NAMES) == [("ann",)]
                ask(one.url, "DELETE FROM users")
                assert ask(other.url, NAMES) == [("ann",)]
            async with make() as third:
                assert ask(third.url, NAMES) == [("ann",)]

    asyncio.run(use())


def test_it_is_gone_in_the_end(project: Project, ask: Ask) -> None:
    async def use() -> str:
        async with migrated_database(project) as database:
            return database.url

    url = asyncio.run(use())
    with pytest.raises(Exception, match=r"(?i)no such table|does not exist|unknown database|unable to open"):
        ask(url, NAMES)


def test_it_stops_at_a_version_and_goes_on_from_there(project: Project) -> None:
    async def use() -> None:
        async with migrated_database(project, at="001") as database:
            assert await applied(database) == ["001"]
            await database.execute(
                "INSERT INTO users (id, name) VALUES (7, 'bob'); DELETE FROM users WHERE id = 9"
            )
            assert outcomes(await database.up()) == ["002 applied"]
            assert await database.fetch_all(NAMES) == [{"name": "ann"}, {"name": "bob"}]
            assert outcomes(await database.down()) == ["002 reverted"]
            assert await database.fetch_one(NAMES) == {"name": "bob"}
            assert await database.fetch_val("SELECT id FROM users WHERE name = :name", {"name": "bob"}) == 7
            assert await database.fetch_val("SELECT id FROM users WHERE name = :name", {"name": "cy"}) is None
            await database.down("base")
            assert await applied(database) == []
            await database.up(everything=True)
            assert await applied(database) == ["001", "002"]
            with pytest.raises(TargetError, match="no migration is pending"):
                await database.up()

    asyncio.run(use())


def test_at_base_there_is_nothing(project: Project) -> None:
    async def use() -> None:
        async with migrated_database(project, at="base") as database:
            assert await applied(database) == []
            with pytest.raises(StepError, match="users"):
                await database.fetch_all(NAMES)

    asyncio.run(use())


def test_a_version_that_no_file_has_is_told(project: Project) -> None:
    async def use() -> None:
        async with migrated_database(project, at="009"):
            pass

    with pytest.raises(TargetError, match="009"):
        asyncio.run(use())


def test_a_version_is_a_text(project: Project) -> None:
    number: Any = 1

    async def use() -> None:
        async with project.databases() as make:
            with pytest.raises(UsageError, match="'at' must be text, not 1"):
                await make(number).__aenter__()
            async with make("001") as database:
                with pytest.raises(UsageError, match="'target' must be text, not 1"):
                    await database.up(number)
                with pytest.raises(UsageError, match="'target' must be text, not 1"):
                    await database.down(number)

    asyncio.run(use())


def test_what_a_test_does_wrong_is_told(project: Project) -> None:
    async def use() -> None:
        async with migrated_database(project) as database:
            with pytest.raises(StepError, match="nowhere"):
                await database.execute("INSERT INTO nowhere VALUES (1)")
            with pytest.raises(UsageError, match="never closed"):
                await database.execute("INSERT INTO users VALUES (2, 'open")
            with pytest.raises(StepError):
                await database.fetch_all("DELETE FROM users RETURNING id")
            assert await database.fetch_val("SELECT count(*) FROM users") == 1

    asyncio.run(use())


def test_migrations_that_fail_leave_nothing_and_may_be_tried_again(project: Project, shop: Workshop) -> None:
    wrong = shop.sql("003_wrong", "INSERT INTO nowhere VALUES (1);", header="-- depends: 002")

    async def use() -> None:
        async with project.databases() as make:
            for _ in range(2):
                with pytest.raises(StepError, match="nowhere"):
                    async with make():
                        pass
            wrong.unlink()
            async with make() as database:
                assert await applied(database) == ["001", "002"]

    asyncio.run(use())


def test_code_of_migrations_may_import_from_the_root(project: Project, shop: Workshop) -> None:
    """Also while `up()` runs, and also in the copies."""
    (shop.root / "names_of_tests.py").write_text("CY = 'cy'\n")
    body = "from names_of_tests import CY\nawait database.execute('INSERT INTO users VALUES (3, :cy)', {'cy': CY})"
    shop.python(
        "003_cy",
        body,
        "await database.execute('DELETE FROM users WHERE id = 3')",
        attributes='dependencies = ["002"]',
    )

    async def use() -> None:
        async with migrated_database(project, at="002") as database:
            await database.up()
            assert await database.fetch_all(NAMES) == [{"name": "ann"}, {"name": "cy"}]

    asyncio.run(use())


def test_it_is_shown_without_its_password(project: Project) -> None:
    async def use() -> str:
        async with migrated_database(project) as database:
            return repr(database)

    shown = asyncio.run(use())
    assert shown.startswith("<Database ")
    assert "secret" not in shown


def test_many_at_once_are_made_of_one_that_was_migrated_once(
    project: Project, shop: Workshop, tmp_path: Path
) -> None:
    """Where an engine can copy: the code of a migration runs once, whoever asks first."""
    told = tmp_path / "told"
    shop.python(
        "003_tells",
        f"with Path({str(told)!r}).open('a') as file:\n    file.write('up ')",
        attributes='dependencies = ["002"]\nirreversible = True',
    )
    number = 4

    async def use() -> None:
        async with project.databases() as make:

            async def one() -> None:
                async with make() as database:
                    assert await database.fetch_val("SELECT count(*) FROM users") == 1

            await asyncio.gather(*(one() for _ in range(number)))

    asyncio.run(use())
    times = 1 if project.dialect.abilities.copies else number
    assert told.read_text().split() == ["up"] * times


def test_one_of_sqlite_is_a_file_that_anybody_can_open(tmp_path: Path) -> None:
    """A database in memory could not be given away by its URL."""
    project = Project(root=tmp_path, migrations="migrations", engine="sqlite")
    (tmp_path / "migrations").mkdir()

    async def use() -> None:
        async with migrated_database(project) as database:
            assert database.url == f"sqlite:///{database.path}"
            assert (database.path or "").endswith(".db")

    asyncio.run(use())


def test_no_thread_stays_while_a_database_is_used(project: Project) -> None:
    """It would be in the way of a test that forks."""
    before = set(threading.enumerate())
    with blocking.databases(project) as make, make() as database:
        assert database.fetch_val("SELECT count(*) FROM users") == 1
        for thread in set(threading.enumerate()) - before:
            thread.join(10)  # one that is told to end may still be at it
        assert set(threading.enumerate()) == before


def test_what_blocks_may_be_used_by_several_threads_and_within_a_loop(project: Project) -> None:
    with blocking.databases(project) as make, make() as database:

        async def use() -> None:
            database.up(everything=True)
            await asyncio.gather(*(asyncio.to_thread(database.fetch_all, NAMES) for _ in range(3)))
            with make("001") as other:
                other.up()

        asyncio.run(use())
        assert database.fetch_all(NAMES) == [{"name": "ann"}]


def test_an_error_of_what_blocks_has_no_other_before_it(project: Project) -> None:
    """A traceback would begin with the one by which a thread without a loop is known."""
    with blocking.databases(project) as make, make() as database:
        with pytest.raises(TargetError, match="no migration is pending") as raised:
            database.up()
        assert raised.value.__context__ is None
