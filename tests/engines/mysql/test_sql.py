"""SQL as these servers write it: delimiters, quotes, comments, percent signs, names in two cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from stepwell.testing import Workshop

FILES = {
    "a delimiter": (
        """
        CREATE TABLE a (id INTEGER);
        DELIMITER //
        CREATE PROCEDURE fill(n INTEGER)
        BEGIN
            INSERT INTO a VALUES (n);
            INSERT INTO a VALUES (n + 1);
        END//
        DELIMITER ;
        CALL fill(1);
        """,
        [1, 2],
    ),
    "a body without a delimiter": (
        """
        CREATE TABLE a (id INTEGER);
        CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.id = NEW.id * 2; SET @seen = 1; END;
        INSERT INTO a VALUES (4);
        """,
        [8],
    ),
    "backticks": (
        "CREATE TABLE `a` (`id` INTEGER, `od;d``` INTEGER);\nINSERT INTO `a` (`id`) VALUES (3);",
        [3],
    ),
    "a hash begins a comment": (
        "CREATE TABLE a (id INTEGER); # one; two\nINSERT INTO a VALUES (5); # it's over",
        [5],
    ),
    "a comment needs a space": ("CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (5--2);", [7]),
    "a comment that is executed": (
        "CREATE TABLE a (id INTEGER) /*!40101 COMMENT 'x;y' */;\n/*!50003 INSERT INTO a VALUES (6) */;",
        [6],
    ),
    "a backslash": (
        "CREATE TABLE a (id VARCHAR(20));\nINSERT INTO a VALUES ('it\\'s; ok'), (\"do\\\"uble;\");",
        ['do"uble;', "it's; ok"],
    ),
    "a percent sign": ("CREATE TABLE a (id VARCHAR(9));\nINSERT INTO a VALUES ('100%s');", ["100%s"]),
    "quotes of all kinds": (
        (
            "CREATE TABLE a (id VARCHAR(20));\n"
            "INSERT INTO a VALUES (\"a\"\"b;\"), ('c''d;'), ('e\\\\'), (\"it's;\"), (N'f;');"
        ),
        ['a"b;', "c'd;", "e\\", "f;", "it's;"],
    ),
    "a comment of the future": (
        "CREATE TABLE a (id INTEGER) /*!999999 ; no SQL; */;\nINSERT INTO a VALUES (2);",
        [2],
    ),
    "a hint": ("CREATE TABLE a (id INTEGER);\nINSERT INTO a SELECT /*+ MAX_EXECUTION_TIME(1000) */ 3;", [3]),
    "a comment at the end": (
        "CREATE TABLE a (id INTEGER);\n--\n-- the end; of it\nINSERT INTO a VALUES (4) -- no newline;",
        [4],
    ),
    "delimiters of several kinds": (
        """
        delimiter $$
        CREATE TABLE a (id INTEGER)$$
        CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.id = LENGTH('//;'); END $$
        DELIMITER //
        INSERT INTO a VALUES (1) //
        INSERT INTO a VALUES (4 / 2)//
        DELIMITER ;
        INSERT INTO a VALUES (3);
        """,
        [3, 3, 3],
    ),
    "blocks in blocks": (
        """
        CREATE TABLE a (id INTEGER);
        CREATE PROCEDURE p()
        BEGIN
            DECLARE i INTEGER DEFAULT 0;
            DECLARE CONTINUE HANDLER FOR SQLEXCEPTION IF i = 0 THEN SET i = 1; END IF;
            DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN INSERT INTO a VALUES (99); END;
            outer_loop: LOOP
                SET i = i + 1;
                IF i > 3 THEN LEAVE outer_loop; ELSEIF i = 1 THEN SET @seen = 1; END IF;
                CASE WHEN i = 2 THEN BEGIN INSERT INTO a VALUES (i); END; ELSE INSERT INTO a VALUES (i * 10); END CASE;
            END LOOP outer_loop;
            WHILE i < 6 DO SET i = i + 1; END WHILE;
            REPEAT SET i = i - 1; UNTIL i < 2 END REPEAT;
            INSERT INTO a SELECT IF(i = 1, CASE i WHEN 1 THEN IF(1, 77, 0) ELSE REPEAT('x', 2) END, REPEAT('x', 2));
            DROP TABLE IF EXISTS nowhere;
            SELECT id INTO @seen FROM a WHERE id < 0;
        END;
        CALL p();
        """,
        [2, 10, 30, 77, 99],
    ),
    "a body that is no block": (
        """
        CREATE TABLE a (id INTEGER);
        CREATE FUNCTION f(n INTEGER) RETURNS INTEGER DETERMINISTIC RETURN IF(n, CASE n WHEN 1 THEN 5 END, 6);
        CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW
            SET NEW.id = CASE WHEN NEW.id = 5 THEN 7 ELSE CASE 1 WHEN 1 THEN 8 END END;
        CREATE TRIGGER u BEFORE INSERT ON a FOR EACH ROW IF NEW.id = 7 THEN SET NEW.id = 9; END IF;
        INSERT INTO a VALUES (f(1)), (f(0));
        """,
        [8, 9],
    ),
    "names that are words of blocks": (
        """
        CREATE TABLE a (id INTEGER, `end` INTEGER, `begin` INTEGER, `if` INTEGER);
        CREATE PROCEDURE p() labelled: BEGIN
            INSERT INTO a (id, a.end, a.begin) SELECT x.end, x.`case`, 1 FROM (SELECT 3 AS `end`, 4 AS `case`) x;
        END labelled;
        CALL p();
        """,
        [3],
    ),
}
ONLY_MARIADB = {
    "a comment that only MariaDB executes": (
        "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1 /*M! + 1 */), (1 /*M!100000 + 2 */);",
        [2, 3],
    ),
    "a block": (
        "CREATE TABLE a (id INTEGER);\nBEGIN NOT ATOMIC INSERT INTO a VALUES (1); INSERT INTO a VALUES (2); END;",
        [1, 2],
    ),
    "a block with blocks": (
        """
        CREATE TABLE a (id INTEGER);
        BEGIN NOT ATOMIC
            FOR i IN 1..3 DO IF i = 2 THEN BEGIN INSERT INTO a VALUES (i); END; END IF; END FOR;
            FOR row IN (SELECT id FROM a) DO INSERT INTO a VALUES (row.id * 10); END FOR;
        END;
        INSERT INTO a VALUES (7);
        """,
        [2, 7, 20],
    ),
}


@pytest.mark.parametrize(("text", "expected"), FILES.values(), ids=FILES)
def test_files(shop: Workshop, text: str, expected: list[Any]) -> None:
    shop.sql("001_step", text)
    assert shop.migrate().ok
    assert shop.column("SELECT id FROM a ORDER BY id") == expected


@pytest.mark.mariadb
@pytest.mark.parametrize(("text", "expected"), ONLY_MARIADB.values(), ids=ONLY_MARIADB)
def test_files_of_mariadb(shop: Workshop, text: str, expected: list[Any]) -> None:
    test_files(shop, text, expected)


def test_values_reach_the_server_as_they_are(shop: Workshop) -> None:
    shop.ask("CREATE TABLE a (id INTEGER, v BLOB, t DATETIME(6), s VARCHAR(99) CHARACTER SET utf8mb4)")
    shop.python(
        "001_step",
        """
        moment = datetime(2026, 1, 1, 2, 0, tzinfo=timezone(timedelta(hours=2)))
        values = {"v": bytes(range(256)), "t": moment, "s": "%s \\\\ 'o' \\U0001f600 :t"}
        await database.execute("INSERT INTO a VALUES (1 % 2, :v, :t, :s)", values)
        """,
        head="from datetime import datetime, timedelta, timezone\n",
    )
    shop.migrate()
    ((number, blob, moment, text),) = shop.ask("SELECT * FROM a")
    assert (number, blob, str(moment), text) == (
        1,
        bytes(range(256)),
        "2026-01-01 00:00:00",
        "%s \\ 'o' \U0001f600 :t",
    )


def test_a_row_that_is_found_counts_as_elsewhere(shop: Workshop) -> None:
    shop.ask("CREATE TABLE a (id INTEGER)")
    shop.ask("INSERT INTO a VALUES (1), (1), (2)")
    shop.python(
        "001_step",
        """
        count = await database.execute_count("UPDATE a SET id = 1 WHERE id = 1")
        assert count == 2, count
        """,
    )
    assert shop.migrate().ok


def test_a_name_of_the_table_may_hold_a_percent_sign(shop: Workshop) -> None:
    shop.table("001_first")
    shop.run(shop.project(table="a%s%").migrate())
    assert shop.column("SELECT version FROM `a%s%`") == ["001"]
    assert [entry.event for entry in shop.run(shop.project(table="a%s%").log()).entries][-1] == "applied"


def test_versions_that_differ_in_case_are_two(shop: Workshop) -> None:
    shop.table("a_first")
    shop.table("A_second")
    shop.migrate()
    assert sorted(shop.column("SELECT version FROM migrations")) == ["A", "a"]
    shop.run(shop.project().unmark("A"))
    assert shop.states() == {"A": "pending", "a": "applied"}


@pytest.mark.parametrize("scheme", ["mysql", "mariadb"])
def test_both_schemes_say_which_server_it_really_is(shop: Workshop, scheme: str) -> None:
    shop.url = scheme + shop.url[shop.url.index("://") :]
    ((version,),) = shop.ask("SELECT VERSION()")
    really = "mariadb" if "MariaDB" in version else "mysql"
    shop.python("001_step", f"Path({str(shop.root / 'engine')!r}).write_text(database.engine)")
    assert shop.migrate().ok
    assert shop.status().engine == really
    assert (shop.root / "engine").read_text() == really


def test_a_syntax_error_points_at_its_place(shop: Workshop) -> None:
    path = shop.sql("001_step", "CREATE TABLE a (\n  id INTEGER,\n  size INTEGER,,\n  b INTEGER\n);")
    error = shop.failure(shop.project().migrate())
    assert str(error.place) == shop.line(path, "INTEGER,,")


def test_rows_are_read_in_bounded_memory_between_other_statements(shop: Workshop) -> None:
    shop.ask("CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT)")
    for _ in range(5):
        shop.ask(
            "INSERT INTO a WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)"
            " SELECT n + (SELECT COUNT(*) FROM (SELECT id FROM a) b), REPEAT('x', 3000) FROM n"
        )
    shop.python(
        "001_step",
        """
        count = 0
        async for row in database.iterate("SELECT * FROM a ORDER BY id"):
            count += 1
            if count == 10:
                await database.execute("DROP TABLE a")
        assert count == 5000
        """,
    )
    assert shop.migrate().ok
    assert not shop.exists("a")
