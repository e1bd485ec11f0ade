"""`drift`: each change that somebody makes by hand is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from stepwell.core.errors import ContradictionError
from stepwell.core.schema.words import sentences, tell
from stepwell.testing import Workshop

if TYPE_CHECKING:
    from pathlib import Path

BY_HAND = {
    "ALTER TABLE users ADD COLUMN extra INTEGER": "column users.extra",
    "ALTER TABLE users DROP COLUMN age": "column users.age",
    "ALTER TABLE users ALTER COLUMN email TYPE VARCHAR(50)": "column users.email: type text -> varchar(50)",
    "ALTER TABLE users ALTER COLUMN email DROP NOT NULL": "column users.email",
    "CREATE INDEX by_hand ON users (age)": "index by_hand",
    "DROP INDEX users_email": "index users_email",
    "ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17)": "constraint users.adult",
    "CREATE TABLE others (id INTEGER)": "table others",
    "COMMENT ON TABLE users IS 'by hand'": "table users: comment",
    "CREATE FUNCTION one() RETURNS INTEGER LANGUAGE sql AS 'SELECT 1'": "function one()",
}


@pytest.fixture
def shop(postgresql_url: str, tmp_path: Path) -> Workshop:
    """A database that two migrations have built; one that is pending does not count."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    made = Workshop(postgresql_url, tmp_path, ask)
    made.sql("001_users", "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, age INTEGER);")
    made.sql("002_index", "CREATE INDEX users_email ON users (email);")
    made.migrate()
    made.table("003_pending")
    return made


def drift(shop: Workshop) -> list[str]:
    report = shop.run(shop.project(scratch_url=shop.url, scratch="same-server").drift())
    return sentences(tell(report.diff))


def test_what_is_as_its_migrations_give_it_has_not_drifted(shop: Workshop) -> None:
    assert drift(shop) == []


@pytest.mark.parametrize("sql", BY_HAND)
def test_what_somebody_does_by_hand_is_told(shop: Workshop, sql: str) -> None:
    shop.ask(sql)
    told = drift(shop)
    assert [each for each in told if each.startswith(BY_HAND[sql])], told
    assert len(told) == 1 or "NOT NULL" in sql, told  # which is a constraint too since PostgreSQL 18


def test_what_can_not_be_replayed_is_refused(shop: Workshop) -> None:
    path = shop.folder / "001_users.sql"
    path.write_text(path.read_text().replace("age", "years"))
    error = shop.failure(shop.project(scratch_url=shop.url, scratch="same-server").drift())
    assert isinstance(error, ContradictionError)
    assert "001 users is changed" in error.message


def test_who_runs_migrations_there_stands_for_who_runs_them_here(
    shop: Workshop, postgresql_url: str, tmp_path: Path
) -> None:
    role = f"drift_{postgresql_url.rpartition('/')[2].partition('?')[0][-12:]}"
    shop.ask(f"CREATE ROLE {role} LOGIN SUPERUSER")
    try:
        for table in ("users", "migrations", "migrations_log"):
            shop.ask(f"ALTER TABLE {table} OWNER TO {role}")
        url = postgresql_url.replace("//postgres@", f"//{role}@")
        project = shop.project(url=url, scratch_url=shop.url, scratch="same-server")
        assert sentences(tell(shop.run(project.drift()).diff)) == []
    finally:
        shop.ask(f"REASSIGN OWNED BY {role} TO postgres")
        shop.ask(f"DROP ROLE {role}")
