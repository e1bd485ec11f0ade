"""What the driver's errors mean: why a connection failed, and what kind of failure a statement's is."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.errors import ConnectionFailedError, FailureKind, Fault, Refusal
from stepwell.engines.mysql.dialect import HINTS
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from stepwell.core.redact import Redactor
    from stepwell.ports import Origin

RETRYABLE = frozenset({1205, 1213})
# Shutdown, killed, idle for too long, gone away, lost during the query, lost while waiting.
LOST = frozenset({1053, 1079, 1080, 1152, 1927, 2006, 2013, 2055, 4031})

_NEAR = re.compile(r"near '(.*)' at line (\d+)\Z", re.DOTALL)


class Reason(NamedTuple):
    """Why a connection failed, in words, and what to do."""

    refusal: Refusal
    words: str
    hint: str | None = None


_PASSWORD = Reason(
    Refusal.PASSWORD,
    "the server refuses the user or the password",
    "check user and password in the URL, and from which hosts the server lets that user in",
)
_TOO_MANY = Reason(Refusal.TOO_MANY, "the server has too many connections already", "try again, or --wait")
_STARTING = Reason(Refusal.STARTING, "the server is starting up or shutting down", "wait for it: --wait")
_NO_DATABASE = Reason(
    Refusal.NO_DATABASE, "there is no such database on the server", "create it first: CREATE DATABASE NAME"
)
_NAME = Reason(Refusal.NAME, "the host name can't be found", "check the host in the URL")
_TLS = Reason(
    Refusal.TLS,
    "no secure connection could be made",
    "check ssl and ssl_ca in the URL, and the server's certificate",
)
_REFUSED = Reason(
    Refusal.REFUSED, "nothing answers at that address", "is the server running? to wait for it: --wait"
)
_UNREACHABLE = Reason(
    Refusal.UNREACHABLE,
    "the server can't be reached",
    "check host, port, network and firewall; to wait for it: --wait",
)
_DRIVER = Reason(Refusal.DRIVER, "a package is missing", "pip install 'stepwell[mysql]'")
_OTHER = Reason(Refusal.OTHER, "the database can't be reached")

_BY_NUMBER = {
    1040: _TOO_MANY,
    1044: Reason(Refusal.RIGHTS, "the user may not use this database", "GRANT ... ON DATABASE.* TO USER"),
    1045: _PASSWORD,
    1049: _NO_DATABASE,
    1053: _STARTING,
    1129: Reason(Refusal.REFUSED, "the server has blocked this host after too many errors", "FLUSH HOSTS"),
    1130: _PASSWORD,
    1203: _TOO_MANY,
    1226: _TOO_MANY,
    1251: _PASSWORD,
    1524: _PASSWORD,
    1698: _PASSWORD,
    1820: _PASSWORD,
    1862: _PASSWORD,
    2013: _UNREACHABLE,
    2026: _TLS,
    2059: _PASSWORD,
    3118: _PASSWORD,
    3159: _TLS,
    4151: _PASSWORD,
}
# What stands behind "can't connect": the first of these in the chain of causes.
_BY_CAUSE: tuple[tuple[type[BaseException], Reason], ...] = (
    (socket.gaierror, _NAME),
    (ssl.SSLError, _TLS),
    (ConnectionRefusedError, _REFUSED),
    (FileNotFoundError, _REFUSED),
    (ConnectionResetError, _UNREACHABLE),
    (asyncio.TimeoutError, _UNREACHABLE),
    (OSError, _UNREACHABLE),
)


def number_of(error: BaseException) -> int | None:
    """The number of an error, where it has one."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, int) else None


def text_of(error: BaseException) -> str:
    """The words of an error, without its number."""
    has_number = number_of(error) is not None and len(error.args) > 1
    text = str(error.args[1]) if has_number else str(error)
    return " ".join(text.split()) or type(error).__name__


def why_not(error: BaseException, shown: str, redactor: Redactor) -> ConnectionFailedError:
    """Tell why a connection could not be opened. The driver's words are added with every secret taken out."""
    reason = _reason(error)
    told = redactor.clean(text_of(error.__cause__ if isinstance(error.__cause__, OSError) else error))
    return ConnectionFailedError(
        f"{shown}: {reason.words} ({told})", refusal=reason.refusal, hint=reason.hint
    )


def _reason(error: BaseException) -> Reason:
    by_number = _BY_NUMBER.get(number_of(error) or 0)
    if by_number is not None:
        return by_number
    if isinstance(error, RuntimeError) and "cryptography" in str(error):
        return _DRIVER
    cause: BaseException | None = error
    while cause is not None:
        for kind, reason in _BY_CAUSE:
            if isinstance(cause, kind):
                return reason
        cause = cause.__cause__
    return _OTHER


def translate(
    error: BaseException, origin: Origin | None, statement: str | None, redactor: Redactor, *, lost: bool
) -> EngineError:
    """Turn an error of a statement into ours, with the line that issued it; its code is the number of the error."""
    number = number_of(error)
    lost = lost or number in LOST
    text = text_of(error)
    fault = Fault(
        message=redactor.clean(text),
        code="connection_lost" if lost else "statement_failed",
        version=origin.version if origin else None,
        place=origin.place if origin else None,
        statement=statement,
        sqlstate=str(number) if number else None,
        position=_position(str(error.args[1]) if number and len(error.args) > 1 else "", statement),
        hint=_LOST_HINT if lost else HINTS.get(str(number)),
    )
    if lost:
        return EngineError(fault, FailureKind.LOST)
    return EngineError(fault, FailureKind.RETRYABLE if number in RETRYABLE else FailureKind.STEP)


_LOST_HINT = "the connection to the server was lost; run again when it is back"


def _position(text: str, statement: str | None) -> int | None:
    """The server tells a line, and the text from there on, cut if it is long: where that stands in the statement."""
    found = _NEAR.search(text)
    if found is None or statement is None or not found[1]:
        return None
    if statement.endswith(found[1]):
        return len(statement) - len(found[1]) + 1
    lines = statement.splitlines(keepends=True)
    offset = statement.find(found[1], sum(map(len, lines[: int(found[2]) - 1])))
    return offset + 1 if offset >= 0 else None
