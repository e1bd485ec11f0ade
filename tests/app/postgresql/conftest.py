"""PostgreSQL for the tests of what only it has: a workshop on a new database, roles, other sessions, and peers that are
no databases but speak just enough of the protocol to refuse a connection.
"""

from __future__ import annotations

import socket
import struct
import threading
import uuid
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import pytest

pytest.register_assert_rewrite(
    "stepwell.testing"
)  # before its first import, whichever folder is collected first

from stepwell.testing import Workshop  # noqa: E402 - see above

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def postgresql_url(role: Callable[[str], str], postgresql_url: str) -> str:
    """The URL of a new, empty database, which is dropped before the roles that may own something in it."""
    return postgresql_url


@pytest.fixture
def ask(postgresql_url: str) -> Iterator[Ask]:
    """A function that runs one statement outside of stepwell, commits, and gives its rows."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:

        def run(sql: str) -> list[tuple[Any, ...]]:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

        yield run


@pytest.fixture
def shop(postgresql_url: str, tmp_path: Path, ask: Ask) -> Workshop:
    """Migrations in a new folder for a new database."""
    return Workshop(postgresql_url, tmp_path, ask)


@pytest.fixture
def role(postgresql_server: str) -> Iterator[Callable[[str], str]]:
    """A function that creates a role with these options and gives its name; it is dropped when the test ends."""
    made: list[str] = []
    with psycopg.connect(postgresql_server, autocommit=True) as connection:

        def create(options: str = "LOGIN") -> str:
            name = f"role_{uuid.uuid4().hex[:12]}"
            connection.execute(f"CREATE ROLE {name} {options}".encode())
            made.append(name)
            return name

        yield create
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP ROLE IF EXISTS {name}".encode())


@pytest.fixture
def as_user(postgresql_url: str) -> Callable[..., str]:
    """A function that gives the URL of the same database for another role, perhaps with a password."""

    def url(user: str, password: str | None = None) -> str:
        parts = urlsplit(postgresql_url)
        host = parts.netloc.rpartition("@")[2]
        secret = f":{password}" if password is not None else ""
        return parts._replace(netloc=f"{user}{secret}@{host}").geturl()

    return url


@pytest.fixture
def session(postgresql_url: str) -> Iterator[Callable[..., psycopg.Connection[Any]]]:
    """A function that opens another session and runs statements in a transaction, which stays open."""
    with ExitStack() as stack:

        def begin(*statements: str) -> psycopg.Connection[Any]:
            connection = stack.enter_context(psycopg.connect(postgresql_url))
            stack.callback(connection.rollback)
            for statement in statements:
                connection.execute(statement.encode())
            return connection

        yield begin


# --- peers ---

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104


@pytest.fixture
def refusing() -> Iterator[Callable[[str, str], int]]:
    """A function that listens on a port of this machine, and answers everybody with this error (SQLSTATE and text)."""
    with ExitStack() as stack:
        yield lambda code, message: stack.enter_context(_serving(_error(code, message)))


@pytest.fixture
def silent() -> Iterator[int]:
    """A port of this machine at which somebody listens, and never answers."""
    with _serving(None) as port:
        yield port


def _error(code: str, message: str) -> bytes:
    fields = b"".join(
        (b"SFATAL\0", b"VFATAL\0", b"C" + code.encode() + b"\0", b"M" + message.encode() + b"\0", b"\0")
    )
    return b"E" + struct.pack("!i", len(fields) + 4) + fields


@contextmanager
def _serving(answer: bytes | None) -> Iterator[int]:
    open_sockets: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                peer, _ = server.accept()
            except OSError:  # closed: the test has ended
                return
            open_sockets.append(peer)
            if answer is not None:
                _refuse(peer, answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    for peer in open_sockets:
        peer.close()


def _refuse(peer: socket.socket, answer: bytes) -> None:
    while header := peer.recv(8):
        length, request = struct.unpack("!ii", header)
        if request in (SSL_REQUEST, GSS_REQUEST):
            peer.sendall(b"N")
            continue
        peer.recv(length - 8)
        peer.sendall(answer)
        peer.shutdown(socket.SHUT_WR)
        return
