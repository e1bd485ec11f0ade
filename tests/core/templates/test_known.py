"""What is known of tables, columns and types out of the text of migrations."""

from __future__ import annotations

import pytest

from stepwell.core.files.parse import parse
from stepwell.core.migration import Language, SourceFile, Version
from stepwell.core.templates.known import Column, known_from
from stepwell.engines.mysql.lexical import MYSQL
from stepwell.engines.postgresql.lexical import POSTGRESQL

TABLES: list[tuple[str, dict[str, dict[str, Column]]]] = [
    ("CREATE TABLE a (id int)", {"a": {"id": Column("int")}}),
    ("CREATE TABLE IF NOT EXISTS s.a (id int NOT NULL)", {"a": {"id": Column("int", not_null=True)}}),
    ("CREATE TABLE a (id bigint PRIMARY KEY)", {"a": {"id": Column("bigint", not_null=True)}}),
    (
        "CREATE TABLE a (x numeric(10, 2) DEFAULT f(1, 2), y varchar(9) NULL, CONSTRAINT c CHECK (x > 1))",
        {"a": {"x": Column("numeric(10, 2)"), "y": Column("varchar(9)")}},
    ),
    (
        'CREATE TABLE a ("Order" timestamp with time zone)',
        {"a": {"Order": Column("timestamp with time zone")}},
    ),
    (
        "CREATE TABLE a (id SERIAL PRIMARY KEY, b bigserial)",
        {"a": {"id": Column("integer", not_null=True), "b": Column("bigint", not_null=True)}},
    ),
    ("CREATE TABLE a (x, y)", {"a": {"x": Column(), "y": Column()}}),
    ("CREATE TABLE a AS SELECT cast(1 AS int) AS x", {"a": {}}),
    ("CREATE TEMPORARY TABLE a (id int)", {}),
    ("CREATE TABLE a (id int); DROP TABLE a", {}),
    ("CREATE TABLE a (id int); DROP TABLE IF EXISTS s.a", {}),
    (
        "CREATE TABLE a (id int); ALTER TABLE a ADD COLUMN x text",
        {"a": {"id": Column("int"), "x": Column("text")}},
    ),
    (
        "CREATE TABLE a (id int); ALTER TABLE ONLY a ADD x text, ADD CONSTRAINT c UNIQUE (x), DROP COLUMN id",
        {"a": {"x": Column("text")}},
    ),
    ("CREATE TABLE a (id int); ALTER TABLE a RENAME COLUMN id TO key", {"a": {"key": Column("int")}}),
    ("ALTER TABLE unknown ADD COLUMN x text", {}),
]


def known_of(sql: str, language: Language = Language.SQL) -> dict[str, dict[str, Column]]:
    text = f"-- migrate:up\n{sql};\n"
    if language is Language.PYTHON:
        text = (
            "from stepwell import Migration, database\n\n\nclass A(Migration):\n    async def up(self):\n"
            f"        await database.execute({sql!r})\n"
        )
    file = SourceFile(f"001_a.{language}", language, Version("001"), "a", text.encode(), "")
    return known_from([parse(file, POSTGRESQL)], POSTGRESQL).tables


@pytest.mark.parametrize(("sql", "expected"), TABLES)
def test_tables(sql: str, expected: dict[str, dict[str, Column]]) -> None:
    assert known_of(sql) == known_of(sql, Language.PYTHON) == expected


def test_a_table_of_mysql() -> None:
    sql = "-- migrate:up\nCREATE TABLE `a` (`x` ENUM('a', 'b') NOT NULL, KEY k (x), y INT AUTO_INCREMENT);\n"
    file = SourceFile("001_a.sql", Language.SQL, Version("001"), "a", sql.encode(), "")
    known = known_from([parse(file, MYSQL)], MYSQL)
    assert known.tables == {"a": {"x": Column("ENUM('a', 'b')", not_null=True), "y": Column("INT")}}
