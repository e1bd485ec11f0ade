"""What makes no difference: the session, the role, a rename and back, the tool's own tables, a dump and a restore."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest
from tests.dumping import programs, restored

from stepwell.core.errors import ConnectionFailedError
from stepwell.core.schema.diff import Diff, diff
from stepwell.core.schema.snapshot import Snapshot
from stepwell.core.schema.words import sentences, tell
from stepwell.project import Project

from .conftest import Sink, execute

SETTINGS = {
    "search_path": "app, audit, public",
    "timezone": "Asia/Tokyo",
    "datestyle": "SQL, DMY",
    "intervalstyle": "iso_8601",
    "extra_float_digits": "-5",
    "bytea_output": "escape",
    "quote_all_identifiers": "on",
    "standard_conforming_strings": "off",
    "xmlbinary": "hex",
}


def told(found: Diff) -> list[str]:
    return sentences(tell(found))


def lent(url: str, before: str) -> Snapshot:
    """The snapshot by a connection that a program lends, on which something was set before."""

    async def taken() -> Snapshot:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute(before.encode())
            return await Project(connect=lambda: connection).snapshot()

    return asyncio.run(taken())


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_of_the_session(name: str, sink: Sink, unchanged: Snapshot) -> None:
    taken = lent(
        sink.url,
        f"SET {name} = {SETTINGS[name]!r}" if name != "search_path" else f"SET {name} = {SETTINGS[name]}",
    )
    assert told(diff(unchanged, taken)) == []
    assert taken.fingerprint == unchanged.fingerprint
    assert taken.dumps() == unchanged.dumps()


def test_the_session_is_as_it_was(sink: Sink) -> None:
    """A connection that was lent has its own settings again, and no transaction."""
    names = ["search_path", "timezone", "datestyle", "jit", "transaction_isolation", "transaction_read_only"]

    async def around() -> list[list[object]]:
        connection = await psycopg.AsyncConnection.connect(sink.url, autocommit=True)
        seen: list[list[object]] = []
        async with connection:
            await connection.execute("SET TimeZone = 'Asia/Tokyo'")
            for turn in range(2):
                if turn:
                    await Project(connect=lambda: connection).snapshot()
                found = [
                    await (await connection.execute(f"SHOW {name}".encode())).fetchone() for name in names
                ]
                seen.append([*found, connection.info.transaction_status])
        return seen

    before, after = asyncio.run(around())
    assert after == before


def test_a_role_with_few_rights(sink: Sink, unchanged: Snapshot) -> None:
    """It has no rights on anything; what it may not read is said, and is no part of the fingerprint."""
    taken = lent(sink.url, "SET ROLE ks_stranger")
    found = diff(unchanged, taken)
    assert told(found) == []
    assert taken.fingerprint == unchanged.fingerprint
    assert [str(fact.key) for fact in taken.unreadable] == [
        "subscription sub", "user mapping PUBLIC on srv", "user mapping ks_reader on srv"
    ]  # fmt: skip
    assert len(found.notes) == 3
    assert unchanged.unreadable == ()


def test_secrets_are_in_no_snapshot(unchanged: Snapshot) -> None:
    text = unchanged.dumps()
    assert "hidden" not in text
    assert '"guarded": {"options": {"password": "***", "user": "a"}}' in text
    assert '"guarded": {"connection": {"dbname": "nope", "host": "127.0.0.1"}' in text


def test_the_same_database_has_the_same_text(copied: str, take: Callable[..., Snapshot]) -> None:
    assert take(copied).dumps() == take(copied).dumps()


RENAMED = [
    "ALTER TABLE app.users RENAME TO u2; ALTER TABLE app.u2 RENAME TO users",
    "ALTER TABLE app.users RENAME name TO n2; ALTER TABLE app.users RENAME n2 TO name",
    "ALTER SCHEMA app RENAME TO app2; ALTER SCHEMA app2 RENAME TO app",
    "ALTER TYPE app.mood RENAME TO m2; ALTER TYPE app.m2 RENAME TO mood",
    "ALTER TABLE app.users SET SCHEMA audit; ALTER TABLE audit.users SET SCHEMA app",
    "ALTER TABLE app.unlog ADD x int; ALTER TABLE app.unlog DROP x",
    "CREATE INDEX i ON app.users (d); DROP INDEX app.i",
    "GRANT UPDATE ON app.orders TO ks_reader; REVOKE UPDATE ON app.orders FROM ks_reader",
    "COMMENT ON TABLE app.orders IS 'x'; COMMENT ON TABLE app.orders IS NULL",
    "ALTER TABLE app.orders OWNER TO ks_reader; ALTER TABLE app.orders OWNER TO ks_owner",
    "SELECT nextval('app.seq1')",
    "REINDEX TABLE app.users; ANALYZE app.users",
    "INSERT INTO app.unlog VALUES (1)",
    "REFRESH MATERIALIZED VIEW app.mv",
]


@pytest.mark.parametrize("statements", RENAMED)
def test_there_and_back(statements: str, copied: str, take: Callable[..., Snapshot]) -> None:
    before = take(copied)
    for statement in statements.split("; "):
        execute(copied, statement)
    after = take(copied)
    assert told(diff(before, after)) == []
    assert after.dumps() == before.dumps()


def test_the_tools_own_tables_are_left_out(
    postgresql_url: str, take: Callable[..., Snapshot], tmp_path: Path
) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "001_a.sql").write_text("-- migrate:up\nSELECT 1;\n")
    before = take(postgresql_url)
    asyncio.run(Project(postgresql_url, migrations=folder).migrate())
    after = take(postgresql_url)
    assert told(diff(before, after)) == []
    assert after.dumps() == before.dumps()
    assert [line.partition(" (")[0] for line in told(diff(before, take(postgresql_url, own_tables=True)))] == [
        "sequence migrations_id_seq: added", "sequence migrations_log_id_seq: added",
        "table migrations: added", "table migrations_log: added",
    ]  # fmt: skip


def test_a_table_that_only_has_the_name_is_in_it(postgresql_url: str, take: Callable[..., Snapshot]) -> None:
    execute(postgresql_url, "CREATE TABLE public.migrations (something int)")
    assert "public.migrations.something" in {fact.identity for fact in take(postgresql_url).facts}


def test_nothing_of_anybodys_is_run(postgresql_url: str, take: Callable[..., Snapshot]) -> None:
    """Whoever may create in a schema of the search path could take the place of what the server has itself."""
    trap = "LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$"
    execute(
        postgresql_url,
        f"""
        CREATE FUNCTION public.quote_ident(name) RETURNS text {trap};
        CREATE FUNCTION public.pg_get_expr(pg_node_tree, oid) RETURNS text {trap};
        CREATE FUNCTION public.eq(text, name) RETURNS bool {trap};
        CREATE OPERATOR public.= (LEFTARG = "char", RIGHTARG = "char", FUNCTION = public.charq);
        """.replace(
            "CREATE OPERATOR",
            f'CREATE FUNCTION public.charq("char", "char") RETURNS bool {trap};\n CREATE OPERATOR',
        ),
    )
    path = "SET search_path = public, pg_catalog"
    assert told(diff(take(postgresql_url), lent(postgresql_url, path))) == []
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("SET search_path = public, pg_catalog")
        with pytest.raises(psycopg.Error, match="trapped"):
            connection.execute("SELECT quote_ident('x'::name)")


def test_whoever_changes_a_table_is_not_waited_for_long(copied: str, take: Callable[..., Snapshot]) -> None:
    """Nothing of the change is seen before it is committed; newer servers wait for it, and that has an end."""
    before = take(copied)
    with psycopg.connect(copied) as changing:
        changing.execute("ALTER TABLE app.unlog ADD COLUMN y int")
        try:
            seen = take(copied).dumps()
        except ConnectionFailedError as error:
            seen = error.message
        changing.rollback()
    assert seen in {before.dumps(), "the structure can't be read: canceling statement due to lock timeout"}


# --- a dump and a restore ---


def test_a_dump_and_a_restore(
    sink: Sink,
    copied: str,
    postgresql_server: str,
    take: Callable[..., Snapshot],
    unavailable: Callable[[str], NoReturn],
) -> None:
    with restored(postgresql_server, copied, programs(sink.version, unavailable)) as url:
        found = diff(take(copied), take(url))
    assert told(found) == []
