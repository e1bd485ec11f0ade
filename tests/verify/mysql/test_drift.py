"""`drift` and `baseline` on MySQL and MariaDB; scratch databases on another server, or on that of the target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.mariadb import ask
from tests.verify.mysql.conftest import nobodys

from stepwell.core.errors import ContradictionError, UsageError
from stepwell.core.schema.words import sentences, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.testing import Workshop

CHAIN = (
    (
        "CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(50) NOT NULL, age INT) COMMENT = 'people';"
        " CREATE TRIGGER aged BEFORE INSERT ON users FOR EACH ROW SET NEW.age = 1;"
    ),
    "CREATE INDEX users_email ON users (email);",
    "INSERT INTO users (id, email) VALUES (1, 'a');",
    "CREATE VIEW mails AS SELECT email FROM users; CREATE PROCEDURE one() SELECT 1;",
)
ALL = ["001", "002", "003", "004"]
BY_HAND = {
    "ALTER TABLE users ADD COLUMN extra INT": "column users.extra: added",
    "ALTER TABLE users DROP COLUMN email": "column users.email: removed",
    "ALTER TABLE users MODIFY email VARCHAR(60) NOT NULL": "column users.email: type varchar(50) -> varchar(60)",
    "ALTER TABLE users MODIFY email VARCHAR(50)": "column users.email: not null yes -> no",
    "CREATE INDEX by_hand ON users (age)": "index users.by_hand: added",
    "DROP INDEX users_email ON users": "index users.users_email: removed",
    "ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 0)": "constraint users.adult: added",
    "CREATE TABLE others (id INT)": "table others: added (1 column)",
    "ALTER TABLE users COMMENT = 'by hand'": "table users: comment people -> by hand",
    "ALTER TABLE users CONVERT TO CHARACTER SET latin1": "table users: collation utf8mb4_general_ci -> latin1",
    "CREATE OR REPLACE VIEW mails AS SELECT email FROM users WHERE id > 0": "view mails: definition",
    "DROP TRIGGER aged": "trigger users.aged: removed",
    "CREATE FUNCTION two() RETURNS INT DETERMINISTIC RETURN 2": "function two: added",
    # What its tables would have by it now; so has the scratch database.
    "ALTER DATABASE COLLATE utf8mb4_bin": "column users.email: collation utf8mb4_bin -> utf8mb4_general_ci",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1": "event e: added",
}


@pytest.fixture
def chain(shop: Workshop) -> Workshop:
    """Four migrations, of which one only changes rows."""
    for number, sql in enumerate(CHAIN, 1):
        shop.sql(f"{number:03}_step", sql)
    return shop


@pytest.fixture(params=["a scratch_url", "the server of the target"])
def place(request: pytest.FixtureRequest, shop: Workshop) -> dict[str, Any]:
    """Where scratch databases are made; the server is the same, whatever is said of it."""
    if request.param == "a scratch_url":
        return {"scratch_url": shop.url, "scratch": "same-server"}
    return {"scratch": "same-server"}


def drift(shop: Workshop, **place: Any) -> list[str]:
    return sentences(tell(shop.run(shop.project(**place or {"scratch": "same-server"}).drift()).diff))


def test_what_is_as_its_migrations_give_it_has_not_drifted(chain: Workshop, place: dict[str, Any]) -> None:
    chain.migrate()
    chain.table("005_pending")
    assert drift(chain, **place) == []
    assert chain.ask("SELECT id, email FROM users") == [(1, "a")]
    assert nobodys(chain) == []


@pytest.mark.parametrize("sql", BY_HAND)
def test_what_somebody_does_by_hand_is_told(chain: Workshop, sql: str) -> None:
    chain.migrate()
    chain.ask(sql)
    told = drift(chain)
    assert [each for each in told if each.startswith(BY_HAND[sql])], told


def test_the_defaults_of_the_server_are_not_those_of_the_database(
    chain: Workshop, mariadb_server: str
) -> None:
    """A scratch database is made like the one that it stands for, wherever it is made."""
    chain.ask("ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_german2_ci")
    chain.migrate()
    assert drift(chain) == []
    assert drift(chain, scratch_url=f"{mariadb_server}/mysql", scratch="same-server") == []


@pytest.fixture
def deputy(shop: Workshop) -> Iterator[str]:
    """The URL of the same database for another user, who may do everything."""
    name = f"deputy_{shop.url[-12:]}"
    shop.ask(f"CREATE USER {name}@'%' IDENTIFIED BY 'secret-of-tests'")
    shop.ask(f"GRANT ALL ON *.* TO {name}@'%' WITH GRANT OPTION")
    yield shop.url.replace("//tester:", f"//{name}:")
    shop.ask(f"DROP USER {name}@'%'")


def test_who_runs_migrations_there_stands_for_who_runs_them_here(chain: Workshop, deputy: str) -> None:
    """Definers are those of whoever ran a migration; that of something made by hand is told."""
    project = chain.project(url=deputy, scratch_url=chain.url, scratch="same-server")
    chain.run(project.migrate())
    assert sentences(tell(chain.run(project.drift()).diff)) == []
    chain.ask("CREATE OR REPLACE DEFINER = tester@'%' VIEW mails AS SELECT email FROM users")
    (told,) = sentences(tell(chain.run(project.drift()).diff))
    assert told.startswith("view mails: definer deputy_")


def test_the_server_of_the_target_is_refused_whatever_it_is_called(chain: Workshop) -> None:
    chain.migrate()
    named = chain.url.replace("127.0.0.1", "localhost")
    for verb in (chain.project(scratch_url=named).drift(), chain.project(scratch_url=named).verify()):
        error = chain.failure(verb)
        assert isinstance(error, UsageError)
        assert "leads to the server of the target" in error.message


REACHES = {
    "DROP TABLE {live}.users": "the database {live}",
    "ALTER TABLE `{live}`.`users` ADD COLUMN hurt INT": "the database {live}",
    "CREATE PROCEDURE p() BEGIN DELETE FROM {live}.users; END": "the database {live}",
    "USE {live}": "another database",
    "DROP DATABASE {live}": "databases",
    "CREATE USER somebody": "users",
    "GRANT SELECT ON users TO somebody": "rights of users",
    "SET GLOBAL max_connections = 3": "the settings of the server",
}


@pytest.mark.parametrize("sql", REACHES)
def test_what_reaches_beyond_a_scratch_database_is_refused(chain: Workshop, sql: str) -> None:
    """Before anything of it runs, so that the live one is as it was."""
    chain.migrate()
    live = chain.url.rpartition("/")[2]
    chain.sql("005_beyond", f"{sql.format(live=live)};", "SELECT 1;")
    before = chain.run(chain.project().snapshot())
    error = chain.failure(chain.project(scratch="same-server").verify(["005"]))
    assert isinstance(error, UsageError)
    assert f"it reaches {REACHES[sql].format(live=live)}" in error.message
    assert chain.run(chain.project().snapshot()).dumps() == before.dumps()


# --- baseline ---


def recorded(shop: Workshop, **choice: Any) -> list[str]:
    report = shop.run(shop.project(scratch="same-server").baseline(**choice))
    return [str(version) for version, _ in report.recorded]


def build(shop: Workshop, number: int) -> None:
    """Let an older tool have run so many of them."""
    for sql in CHAIN[:number]:
        for statement in sql.rstrip(";").split("; "):
            shop.ask(statement)


@pytest.mark.parametrize(("built", "expected"), [(1, ALL[:1]), (2, ALL[:2]), (3, ALL[:2]), (4, ALL)], ids=str)
def test_a_database_is_taken_over_as_far_as_everything_is_there(
    chain: Workshop, built: int, expected: list[str]
) -> None:
    build(chain, built)
    assert recorded(chain, dry_run=True) == expected
    assert not chain.exists("migrations")
    assert recorded(chain) == expected
    assert chain.applied() == expected
    assert drift(chain) == []


def test_a_column_that_is_missing_stops_it(chain: Workshop) -> None:
    build(chain, 4)
    chain.ask("ALTER TABLE users DROP COLUMN age")
    error = chain.failure(chain.project(scratch="same-server").baseline())
    assert isinstance(error, ContradictionError)
    assert "001 step: column users.age is not there" in error.message
    assert not chain.exists("migrations")


def test_an_index_of_a_later_one_that_is_missing_stops_it(chain: Workshop) -> None:
    build(chain, 1)
    ask(chain.url, "CREATE VIEW mails AS SELECT email FROM users")
    error = chain.failure(chain.project(scratch="same-server").baseline())
    assert "002 step: index users.users_email is not there" in error.message
