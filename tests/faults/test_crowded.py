"""The server has no connection left, for this role or at all: it is told so, and who waits gets the next one."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.faults.conftest import CRASHING, asking

from stepwell.core.errors import ConnectionFailedError, Refusal
from stepwell.core.events import WaitingForServer
from stepwell.testing.workshop import outcomes, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgresql import PostgreSQLServer

    from stepwell.core.report import RunReport
    from stepwell.testing import Workshop

# Of four connections three are kept for superusers.
TIGHT = {"max_connections": "4", "superuser_reserved_connections": "3", "reserved_connections": "0"}


@pytest.fixture(params=["of the role", "of the server"])
def crowded(request: pytest.FixtureRequest, doomed: Workshop, own: PostgreSQLServer) -> Iterator[Workshop]:
    """A workshop whose role has one connection, be it by its own limit or by that of the server."""
    role = f"role_{uuid.uuid4().hex[:12]}"
    ask = asking(own.url)
    ask(f"CREATE ROLE {role} LOGIN {'CONNECTION LIMIT 1' if request.param == 'of the role' else ''}")
    database = urlsplit(doomed.url).path[1:]
    ask(f"ALTER DATABASE {database} OWNER TO {role}")
    if request.param == "of the server":
        own.stop()
        own.start({**CRASHING, **TIGHT})
    doomed.url = doomed.url.replace("postgres@", f"{role}@")
    yield doomed
    ask(f"DROP DATABASE {database} WITH (FORCE)")
    ask(f"DROP ROLE {role}")


def test_it_is_told_and_can_be_waited_for(crowded: Workshop) -> None:
    shop = crowded
    shop.table("001_first")
    waits = asyncio.Event()

    def heard(event: object) -> None:
        if isinstance(event, WaitingForServer):
            waits.set()

    async def when_there_is_room(other: psycopg.Connection[object]) -> RunReport:
        run = asyncio.create_task(shop.project(wait=60.0, events=heard).migrate())
        await until(waits.is_set)
        other.close()
        return await run

    with closing(psycopg.connect(shop.url)) as other:
        error = shop.failure(shop.project().migrate())
        assert isinstance(error, ConnectionFailedError)
        assert (error.refusal, error.exit_code) == (Refusal.TOO_MANY, 7)
        assert "--wait" in (error.hint or "")
        assert outcomes(shop.run(when_there_is_room(other))) == ["001 applied"]
