"""The disk is full: of a tablespace that is a small file system in memory, in the middle of a batch and of an index."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import psycopg
import pytest
from tests.faults.truth import lies, locks_left, recorded, run_through
from tests.postgresql import account

from stepwell.core.report import RunReport
from stepwell.testing.workshop import outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.postgresql import PostgreSQLServer

    from stepwell.testing import Workshop

FULL = "53100"
MEGABYTE = 1 << 20
FILL = "INSERT INTO {} SELECT repeat(md5(n::text), 30) FROM generate_series(1, 100000) AS n"  # some 100 MB


class Tablespace(NamedTuple):
    """Its name, and where its file system is mounted."""

    name: str
    place: Path

    def free(self) -> int:
        """Bytes that are left."""
        state = os.statvfs(self.place)
        return state.f_bavail * state.f_frsize

    def enlarge(self) -> None:
        """There is room now."""
        subprocess.run(["mount", "-o", "remount,size=400m", self.place], check=True)


@pytest.fixture
def small(own: PostgreSQLServer, unavailable: Callable[[str], NoReturn]) -> Iterator[Tablespace]:
    """A tablespace of 24 MB on the server that may be harmed. Needs root, and the right to mount."""
    folder = Path(tempfile.mkdtemp(prefix="stepwell-small-"))
    folder.chmod(0o711)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "stepwell-test", folder],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if mounted.returncode != 0:
        folder.rmdir()
        unavailable(f"a small file system can't be mounted: {mounted.stderr.strip()}")
    place = folder / "space"
    place.mkdir(mode=0o700)
    if (owner := account()) is not None:
        shutil.chown(place, owner)
    name = f"small_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(own.url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE {name} LOCATION '{place}'".encode())
    yield Tablespace(name, folder)
    with psycopg.connect(own.url, autocommit=True) as connection:
        for (database,) in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test%'"):
            connection.execute(f"DROP DATABASE {database} WITH (FORCE)".encode())
        connection.execute(f"DROP TABLESPACE {name}".encode())
    subprocess.run(["umount", folder], check=True)
    with suppress(OSError):
        folder.rmdir()


def test_in_a_batch_everything_is_undone_and_the_room_is_free_again(
    doomed: Workshop, small: Tablespace
) -> None:
    shop = doomed
    shop.table("001_first")
    shop.sql("002_big", f"CREATE TABLE big (t TEXT) TABLESPACE {small.name};\n{FILL.format('big')};")
    shop.table("003_third")
    before = small.free()
    report = run_through(shop, shop.url)
    assert isinstance(report, RunReport)
    assert outcomes(report) == ["001 undone", "002 failed", "003 not_run"]
    assert report.error is not None
    assert (report.error.sqlstate, report.error.version, report.exit_code) == (FULL, "002", 1)
    assert lies(shop, report) == []
    assert not shop.exists("first")
    assert small.free() > before - MEGABYTE
    small.enlarge()
    assert shop.migrate().ok
    assert recorded(shop) == ["001", "002", "003"]
    assert locks_left(shop) == []


def test_an_index_that_had_no_room_is_built_anew(doomed: Workshop, small: Tablespace) -> None:
    """PostgreSQL leaves an invalid one behind. `IF NOT EXISTS`, which people write, would be content with that."""
    shop = doomed
    shop.sql(
        "001_items",
        "CREATE TABLE items AS SELECT md5(n::text) AS t FROM generate_series(1, 300000) AS n;",
    )
    shop.sql(
        "002_index",
        f"CREATE INDEX CONCURRENTLY IF NOT EXISTS items_t ON items (t, (t || t || t)) TABLESPACE {small.name};",
        options="transaction:false",
    )
    report = run_through(shop, shop.url)
    assert isinstance(report, RunReport)
    assert outcomes(report) == ["001 applied", "002 failed"]
    assert report.error is not None
    assert report.error.sqlstate == FULL
    assert lies(shop, report) == []
    small.enlarge()
    assert shop.migrate().ok
    assert shop.column("SELECT indisvalid FROM pg_index WHERE indrelid = 'items'::regclass") == [True]
    assert recorded(shop) == ["001", "002"]
    assert locks_left(shop) == []
