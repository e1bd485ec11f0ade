"""A runner of SQLite is paused: others wait for a while and say so; it goes on as if nothing had been, or is killed."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import pytest

from stepwell.core.errors import LockTimeoutError
from stepwell.testing.workshop import outcomes

if TYPE_CHECKING:
    import subprocess

    from stepwell.testing import Workshop

COUNT = 'await database.execute("INSERT INTO witness VALUES (%d)")'


@pytest.fixture(params=["sqlite", "sqlite_wal"])
def file_shop(request: pytest.FixtureRequest) -> Workshop:
    """A workshop on a file with a rollback journal, and on one with a write-ahead log."""
    shop: Workshop = request.getfixturevalue(f"{request.param}_shop")
    shop.ask("CREATE TABLE witness (n INTEGER)")
    return shop


def paused_in(shop: Workshop, attributes: str) -> subprocess.Popen[str]:
    """A process that stands still within its second migration, after a statement of it."""
    shop.python("001_step", COUNT % 1)
    shop.waiting("002_step", COUNT % 2, attributes=attributes)
    process = shop.process()
    asyncio.run(shop.has_begun(process))
    process.send_signal(signal.SIGSTOP)
    return process


@pytest.mark.parametrize("attributes", ["", "transactional = False"], ids=["in a transaction", "without"])
def test_a_paused_runner_keeps_its_lock_and_goes_on(file_shop: Workshop, attributes: str) -> None:
    process = paused_in(file_shop, attributes)
    log = file_shop.log()
    error = file_shop.failure(file_shop.project(lock_wait=0.3).migrate())
    assert isinstance(error, LockTimeoutError)
    assert error.exit_code == 5
    assert file_shop.log() == log
    file_shop.let_go()
    process.send_signal(signal.SIGCONT)
    assert process.wait(timeout=20) == 0, process.communicate()
    process.communicate()
    assert file_shop.column("SELECT n FROM witness ORDER BY n") == [1, 2]
    assert file_shop.migrate().steps == ()


@pytest.mark.parametrize("attributes", ["", "transactional = False"], ids=["in a transaction", "without"])
def test_one_that_is_killed_while_it_is_paused_frees_its_lock(file_shop: Workshop, attributes: str) -> None:
    process = paused_in(file_shop, attributes)
    process.kill()
    process.communicate(timeout=20)
    file_shop.let_go()
    report = file_shop.run(file_shop.project(lock_wait=0.0).migrate())
    assert outcomes(report)[-1] == "002 applied"
    assert file_shop.column("SELECT n FROM witness ORDER BY n") == [1, 2]
    assert file_shop.ask("PRAGMA integrity_check") == [("ok",)]
