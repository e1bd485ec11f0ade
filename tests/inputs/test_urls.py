"""Bad inputs 19 to 34: URLs of databases. What can't be parsed is in `tests/core/test_url.py`, through every sink in
`tests/cli/test_secrets.py`; servers that are not what they should be are in `tests/app/postgresql/`.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
import pytest
from tests.inputs.conftest import Told

from stepwell.core.url import parse_url

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.inputs.conftest import Ask

ENCODE = (
    "a special character in the password must be percent-encoded: "
    "@ is %40, : is %3A, / is %2F, ? is %3F, # is %23, % is %25"
)
MEND = "check what follows '?' in the URL, and the PG variables of the environment"
KNOWN_TO_SQLITE = "known are mode, cache, immutable, modeof, nolock, psow, vfs"
KNOWN_TO_MYSQL = "known are ssl, ssl_mode, sslmode, ssl_ca, ssl_cert, ssl_key, connect_timeout, unix_socket"
UNKNOWN = "an option of the database URL is not known"


@pytest.fixture(autouse=True)
def one_migration(root: Path) -> None:
    """There is something to do."""
    (root / "db/migrations/001_first.sql").write_text("-- migrate:up\nCREATE TABLE first (id INTEGER);\n")


def usage(message: str, hint: str | None = None) -> Told:
    return Told(2, "usage", message, None, hint)


def failed(message: str, hint: str | None = None) -> Told:
    return Told(7, "connection_failed", message, None, hint)


LOCAL = "postgresql://127.0.0.1:1/shop"
REFUSED = {
    "19 a percent sign": (
        "postgresql://bob:a%zz@db/shop",
        usage("the password of the database URL is badly percent-encoded", ENCODE),
    ),
    "20 @ in the password": (
        "postgresql://bob:a@b@db/shop",
        usage("user, password and host of the database URL can't be told apart", ENCODE),
    ),
    "24 an IPv6 address that is not closed": (
        "postgresql://bob:a:b@[::1/shop",
        usage(
            "the host of the database URL has an unbalanced '['",
            "an IPv6 address is written [::1] or [::1]:5432",
        ),
    ),
    "22 another library's scheme": (
        "postgres+asyncpg://bob@db/shop",
        usage(
            "no database is known by the scheme 'postgres+asyncpg'",
            "drivers are chosen by stepwell: write postgresql://",
        ),
    ),
    "23 one slash": (
        "postgresql:/db",
        usage(
            "in the database URL, postgresql: must be followed by two slashes",
            "write postgresql://USER@HOST/DATABASE, sqlite:///FILE or embedded://NAME",
        ),
    ),
    "25 a port with a letter": (
        "postgresql://db:5432x/shop",
        usage("the port of the database URL is not a number", f"if it is none: {ENCODE}"),
    ),
    "25 port 0": ("postgresql://db:0/shop", usage("the port of the database URL is not between 1 and 65535")),
    "25 a high port": (
        "mysql://db:70000/shop",
        usage("the port of the database URL is not between 1 and 65535"),
    ),
    "26 to libpq": (f"{LOCAL}?colour=red", usage(f'{LOCAL}: invalid connection option "colour"', MEND)),
    "26 to MySQL": ("mysql://127.0.0.1:1/shop?colour=red", usage(UNKNOWN, KNOWN_TO_MYSQL)),
    "26 to SQLite": ("sqlite:///shop.db?colour=red", usage(UNKNOWN, KNOWN_TO_SQLITE)),
    "26 a value that is none": (
        f"{LOCAL}?connect_timeout=soon",
        usage(f"{LOCAL}: bad value for connect_timeout: 'soon'", MEND),
    ),
    "30 a mode of TLS that is none": (
        f"{LOCAL}?sslmode=maybe",
        usage(f'{LOCAL}: invalid sslmode value: "maybe"', MEND),
    ),
    "33 a service that is missing": (
        "postgresql://?service=nowhere",
        usage('postgresql://?service=nowhere: definition of service "nowhere" not found', MEND),
    ),
    "34 a URI of SQLite's own": (
        "sqlite:///file:shop.db?mode=ro",
        usage(
            "the file name of an SQLite URL begins with 'file:'",
            "leave that out; options such as ?mode=ro are understood without it",
        ),
    ),
    "34 a mode that is none": (
        "sqlite:///shop.db?mode=maybe",
        usage("the option mode of the database URL is not one of ro, rw, rwc, memory"),
    ),
    "34 a file that is not there, only to be read": (
        "sqlite:///shop.db?mode=ro",
        failed(
            "sqlite:///shop.db: the file can't be opened (unable to open database file)",
            "check the path and the rights on file and folder",
        ),
    ),
    "34 a folder": ("sqlite:///db", failed("sqlite:///db: this is a folder, not a file")),
    "34 not a database": (
        "sqlite:///README.md",
        failed("sqlite:///README.md: this is not an SQLite database"),
    ),
    "34 a folder that is not there": (
        "sqlite:////nowhere/shop.db",
        failed(
            "sqlite:////nowhere/shop.db: the folder /nowhere does not exist",
            "create the folder first; the file is made when it is needed",
        ),
    ),
    "34 a path of a network": (
        "sqlite://server/share/shop.db",
        usage(
            "an SQLite URL has no host",
            "write sqlite:///relative.db, sqlite:////absolute.db, or sqlite:// for one in memory",
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_url_that_is_refused(case: str, ask: Ask, root: Path) -> None:
    (root / "README.md").write_text("This is no database. " * 100)
    before = sorted(root.rglob("*"))
    url, expected = REFUSED[case]
    assert ask("migrate", "--url", url) == expected
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///empty.db", "sqlite:///new.db"])
def test_a_database_of_sqlite(url: str, ask: Ask, root: Path) -> None:
    """34."""
    (root / "empty.db").touch()
    assert ask("migrate", "--url", url) is None
    assert (root / "new.db").exists() is ("new" in url)


@pytest.mark.parametrize(
    "password", ["a b", "it's", 'say "x"', "back\\slash", "@:/?#[]", "%zz", "100%", "ü€😀"], ids=ascii
)
def test_a_password_with_special_characters(
    password: str, ask: Ask, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20, 21: encoded, it is taken as it is. The server trusts us; what was sent is asked of the connection."""
    given: list[object] = []
    connect = psycopg.AsyncConnection.connect

    async def listen(*arguments: object, **named: object) -> object:
        given.append(named.get("password"))
        return await connect(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(psycopg.AsyncConnection, "connect", listen)
    sep = "&" if "?" in postgresql_url else "?"
    assert ask("status", "--url", f"{postgresql_url}{sep}password={quote(password, safe='')}") is None
    assert given == [password]


OPTIONS = {
    "a setting that is none": ("--colour=red", 'FATAL: unrecognized configuration parameter "colour"'),
    "a setting without a value": ("-c colour", "FATAL: -c colour requires a value"),
    "a value that is none": ("-c work_mem=lots", 'FATAL: invalid value for parameter "work_mem": "lots"'),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_options_that_the_server_refuses(case: str, ask: Ask, postgresql_url: str) -> None:
    """27."""
    options, words = OPTIONS[case]
    sep = "&" if "?" in postgresql_url else "?"
    told = ask("migrate", "--url", f"{postgresql_url}{sep}options={quote(options)}")
    assert told is not None
    assert (told.exit_code, told.code, told.place, told.hint) == (2, "usage", None, MEND)
    assert told.message.startswith(f"{parse_url(postgresql_url).shown}: connection failed: ")
    assert words in told.message


def test_a_role_taken_on_by_options_owns_what_is_made(ask: Ask, postgresql_url: str) -> None:
    """27: whoever may write the URL may choose; nothing of it is undone on the way."""
    role = f"role_{os.urandom(6).hex()}"
    sep = "&" if "?" in postgresql_url else "?"
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role}".encode())
        try:
            connection.execute(f"GRANT CREATE ON SCHEMA public TO {role}".encode())
            assert ask("migrate", "--url", f"{postgresql_url}{sep}options=-c%20role%3D{role}") is None
            owners = connection.execute(
                "SELECT DISTINCT tableowner::text FROM pg_tables WHERE schemaname = 'public'"
            )
            assert owners.fetchall() == [(role,)]
        finally:
            connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())


def test_a_socket_whose_path_holds_an_at_sign(ask: Ask, root: Path) -> None:
    """29."""
    (root / "@run").mkdir()
    shown = f"postgresql:///shop?host={root}/@run"
    told = ask("migrate", "--url", f"postgresql:///shop?host={root}/@run")
    assert told is not None
    assert (told.exit_code, told.code, told.hint) == (
        7,
        "connection_failed",
        "is the server running? to wait for it: --wait",
    )
    assert told.message.startswith(f"{shown}: nothing answers at that address (")
    assert f'socket "{root}/@run/.s.PGSQL.5432" failed: No such file or directory' in told.message


def test_an_empty_password_leaves_it_to_the_environment(
    ask: Ask, asking_for_a_password: Callable[[], tuple[int, list[bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """32."""
    port, heard = asking_for_a_password()
    monkeypatch.setenv("PGPASSWORD", "fr0m-outside")
    told = ask("migrate", "--url", f"postgresql://bob:@127.0.0.1:{port}/shop?sslmode=disable")
    assert told is not None
    assert (told.exit_code, told.code) == (7, "connection_failed")
    assert told.message.startswith(
        f"postgresql://bob@127.0.0.1:{port}/shop: the server refuses the user or the password ("
    )
    assert told.hint == "check user and password in the URL, PGPASSWORD, or the server's pg_hba.conf"
    assert "fr0m-outside" not in "".join(map(str, told))
    assert heard == [b"fr0m-outside\0"]


@pytest.fixture
def asking_for_a_password() -> Callable[[], tuple[int, list[bytes]]]:
    """A function that listens, asks who connects for a password in the clear, and refuses it."""
    import threading

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + (len(body) + 4).to_bytes(4) + body

    def begin() -> tuple[int, list[bytes]]:
        heard: list[bytes] = []
        server = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            with server, server.accept()[0] as peer:
                peer.recv(4096)
                peer.sendall(message(b"R", (3).to_bytes(4)))
                heard.append(peer.recv(4096)[5:])
                text = b'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "bob"\0\0'
                peer.sendall(message(b"E", text))

        threading.Thread(target=serve, daemon=True).start()
        return int(server.getsockname()[1]), heard

    return begin
