"""The connection is cut at every message of a batch in turn: all or nothing stands, and the report tells which.

The batch is the first one of its database, so that the tool's own tables are made in it too. Cut is before a message
reaches the server, after the server has done what it says (its answer is lost), and within the answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.faults.framing import Side
from tests.faults.proxy import Proxy, Rule, When, nth
from tests.faults.truth import lies, locks_left, recorded, run_through

from stepwell.core.report import RunReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.core.errors import StepwellError
    from stepwell.testing import Workshop

VERSIONS = ["001", "002", "003"]
FARTHEST = 1000
FEWEST = {Side.CLIENT: 100, Side.SERVER: 60}


@pytest.fixture
def batch(shop: Workshop) -> Workshop:
    """A table with a row; changes of it that can't be done twice unnoticed, by SQL and by Python; one that reads."""
    shop.sql("001_items", "CREATE TABLE items (n INTEGER);\nINSERT INTO items VALUES (1);")
    shop.sql("002_more", "UPDATE items SET n = n * 10;\nALTER TABLE items ADD COLUMN more INTEGER;")
    shop.python(
        "003_read",
        """
        found = await database.fetch_val("SELECT n FROM items")
        await database.execute("UPDATE items SET more = :more, n = n + 1", {"more": found})
        """,
    )
    return shop


def faulted(shop: Workshop, proxy: Proxy, when: When, side: Side) -> Iterator[tuple[Rule, str, list[str]]]:
    """Run the batch, cut at the first message, the second, and so on: what was hit, and what is wrong after that."""
    for number in range(1, FARTHEST):
        shop.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        rule = Rule(nth(number, side), when)
        proxy.plan(rule)
        told = run_through(shop, proxy.url)
        hit = next((str(each) for each in proxy.messages if each.side is side and each.number == number), "")
        yield rule, hit, [*wrong_after(shop, told), *wrong_in_the_end(shop, proxy)]


def wrong_after(shop: Workshop, told: RunReport | StepwellError) -> list[str]:
    """All or nothing, and the report says which."""
    found = lies(shop, told)
    if recorded(shop) not in ([], VERSIONS):
        found.append(f"a part stands: {recorded(shop)}")
    if shop.exists("items") is not bool(recorded(shop)):
        found.append("the table and its record are not of one mind")
    return found


def wrong_in_the_end(shop: Workshop, proxy: Proxy) -> list[str]:
    """One more run, on the same way: everything stands, once."""
    proxy.plan()
    told = run_through(shop, proxy.url)
    found = [] if isinstance(told, RunReport) and told.ok else [f"the next run failed: {told}"]
    if recorded(shop) != VERSIONS:
        return [*found, f"after one more run, recorded are {recorded(shop)}"]
    if shop.ask("SELECT n, more FROM items") != [(11, 10)]:
        found.append(f"the rows are {shop.ask('SELECT n, more FROM items')}")
    logged = shop.column("SELECT version FROM migrations_log WHERE event = 'applied' ORDER BY id")
    if logged != VERSIONS:
        found.append(f"applied, by the log: {logged}")
    return [*found, *locks_left(shop)]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("when", "side"),
    [(When.BEFORE, Side.CLIENT), (When.AFTER, Side.CLIENT), (When.BEFORE, Side.SERVER)],
    ids=["before the server has it", "after the server has done it", "within the answers"],
)
def test_cut_at_every_message(batch: Workshop, proxy: Proxy, when: When, side: Side) -> None:
    violations: list[str] = []
    hits = 0
    for rule, hit, wrong in faulted(batch, proxy, when, side):
        violations += [f"{hit}: {each}" for each in wrong]
        if not rule.fired:
            break
        hits += 1
    assert violations == []
    assert FEWEST[side] <= hits < FARTHEST - 1
