"""What one transaction can't hold: where segments end, deferred constraints, and what the hints say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stepwell.core.errors import MigrationFileError, StepError
from stepwell.testing.workshop import outcomes, report_of

if TYPE_CHECKING:
    from stepwell.testing import Workshop

MOOD = "CREATE TYPE mood AS ENUM ('sad');\nCREATE TABLE entries (feels mood);"
USE = "INSERT INTO entries VALUES ('glad');"

PARENTS = """
CREATE TABLE parents (id INTEGER PRIMARY KEY);
CREATE TABLE children (
    id INTEGER PRIMARY KEY,
    parent INTEGER CONSTRAINT has_parent REFERENCES parents DEFERRABLE INITIALLY DEFERRED
);
"""


def step_error(shop: Workshop, **settings: object) -> StepError:
    """Migrate, which must fail, and give the error."""
    error = shop.failure(shop.project(**settings).migrate())
    assert isinstance(error, StepError)
    return error


# --- enums ---


@pytest.mark.parametrize("language", ["sql", "python"])
def test_a_new_enum_value_may_be_used_in_the_batch_that_adds_it(shop: Workshop, language: str) -> None:
    shop.sql("001_mood", MOOD)
    if language == "sql":
        shop.sql("002_glad", "ALTER TYPE mood ADD VALUE 'glad';")
    else:
        shop.python("002_glad", "await database.execute(\"ALTER TYPE mood ADD VALUE 'glad'\")")
    shop.sql("003_use", USE)
    report = shop.migrate()
    assert outcomes(report) == ["001 applied", "002 applied", "003 applied"]
    assert [[str(version) for version in segment.versions] for segment in report.segments] == [
        ["001", "002"],
        ["003"],
    ]
    assert report.segments[0].ends_because is not None
    assert "enum" in report.segments[0].ends_because
    assert any("it commits after 002" in warning for warning in report.warnings)
    assert shop.column("SELECT feels::text FROM entries") == ["glad"]


def test_sql_that_python_builds_is_told_how_to_go_on(shop: Workshop) -> None:
    shop.sql("001_mood", MOOD)
    shop.migrate()
    shop.python("002_glad", "await database.execute('ALTER TYPE mood ADD ' + \"VALUE 'glad'\")")
    shop.sql("003_use", USE)
    error = step_error(shop)
    assert error.fault.sqlstate == "55P04"
    assert error.hint is not None
    assert "--atomic migration" in error.hint
    assert str(error.place) == "migrations/003_use.sql:2"
    assert shop.pending() == ["002", "003"]
    assert shop.run(shop.project(atomic="migration").migrate()).ok


def test_the_same_value_used_in_its_own_migration(shop: Workshop) -> None:
    shop.sql("001_mood", MOOD)
    shop.migrate()
    shop.sql("002_glad", f"ALTER TYPE mood ADD VALUE 'glad';\n{USE}")
    error = step_error(shop)
    assert error.fault.sqlstate == "55P04"
    assert error.fault.version == "002"


# --- commands that refuse a transaction ---


def test_a_command_that_refuses_a_transaction_is_found_before_anything(shop: Workshop) -> None:
    shop.table("001_items")
    path = shop.sql("002_index", "CREATE INDEX CONCURRENTLY items_id ON items (id);")
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, MigrationFileError)
    assert error.exit_code == 4
    assert str(error.place) == shop.line(path, "CREATE INDEX")
    assert not shop.exists("migrations")


def test_a_command_that_python_builds_is_told_by_the_server(shop: Workshop) -> None:
    shop.table("001_items")
    path = shop.python(
        "002_index", 'await database.execute("CREATE INDEX " + "CONCURRENTLY i ON items (id)")'
    )
    error = step_error(shop)
    assert error.fault.sqlstate == "25001"
    assert error.hint is not None
    assert "transactional = False" in error.hint
    assert str(error.place) == shop.line(path, "CREATE INDEX")
    assert not shop.exists("items")


def test_an_index_is_built_concurrently_without_a_transaction(shop: Workshop) -> None:
    shop.table("001_items")
    shop.sql(
        "002_index",
        "CREATE INDEX CONCURRENTLY items_id ON items (id);",
        "DROP INDEX CONCURRENTLY items_id;",
        options="transaction:false",
    )
    shop.table("003_more")
    report = shop.migrate()
    assert [segment.transactional for segment in report.segments] == [True, False, True]
    assert shop.column("SELECT indisvalid FROM pg_index WHERE indexrelid = 'items_id'::regclass") == [True]
    assert outcomes(shop.rollback(target="base")) == ["003 reverted", "002 reverted", "001 reverted"]


# --- deferred constraints ---


def test_a_deferred_constraint_is_checked_with_the_migration_that_breaks_it(shop: Workshop) -> None:
    shop.sql("001_tables", PARENTS)
    shop.sql("002_good", "INSERT INTO children VALUES (1, 1);\nINSERT INTO parents VALUES (1);")
    shop.sql("003_bad", "INSERT INTO children VALUES (2, 2);")
    shop.sql("004_good", "INSERT INTO parents VALUES (2);")
    error = step_error(shop)
    assert error.fault.version == "003"
    assert error.fault.sqlstate == "23503"
    assert error.place is not None
    assert error.place.path == "migrations/003_bad.sql"
    assert outcomes(report_of(error)) == ["001 undone", "002 undone", "003 failed", "004 not_run"]


def test_what_is_deferred_stays_deferred_for_the_next_migration(shop: Workshop) -> None:
    shop.sql("001_tables", PARENTS)
    for number in (2, 3, 4):
        shop.sql(
            f"00{number}_rows",
            f"INSERT INTO children VALUES ({number}, {number});\nINSERT INTO parents VALUES ({number});",
        )
    assert shop.migrate().ok


def test_what_is_immediate_stays_immediate(shop: Workshop) -> None:
    shop.sql("001_tables", PARENTS.replace("INITIALLY DEFERRED", "INITIALLY IMMEDIATE"))
    shop.sql("002_rows", "INSERT INTO parents VALUES (1);\nINSERT INTO children VALUES (1, 1);")
    shop.sql("003_rows", "INSERT INTO children VALUES (3, 3);\nINSERT INTO parents VALUES (3);")
    assert str(step_error(shop).place) == "migrations/003_rows.sql:2"


def test_a_table_may_be_altered_after_its_rows(shop: Workshop) -> None:
    """Without the check, pending trigger events make it fail with 55006."""
    shop.sql("001_tables", PARENTS)
    shop.sql("002_rows", "INSERT INTO parents VALUES (1);\nINSERT INTO children VALUES (1, 1);")
    shop.sql("003_alter", "ALTER TABLE children ADD COLUMN name TEXT;")
    assert shop.migrate().ok


def test_rows_and_alter_in_one_migration_are_told_how_to_go_on(shop: Workshop) -> None:
    shop.sql("001_tables", PARENTS)
    path = shop.sql(
        "002_both",
        "INSERT INTO parents VALUES (1);\nINSERT INTO children VALUES (1, 1);\nALTER TABLE children ADD COLUMN n TEXT;",
    )
    error = step_error(shop)
    assert error.fault.sqlstate == "55006"
    assert str(error.place) == shop.line(path, "ALTER TABLE")
    assert error.hint is not None
    assert "two migrations" in error.hint


def test_constraints_of_the_same_name_do_not_disturb(shop: Workshop) -> None:
    shop.sql("001_tables", PARENTS)
    shop.sql(
        "002_same_name",
        "CREATE TABLE others (id INTEGER CONSTRAINT has_parent REFERENCES parents);\nINSERT INTO parents VALUES (1);",
    )
    shop.sql("003_rows", "INSERT INTO children VALUES (1, 1);")
    assert shop.migrate().ok


# --- what a migration leaves behind ---


def test_what_set_local_says_ends_with_the_transaction_and_timeouts_with_the_step(shop: Workshop) -> None:
    shop.python(
        "001_own",
        "Path(OUT).write_text(await database.fetch_val('SHOW lock_timeout'))",
        attributes='lock_timeout = "250ms"',
        head=f"OUT = {str(shop.root / 'own')!r}",
    )
    shop.python(
        "002_usual",
        "Path(OUT).write_text(await database.fetch_val('SHOW lock_timeout'))",
        head=f"OUT = {str(shop.root / 'usual')!r}",
    )
    shop.migrate()
    assert (shop.root / "own").read_text() == "250ms"
    assert (shop.root / "usual").read_text() == "5s"


@pytest.mark.parametrize(
    "call", ["commit()", "rollback()", "execute('COMMIT')", "execute('COMMIT; BEGIN')"], ids=str
)
def test_ending_the_transaction_by_the_driver_is_found_out(shop: Workshop, call: str) -> None:
    shop.table("001_items")
    path = shop.python(
        "002_step", f"async with database.driver() as connection:\n    await connection.{call}"
    )
    shop.table("003_more")
    error = step_error(shop)
    assert "ended the transaction" in error.message
    assert error.fault.version == "002"
    assert str(error.place) == shop.line(path, "database.driver()")
    # What was before it in the transaction stands or not, with its record, and the report says which.
    stands = ["001"] if "ommit" in call.lower() else []
    assert shop.applied() == stands
    assert shop.exists("items") is bool(stands)
    assert outcomes(report_of(error))[0] == ("001 applied" if stands else "001 undone")
    assert "itself committed stands" in (report_of(error).stands or "")
    assert not shop.exists("more")


def test_statements_of_the_driver_count(shop: Workshop) -> None:
    """Its own failure is the author's to catch, but what it does to the transaction is seen."""
    shop.table("001_items")
    shop.python(
        "002_step",
        """
        async with database.driver() as connection:
            async with connection.transaction():
                await connection.execute("INSERT INTO items VALUES (1)")
        await database.execute("INSERT INTO items VALUES (2)")
        """,
    )
    assert shop.migrate().ok
    assert shop.column("SELECT id FROM items ORDER BY id") == [1, 2]


def test_too_many_locks_are_told_how_to_go_on(shop: Workshop) -> None:
    """With the locks of a server that takes few: a stand-in for the thousands of tables of the usual one."""
    path = shop.sql(
        "001_raise", "DO $$BEGIN RAISE EXCEPTION 'out of shared memory' USING ERRCODE = '53200'; END$$;"
    )
    error = step_error(shop)
    assert error.hint is not None
    assert "--atomic migration" in error.hint
    assert "max_locks_per_transaction" in error.hint
    assert str(error.place) == shop.line(path, "DO $$")
