"""Why a server can't be used, each reason by its own message; TLS; rights; connections that a program lends."""

from __future__ import annotations

import asyncio
import socket
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiomysql
import pytest
from tests.mariadb import MariaDBServer, ask, connecting

from stepwell.core.errors import ConnectionFailedError, Refusal, UsageError
from stepwell.core.url import parse_url
from stepwell.testing.workshop import outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stepwell.testing import Workshop

pytestmark = pytest.mark.mariadb  # the messages, and the statements that make users, are MariaDB's


def refused(shop: Workshop, url: str, verb: str = "status") -> ConnectionFailedError:
    """Ask for what can't be had, and give the error."""
    shop.url = url
    error = shop.failure(getattr(shop.project(), verb)())
    assert isinstance(error, ConnectionFailedError)
    assert error.exit_code == 7
    return error


def other_user(url: str, user: str, password: str) -> str:
    """The URL for somebody else."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{user}:{password}@{parts.hostname}:{parts.port}").geturl()


@pytest.fixture
def user(mariadb_server: str) -> Iterator[str]:
    """A new user without any right, whose password is its name and a `!`."""
    name = f"u_{uuid.uuid4().hex[:20]}"
    ask(mariadb_server, f"CREATE USER {name} IDENTIFIED BY '{name}!'")
    yield name
    ask(mariadb_server, f"DROP USER {name}")


# --- it can't be reached ---


def test_a_name_that_is_none(shop: Workshop) -> None:
    error = refused(shop, "mysql://app:s3cretword@no-such-host.invalid/shop")
    assert error.refusal is Refusal.NAME
    assert "s3cretword" not in str(error)


def test_nothing_answers(shop: Workshop) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        error = refused(shop, f"mysql://app@127.0.0.1:{silent.getsockname()[1]}/shop")
    assert error.refusal is Refusal.REFUSED
    assert error.hint is not None
    assert "--wait" in error.hint


def test_a_server_that_says_nothing(shop: Workshop) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        error = refused(shop, f"mysql://app@127.0.0.1:{port}/shop?connect_timeout=0.2")
    assert error.refusal is Refusal.UNREACHABLE


def test_a_wrong_password(shop: Workshop) -> None:
    error = refused(shop, other_user(shop.url, "tester", "wr0ng%2Fword"))
    assert error.refusal is Refusal.PASSWORD
    assert "wr0ng" not in str(error)


def test_a_password_of_any_letters(shop: Workshop, mariadb_server: str, user: str) -> None:
    ask(mariadb_server, f"SET PASSWORD FOR {user} = PASSWORD('pä ß→😀/@:')")
    ask(mariadb_server, f"GRANT ALL ON {shop.url.rpartition('/')[2]}.* TO {user}")
    shop.url = other_user(shop.url, user, "p%C3%A4%20%C3%9F%E2%86%92%F0%9F%98%80%2F%40%3A")
    shop.table("001_first")
    assert shop.migrate().ok


def test_no_such_database(shop: Workshop) -> None:
    assert refused(shop, shop.url + "_not_there").refusal is Refusal.NO_DATABASE


def test_a_url_without_a_database(shop: Workshop) -> None:
    error = refused(shop, shop.url.rpartition("/")[0])
    assert error.refusal is Refusal.NO_DATABASE
    assert error.hint is not None


def test_too_many_connections(shop: Workshop, mariadb_server: str, user: str) -> None:
    ask(mariadb_server, f"GRANT ALL ON {shop.url.rpartition('/')[2]}.* TO {user} WITH MAX_USER_CONNECTIONS 1")
    url = other_user(shop.url, user, f"{user}!")
    import pymysql

    with pymysql.connect(**connecting(parse_url(url))):
        assert refused(shop, url).refusal is Refusal.TOO_MANY


@pytest.mark.parametrize(
    "query", ["?colour=red", "?ssl=perhaps", "?connect_timeout=soon", "?connect_timeout=-1"]
)
def test_options_that_are_none(shop: Workshop, query: str) -> None:
    shop.url += query
    assert isinstance(shop.failure(shop.project().status()), UsageError)


def test_several_hosts(shop: Workshop) -> None:
    shop.url = "mysql://app@one,two/shop"
    assert isinstance(shop.failure(shop.project().status()), UsageError)


# --- TLS ---


@pytest.fixture
def secure(mariadb_own: MariaDBServer, unavailable: Callable[[str], Any]) -> MariaDBServer:
    """A server with a certificate."""
    if not mariadb_own.authority.exists():
        unavailable("there is no openssl to make a certificate")
    return mariadb_own


def at(shop: Workshop, host: str, server: MariaDBServer, query: str) -> str:
    """The URL of the database by another name of this machine."""
    parts = urlsplit(server.url)
    return f"mariadb://tester:{parts.password}@{host}:{parts.port}/{shop.url.rpartition('/')[2]}{query}"


def cipher(shop: Workshop) -> str:
    """How the connection of a migration is encrypted."""
    shop.python(
        "001_step",
        f"""
        row = await database.fetch_one("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        Path({str(shop.root / "cipher")!r}).write_text(row["Value"])
        """,
    )
    shop.migrate()
    return (shop.root / "cipher").read_text()


@pytest.mark.parametrize(
    ("query", "encrypted"),
    [("", True), ("?ssl=required", True), ("?ssl=disabled", False), ("?ssl=verify-ca&ssl_ca={ca}", True),
     ("?ssl_ca={ca}", True)],
)  # fmt: skip
def test_tls(shop: Workshop, secure: MariaDBServer, query: str, encrypted: bool) -> None:
    shop.url = at(shop, "localhost", secure, query.format(ca=secure.authority))
    assert bool(cipher(shop)) is encrypted


@pytest.mark.parametrize(
    ("host", "query"),
    [
        ("localhost", "?ssl=verify-ca"),
        ("localhost", "?ssl=verify-full"),
        ("127.0.0.1", "?ssl=verify-full&ssl_ca={ca}"),
    ],
)
def test_a_server_that_can_not_prove_who_it_is(
    shop: Workshop, secure: MariaDBServer, host: str, query: str
) -> None:
    error = refused(shop, at(shop, host, secure, query.format(ca=secure.authority)))
    assert error.refusal is Refusal.TLS


def test_a_unix_socket(shop: Workshop, mariadb_own: MariaDBServer) -> None:
    name, password = shop.url.rpartition("/")[2], urlsplit(mariadb_own.url).password
    shop.url = f"mysql://tester:{password}@/{name}?host={mariadb_own.socket}"
    assert cipher(shop) == ""
    assert f"host={mariadb_own.socket}" in shop.status().url


# --- it may not be written ---


def test_missing_rights_are_named_before_anything(shop: Workshop, mariadb_server: str, user: str) -> None:
    """Each that is granted lets the run come to the next one."""
    name = shop.url.rpartition("/")[2]
    shop.table("001_first")
    admin = shop.url
    shop.url = other_user(admin, user, f"{user}!")
    ask(mariadb_server, f"GRANT SELECT ON {name}.* TO {user}")
    for right in ("CREATE", "INSERT", "UPDATE", "DELETE"):
        error = refused(shop, shop.url, "migrate")
        assert error.refusal is Refusal.RIGHTS
        assert f"lacks {right} ON" in error.message
        assert error.hint is not None
        assert error.hint.startswith(f"GRANT {right} ON")
        ask(mariadb_server, f"GRANT {right} ON {name}.* TO {user}")
        if right == "CREATE":
            shop.run(shop.project(url=admin).migrate())
            shop.table("002_second")
    assert outcomes(shop.migrate()) == ["002 applied"]


def test_a_server_that_is_read_only(shop: Workshop, mariadb_own: MariaDBServer) -> None:
    """A server of its own: the setting is that of all."""
    server = MariaDBServer(mariadb_own.folder.with_name(f"mariadb-{uuid.uuid4().hex}"))
    server.start()
    try:
        ask(server.url, "CREATE DATABASE shop")
        ask(server.url, "SET GLOBAL read_only = 1")
        shop.table("001_first")
        shop.url = f"{server.url}/shop"
        assert shop.states() == {"001": "pending"}
        error = refused(shop, shop.url, "migrate")
        assert error.refusal is Refusal.READ_ONLY
        assert "read_only is on" in error.message
    finally:
        server.release()


# --- a connection that is lent ---


def test_a_lent_connection_goes_back_as_it_was(shop: Workshop) -> None:
    shop.table("001_first")
    shop.python("002_second", 'await database.execute("INSERT INTO first VALUES (:id)", {"id": 1})')

    async def lend() -> list[str]:
        from stepwell import Project

        told = connecting(parse_url(shop.url))
        told.pop("ssl_disabled")
        told["db"] = told.pop("database")
        connection = await aiomysql.connect(**told, autocommit=False)
        try:
            async with connection.cursor() as cursor:
                await cursor.execute("SET time_zone = '+03:00', sql_mode = 'ANSI_QUOTES'")
            project = Project(
                connect=lambda: connection, engine="mariadb", migrations="migrations", root=shop.root
            )
            report = await project.migrate()
            assert not connection.get_autocommit()
            async with connection.cursor() as cursor:
                await cursor.execute("SELECT @@time_zone, @@sql_mode")
                assert await cursor.fetchone() == ("+03:00", "ANSI_QUOTES")
        finally:
            connection.close()
        return outcomes(report)

    assert asyncio.run(lend()) == ["001 applied", "002 applied"]
    assert shop.column("SELECT id FROM first") == [1]


@pytest.mark.parametrize("what", ["a cursor", "in a transaction"])
def test_what_can_not_be_lent(shop: Workshop, what: str) -> None:
    async def lend() -> None:
        from stepwell import Project

        url = parse_url(shop.url)
        ((host, port),) = url.hosts
        password = url.password.reveal() if url.password else ""
        connection = await aiomysql.connect(
            host=host, port=port or 3306, user=url.user, password=password, db=url.database
        )
        try:
            async with connection.cursor() as cursor:
                await cursor.execute("BEGIN")
                given = cursor if what == "a cursor" else connection
                await Project(
                    connect=lambda: given, engine="mysql", migrations="migrations", root=shop.root
                ).status()
        finally:
            connection.close()

    with pytest.raises(UsageError, match="connect="):
        asyncio.run(lend())
