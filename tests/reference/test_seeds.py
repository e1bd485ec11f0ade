"""The data migrations handle rows that are there, can run twice, and take back only what is still theirs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql

Run = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Seed:
    """A table that a data migration fills: its other column, and how a row of it is used."""

    version: str
    table: str
    column: str
    names: frozenset[str]
    own_value: object  # a value of that column that no seed has
    use: str

    def insert(self, connection: psycopg.Connection, name: str) -> None:
        """Add a row as a person does."""
        statement = sql.SQL("INSERT INTO {} (name, {}) VALUES (%s, %s)")
        connection.execute(
            statement.format(sql.Identifier(self.table), sql.Identifier(self.column)), (name, self.own_value)
        )

    def change(self, connection: psycopg.Connection, name: str) -> None:
        """Change a row as a person does."""
        statement = sql.SQL("UPDATE {} SET {} = %s WHERE name = %s")
        connection.execute(
            statement.format(sql.Identifier(self.table), sql.Identifier(self.column)), (self.own_value, name)
        )

    def rows(self, connection: psycopg.Connection) -> dict[str, object]:
        """What the table holds."""
        statement = sql.SQL("SELECT name, {} FROM {}")
        query = statement.format(sql.Identifier(self.column), sql.Identifier(self.table))
        return dict(connection.execute(query).fetchall())


SEEDS = [
    Seed(
        "004",
        "roles",
        "description",
        frozenset({"admin", "editor", "member"}),
        "Ours",
        "INSERT INTO user_roles (user_id, role_id)"
        " SELECT users.id, roles.id FROM users, roles WHERE name = %s",
    ),
    Seed(
        "005",
        "moods",
        "score",
        frozenset({"awful", "bad", "okay", "good", "great"}),
        3,
        "INSERT INTO mood_entries (user_id, mood_id)"
        " SELECT users.id, moods.id FROM users, moods WHERE name = %s",
    ),
    Seed(
        "005",
        "meal_types",
        "position",
        frozenset({"breakfast", "lunch", "dinner", "snack"}),
        9,
        "INSERT INTO meals (user_id, meal_type_id, description)"
        " SELECT users.id, meal_types.id, 'Soup' FROM users, meal_types WHERE name = %s",
    ),
]
NAMES = {"roles": "editor", "moods": "great", "meal_types": "lunch"}  # a seeded row of each, to play with

each_seed = pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.table)


def before(seed: Seed) -> str:
    """The version below a seed."""
    return f"{int(seed.version) - 1:03}"


@each_seed
def test_puts_its_rows_and_takes_them_back(run: Run, connection: psycopg.Connection, seed: Seed) -> None:
    run("migrate", "--target", seed.version)
    assert seed.rows(connection).keys() == seed.names
    run("rollback", "--target", before(seed))
    assert seed.rows(connection) == {}


@each_seed
def test_rows_that_were_there_stay_as_they_are(run: Run, connection: psycopg.Connection, seed: Seed) -> None:
    run("migrate", "--target", before(seed))
    seed.insert(connection, NAMES[seed.table])
    seed.insert(connection, "of people")
    people = seed.rows(connection)

    run("migrate", "--target", seed.version)
    found = seed.rows(connection)
    assert found.keys() == seed.names | people.keys()
    assert people.items() <= found.items()

    run("rollback", "--target", before(seed))
    assert seed.rows(connection) == people


@each_seed
def test_running_again_adds_nothing(run: Run, connection: psycopg.Connection, seed: Seed) -> None:
    run("migrate", "--target", seed.version)
    found = seed.rows(connection)
    connection.execute("DELETE FROM migrations WHERE version = %s", (seed.version,))
    run("migrate", "--target", seed.version)
    assert seed.rows(connection) == found

    run("rollback", "--target", before(seed))
    assert seed.rows(connection) == {}


@each_seed
def test_a_row_in_use_stays(run: Run, connection: psycopg.Connection, seed: Seed) -> None:
    run("migrate", "--target", seed.version)
    connection.execute("INSERT INTO users (username, display_name) VALUES ('ann', 'Ann')")
    connection.execute(seed.use.encode(), (NAMES[seed.table],))
    run("rollback", "--target", before(seed))
    assert seed.rows(connection).keys() == {NAMES[seed.table]}

    run("migrate", "--target", seed.version)
    assert seed.rows(connection).keys() == seed.names


@each_seed
def test_a_row_that_people_changed_stays(run: Run, connection: psycopg.Connection, seed: Seed) -> None:
    run("migrate", "--target", seed.version)
    seed.change(connection, NAMES[seed.table])
    run("rollback", "--target", before(seed))
    assert seed.rows(connection) == {NAMES[seed.table]: seed.own_value}


def test_nothing_is_remembered_after_a_rollback(run: Run, connection: psycopg.Connection) -> None:
    run("migrate")
    assert connection.execute("SELECT count(*) FROM seeded_rows").fetchone() == (12,)
    run("rollback", "--target", "003")
    assert connection.execute("SELECT count(*) FROM seeded_rows").fetchone() == (0,)
