"""What statements are: verb, kind, what can't be in a transaction, what ends a segment, what only reads."""

import pytest

from stepwell.core.sql.kinds import StatementFacts, StatementKind, classify
from stepwell.core.sql.rules import LexRules
from stepwell.core.sql.split import split
from stepwell.engines.mysql.lexical import MARIADB, MYSQL
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.engines.sqlite.lexical import SQLITE


def facts(sql: str, rules: LexRules = POSTGRESQL) -> StatementFacts:
    return classify(sql, rules)


@pytest.mark.parametrize(
    ("rules", "sql", "verb", "kind"),
    [
        (POSTGRESQL, "create unlogged table t ()", "CREATE TABLE", StatementKind.SCHEMA),
        (POSTGRESQL, "/* a */ CREATE unique INDEX i ON t (a)", "CREATE INDEX", StatementKind.SCHEMA),
        (
            POSTGRESQL,
            "create materialized view v as select 1",
            "CREATE MATERIALIZED VIEW",
            StatementKind.SCHEMA,
        ),
        (POSTGRESQL, "drop text search dictionary d", "DROP TEXT SEARCH DICTIONARY", StatementKind.SCHEMA),
        (POSTGRESQL, "create user mapping for a server b", "CREATE USER MAPPING", StatementKind.SCHEMA),
        (
            POSTGRESQL,
            "alter default privileges grant select on tables to a",
            "ALTER DEFAULT PRIVILEGES",
            StatementKind.SCHEMA,
        ),
        (POSTGRESQL, "create something new", "CREATE", StatementKind.SCHEMA),
        (POSTGRESQL, "comment on table t is 'a'", "COMMENT", StatementKind.SCHEMA),
        (POSTGRESQL, "grant select on t to a", "GRANT", StatementKind.SCHEMA),
        (POSTGRESQL, "select * into a from b", "SELECT INTO", StatementKind.SCHEMA),
        (MYSQL, "select a into @b from c", "SELECT", StatementKind.QUERY),
        (POSTGRESQL, "insert into t select 1", "INSERT", StatementKind.DATA),
        (POSTGRESQL, "with a as (select 1) update t set b = 1", "UPDATE", StatementKind.DATA),
        (POSTGRESQL, "with a as (delete from t returning *) select * from a", "SELECT", StatementKind.DATA),
        (POSTGRESQL, "with a as materialized (select 1) (select 2)", "WITH", StatementKind.QUERY),
        (POSTGRESQL, "merge into t using s on true when matched then delete", "MERGE", StatementKind.DATA),
        (POSTGRESQL, "truncate t", "TRUNCATE", StatementKind.DATA),
        (POSTGRESQL, "copy t (a) from stdin", "COPY FROM", StatementKind.DATA),
        (POSTGRESQL, "copy (select 1 from t) to stdout", "COPY TO", StatementKind.OTHER),
        (POSTGRESQL, "copy t", "COPY", StatementKind.OTHER),
        (SQLITE, "replace into t values (1)", "REPLACE", StatementKind.DATA),
        (POSTGRESQL, "(select 1) union (select 2)", "SELECT", StatementKind.QUERY),
        (POSTGRESQL, "values (1)", "VALUES", StatementKind.QUERY),
        (POSTGRESQL, "show work_mem", "SHOW", StatementKind.QUERY),
        (POSTGRESQL, "explain analyze delete from t", "EXPLAIN", StatementKind.QUERY),
        (POSTGRESQL, "set local work_mem = 1", "SET", StatementKind.SETTING),
        (POSTGRESQL, "reset all", "RESET", StatementKind.SETTING),
        (POSTGRESQL, "alter system set work_mem = 1", "ALTER SYSTEM", StatementKind.SETTING),
        (SQLITE, "pragma foreign_keys = on", "PRAGMA", StatementKind.SETTING),
        (SQLITE, "pragma table_info(t)", "PRAGMA", StatementKind.QUERY),
        (POSTGRESQL, "do $$ begin end $$", "DO", StatementKind.OTHER),
        (POSTGRESQL, "prepare a as select 1", "PREPARE", StatementKind.OTHER),
        (POSTGRESQL, "refresh materialized view concurrently v", "REFRESH", StatementKind.OTHER),
        (MYSQL, "start replica", "START", StatementKind.OTHER),
        (MYSQL, "/*!40101 SET NAMES utf8 */", "SET", StatementKind.SETTING),
        (
            MYSQL,
            "create definer = `a`@`b` sql security invoker view v as select 1",
            "CREATE VIEW",
            StatementKind.SCHEMA,
        ),
        (MARIADB, "begin not atomic select 1; end", "BEGIN NOT", StatementKind.OTHER),
        (POSTGRESQL, "", "", StatementKind.OTHER),
        (POSTGRESQL, "'", "", StatementKind.OTHER),
    ],
)
def test_verb_and_kind(rules: LexRules, sql: str, verb: str, kind: StatementKind) -> None:
    found = facts(sql, rules)
    assert (found.verb, found.kind) == (verb, kind)


@pytest.mark.parametrize(
    "sql",
    [
        "begin",
        "BEGIN ISOLATION LEVEL SERIALIZABLE",
        "start transaction",
        "commit",
        "commit and chain",
        "end work",
        "rollback",
        "rollback and no chain",
        "rollback work",
        "abort",
        "prepare transaction 'a'",
        "commit prepared 'a'",
        "rollback prepared 'a'",
        "/* a */ commit -- b",
    ],
)
def test_transaction_control(sql: str) -> None:
    assert facts(sql).kind is StatementKind.TRANSACTION


@pytest.mark.parametrize(
    ("rules", "sql", "name"),
    [
        (POSTGRESQL, "savepoint A", "a"),
        (POSTGRESQL, 'savepoint "A b"', "A b"),
        (POSTGRESQL, "release a", "a"),
        (POSTGRESQL, "release savepoint a", "a"),
        (POSTGRESQL, "rollback to a", "a"),
        (POSTGRESQL, "rollback work to savepoint a", "a"),
        (SQLITE, "rollback transaction to [A]", "a"),
        (POSTGRESQL, "savepoint savepoint", "savepoint"),
        (MYSQL, "rollback to savepoint `A`", "A"),
        (POSTGRESQL, "release", None),
    ],
)
def test_savepoints(rules: LexRules, sql: str, name: str | None) -> None:
    found = facts(sql, rules)
    assert (found.kind, found.savepoint) == (StatementKind.SAVEPOINT, name)


# Compared with real servers in test_oracle.py; these need what a plain server does not have, or are only seen
# to be refused where something exists.
@pytest.mark.parametrize(
    ("rules", "sql", "refused"),
    [
        (POSTGRESQL, "create subscription s connection '' publication p", True),
        (POSTGRESQL, "create subscription s connection '' publication p with (connect = false)", False),
        (
            POSTGRESQL,
            "create subscription s connection '' publication p with (enabled = on, create_slot = off)",
            False,
        ),
        (POSTGRESQL, "alter subscription s refresh publication", True),
        (POSTGRESQL, "alter subscription s set publication p", True),
        (POSTGRESQL, "alter subscription s set publication p with (refresh = false)", False),
        (POSTGRESQL, "alter subscription s disable", False),
        (POSTGRESQL, "drop subscription s", True),
        (POSTGRESQL, "repack", True),
        (POSTGRESQL, "repack (verbose, concurrently) t", True),
        (POSTGRESQL, "repack (verbose) t using index i", False),
        (MYSQL, "create index concurrently on t (a)", False),
        (SQLITE, "create index concurrently on t (a)", False),
    ],
)
def test_what_refuses_a_transaction(rules: LexRules, sql: str, refused: bool) -> None:
    assert (facts(sql, rules).refuses_transaction is not None) == refused


def test_the_reason_is_in_words() -> None:
    reason = "CREATE INDEX CONCURRENTLY commits several times itself"
    assert facts("create index concurrently i on t (a)").refuses_transaction == reason


@pytest.mark.parametrize(
    ("sql", "adds"),
    [
        ("alter type mood add value 'a'", True),
        ("ALTER TYPE app.\"Mood\" ADD VALUE IF NOT EXISTS 'a' BEFORE 'b'", True),
        ("alter type mood rename value 'a' to 'add value'", False),
        ("alter type t add attribute value int", False),
        ("alter table add add value int", False),
    ],
)
def test_an_enum_value_is_seen(sql: str, adds: bool) -> None:
    assert facts(sql).adds_enum_value is adds


@pytest.mark.parametrize(
    ("rules", "sql"),
    [
        (POSTGRESQL, "select 1"),
        (POSTGRESQL, "select a.update, ';', \"insert\" from t -- delete\n;"),
        (POSTGRESQL, "(select 1) union all (table t)"),
        (POSTGRESQL, "with a as (select 1), b as (values (1)) select * from a, b"),
        (POSTGRESQL, "show search_path"),
        (POSTGRESQL, "explain insert into t values (1)"),
        (POSTGRESQL, "explain (costs off, format json) delete from t"),
        (POSTGRESQL, "explain verbose select 1"),
        (POSTGRESQL, "select nextval from t"),
        (POSTGRESQL, "select currval('s'), now(), to_regclass('t')"),
        (SQLITE, "explain query plan select 1"),
        (SQLITE, "pragma table_info(t)"),
        (SQLITE, "pragma main.user_version"),
        (SQLITE, "select replace(a, 'b', 'c') from t"),
        (MYSQL, "describe t"),
        (MYSQL, "show create table t"),
    ],
)
def test_read_only(rules: LexRules, sql: str) -> None:
    assert facts(sql, rules).read_only


@pytest.mark.parametrize(
    ("rules", "sql"),
    [
        (POSTGRESQL, "insert into t values (1)"),
        (POSTGRESQL, "select 1; drop table t"),
        (POSTGRESQL, "show a; drop table t"),
        (POSTGRESQL, "explain select 1; drop table t"),
        (POSTGRESQL, "select * into a from b"),
        (POSTGRESQL, "select * from t for update"),
        (POSTGRESQL, "select * from t for no key update skip locked"),
        (POSTGRESQL, "select * from t for share"),
        (POSTGRESQL, "select * from t for key share"),
        (POSTGRESQL, "with a as (delete from t returning 1) select * from a"),
        (POSTGRESQL, "with a as (select 1) insert into t select * from a"),
        (POSTGRESQL, "explain analyze select 1"),
        (POSTGRESQL, "explain (verbose, analyze) select 1"),
        (POSTGRESQL, "explain verbose analyze select 1"),
        (POSTGRESQL, "explain (costs"),
        (POSTGRESQL, "select NextVal('s')"),
        (POSTGRESQL, "select pg_catalog.\"setval\" ('s', 1)"),
        (POSTGRESQL, "select pg_try_advisory_lock(1)"),
        (POSTGRESQL, "select set_config('a', 'b', false)"),
        (POSTGRESQL, "select lo_unlink(1)"),
        (POSTGRESQL, "copy t to stdout"),
        (POSTGRESQL, "call p()"),
        (POSTGRESQL, ""),
        (SQLITE, "pragma user_version = 1"),
        (SQLITE, "pragma user_version(1)"),
        (SQLITE, "pragma optimize"),
        (SQLITE, "pragma"),
        (SQLITE, "select load_extension('a')"),
        (MYSQL, "select @a := 1"),
        (MYSQL, "select 1 into outfile 'a'"),
        (MYSQL, "select * from t lock in share mode"),
        (MYSQL, "select get_lock('a', 1)"),
        (MARIADB, "select next value for s"),
    ],
)
def test_not_read_only(rules: LexRules, sql: str) -> None:
    assert not facts(sql, rules).read_only


def test_a_statement_is_classified_as_its_text() -> None:
    (statement,) = split("-- a\ncreate table t (a int);", POSTGRESQL)
    assert classify(statement, POSTGRESQL) == facts("create table t (a int)")
