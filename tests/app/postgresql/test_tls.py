"""TLS as libpq does it, and a warning where a host far away need not prove who it is.

The server of the tests may have no TLS. Before it stands a relay that has: it takes a connection as a server would,
with a certificate that is made here, and passes on what is said. A remote host is a name whose address is ours.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, NoReturn
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.pgbouncer import pooler

from stepwell.core.errors import ConnectionFailedError, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stepwell.testing import Workshop

HOST = "db.example"
TLS_REQUEST, GSS_REQUEST = 80877103, 80877104
DAY = dt.timedelta(days=1)


class Certificate(NamedTuple):
    """Files: a certificate that signs itself, and its key."""

    public: Path
    private: Path


def certificate(folder: Path, name: str, *, until: dt.timedelta = DAY) -> Certificate:
    """Make one for a host; it ends that long from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 10 * DAY)
        .not_valid_after(now + until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = Certificate(folder / f"{name}.crt", folder / f"{name}.key")
    files.public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files.private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files


class Relay:
    """Passes on what both sides say, in a thread of its own; with a certificate it offers TLS to who asks for it."""

    def __init__(self, server: str | tuple[str, int], shown: Certificate | None) -> None:
        self._server = server
        self._context = None
        if shown is not None:
            self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._context.load_cert_chain(*shown)
        self._loop = asyncio.new_event_loop()
        self._listener = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port: int = self._listener.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def stop(self) -> None:
        """Cut everything."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    async def _end(self) -> None:
        self._listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = [writer]
        try:
            with suppress(OSError, EOFError, asyncio.CancelledError):
                first = await self._begin(reader, writer)
                back, there = await self._reach()
                writers.append(there)
                there.write(first)
                ways = [_pass_on(reader, there), _pass_on(back, writer)]
                await asyncio.wait(map(asyncio.ensure_future, ways), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in writers:
                each.close()

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._server, str):
            return await asyncio.open_unix_connection(self._server)
        return await asyncio.open_connection(*self._server)

    async def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """Answer what a client asks before it begins; give its beginning."""
        while True:
            head = await reader.readexactly(8)
            request = int.from_bytes(head[4:])
            if request == TLS_REQUEST and self._context is not None:
                writer.write(b"S")
                await writer.start_tls(self._context)
            elif request in (TLS_REQUEST, GSS_REQUEST):
                writer.write(b"N")
            else:
                return head


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@pytest.fixture
def relay(postgresql_url: str) -> Iterator[Callable[[Certificate | None], int]]:
    """A function that puts a relay before the server, and gives its port."""
    relays: list[Relay] = []
    parts = urlsplit(postgresql_url)
    options = {key: values[0] for key, values in parse_qs(parts.query).items()}
    port = parts.port or int(options.get("port", 5432))
    folder = options.get("host", "")
    server = f"{folder}/.s.PGSQL.{port}" if folder.startswith("/") else (parts.hostname or "localhost", port)

    def begin(shown: Certificate | None) -> int:
        relays.append(Relay(server, shown))
        return relays[-1].port

    yield begin
    for each in relays:
        each.stop()


def through(shop: Workshop, port: int, host: str = HOST, **options: str) -> str:
    """The URL of the database by a relay that goes by the name of a host."""
    parts = urlsplit(shop.url)
    query = urlencode({"hostaddr": "127.0.0.1", **options})
    return f"postgresql://{parts.username}@{host}:{port}{parts.path}?{query}"


@pytest.mark.parametrize(
    ("options", "warning"),
    [
        (
            {},
            (
                f"the server {HOST} does not have to prove who it is (sslmode=prefer):"
                " ?sslmode=verify-full in the URL demands it"
            ),
        ),
        (
            {"sslmode": "require"},
            (
                f"the server {HOST} does not have to prove who it is (sslmode=require):"
                " ?sslmode=verify-full in the URL demands it"
            ),
        ),
        (
            {"sslmode": "disable"},
            (
                f"the connection to {HOST} is not encrypted (sslmode=disable):"
                " ?sslmode=verify-full in the URL demands TLS, and proof of who the server is"
            ),
        ),
        ({"sslmode": "require", "sslrootcert": "{root}"}, None),
        ({"sslmode": "verify-ca", "sslrootcert": "{root}"}, None),
        ({"sslmode": "verify-full", "sslrootcert": "{root}"}, None),
    ],
    ids=lambda value: value.get("sslmode", "prefer") if isinstance(value, dict) else "",
)
def test_a_host_far_away(
    options: dict[str, str],
    warning: str | None,
    shop: Workshop,
    relay: Callable[[Certificate | None], int],
    tmp_path: Path,
) -> None:
    shown = certificate(tmp_path, HOST)
    told = {name: value.format(root=shown.public) for name, value in options.items()}
    shop.table("001_first")
    heard: list[object] = []
    project = shop.project(url=through(shop, relay(shown), **told), events=heard.append)
    assert shop.run(project.migrate()).ok
    warnings = [event.message for event in heard if type(event).__name__ == "Warned"]  # type: ignore[attr-defined]
    assert warnings == ([] if warning is None else [warning])


def test_what_the_environment_demands_counts(
    shop: Workshop,
    relay: Callable[[Certificate | None], int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = certificate(tmp_path, HOST)
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(shown.public))
    shop.table("001_first")
    heard: list[object] = []
    assert shop.run(shop.project(url=through(shop, relay(shown)), events=heard.append).migrate()).ok
    assert not [event for event in heard if type(event).__name__ == "Warned"]


def test_a_server_without_tls_is_told_of(shop: Workshop, relay: Callable[[Certificate | None], int]) -> None:
    shop.table("001_first")
    heard: list[object] = []
    project = shop.project(url=through(shop, relay(None)), events=heard.append)
    shop.run(project.migrate())
    (warning,) = [event for event in heard if type(event).__name__ == "Warned"]
    assert f"the connection to {HOST} is not encrypted (sslmode=prefer)" in str(warning)


def test_this_machine_needs_no_proof(shop: Workshop, relay: Callable[[Certificate | None], int]) -> None:
    shop.table("001_first")
    heard: list[object] = []
    project = shop.project(url=through(shop, relay(None), "localhost"), events=heard.append)
    shop.run(project.migrate())
    assert not [event for event in heard if type(event).__name__ == "Warned"]


WRONG = {
    "another name": ("other.example", DAY, "verify-full", "does not match host name"),
    "expired": (HOST, -DAY, "verify-full", "certificate verify failed"),
    "expired, whatever its name": ("other.example", -DAY, "verify-ca", "certificate verify failed"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_certificate_that_proves_nothing(
    case: str, shop: Workshop, relay: Callable[[Certificate | None], int], tmp_path: Path
) -> None:
    name, until, mode, words = WRONG[case]
    shown = certificate(tmp_path, name, until=until)
    url = through(shop, port := relay(shown), sslmode=mode, sslrootcert=str(shown.public))
    error = shop.failure(shop.project(url=url).status())
    assert isinstance(error, ConnectionFailedError)
    assert (error.refusal, error.exit_code) == (Refusal.TLS, 7)
    shown_url = f"postgresql://{urlsplit(shop.url).username}@{HOST}:{port}{urlsplit(shop.url).path}"
    assert error.message.startswith(f"{shown_url}: no secure connection could be made (")
    assert words in error.message
    assert (
        error.hint
        == "check sslmode, sslrootcert, and the server's certificate: its names, its dates, who signed it"
    )


def test_a_certificate_of_nobody_we_know(
    shop: Workshop, relay: Callable[[Certificate | None], int], tmp_path: Path
) -> None:
    known = certificate(tmp_path, "known.example")
    url = through(
        shop, relay(certificate(tmp_path, HOST)), sslmode="verify-full", sslrootcert=str(known.public)
    )
    error = shop.failure(shop.project(url=url).status())
    assert isinstance(error, ConnectionFailedError)
    assert error.refusal is Refusal.TLS
    assert "certificate verify failed" in error.message


def test_the_way_around_a_pooler_is_looked_at_too(
    shop: Workshop,
    relay: Callable[[Certificate | None], int],
    postgresql_url: str,
    unavailable: Callable[[str], NoReturn],
) -> None:
    shop.table("001_items")
    shop.sql("002_index", "CREATE INDEX CONCURRENTLY i ON items (id);", options="transaction:false")
    heard: list[object] = []
    with pooler(postgresql_url, 4, unavailable) as url:
        project = shop.project(url=url, direct_url=through(shop, relay(None)), events=heard.append)
        assert shop.run(project.migrate()).ok
    told = [str(event) for event in heard if type(event).__name__ == "Warned"]
    (warning,) = [each for each in told if HOST in each]
    assert f"the connection to {HOST} is not encrypted (sslmode=prefer)" in warning
