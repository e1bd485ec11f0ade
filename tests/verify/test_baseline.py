"""`baseline`: a database that exists is taken over, as far as what migrations give is there."""

from typing import Any

import pytest
from tests.verify import legacy as five

from stepwell.core.errors import ContradictionError, TargetError
from stepwell.testing import Workshop

CHAIN, ALL = five.CHAIN[:4], five.ALL[:4]


@pytest.fixture
def shop(legacy: Workshop) -> Workshop:
    """Four migrations, of which one only changes rows, and a database without a history."""
    (legacy.folder / "005_step.sql").unlink()
    return legacy


def recorded(shop: Workshop, **choice: Any) -> list[str]:
    report = shop.run(shop.project().baseline(**choice))
    return [str(version) for version, _ in report.recorded]


@pytest.mark.parametrize(("built", "expected"), [(1, ALL[:1]), (2, ALL[:2]), (3, ALL[:2]), (4, ALL)], ids=str)
def test_as_far_as_everything_is_there(shop: Workshop, built: int, expected: list[str]) -> None:
    """What only changes rows leaves no trace: it counts where something behind it is there."""
    for sql in CHAIN[:built]:
        shop.ask(sql)
    assert recorded(shop, dry_run=True) == expected
    assert not shop.exists("migrations")
    assert recorded(shop) == expected
    assert shop.applied() == expected
    if built != 3:
        assert shop.migrate().ok
        assert shop.applied() == ALL


def test_one_column_that_is_missing_stops_it(shop: Workshop) -> None:
    for sql in CHAIN:
        shop.ask(sql)
    shop.ask("ALTER TABLE posts DROP COLUMN title")
    error = shop.failure(shop.project().baseline())
    assert isinstance(error, ContradictionError)
    assert (
        error.message
        == "what the migrations give is there in part: 004 step: column posts.title is not there"
    )
    assert "stepwell baseline --to V" in (error.hint or "")
    assert not shop.exists("migrations")


def test_a_hole_stops_it(shop: Workshop) -> None:
    shop.ask(CHAIN[0])
    shop.ask(CHAIN[3])
    error = shop.failure(shop.project().baseline())
    assert "002 step: index users_email is not there" in error.message


def test_what_is_missing_and_what_speaks_for_it_is_told(shop: Workshop) -> None:
    for sql in CHAIN[:2]:
        shop.ask(sql)
    report = shop.run(shop.project().baseline())
    assert report.evidence[1] == "002 step: index users_email is there"
    assert report.missing == ("004 step: table posts is not there",)


def test_what_was_removed_later_need_not_be_there(shop: Workshop) -> None:
    shop.sql("005_step", "ALTER TABLE users DROP COLUMN age;")
    for sql in (*CHAIN, "ALTER TABLE users DROP COLUMN age"):
        shop.ask(sql)
    report = shop.run(shop.project().baseline())
    assert [version.text for version, _ in report.recorded] == [*ALL, "005"]
    assert report.evidence[-1] == "005 step: column users.age is gone"


def test_what_may_never_have_been_there_speaks_for_nothing(shop: Workshop) -> None:
    """The rows of 003 would be missing for ever."""
    shop.sql("005_step", "DROP TABLE posts;")
    for sql in CHAIN[:2]:
        shop.ask(sql)
    assert recorded(shop) == ALL[:2]


def test_where_nothing_is_there_nothing_is_recorded(shop: Workshop) -> None:
    error = shop.failure(shop.project().baseline())
    assert isinstance(error, ContradictionError)
    assert "nothing to record" in error.message


def test_up_to_a_version_whatever_is_there(shop: Workshop) -> None:
    assert recorded(shop, to="003") == ALL[:3]
    assert recorded(shop, to="003") == []
    assert recorded(shop, to="004") == ["004"]
    assert [entry.event for entry in shop.log()] == ["marked"] * 4
    error = shop.failure(shop.project().baseline(to="009"))
    assert isinstance(error, TargetError)


def test_without_a_scratch_database_a_version_has_to_be_said(shop: Workshop) -> None:
    shop.ask(CHAIN[0])
    error = shop.failure(shop.project(scratch_url=shop.url).baseline())
    assert isinstance(error, ContradictionError)
    assert "scratch_url leads to the server of the target" in error.message
    assert "stepwell baseline --to V" in (error.hint or "")
    assert not shop.exists("migrations")
