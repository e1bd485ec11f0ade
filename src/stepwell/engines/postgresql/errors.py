"""What psycopg's errors mean: why a connection failed, and what kind of failure a statement's is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stepwell.core.errors import ConnectionFailedError, FailureKind, Fault, Refusal, UsageError
from stepwell.engines.postgresql.dialect import HINTS
from stepwell.ports import EngineError

if TYPE_CHECKING:
    import psycopg

    from stepwell.core.redact import Redactor
    from stepwell.ports import Origin

RETRYABLE = frozenset({"55P03", "40P01", "40001"})
LOST = frozenset({"57P01", "57P02", "57P03", "57P05", "08000", "08003", "08006", "25P03"})

# libpq tells why a connection failed in words only: an error of `connect` has no SQLSTATE.
_REASONS: tuple[tuple[str, Refusal, str, str | None], ...] = (
    (
        r"could not translate host name|name or service not known|nodename nor servname|failed to resolve host",
        Refusal.NAME,
        "the host name can't be found",
        "check the host in the URL",
    ),
    (
        r"password authentication failed|no password supplied|authentication failed|no pg_hba\.conf entry",
        Refusal.PASSWORD,
        "the server refuses the user or the password",
        "check user and password in the URL, PGPASSWORD, or the server's pg_hba.conf",
    ),
    (
        r"role \".*\" does not exist|not permitted to log in",
        Refusal.NO_ROLE,
        "there is no such user on the server",
        "check the user in the URL",
    ),
    (
        r"database \".*\" does not exist",
        Refusal.NO_DATABASE,
        "there is no such database on the server",
        "create it first: createdb NAME",
    ),
    (
        r"the database system is (starting up|shutting down|in recovery|not yet accepting)",
        Refusal.STARTING,
        "the server is starting up or shutting down",
        "wait for it: --wait",
    ),
    (
        r"too many clients|too many connections|remaining connection slots|query_wait_timeout|no more connections",
        Refusal.TOO_MANY,
        "the server has too many connections already",
        "try again, or --wait",
    ),
    (
        r"server closed the connection unexpectedly|connection reset by peer",
        Refusal.LOST,
        "the server ended the connection while it was being made",
        "look whether it, or a pooler before it, is being restarted; to wait for it: --wait",
    ),
    (
        r"ssl|tls|certificate",
        Refusal.TLS,
        "no secure connection could be made",
        "check sslmode, sslrootcert, and the server's certificate: its names, its dates, who signed it",
    ),
    (
        r"read-only|target_session_attrs|hot standby",
        Refusal.READ_ONLY,
        "the server is read-only",
        "use the URL of the primary",
    ),
    (
        r"connection refused|no such file or directory|is the server running",
        Refusal.REFUSED,
        "nothing answers at that address",
        "is the server running? to wait for it: --wait",
    ),
    (
        r"timeout|timed out|no route to host|network is unreachable",
        Refusal.UNREACHABLE,
        "the server can't be reached",
        "check host, port, network and firewall; to wait for it: --wait",
    ),
)


# What libpq refuses before it asks any server, and what a server refuses of `options`: the URL, or a PG variable of the
# environment, has to be mended.
_WRONG_OPTION = re.compile(
    r"invalid connection option|invalid URI query parameter|invalid \w+ value: |invalid integer value"
    r"|bad value for \w+: |definition of service |service file .* not found|FATAL: -c .* requires a value"
    r"|FATAL: unrecognized configuration parameter|FATAL: invalid (command-line argument|value for parameter)"
)


_COPY_OUT = (
    "COPY to standard output gives rows that nobody reads",
    "read rows with 'database.fetch_all()', or run the COPY by 'database.driver()'",
)
_FROM_A_FUNCTION = (
    "this command can't be in a function or a DO block: write it as a statement of the migration itself"
)


def why_not(error: BaseException, shown: str, redactor: Redactor) -> ConnectionFailedError | UsageError:
    """Tell why a connection could not be opened. The driver's words are added with every secret taken out."""
    text = redactor.clean(" ".join(str(error).split()))
    if _WRONG_OPTION.search(text):
        return UsageError(
            f"{shown}: {text.removeprefix('connection is bad: ')}",
            hint="check what follows '?' in the URL, and the PG variables of the environment",
        )
    for pattern, refusal, words, hint in _REASONS:
        if re.search(pattern, text, re.IGNORECASE):
            return ConnectionFailedError(f"{shown}: {words} ({text})", refusal=refusal, hint=hint)
    return ConnectionFailedError(f"{shown}: the database can't be reached ({text})", refusal=Refusal.OTHER)


def translate(
    error: psycopg.Error, origin: Origin | None, statement: str | None, redactor: Redactor, *, lost: bool
) -> EngineError:
    """Turn an error of a statement into ours, with the line that issued it."""
    diag = error.diag
    state = error.sqlstate
    words = diag.message_primary or next(iter(str(error).splitlines()), "") or type(error).__name__
    message, hint = _better_told(words) or (words, _hint(state, diag.message_hint, lost=lost))
    position = diag.statement_position
    fault = Fault(
        message=redactor.clean(message),
        code="connection_lost" if lost else "statement_failed",
        version=origin.version if origin else None,
        place=origin.place if origin else None,
        statement=statement,
        sqlstate=state,
        position=int(position) if position and position.isdigit() else None,
        hint=hint,
        detail=redactor.clean(diag.message_detail) if diag.message_detail else None,
    )
    return EngineError(fault, _kind(state, lost=lost))


def _better_told(words: str) -> tuple[str, str] | None:
    """Message and hint where the words, or the SQLSTATE, of driver and server lead astray."""
    if "cannot be executed from a function" in words:  # with the SQLSTATE of a command in a transaction
        return words, _FROM_A_FUNCTION
    return _COPY_OUT if "use copy() instead" in words else None


def _hint(state: str | None, server_hint: str | None, *, lost: bool) -> str | None:
    if lost:
        return "the connection to the server was lost; run again when it is back"
    own = HINTS.get(state or "")
    if own and server_hint:
        return f"{own} (the server: {server_hint})"
    return own or server_hint


def _kind(state: str | None, *, lost: bool) -> FailureKind:
    if lost or state in LOST:
        return FailureKind.LOST
    return FailureKind.RETRYABLE if state in RETRYABLE else FailureKind.STEP
