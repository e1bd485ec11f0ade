"""Old tables of seven columns have all kinds of types: what makes sense is read, the rest is refused by its name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stepwell.core.errors import HistoryTableError
from stepwell.testing.workshop import texts

if TYPE_CHECKING:
    from stepwell.testing import Workshop

TYPES = {
    "id": "SERIAL PRIMARY KEY",
    "version": "VARCHAR(50)",
    "name": "VARCHAR(255)",
    "description": "TEXT",
    "dependencies": "TEXT",
    "created_at": "TIMESTAMP",
    "applied_at": "TIMESTAMP",
}
VALUES = {
    "id": "1",
    "version": "'002'",
    "name": "'items'",
    "description": "NULL",
    "dependencies": "NULL",
    "created_at": "NULL",
    "applied_at": "'2026-11-23 10:15:00.5'",
}
MOMENT = datetime(2026, 11, 23, 10, 15, 0, 500000, tzinfo=UTC)


def plant(shop: Workshop, column: str, kind: str, value: str) -> None:
    """An old table with one record, and another type and value in one column."""
    columns = ", ".join(f"{name} {type_}" for name, type_ in {**TYPES, column: kind}.items())
    values = {**VALUES, column: value}
    shop.ask(f"CREATE TABLE migrations ({columns})")
    shop.ask(f"INSERT INTO migrations ({', '.join(values)}) VALUES ({', '.join(values.values())})")
    shop.table("001_first")
    shop.table("002_items")


READ = [
    pytest.param("version", "INTEGER", "2", "2", id="a whole number"),
    pytest.param("version", "BIGINT", "20261123101500", "20261123101500", id="a timestamp as a number"),
    pytest.param("version", "CHAR(10)", "'002'", "002", id="padded text"),
]


@pytest.mark.parametrize(("column", "kind", "value", "version"), READ)
def test_a_version_is_read(shop: Workshop, column: str, kind: str, value: str, version: str) -> None:
    plant(shop, column, kind, value)
    (entry,) = [entry for entry in shop.status().entries if entry.record is not None]
    assert entry.record is not None
    assert entry.record.version.text == version
    assert entry.record.applied_at == MOMENT


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("TEXT[]", "'{001,000}'"),
        ("VARCHAR(50)[]", "'{001,000}'"),
        ("JSONB", """'["001", "000"]'"""),
        ("JSON", """'["001", "000"]'"""),
        ("INTEGER[]", "'{1,0}'"),
    ],
)
def test_dependencies_are_read(shop: Workshop, kind: str, value: str) -> None:
    plant(shop, "dependencies", kind, value)
    record = shop.entry("002").record
    assert record is not None
    assert [text.zfill(3) for text in texts(record.dependencies)] == ["001", "000"]


@pytest.mark.parametrize(
    ("kind", "value", "moment"),
    [
        ("TEXT", "'2026-11-23T10:15:00.5'", MOMENT),
        ("TEXT", "'2026-11-23T11:15:00.5+01:00'", MOMENT),
        ("TEXT", "'last week'", None),
        ("TIMESTAMP", "'infinity'", None),
        ("TIMESTAMP", "'-infinity'", None),
        ("TIMESTAMP", "'12026-11-23'", None),
        ("TIMESTAMP", "NULL", None),
        ("TIMESTAMPTZ", "'2026-11-23T11:15:00.5+01:00'", MOMENT),
        ("TIMESTAMPTZ", "'infinity'", None),
        ("DATE", "'2026-11-23'", datetime(2026, 11, 23, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("style", ["ISO", "German"])
def test_the_time_is_read(shop: Workshop, kind: str, value: str, moment: datetime | None, style: str) -> None:
    plant(shop, "applied_at", kind, value)
    database = shop.column("SELECT current_database()")[0]
    shop.ask(f"ALTER DATABASE {database} SET DateStyle = {style}")
    shop.ask(f"ALTER DATABASE {database} SET TimeZone = 'Asia/Tokyo'")
    record = shop.entry("002").record
    assert record is not None
    assert record.applied_at == moment


@pytest.mark.parametrize(
    ("column", "kind", "value", "told"),
    [
        ("id", "TEXT", "'1'", "text"),
        ("id", "NUMERIC", "1", "numeric"),
        ("id", "UUID", "md5(random()::text)::uuid", "uuid"),
        ("version", "NUMERIC", "1.5", "numeric"),
        ("version", "BYTEA", "'1'", "bytea"),
        ("name", "INTEGER", "1", "integer"),
        ("dependencies", "BYTEA", "'1'", "bytea"),
        ("applied_at", "BIGINT", "1", "bigint"),
        ("applied_at", "TIME", "'10:15'", "time without time zone"),
    ],
)
def test_what_makes_no_sense_is_refused(
    shop: Workshop, column: str, kind: str, value: str, told: str
) -> None:
    plant(shop, column, kind, value)
    for verb in ("status", "check", "migrate", "rollback"):
        error = shop.failure(getattr(shop.project(), verb)())
        assert isinstance(error, HistoryTableError), verb
        assert error.exit_code == 6
        assert f"its column {column} is of the type {told}" in error.message


@pytest.mark.parametrize("column", ["id", "version"])
def test_a_row_without_what_makes_it_a_record_is_refused(shop: Workshop, column: str) -> None:
    plant(shop, column, "BIGINT", "NULL")
    error = shop.failure(shop.project().status())
    assert isinstance(error, HistoryTableError)
    assert f"has no {column}" in error.message


@pytest.mark.parametrize(
    ("column", "kind", "value", "told"),
    [
        ("version", "INTEGER", "2", "version is of the type integer"),
        ("dependencies", "TEXT[]", "'{}'", "dependencies is of the type text[]"),
        ("dependencies", "JSONB", "'[]'", "dependencies is of the type jsonb"),
        ("created_at", "BIGINT", "1", "created_at is of the type bigint"),
        ("id", "BIGINT", "1", "id has no default"),
    ],
)
def test_what_can_not_be_written_is_told_before_anything_runs(
    shop: Workshop, column: str, kind: str, value: str, told: str
) -> None:
    plant(shop, column, kind, value)
    assert shop.states()["002"] == "applied"
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, HistoryTableError)
    assert told in error.message
    assert error.hint is not None
    assert error.hint.startswith("ALTER TABLE public.migrations ALTER COLUMN")
    assert not shop.exists("first")
    assert not shop.exists("migrations_log")


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("id", "BIGSERIAL"),
        ("id", "SMALLINT GENERATED ALWAYS AS IDENTITY"),
        ("applied_at", "TIMESTAMP"),
        ("applied_at", "TIMESTAMPTZ"),
        ("applied_at", "TEXT"),
        ("created_at", "DATE"),
    ],
)
def test_what_can_be_written_goes_on(shop: Workshop, column: str, kind: str) -> None:
    """Also where the session is far from UTC and writes its dates in another way."""
    columns = ", ".join(f"{name} {type_}" for name, type_ in {**TYPES, column: kind}.items())
    shop.ask(f"CREATE TABLE migrations ({columns})")
    database = shop.column("SELECT current_database()")[0]
    shop.ask(f"ALTER DATABASE {database} SET DateStyle = 'SQL, DMY'")
    shop.ask(f"ALTER DATABASE {database} SET TimeZone = 'Asia/Tokyo'")
    shop.table("001_first")
    shop.migrate()
    record = shop.entry("001").record
    assert record is not None
    assert record.applied_at is not None
    assert abs(datetime.now(UTC) - record.applied_at) < timedelta(minutes=10)
    assert [step.version.text for step in shop.rollback().steps] == ["001"]
