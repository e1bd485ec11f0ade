"""The connection is cut while a run that has succeeded takes its fingerprint: it stays a success."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.framing import Side
from tests.faults.proxy import Proxy, Rule, When, nth
from tests.faults.truth import lies, locks_left, recorded, run_through

from stepwell.core.report import RunReport
from stepwell.core.standing import Verdict
from stepwell.testing.fingerprints import standing

if TYPE_CHECKING:
    from stepwell.testing import Workshop

EVERY = 17  # most of the messages are questions, and one is as good as another


def test_a_cut_while_it_is_taken_fails_no_run(shop: Workshop, proxy: Proxy) -> None:
    shop.table("001_items")
    first, last = (messages(shop, proxy, taken=taken) for taken in (False, True))
    assert last > first + EVERY
    for number in (*range(first, last, EVERY), last - 1):
        shop.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        rule = Rule(nth(number, Side.CLIENT), When.BEFORE)
        proxy.plan(rule)
        told = run_through(shop, proxy.url, fingerprint=True)
        assert rule.fired
        assert isinstance(told, RunReport)
        assert told.ok
        assert recorded(shop) == ["001"]
        assert lies(shop, told) == []
        assert locks_left(shop) == []
        assert standing(shop).verdict in {Verdict.SAME, Verdict.UNKNOWN}


def messages(shop: Workshop, proxy: Proxy, *, taken: bool) -> int:
    """How many messages a whole run sends, with its fingerprint or without."""
    shop.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    proxy.plan()
    assert isinstance(run_through(shop, proxy.url, fingerprint=taken), RunReport)
    return proxy.count(Side.CLIENT)
