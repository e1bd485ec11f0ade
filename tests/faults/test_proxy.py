"""The proxy itself: what it passes on is whole, and each kind of harm is what it says."""

from __future__ import annotations

import struct
import threading
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.faults.framing import CANCEL, FLUSH, SSL, STARTUP, Answers, Framer, Side
from tests.faults.proxy import Harm, Proxy, Rule, When, executing, nth

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Connect = Callable[..., psycopg.Connection[Any]]

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
START = struct.pack("!ii", 8, 196608)
SYNC = b"S\0\0\0\4"


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_stream_is_cut_into_messages_however_it_arrives(size: int) -> None:
    stream = SSL_REQUEST + START + FLUSH + SYNC
    framer = Framer(Side.CLIENT)
    found = [each for at in range(0, len(stream), size) for each in framer.feed(stream[at : at + size])]
    assert found == [(SSL, SSL_REQUEST), (STARTUP, START), ("H", FLUSH), ("S", SYNC)]


def test_a_request_to_cancel_is_a_message_without_a_letter() -> None:
    request = struct.pack("!iiii", 16, 80877102, 1, 2)
    assert list(Framer(Side.CLIENT).feed(request)) == [(CANCEL, request)]


@pytest.mark.parametrize(
    ("sent", "heard", "is_open"),
    [
        ("PBDE", "12T", True),
        ("PBDE", "12TDDC", False),
        ("PBDES", "12nC", True),
        ("PBDES", "12nCZ", False),
        ("PBDE", "1E", False),
        ("PBESPBE", "1E", True),
        ("PBESPBE", "1EZ12C", False),
        ("Q", "TDDE", True),
        ("Q", "TDDEZ", False),
        ("Q", "G", False),
    ],
)
def test_it_knows_what_is_answered(sent: str, heard: str, is_open: bool) -> None:
    """Also after an error, when the server passes over what is queued."""
    answers = Answers()
    number = [answers.sent(tag) for tag in sent][-1]
    for tag in heard:
        answers.heard(tag)
    assert answers.open(number) is is_open


@pytest.fixture
def connect(straight: Proxy) -> Callable[..., psycopg.Connection[Any]]:
    """A function that connects through the proxy, which follows these rules from then on."""

    def through(*rules: Rule) -> psycopg.Connection[Any]:
        straight.plan()
        connection = psycopg.connect(straight.url.replace("disable", "prefer"), autocommit=True)
        straight.rules = rules
        return connection

    return through


def test_everything_passes_and_is_counted(straight: Proxy, connect: Connect) -> None:
    with connect() as connection:
        assert connection.execute("SELECT repeat('x', 300000)").fetchone() == ("x" * 300000,)
        with connection.cursor() as cursor, cursor.copy("COPY (SELECT 1) TO STDOUT") as copy:
            assert list(copy) == [b"1\n"]
        with connection.pipeline():
            found = [connection.execute("SELECT %s::int", [n]) for n in range(3)]
            assert [cursor.fetchone() for cursor in found] == [(0,), (1,), (2,)]
    said = [message.tag for message in straight.messages if message.side is Side.CLIENT]
    assert said[:15] == [STARTUP, "Q", "Q", *"PBDEPBDEPBDE"]
    assert straight.count(Side.CLIENT) == len(said)


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("text", [b"CREATE", b"COMMIT"])
def test_a_cut_is_before_or_after_the_server_has_done_it(
    straight: Proxy,
    connect: Connect,
    postgresql_url: str,
    when: When,
    text: bytes,
) -> None:
    """In a pipeline of one packet: what is done stands, but for a statement whose transaction does not end."""
    rule = Rule(executing(text), when)
    with pytest.raises(psycopg.OperationalError):
        _run_in_a_pipeline(connect(rule))
    assert rule.fired
    with psycopg.connect(postgresql_url) as connection:
        stands = connection.execute("SELECT to_regclass('a') IS NOT NULL").fetchone()
    assert stands == (text == b"COMMIT" and when is When.AFTER,)
    answered = "".join(message.tag for message in straight.messages if message.side is Side.SERVER)
    assert answered.endswith("C") is (when is When.AFTER)


def _run_in_a_pipeline(connection: psycopg.Connection[Any]) -> None:
    with connection, connection.pipeline():
        for statement in (b"BEGIN", b"CREATE TABLE a (id INTEGER)", b"COMMIT"):
            connection.execute(statement)


@pytest.mark.parametrize("side", Side)
def test_what_is_swallowed_is_never_answered(straight: Proxy, connect: Connect, side: Side) -> None:
    connection = connect()
    rule = Rule(nth(straight.count(side) + 1, side), harm=Harm.SWALLOW)
    straight.rules = [rule]
    waiting = threading.Thread(target=_fails, args=(connection,))
    waiting.start()
    waiting.join(0.3)
    assert rule.fired
    assert waiting.is_alive()  # neither an answer nor an end
    straight.plan()
    waiting.join(10)
    assert not waiting.is_alive()


def _fails(connection: psycopg.Connection[Any], sql: bytes = b"SELECT 1") -> None:
    with pytest.raises(psycopg.OperationalError), connection:
        connection.execute(sql)


@pytest.mark.parametrize("when", When)
def test_what_is_held_comes_when_it_is_let_go(straight: Proxy, connect: Connect, when: When) -> None:
    rule = Rule(executing(b"SELECT 7"), when, Harm.HOLD, call=straight.let_go)
    with connect(rule) as connection:
        assert connection.execute("SELECT 7").fetchone() == (7,)
    assert rule.fired


def test_a_cancellation_comes_through(straight: Proxy, connect: Connect) -> None:
    connection = connect()
    waiting = threading.Thread(target=_fails, args=(connection, b"SELECT pg_sleep(60)"))
    waiting.start()
    while waiting.is_alive():  # what comes before the statement has begun cancels nothing
        connection.cancel_safe()  # `cancel` keeps every other thread waiting, the proxy too
        waiting.join(0.05)
    assert CANCEL in {message.tag for message in straight.messages}
