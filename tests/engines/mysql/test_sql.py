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
    "a comment that only MariaDB executes": (
        "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1 /*M! + 1 */);",
        [2],
    ),
    "a backslash": (
        "CREATE TABLE a (id VARCHAR(20));\nINSERT INTO a VALUES ('it\\'s; ok'), (\"do\\\"uble;\");",
        ['do"uble;', "it's; ok"],
    ),
    "a percent sign": ("CREATE TABLE a (id VARCHAR(9));\nINSERT INTO a VALUES ('100%s');", ["100%s"]),
    "a block": (
        "CREATE TABLE a (id INTEGER);\nBEGIN NOT ATOMIC INSERT INTO a VALUES (1); INSERT INTO a VALUES (2); END;",
        [1, 2],
    ),
}


@pytest.mark.parametrize(("text", "expected"), FILES.values(), ids=FILES)
def test_files(shop: Workshop, text: str, expected: list[Any]) -> None:
    shop.sql("001_step", text)
    assert shop.migrate().ok
    assert shop.column("SELECT id FROM a ORDER BY id") == expected


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
    shop.url = shop.url.replace("mariadb://", f"{scheme}://", 1)
    shop.python("001_step", f"Path({str(shop.root / 'engine')!r}).write_text(database.engine)")
    assert shop.migrate().ok
    assert shop.status().engine == "mariadb"
    assert (shop.root / "engine").read_text() == "mariadb"


def test_a_syntax_error_points_at_its_place(shop: Workshop) -> None:
    path = shop.sql("001_step", "CREATE TABLE a (\n  id INTEGER,\n  size INTEGER,,\n  b INTEGER\n);")
    error = shop.failure(shop.project().migrate())
    assert str(error.place) == shop.line(path, "INTEGER,,")


def test_rows_are_read_in_bounded_memory_between_other_statements(shop: Workshop) -> None:
    shop.ask("CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT)")
    shop.ask("INSERT INTO a SELECT seq, REPEAT('x', 3000) FROM seq_1_to_5000")
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
