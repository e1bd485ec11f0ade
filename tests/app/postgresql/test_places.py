"""Statements are sent before the answers of earlier ones are there: the failure still names its own file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stepwell.core.errors import StepError

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.testing import Workshop

BAD_SCRIPT = (
    "CREATE TABLE a (id INTEGER);\n\nSELECT id,\n       nothing\nFROM a;\n\nCREATE TABLE b (id INTEGER);"
)


def failure(shop: Workshop) -> StepError:
    """Migrate, which must fail, and give the error."""
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, StepError)
    return error


def pointed_at(error: StepError) -> str:
    """The word of the statement at which the position of the fault points."""
    assert error.fault.statement is not None
    assert error.fault.position is not None
    return error.fault.statement[error.fault.position - 1 :].split()[0]


@pytest.mark.parametrize("behind", [0, 1, 5])
def test_an_sql_file_is_pointed_at_by_line_and_position(shop: Workshop, behind: int) -> None:
    path = shop.sql("001_bad", BAD_SCRIPT)
    for number in range(behind):
        shop.table(f"{number + 2:03}_t{number}")
    error = failure(shop)
    assert str(error.place) == shop.line(path, "nothing")
    assert error.fault.version == "001"
    assert error.fault.sqlstate == "42703"
    assert pointed_at(error) == "nothing"


def test_python_is_pointed_at_by_the_line_of_the_call(shop: Workshop) -> None:
    path = shop.python(
        "001_bad",
        """
        await database.execute("CREATE TABLE a (id INTEGER)")
        await database.execute("SELECT nothing FROM a")
        await database.execute("CREATE TABLE b (id INTEGER)")
        """,
    )
    shop.table("002_after")
    error = failure(shop)
    assert str(error.place) == shop.line(path, "SELECT nothing")
    assert pointed_at(error) == "nothing"


def test_a_later_migration_that_waits_for_an_answer_is_not_blamed(shop: Workshop) -> None:
    path = shop.python("001_bad", 'await database.execute("SELECT nothing")')
    shop.python("002_reads", 'await database.fetch_val("SELECT 1")')
    error = failure(shop)
    assert str(error.place) == shop.line(path, "SELECT nothing")
    assert error.fault.version == "001"


def test_a_later_migration_can_not_swallow_it(shop: Workshop) -> None:
    path = shop.python("001_bad", 'await database.execute("SELECT nothing")')
    shop.python(
        "002_catches",
        """
        for _ in range(3):
            try:
                await database.fetch_val("SELECT 1")
            except Exception:
                pass
        """,
    )
    error = failure(shop)
    assert str(error.place) == shop.line(path, "SELECT nothing")
    assert shop.pending() == ["001", "002"]


def test_a_helper_is_not_blamed_but_its_caller(shop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "helping_places.py").write_text(
        "from stepwell import database\n\n\nasync def run(sql):\n    await database.execute(sql)\n"
    )
    path = shop.python("001_bad", 'await run("SELECT nothing")', head="from helping_places import run")
    assert str(failure(shop).place) == shop.line(path, "await run(")


def test_a_plain_function_is_pointed_at_too(shop: Workshop) -> None:
    path = shop.python(
        "001_bad",
        """
        database.execute("SELECT 1")
        database.execute("SELECT nothing")
        database.execute("SELECT 2")
        """,
        plain=True,
    )
    assert str(failure(shop).place) == shop.line(path, "SELECT nothing")


def test_many_rows_of_values(shop: Workshop) -> None:
    path = shop.python(
        "001_rows",
        """
        await database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
        await database.execute_many("INSERT INTO a VALUES (:id)", [{"id": n % 300} for n in range(600)])
        await database.execute("SELECT 1")
        """,
    )
    error = failure(shop)
    assert error.fault.sqlstate == "23505"
    assert str(error.place) == shop.line(path, "execute_many")
    assert error.fault.detail is not None


def test_after_hundreds_of_answered_statements(shop: Workshop) -> None:
    path = shop.python(
        "001_rows",
        """
        for number in range(1500):
            await database.execute("SELECT 1")
            if number == 1200:
                await database.execute("SELECT nothing")
        """,
    )
    assert str(failure(shop).place) == shop.line(path, "SELECT nothing")


def test_the_position_is_that_of_the_sql_as_its_author_wrote_it(shop: Workshop) -> None:
    """The server counts in the text with $1, which is shorter than the text with the name."""
    shop.python(
        "001_bad",
        'await database.execute("SELECT CAST(:a_rather_long_name AS text), nothing", {"a_rather_long_name": "x"})',
    )
    assert pointed_at(failure(shop)) == "nothing"


def test_the_position_counts_characters_not_bytes(shop: Workshop) -> None:
    path = shop.sql("001_bad", "SELECT 'ä€😀',\n nothing;")
    error = failure(shop)
    assert pointed_at(error) == "nothing;" or pointed_at(error) == "nothing"
    assert str(error.place) == shop.line(path, "nothing")


def test_two_equal_statements_of_one_line(shop: Workshop) -> None:
    shop.sql("001_bad", "CREATE TABLE a (id INTEGER); SELECT nothing; SELECT nothing;")
    error = failure(shop)
    assert error.place is not None
    assert error.place.line == 2


@pytest.mark.parametrize("how", ["file", "python"])
def test_data_of_a_copy(shop: Workshop, how: str) -> None:
    script = "COPY a (id, name) FROM STDIN;\n1\tone\n2\ttw\\to\n3\t\\N\n\\.\n"
    shop.sql("001_table", "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT);")
    if how == "file":
        shop.sql("002_rows", f"INSERT INTO a VALUES (0, 'zero');\n{script}INSERT INTO a VALUES (4, 'four');")
    else:
        shop.python(
            "002_rows",
            f"""
            await database.execute("INSERT INTO a VALUES (0, 'zero')")
            await database.execute({script!r})
            await database.execute("INSERT INTO a VALUES (4, 'four')")
            """,
        )
    assert shop.migrate().ok
    assert shop.ask("SELECT id, name FROM a ORDER BY id") == [
        (0, "zero"),
        (1, "one"),
        (2, "tw\to"),
        (3, None),
        (4, "four"),
    ]


@pytest.mark.parametrize("caught", [False, True], ids=["not caught", "caught in a block"])
def test_data_that_does_not_fit(shop: Workshop, caught: bool) -> None:
    script = "COPY a (id) FROM STDIN;\n1\nno number\n\\.\n"
    shop.sql("001_table", "CREATE TABLE a (id INTEGER PRIMARY KEY);")
    if not caught:
        path = shop.sql("002_rows", f"INSERT INTO a VALUES (9);\n{script}")
        error = failure(shop)
        assert error.fault.sqlstate == "22P02"
        assert str(error.place) == shop.line(path, "COPY a")
        assert error.fault.version == "002"
        return
    shop.python(
        "002_rows",
        f"""
        try:
            async with database.transaction():
                await database.execute({script!r})
        except Exception as error:
            assert "no number" in str(error), error
        await database.execute("INSERT INTO a VALUES (5)")
        """,
    )
    shop.table("003_after")
    assert shop.migrate().ok
    assert shop.column("SELECT id FROM a") == [5]
