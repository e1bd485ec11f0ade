"""Evidence: what the catalog tells, before and after, of each kind of statement that commits by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from tests.mariadb import ask

from stepwell.core.evidence import Judgement, Verdict
from stepwell.core.redact import Redactor
from stepwell.core.url import parse_url
from stepwell.engines.mysql import catalog
from stepwell.engines.mysql.channel import Channel
from stepwell.engines.mysql.opening import open_by_url

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

T = TypeVar("T")

RAN, NOT_RUN, UNKNOWN, REPEATABLE = Verdict.RAN, Verdict.NOT_RUN, Verdict.UNKNOWN, Verdict.REPEATABLE

SETUP = (
    "CREATE TABLE shop (id INTEGER PRIMARY KEY AUTO_INCREMENT, n INTEGER, name VARCHAR(20) UNIQUE)",
    "ALTER TABLE shop ADD COLUMN price INTEGER, ADD CHECK (price > 0)",
    (
        "CREATE TABLE sale (id INTEGER PRIMARY KEY, shop INTEGER, KEY by_shop (shop),"
        " CONSTRAINT of_shop FOREIGN KEY (shop) REFERENCES shop (id))"
    ),
    (
        "CREATE TABLE parted (id INTEGER, day INTEGER) PARTITION BY RANGE (day)"
        " (PARTITION early VALUES LESS THAN (10), PARTITION late VALUES LESS THAN (20))"
    ),
    "CREATE TABLE spare LIKE parted",
    "CREATE TABLE indexed (n INTEGER, KEY by_n (n))",
    "CREATE TABLE spare_of_others (id INTEGER)",
    "INSERT INTO shop (n) VALUES (1), (2)",
    "CREATE VIEW seen AS SELECT id, n FROM shop",
    "CREATE TRIGGER sold BEFORE INSERT ON sale FOR EACH ROW SET NEW.shop = 1",
    "CREATE PROCEDURE work(n INTEGER) SELECT n",
    "CREATE FUNCTION twice(n INTEGER) RETURNS INTEGER DETERMINISTIC RETURN 2 * n",
    "CREATE EVENT daily ON SCHEDULE EVERY 1 DAY DO DELETE FROM sale",
)

# Each is told to have run when it has, and not to have run when it has not.
TOLD = (
    "CREATE TABLE fresh (id INTEGER)",
    "CREATE TABLE IF NOT EXISTS fresh (id INTEGER)",
    "CREATE TABLE fresh LIKE shop",
    "CREATE TABLE fresh (id INTEGER REFERENCES shop (id), FOREIGN KEY (id) REFERENCES shop (id))",
    "/*!50003 CREATE TABLE fresh (id INTEGER) */",
    "CREATE TABLE `odd ``name;` (id INTEGER)",
    "DROP TABLE sale",
    "DROP TABLE IF EXISTS sale, nowhere",
    "DROP TABLE sale, parted",
    "DROP VIEW seen",
    "DROP TRIGGER sold",
    "DROP PROCEDURE work",
    "DROP FUNCTION IF EXISTS TWICE",
    "DROP EVENT daily",
    "DROP INDEX by_n ON indexed",
    "CREATE INDEX by_n ON shop (n)",
    "CREATE UNIQUE INDEX by_n ON shop (n) COMMENT 'new'",
    "CREATE VIEW fresh AS SELECT * FROM seen",
    "CREATE OR REPLACE VIEW fresh AS SELECT 1 AS one",
    "ALTER VIEW seen AS SELECT 1 AS one",
    "CREATE TRIGGER fresh AFTER INSERT ON sale FOR EACH ROW SET @a = 1",
    "CREATE TRIGGER fresh BEFORE INSERT ON sale FOR EACH ROW PRECEDES sold SET @a = 1",
    "CREATE PROCEDURE fresh() BEGIN SELECT 1; END",
    "CREATE FUNCTION fresh() RETURNS INTEGER DETERMINISTIC RETURN 1",
    "ALTER PROCEDURE work COMMENT 'what it does'",
    "CREATE EVENT fresh ON SCHEDULE EVERY 1 HOUR DO SELECT 1",
    "ALTER EVENT daily DISABLE",
    "ALTER EVENT daily RENAME TO nightly",
    "RENAME TABLE shop TO store",
    "RENAME TABLE shop TO former, spare TO shop",
    "ALTER TABLE shop RENAME TO store",
    "ALTER TABLE shop RENAME store, ADD COLUMN more INTEGER",
    "ALTER TABLE shop ADD COLUMN more INTEGER",
    "ALTER TABLE shop ADD more INTEGER FIRST, ALGORITHM=INSTANT",
    "ALTER TABLE shop DROP COLUMN n, ADD COLUMN m INTEGER",
    "ALTER TABLE shop MODIFY n BIGINT NOT NULL DEFAULT 7",
    "ALTER TABLE shop CHANGE n m INTEGER",
    "ALTER TABLE shop RENAME COLUMN id TO number",
    "ALTER TABLE shop ALTER COLUMN n SET DEFAULT 3",
    "ALTER TABLE shop RENAME INDEX name TO by_name",
    "ALTER TABLE shop DROP INDEX name, ADD INDEX name (name)",
    "ALTER TABLE shop ADD CONSTRAINT small CHECK (n < 100)",
    "ALTER TABLE sale DROP FOREIGN KEY of_shop",
    (
        "ALTER TABLE sale DROP FOREIGN KEY of_shop, ADD CONSTRAINT anew FOREIGN KEY (shop) REFERENCES shop (id)"
        " ON DELETE CASCADE"
    ),
    "ALTER TABLE shop COMMENT = 'where things are sold'",
    "ALTER TABLE indexed ENGINE = MyISAM",
    "ALTER TABLE shop CONVERT TO CHARACTER SET ascii",
    "ALTER TABLE parted ADD PARTITION (PARTITION later VALUES LESS THAN (30))",
    "ALTER TABLE parted DROP PARTITION early",
    "ALTER TABLE parted REMOVE PARTITIONING",
    (
        "ALTER TABLE parted REORGANIZE PARTITION late INTO"
        " (PARTITION one VALUES LESS THAN (15), PARTITION two VALUES LESS THAN (20))"
    ),
    "CREATE DATABASE {database}_made",
    "CREATE DATABASE IF NOT EXISTS {database}_made CHARACTER SET ascii",
    "DROP DATABASE {database}_other",
    "DROP SCHEMA IF EXISTS {database}_other",
    "ALTER DATABASE {database} CHARACTER SET = ascii COLLATE ascii_bin",
    "CREATE TABLE {database}_other.fresh (id INTEGER)",
    "RENAME TABLE parted TO {database}_other.parted",
    "DROP TABLE {database}_other.theirs",
)

# Nothing in the catalog tells of them; or what tells would look the same after a second time, with other rows.
UNTOLD = (
    "GRANT SELECT ON shop TO tester",
    "SET @a = 1",
    "CALL work(1)",
    "TRUNCATE TABLE shop",
    "OPTIMIZE TABLE shop",
    "INSERT INTO shop (n) VALUES (3)",
    "CREATE TABLE fresh AS SELECT * FROM shop",
    "CREATE TABLE fresh (id INTEGER) SELECT n AS id FROM shop",
    "CREATE TEMPORARY TABLE fresh (id INTEGER)",
    "CREATE EVENT fresh ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 DAY DO DELETE FROM sale",
    "ALTER TABLE parted TRUNCATE PARTITION early",
    "ALTER TABLE parted EXCHANGE PARTITION early WITH TABLE spare",
    "ALTER TABLE shop DROP COLUMN n, ADD COLUMN n INTEGER",
    "ALTER TABLE shop DROP n, ADD (m INTEGER, `N` INTEGER)",
    "ALTER TABLE shop CHANGE n m INTEGER, ADD COLUMN n INTEGER",
    "RENAME TABLE parted TO passing, spare TO parted, passing TO spare",
    "DROP TABLE nowhere",
    "DROP FUNCTION loadable",
    "ALTER TABLE nowhere ADD COLUMN more INTEGER",
    "ALTER DATABASE CHARACTER SET ascii",
    "DO SLEEP(0)",
    "LOAD DATA INFILE 'x' INTO TABLE shop",
    "CREATE USER somebody",
    "this is no SQL",
    "",
)

# Where there is nothing to do, a second time does nothing.
NOTHING_TO_DO = (
    "CREATE TABLE IF NOT EXISTS shop (id INTEGER)",
    "CREATE DATABASE IF NOT EXISTS {database}_other",
    "DROP TABLE IF EXISTS nowhere, neither",
    "DROP VIEW IF EXISTS nowhere",
    "CREATE OR REPLACE VIEW seen AS SELECT id, n FROM shop",
)


@pytest.fixture
def url(mariadb_url: str) -> Iterator[str]:
    """A database that has one of everything, and another one beside it."""
    database = mariadb_url.rpartition("/")[2]
    for statement in (*SETUP, f"CREATE DATABASE {database}_other"):
        ask(mariadb_url, statement)
    ask(mariadb_url, f"CREATE TABLE {database}_other.theirs (id INTEGER)")
    yield mariadb_url
    for name in ("other", "made"):
        ask(mariadb_url, f"DROP DATABASE IF EXISTS {database}_{name}")


def on_channel(url: str, work: Callable[[Channel], Coroutine[Any, Any, T]]) -> T:
    """What something gives that is done with a channel of its own."""

    async def connected() -> T:
        redactor = Redactor(())

        async def kill(_: int) -> None:
            raise AssertionError("nothing is to be stopped here")

        connection = await open_by_url(parse_url(url), redactor)
        try:
            return await work(Channel(connection, redactor, kill))
        finally:
            await connection.leave()

    return asyncio.run(connected())


def fingerprint(url: str, sql: str, *own: str) -> str | None:
    """That of a statement."""
    return on_channel(url, lambda channel: catalog.fingerprint(channel, sql, own))


def certain(url: str, sql: str, *own: str) -> str:
    """That of a statement of which the catalog tells."""
    found = fingerprint(url, sql, *own)
    assert found is not None
    return found


def judged(url: str, text: str) -> Judgement:
    """What the catalog tells now."""
    return on_channel(url, lambda channel: catalog.judge(channel, text))


def of(url: str, statement: str) -> str:
    """A statement that may name databases."""
    return statement.format(database=url.rpartition("/")[2])


@pytest.mark.parametrize("statement", TOLD)
def test_a_statement_is_told_to_have_run_when_it_has(url: str, statement: str) -> None:
    sql = of(url, statement)
    before = certain(url, sql)
    assert judged(url, before).verdict is NOT_RUN
    ask(url, sql)
    assert judged(url, before).verdict is RAN
    ask(url, "CREATE TABLE somebody_elses (id INTEGER)")
    assert judged(url, before).verdict is UNKNOWN


@pytest.mark.parametrize("statement", TOLD)
def test_nothing_is_told_where_somebody_else_is_at_work(url: str, statement: str) -> None:
    before = certain(url, of(url, statement))
    ask(url, "ALTER TABLE spare_of_others ADD COLUMN more INTEGER")
    assert judged(url, before).verdict is UNKNOWN


@pytest.mark.parametrize("statement", UNTOLD)
def test_of_some_the_catalog_tells_nothing(url: str, statement: str) -> None:
    assert fingerprint(url, of(url, statement)) is None


@pytest.mark.parametrize("statement", NOTHING_TO_DO)
def test_where_there_is_nothing_to_do_a_second_time_does_nothing(url: str, statement: str) -> None:
    sql = of(url, statement)
    before = certain(url, sql)
    for _ in range(2):
        assert judged(url, before).verdict is REPEATABLE
        ask(url, sql)


def test_what_is_replaced_by_something_else_has_run(url: str) -> None:
    sql = "CREATE OR REPLACE VIEW seen AS SELECT 1 AS one"
    before = certain(url, sql)
    assert judged(url, before).verdict is REPEATABLE
    ask(url, sql)
    assert judged(url, before).verdict is RAN


@pytest.mark.parametrize(
    ("statement", "meanwhile"),
    [
        ("DROP TABLE sale, parted", "DROP TABLE sale"),
        ("DROP TABLE sale", "ALTER TABLE sale ADD COLUMN more INTEGER"),
        ("CREATE TABLE IF NOT EXISTS shop (id INTEGER)", "ALTER TABLE shop ADD COLUMN more INTEGER"),
        ("CREATE TABLE IF NOT EXISTS spare (id INTEGER)", "DROP TABLE spare"),
        ("ALTER TABLE spare ADD COLUMN more INTEGER", "DROP TABLE spare"),
        ("RENAME TABLE spare TO parted_later", "CREATE TABLE parted_later (id INTEGER)"),
        ("RENAME TABLE spare TO parted_later", "DROP TABLE spare"),
    ],
)
def test_what_became_something_else_is_for_a_person(url: str, statement: str, meanwhile: str) -> None:
    """Somebody else was there, or it was done by half, as only a crash of the server can leave it."""
    before = certain(url, statement)
    ask(url, meanwhile)
    found = judged(url, before)
    assert found.verdict is UNKNOWN
    assert "became something else" in found.why


@pytest.mark.parametrize(
    "meanwhile",
    [
        "CREATE TABLE somebody_elses (id INTEGER)",
        "DROP TABLE spare",
        "CREATE INDEX by_day ON spare (day)",
        "ALTER TABLE spare ADD CHECK (id > 0)",
        "ALTER TABLE spare DROP PARTITION early",
        "ALTER VIEW seen AS SELECT 1 AS one",
        "DROP TRIGGER sold",
        "CREATE PROCEDURE fresh() SELECT 1",
        "DROP FUNCTION twice",
        "ALTER EVENT daily DISABLE",
        "ALTER DATABASE {database} CHARACTER SET ascii",
    ],
)
def test_each_kind_of_change_by_somebody_else_is_seen(url: str, meanwhile: str) -> None:
    before = certain(url, "CREATE TABLE fresh (id INTEGER)")
    ask(url, "CREATE TABLE fresh (id INTEGER)")
    assert judged(url, before).verdict is RAN
    ask(url, of(url, meanwhile))
    assert judged(url, before) == (UNKNOWN, "the catalog has changed where the statement changes nothing")


def test_rows_are_no_change_of_the_catalog(url: str) -> None:
    before = certain(url, "ALTER TABLE shop ADD COLUMN more INTEGER")
    ask(url, "INSERT INTO shop (n) VALUES (5), (6)")
    ask(url, "ANALYZE TABLE shop")
    assert judged(url, before).verdict is NOT_RUN


def test_the_tool_s_own_tables_do_not_count(url: str) -> None:
    ask(url, "CREATE TABLE migrations (id INTEGER)")
    before = certain(url, "CREATE TABLE fresh (id INTEGER)", "migrations")
    ask(url, "ALTER TABLE migrations ADD COLUMN more INTEGER")
    assert judged(url, before).verdict is NOT_RUN


def test_the_session_changes_nothing_of_what_is_told(url: str) -> None:
    """A step may have set what it likes before the statement."""
    ask(url, "ALTER TABLE shop COMMENT = '\u00e9\u65e5', MODIFY name VARCHAR(20) DEFAULT 'a''b\"c'")
    sql = "ALTER TABLE shop ADD COLUMN more INTEGER"

    async def set_first(channel: Channel) -> str | None:
        await channel.execute("SET NAMES latin1")
        await channel.execute("SET time_zone = '+07:00', sql_mode = 'ANSI_QUOTES', foreign_key_checks = 0")
        return await catalog.fingerprint(channel, sql)

    before = on_channel(url, set_first)
    assert before is not None
    assert judged(url, before).verdict is NOT_RUN
    ask(url, sql)
    assert judged(url, before).verdict is RAN


def test_another_server_may_tell_the_same_otherwise(url: str) -> None:
    before = certain(url, "CREATE TABLE fresh (id INTEGER)")
    ((version,),) = ask(url, "SELECT VERSION()")
    found = judged(url, before.replace(version, "8.0.0"))
    assert found == (UNKNOWN, f"the server was 8.0.0 then, and is {version} now")


@pytest.mark.parametrize("text", ["", "?", "[]", "{}", '{"format": 99}', '{"format": 1}', "null"])
def test_a_fingerprint_of_another_make_tells_nothing(url: str, text: str) -> None:
    found = judged(url, text)
    assert found.verdict is UNKNOWN
    assert "can't be read" in found.why


def test_the_time_limit_of_the_statement_is_not_that_of_what_is_asked_for_it(url: str) -> None:
    async def hurried(channel: Channel) -> str | None:
        ((version,),) = await channel.rows("SELECT VERSION()")
        limit = "max_statement_time = 0.000001" if "MariaDB" in version else "max_execution_time = 1"
        await channel.execute(f"SET SESSION {limit}")
        return await catalog.fingerprint(channel, "CREATE TABLE fresh (id INTEGER)")

    assert on_channel(url, hurried) is not None


def test_what_it_rests_on_is_told_in_words(url: str) -> None:
    database = url.rpartition("/")[2]
    before = certain(url, "RENAME TABLE spare TO kept")
    assert judged(url, before).why == (
        f"the catalog says of table {database}.spare, table {database}.kept what it said before the statement"
    )
    ask(url, "RENAME TABLE spare TO kept")
    assert judged(url, before).why == (
        f"table {database}.spare is gone, table {database}.kept is there now, and nothing else has changed"
    )
