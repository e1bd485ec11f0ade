"""What CREATE statements create, by name, as the dialect spells names."""

import pytest

from stepwell.core.sql.created import CreatedObject
from stepwell.core.sql.kinds import classify
from stepwell.core.sql.objects import ObjectKind
from stepwell.core.sql.rules import LexRules
from stepwell.engines.mysql.lexical import MYSQL
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.engines.sqlite.lexical import SQLITE


@pytest.mark.parametrize(
    ("rules", "sql", "expected"),
    [
        (POSTGRESQL, "create table T (a int)", CreatedObject(ObjectKind.TABLE, None, "t")),
        (
            POSTGRESQL,
            'create table if not exists App."T ""a""" ()',
            CreatedObject(ObjectKind.TABLE, "app", 'T "a"', if_not_exists=True),
        ),
        (POSTGRESQL, "create temp table t ()", CreatedObject(ObjectKind.TABLE, None, "t", temporary=True)),
        (POSTGRESQL, "create table db.s.t ()", CreatedObject(ObjectKind.TABLE, "s", "t")),
        (
            POSTGRESQL,
            'create table U&"d\\0061t\\+000061\\\\" ()',
            CreatedObject(ObjectKind.TABLE, None, "data\\"),
        ),
        (POSTGRESQL, f"create table {'é' * 40} ()", CreatedObject(ObjectKind.TABLE, None, "é" * 31)),
        (POSTGRESQL, "create table ÄB ()", CreatedObject(ObjectKind.TABLE, None, "Äb")),
        (
            POSTGRESQL,
            "create foreign table s.f (a int) server x",
            CreatedObject(ObjectKind.FOREIGN_TABLE, "s", "f"),
        ),
        (
            POSTGRESQL,
            "create or replace view v as select 1",
            CreatedObject(ObjectKind.VIEW, None, "v", or_replace=True),
        ),
        (POSTGRESQL, "create recursive view s.v (a) as select 1", CreatedObject(ObjectKind.VIEW, "s", "v")),
        (
            POSTGRESQL,
            "create materialized view if not exists v as select 1",
            CreatedObject(ObjectKind.MATERIALIZED_VIEW, None, "v", if_not_exists=True),
        ),
        (
            POSTGRESQL,
            "create unique index concurrently if not exists i on only s.t using btree (a)",
            CreatedObject(ObjectKind.INDEX, "s", "i", if_not_exists=True, table="t"),
        ),
        (POSTGRESQL, "create index i on t (a)", CreatedObject(ObjectKind.INDEX, None, "i", table="t")),
        (POSTGRESQL, "create sequence s.q", CreatedObject(ObjectKind.SEQUENCE, "s", "q")),
        (POSTGRESQL, "create type mood as enum ('a')", CreatedObject(ObjectKind.TYPE, None, "mood")),
        (POSTGRESQL, "create domain d as int", CreatedObject(ObjectKind.DOMAIN, None, "d")),
        (
            POSTGRESQL,
            "create or replace function s.f(a int) returns int return 1",
            CreatedObject(ObjectKind.FUNCTION, "s", "f", or_replace=True),
        ),
        (
            POSTGRESQL,
            "create procedure p() language sql as ''",
            CreatedObject(ObjectKind.PROCEDURE, None, "p"),
        ),
        (POSTGRESQL, "create aggregate a (int) (sfunc = x)", CreatedObject(ObjectKind.AGGREGATE, None, "a")),
        (
            POSTGRESQL,
            "create schema if not exists s",
            CreatedObject(ObjectKind.SCHEMA, None, "s", if_not_exists=True),
        ),
        (POSTGRESQL, "create schema authorization joe", CreatedObject(ObjectKind.SCHEMA, None, "joe")),
        (
            POSTGRESQL,
            "create extension pg_trgm with schema s",
            CreatedObject(ObjectKind.EXTENSION, None, "pg_trgm"),
        ),
        (
            POSTGRESQL,
            "create constraint trigger c after update of a, b on s.t for each row execute function f()",
            CreatedObject(ObjectKind.TRIGGER, "s", "c", table="t"),
        ),
        (
            POSTGRESQL,
            "select a, (select b) into temp table c from d",
            CreatedObject(ObjectKind.TABLE, None, "c", temporary=True),
        ),
        (
            SQLITE,
            "create virtual table Main.[T a] using fts5(a)",
            CreatedObject(ObjectKind.TABLE, "main", "t a"),
        ),
        (POSTGRESQL, "create index i (a)", CreatedObject(ObjectKind.INDEX, None, "i")),
        (SQLITE, "create table 'T' (a)", CreatedObject(ObjectKind.TABLE, None, "t")),
        (SQLITE, "create index main.i on t (a)", CreatedObject(ObjectKind.INDEX, "main", "i", table="t")),
        (MYSQL, "create table `Db`.`T``x` (a int)", CreatedObject(ObjectKind.TABLE, "Db", "T`x")),
        (MYSQL, "create fulltext index I on T (a)", CreatedObject(ObjectKind.INDEX, None, "I", table="T")),
        (
            MYSQL,
            "create aggregate function f returns int soname 'a'",
            CreatedObject(ObjectKind.FUNCTION, None, "f"),
        ),
        (
            MYSQL,
            "create event e on schedule every 1 hour do select 1",
            CreatedObject(ObjectKind.EVENT, None, "e"),
        ),
        (
            MYSQL,
            "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t BEFORE INSERT ON x SET @a=1 */",
            CreatedObject(ObjectKind.TRIGGER, None, "t", table="x"),
        ),
    ],
)
def test_what_is_created(rules: LexRules, sql: str, expected: CreatedObject) -> None:
    assert classify(sql, rules).creates == (expected,)


@pytest.mark.parametrize(
    "sql",
    [
        "create index on t (a)",
        "create role r",
        "create rule r as on insert to t do nothing",
        "create table",
        "drop table t",
        "alter table t add a int",
        "insert into t select 1",
        "select 1",
        "select 1 into",
        "create a b",
    ],
)
def test_nothing_with_a_name_of_a_schema(sql: str) -> None:
    assert classify(sql, POSTGRESQL).creates == ()
