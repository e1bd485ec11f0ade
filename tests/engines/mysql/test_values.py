"""What is pure: options of the URL, what servers say of themselves, reasons of failures, the spool. No server."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymysql.err import OperationalError, ProgrammingError

from stepwell.core.errors import ConnectionFailedError, FailureKind, HistoryTableError, Refusal, UsageError
from stepwell.core.history import TableShape
from stepwell.core.redact import Redactor, Secret
from stepwell.core.tables import ALL_COLUMNS, LOG_COLUMNS, SEVEN_COLUMNS
from stepwell.core.url import parse_url
from stepwell.engines.mysql import tls
from stepwell.engines.mysql.errors import translate, why_not
from stepwell.engines.mysql.inspect import described, refuse_lone_changes, refuse_read_only, server_of
from stepwell.engines.mysql.opening import unverified
from stepwell.engines.mysql.session import readable_mode, restore
from stepwell.engines.mysql.spool import Spool
from stepwell.engines.mysql.tables import quote
from stepwell.parts import find_engine

if TYPE_CHECKING:
    from stepwell.engines.mysql.inspect import Server

SHOWN = "mysql://app@db/shop"
SECRET = Redactor([Secret("hunter22")])


@pytest.mark.parametrize("name", ["mysql", "mariadb"])
def test_both_names_are_engines_that_can_not_undo_the_schema(name: str) -> None:
    dialect = find_engine(name).dialect
    assert (dialect.name, dialect.rules.name) == (name, name)
    assert not dialect.abilities.transactional_ddl


# --- TLS ---

MODES = {
    "": tls.Security.PREFERRED,
    "?ssl=disabled": tls.Security.DISABLED,
    "?ssl=false": tls.Security.DISABLED,
    "?ssl_mode=REQUIRED": tls.Security.REQUIRED,
    "?ssl=true": tls.Security.REQUIRED,
    "?sslmode=verify-full": tls.Security.VERIFY_IDENTITY,
    "?ssl=verify-ca": tls.Security.VERIFY_CA,
    "?ssl_ca=/ca.pem": tls.Security.VERIFY_IDENTITY,
}


@pytest.mark.parametrize(("query", "mode"), MODES.items(), ids=MODES)
def test_how_much_security_a_url_asks_for(query: str, mode: tls.Security) -> None:
    url = parse_url(f"mysql://app@db.example/shop{query}")
    assert tls.security(url.query) is mode
    assert (unverified(url, encrypted=True) is None) is tls.verifies(mode)


@pytest.mark.parametrize(
    "place", ["localhost/shop", "127.0.0.1/shop", "[::1]/shop", "/shop", "db.example/shop?unix_socket=/run/s"]
)
def test_this_machine_needs_no_proof(place: str) -> None:
    assert unverified(parse_url(f"mysql://app@{place}"), encrypted=False) is None


def test_what_is_missing_is_told() -> None:
    url = parse_url("mysql://app@db.example/shop")
    assert unverified(url, encrypted=False) == (
        "the connection to db.example is not encrypted (ssl=preferred): ?ssl=verify_identity in the URL demands TLS,"
        " and proof of who the server is"
    )
    assert unverified(url, encrypted=True) == (
        "the server db.example does not have to prove who it is (ssl=preferred): ?ssl=verify_identity in the URL"
        " demands it"
    )


@pytest.mark.parametrize(
    ("mode", "verify", "names"),
    [
        (tls.Security.PREFERRED, ssl.CERT_NONE, False),
        (tls.Security.REQUIRED, ssl.CERT_NONE, False),
        (tls.Security.VERIFY_CA, ssl.CERT_REQUIRED, False),
        (tls.Security.VERIFY_IDENTITY, ssl.CERT_REQUIRED, True),
    ],
)
def test_contexts(mode: tls.Security, verify: ssl.VerifyMode, names: bool) -> None:
    made = tls.context({}, mode)
    assert made is not None
    assert (made.verify_mode, made.check_hostname) == (verify, names)
    assert tls.context({}, tls.Security.DISABLED) is None


@pytest.mark.parametrize("query", [{"ssl": "perhaps"}, {"ssl": "true", "sslmode": "require"}])
def test_words_that_are_none(query: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="not one of"):
        tls.security(query)


def test_a_certificate_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="can't be used"):
        tls.context({"ssl_ca": "/no/such/file"}, tls.Security.REQUIRED)


# --- why a connection failed ---


def caused(cause: BaseException) -> OperationalError:
    """As the driver wraps it."""
    error = OperationalError(2003, "Can't connect to MySQL server on 'db'")
    error.__cause__ = cause
    return error


REASONS: dict[str, tuple[BaseException, Refusal]] = {
    "name": (caused(socket.gaierror(-2, "Name or service not known")), Refusal.NAME),
    "refused": (caused(ConnectionRefusedError(111, "Connection refused")), Refusal.REFUSED),
    "no socket": (caused(FileNotFoundError(2, "No such file or directory")), Refusal.REFUSED),
    "time": (caused(TimeoutError()), Refusal.UNREACHABLE),
    "route": (caused(OSError(113, "No route to host")), Refusal.UNREACHABLE),
    "certificate": (caused(ssl.SSLCertVerificationError("self-signed")), Refusal.TLS),
    "no TLS": (OperationalError(2026, "the server offers no TLS"), Refusal.TLS),
    "password": (OperationalError(1045, "Access denied for user 'app' using hunter22"), Refusal.PASSWORD),
    "database": (OperationalError(1049, "Unknown database 'shop'"), Refusal.NO_DATABASE),
    "rights": (OperationalError(1044, "Access denied for user to database"), Refusal.RIGHTS),
    "too many": (OperationalError(1040, "Too many connections"), Refusal.TOO_MANY),
    "shutdown": (OperationalError(1053, "Server shutdown in progress"), Refusal.STARTING),
    "a package": (RuntimeError("'cryptography' package is required for ..."), Refusal.DRIVER),
    "anything": (OperationalError(9999, "what is this"), Refusal.OTHER),
}


@pytest.mark.parametrize(("error", "refusal"), REASONS.values(), ids=REASONS)
def test_each_reason_is_told_apart(error: BaseException, refusal: Refusal) -> None:
    told = why_not(error, SHOWN, SECRET)
    assert told.refusal is refusal
    assert told.message.startswith(SHOWN)
    assert "hunter22" not in told.message


@pytest.mark.parametrize(
    ("number", "kind"),
    [(1213, FailureKind.RETRYABLE), (1205, FailureKind.RETRYABLE), (1146, FailureKind.STEP), (2013, FailureKind.LOST),
     (1927, FailureKind.LOST)],
)  # fmt: skip
def test_kinds_of_failure(number: int, kind: FailureKind) -> None:
    told = translate(ProgrammingError(number, "hunter22 it is"), None, "SELECT", SECRET, lost=False)
    assert (told.kind, told.fault.sqlstate) == (kind, str(number))
    assert told.fault.message == "*** it is"


@pytest.mark.parametrize(
    ("statement", "message", "position"),
    [
        ("SELECT 1 FRM a", "syntax to use near 'FRM a' at line 1", 10),
        ("SELECT\n x x,\n x x y", "syntax to use near 'x y' at line 3", 17),
        ("SELECT 'it''s' z z", "syntax to use near 'z' at line 1", 18),
        ("SELECT 1 1;\nSELECT 1 1", "syntax to use near '1;' at line 1", 10),
        ("SELECT (", "syntax to use near '' at line 1", None),
        ("SELECT %s", "syntax to use near '7' at line 1", None),
    ],
)
def test_where_a_syntax_error_is(statement: str, message: str, position: int | None) -> None:
    told = translate(ProgrammingError(1064, message), None, statement, SECRET, lost=False)
    assert told.fault.position == position


# --- what servers say ---


def server(version: str = "10.11.6-MariaDB", **switches: str) -> Server:
    """A server with these switches."""
    return server_of((version, "shop", "app@%", 0, ""), list(switches.items()), SHOWN)


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("10.6.0-MariaDB-log", "mariadb"),
        ("5.5.5-10.11.6-MariaDB", "mariadb"),
        ("11.8.2-MariaDB-ubu2404", "mariadb"),
        ("8.0.36", "mysql"),
        ("9.4.0", "mysql"),
        ("8.4.3-Percona", "mysql"),
    ],
)
def test_servers_that_are_new_enough(version: str, name: str) -> None:
    assert server(version).name == name


@pytest.mark.parametrize("version", ["10.5.9-MariaDB", "5.5.5-10.3.39-MariaDB", "5.7.44", "strange"])
def test_servers_that_are_too_old(version: str) -> None:
    with pytest.raises(ConnectionFailedError, match="older than"):
        server(version)


@pytest.mark.parametrize(
    ("switches", "clustered"),
    [
        ({}, False),
        ({"wsrep_on": "OFF"}, False),
        ({"wsrep_on": "ON"}, True),
        ({"group_replication_single_primary_mode": "ON"}, False),
        ({"group_replication_single_primary_mode": "OFF"}, True),
    ],
)
def test_clusters_are_told(switches: dict[str, str], clustered: bool) -> None:
    assert (server(**switches).cluster is not None) is clustered


@pytest.mark.parametrize(
    ("switches", "refused"),
    [
        ({"wsrep_on": "ON", "wsrep_osu_method": "TOI"}, False),
        ({"wsrep_on": "OFF", "wsrep_osu_method": "RSU"}, False),
        ({"wsrep_on": "ON", "wsrep_osu_method": "RSU"}, True),
    ],
)
def test_a_node_that_changes_alone_is_refused(switches: dict[str, str], refused: bool) -> None:
    if not refused:
        refuse_lone_changes(server(**switches), SHOWN)
        return
    with pytest.raises(ConnectionFailedError, match="for itself"):
        refuse_lone_changes(server(**switches), SHOWN)


@pytest.mark.parametrize(
    ("switches", "found"),
    [
        ({"read_only": "OFF", "super_read_only": "OFF"}, None),
        ({"read_only": "ON"}, "read_only"),
        ({"read_only": "NO_LOCK_NO_ADMIN"}, "read_only"),
        ({"read_only": "ON", "super_read_only": "ON"}, "super_read_only"),
        ({"innodb_read_only": "ON"}, "innodb_read_only"),
    ],
)
def test_read_only_servers_are_refused(switches: dict[str, str], found: str | None) -> None:
    if found is None:
        refuse_read_only(server(**switches), SHOWN)
        return
    with pytest.raises(ConnectionFailedError, match=f"{found} is on") as raised:
        refuse_read_only(server(**switches), SHOWN)
    assert raised.value.refusal is Refusal.READ_ONLY


def rows_of(table: str, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """What the catalog says of a plain table."""
    return [
        ("table", table, "BASE TABLE", "InnoDB"),
        *(("column", table, column, None) for column in columns),
    ]


def test_what_is_accepted_as_the_tool_s_tables() -> None:
    full = [*rows_of("migrations", ALL_COLUMNS), *rows_of("migrations_log", LOG_COLUMNS)]
    found = described(full, "migrations", folds_case=False)
    assert (found.shape, found.log_exists) == (TableShape.FULL, True)
    seven = described(rows_of("migrations", SEVEN_COLUMNS), "migrations", folds_case=False)
    assert (seven.shape, seven.log_exists) == (TableShape.SEVEN, False)


def test_a_table_whose_name_differs_in_case_is_another_unless_the_server_folds() -> None:
    rows = rows_of("Migrations", ALL_COLUMNS)
    assert described(rows, "migrations", folds_case=False).shape is TableShape.ABSENT
    assert described(rows, "migrations", folds_case=True).shape is TableShape.FULL


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([("table", "migrations", "VIEW", None)], "no plain table"),
        ([("table", "migrations", "SYSTEM VERSIONED", "InnoDB")], "no plain table"),
        ([("table", "migrations", "BASE TABLE", "MyISAM")], "engine is MyISAM"),
        ([*rows_of("migrations", ALL_COLUMNS), ("trigger", "migrations", "t", None)], "trigger"),
        (rows_of("migrations", (*ALL_COLUMNS, "owner")), "other columns"),
        (rows_of("migrations_log", ("id",)), "other columns"),
    ],
)
def test_what_is_not(rows: list[tuple[Any, ...]], why: str) -> None:
    with pytest.raises(HistoryTableError, match=why):
        described(rows, "migrations", folds_case=False)


# --- the session, the spool ---


@pytest.mark.parametrize(
    ("mode", "kept", "dropped"),
    [
        ("", "", ()),
        ("STRICT_TRANS_TABLES", "STRICT_TRANS_TABLES", ()),
        ("ANSI_QUOTES,STRICT_TRANS_TABLES", "STRICT_TRANS_TABLES", ("ANSI_QUOTES",)),
        ("REAL_AS_FLOAT,ANSI_QUOTES,ANSI", "REAL_AS_FLOAT", ("ANSI_QUOTES", "ANSI")),
        ("NO_BACKSLASH_ESCAPES", "", ("NO_BACKSLASH_ESCAPES",)),
    ],
)
def test_modes_that_our_rules_would_misread(mode: str, kept: str, dropped: tuple[str, ...]) -> None:
    assert readable_mode(mode) == (kept, dropped)


def test_only_what_differs_is_set_back() -> None:
    former = ("sh`op", "+00:00", "A,B", 1, 1, "utf8mb4", "utf8mb4", None, "utf8mb4_bin")
    assert restore(former, former) == []
    now = ("other", "+05:00", "A,B", 0, 1, "latin1", "utf8mb4", "utf8mb4", "utf8mb4_bin")
    assert restore(former, now) == [
        "USE `sh``op`",
        (
            "SET SESSION time_zone = '+00:00', SESSION foreign_key_checks = 1,"
            " SESSION character_set_client = 'utf8mb4', SESSION character_set_results = NULL"
        ),
    ]


@given(st.lists(st.lists(st.tuples(st.integers(), st.text(), st.none() | st.binary()), min_size=1)))
def test_a_spool_gives_back_what_was_put(batches: list[list[tuple[Any, ...]]]) -> None:
    with Spool() as spool:
        for batch in batches:
            spool.put(batch)
        assert list(spool.rows()) == [row for batch in batches for row in batch]


@given(st.text(min_size=1))
def test_a_quoted_name_holds_only_doubled_backticks(name: str) -> None:
    quoted = quote(name)
    assert quoted[0] == quoted[-1] == "`"
    assert quoted[1:-1].replace("``", "") == name.replace("`", "")
