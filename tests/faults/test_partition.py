"""Client and server stop hearing of each other: a link between two network namespaces goes down, nobody is told.

By the kernel's defaults a dead client would keep its lock, and a dead server be waited for, for hours. Here the bound
is a minute, where ten seconds are meant. Needs root, iproute2, and the right to make namespaces.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import pytest
from tests.faults.conftest import asking
from tests.faults.truth import locks_left, recorded
from tests.postgresql import PostgreSQLServer, account

import stepwell
from stepwell.testing import Workshop
from stepwell.testing.workshop import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.slow, pytest.mark.postgresql]

SERVER, CLIENT = "10.213.77.1", "10.213.77.2"
PATIENCE = 60.0  # seconds


KNOCK = """
import socket, sys, time
while True:
    try:
        socket.create_connection((sys.argv[1], int(sys.argv[2])), 1).close()
        break
    except OSError:
        time.sleep(0.1)
"""


class Link:
    """Two network namespaces with a link between them."""

    def __init__(self) -> None:
        name = f"sw{uuid.uuid4().hex[:6]}"
        self.server, self.client = f"{name}s", f"{name}c"

    def make(self) -> None:
        """Make both. Raises `CalledProcessError`, `FileNotFoundError`."""
        ends = ((self.server, "veth0", SERVER), (self.client, "veth1", CLIENT))
        for space, _, _ in ends:
            _ip("netns", "add", space)
        _ip(
            *("link", "add", "veth0", "netns", self.server, "type", "veth"),
            *("peer", "name", "veth1", "netns", self.client),
        )
        for space, device, address in ends:
            _ip("-n", space, "address", "add", f"{address}/24", "dev", device)
            for each in (device, "lo"):
                _ip("-n", space, "link", "set", each, "up")

    def remove(self) -> None:
        """Remove them, and the link with them."""
        for space in (self.server, self.client):
            subprocess.run(["ip", "netns", "delete", space], check=False, capture_output=True)

    def cut(self) -> None:
        """From now on nothing arrives."""
        _ip("-n", self.server, "link", "set", "veth0", "down")

    def mend(self, port: int) -> None:
        """It does again: who listens at this port is reached."""
        _ip("-n", self.server, "link", "set", "veth0", "up")
        knock = [*self.inside(self.client), sys.executable, "-c", KNOCK, SERVER, str(port)]
        subprocess.run(knock, check=True, timeout=PATIENCE)

    def inside(self, space: str, user: str | None = None) -> list[str]:
        """The words that run a command in one of the namespaces, perhaps as another user than root."""
        words = ["ip", "netns", "exec", space]
        if user is not None:
            words += ["setpriv", f"--reuid={pwd.getpwnam(user).pw_uid}", "--clear-groups"]
        return words


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


@pytest.fixture(scope="module")
def link(unavailable: Callable[[str], NoReturn]) -> Iterator[Link]:
    """A link that can be cut."""
    if os.geteuid() != 0:
        unavailable("only root makes network namespaces")
    if lacking := [program for program in ("ip", "setpriv") if shutil.which(program) is None]:
        unavailable(f"not installed: {', '.join(lacking)}")
    made = Link()
    try:
        made.make()
    except subprocess.CalledProcessError as error:
        made.remove()
        unavailable(f"a network namespace can't be made: {error.stderr.strip()}")
    yield made
    made.remove()


@pytest.fixture(scope="module")
def far(link: Link, programs: Path) -> Iterator[PostgreSQLServer]:
    """A server at the one end of the link; from here it is reached by its socket only."""
    with tempfile.TemporaryDirectory(prefix="stepwell-far-") as folder:
        Path(folder).chmod(0o711)
        inside = link.inside(link.server, account())
        server = PostgreSQLServer(programs, Path(folder) / "server", host=SERVER, inside=inside)
        server.make()
        with (server.data / "pg_hba.conf").open("a", encoding="utf-8") as rules:
            rules.write(f"host all all {CLIENT}/32 trust\n")
        server.start()
        try:
            yield server
        finally:
            server.stop()


class Apart(Workshop):
    """Migrations of a database at the other end of the link. By its `url` it is reached beside the link."""

    def __init__(self, link: Link, server: PostgreSQLServer, folder: Path) -> None:
        self.link = link
        database = f"test_{uuid.uuid4().hex}"
        asking(server.socket_url)(f"CREATE DATABASE {database}")
        beside = urlsplit(server.socket_url)._replace(path=f"/{database}").geturl()
        super().__init__(beside, folder, asking(beside))
        self._through = urlsplit(server.url)._replace(path=f"/{database}").geturl()

    def runner(self, *options: str) -> subprocess.Popen[str]:
        """`stepwell migrate` at the other end of the link."""
        command = [sys.executable, "-m", "stepwell", "migrate", "--url", self._through, *options]
        return subprocess.Popen(
            [*self.link.inside(self.link.client), *command, "--migrations", "migrations"],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(Path(stepwell.__file__).parents[1])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def sleeping(self) -> bool:
        """Whether a statement sleeps on the server."""
        return bool(
            self.ask(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
            )
        )


@pytest.fixture
def apart(link: Link, far: PostgreSQLServer, tmp_path: Path) -> Iterator[Apart]:
    """A workshop at both ends; the link is mended afterwards."""
    yield Apart(link, far, tmp_path)
    link.mend(far.port)


def reach(point: Callable[[], bool], runner: subprocess.Popen[str]) -> None:
    """Wait until a runner has come to a point."""
    asyncio.run(until(lambda: point() or runner.poll() is not None))
    assert runner.poll() is None, runner.communicate()


def ended(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=20)


@pytest.mark.parametrize(
    "doing", ["it computes", "its answer comes when it is gone", "its statement runs on"]
)
def test_a_client_that_is_gone_gives_its_lock_up(apart: Apart, doing: str) -> None:
    """Whatever it was doing: another runner needs not wait for the ten minutes that a session may be idle."""
    apart.table("001_first")
    apart.ask("CREATE TABLE seconds (n INTEGER)")
    match doing:
        case "it computes":
            apart.waiting("002_slow")
            begun = (apart.root / "begun").exists
        case "its answer comes when it is gone":
            apart.sql("002_slow", "SELECT pg_sleep(n) FROM seconds;")
            apart.ask("INSERT INTO seconds VALUES (3)")
            begun = apart.sleeping
        case _:
            apart.sql("002_slow", "SELECT pg_sleep(n) FROM seconds;")
            apart.ask("INSERT INTO seconds VALUES (600)")
            begun = apart.sleeping
    lost = apart.runner()
    try:
        reach(begun, lost)
        apart.link.cut()
        apart.let_go()
        apart.ask("DELETE FROM seconds")
        report = apart.run(apart.project(lock_wait=PATIENCE).migrate())
        assert report.ok
    finally:
        ended(lost)
    assert recorded(apart) == ["001", "002"]
    assert locks_left(apart) == []


@pytest.mark.parametrize("doing", ["it waits for an answer", "it has something to say"])
def test_a_server_that_is_gone_is_noticed(apart: Apart, doing: str) -> None:
    apart.table("001_first")
    waits = doing == "it waits for an answer"
    if waits:
        apart.sql("002_slow", "SELECT pg_sleep(600);")
    else:
        apart.waiting("002_slow")
    runner = apart.runner("--lock-wait", "1")
    try:
        reach(apart.sleeping if waits else (apart.root / "begun").exists, runner)
        apart.link.cut()
        apart.let_go()
        told = "".join(runner.communicate(timeout=PATIENCE))
    finally:
        ended(runner)
    # The whole batch was on its way, its COMMIT too: it may be done yet, and the server can't be asked.
    assert runner.returncode == 6
    assert "connection" in told
    assert "in doubt" in told
    assert recorded(apart) == []
    if waits:
        apart.sql("002_slow", "SELECT 1;")
    report = apart.run(apart.project(lock_wait=PATIENCE).migrate())
    assert report.ok
    assert recorded(apart) == ["001", "002"]
    assert locks_left(apart) == []
