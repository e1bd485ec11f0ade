"""What the fingerprint of the last run says of the database now: a table of cases."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from tests.core.schema.made import of, snapshots, table

from stepwell.core.ignore import Ignore
from stepwell.core.schema.fingerprint import Fingerprint, fingerprint, loads, standing
from stepwell.core.schema.snapshot import Snapshot
from stepwell.core.standing import Left, Verdict

WHEN = datetime(2026, 11, 25, 12, tzinfo=UTC)
BEFORE = Fingerprint("aa", "18.4", "stepwell 1.0", "list")


def left(made: Fingerprint, *, overtaken: bool = False) -> Left:
    """As the log has it."""
    return Left(made.dumps(), made.tool, "B", WHEN, overtaken)


CASES = {
    "the same": (left(BEFORE), BEFORE, Verdict.SAME, None),
    "another": (left(BEFORE), BEFORE._replace(sum="bb"), Verdict.CHANGED, None),
    "none": (None, BEFORE, Verdict.UNKNOWN, "no run has left a fingerprint"),
    "something was run since": (
        left(BEFORE, overtaken=True),
        BEFORE,
        Verdict.UNKNOWN,
        "the last run has left no fingerprint",
    ),
    "a newer server": (
        left(BEFORE),
        BEFORE._replace(sum="bb", server="18.5"),
        Verdict.UNKNOWN,
        "the server was 18.4, now it is 18.5",
    ),
    "a newer server that writes the same": (left(BEFORE), BEFORE._replace(server="18.5"), Verdict.SAME, None),
    "a newer stepwell": (
        left(BEFORE),
        BEFORE._replace(sum="bb", tool="stepwell 1.1"),
        Verdict.UNKNOWN,
        "it was taken by stepwell 1.0, now it is stepwell 1.1",
    ),
    "another list of what may differ": (
        left(BEFORE),
        BEFORE._replace(sum="bb", ignored=""),
        Verdict.UNKNOWN,
        "since then, other things are to be ignored",
    ),
    "another form": (
        left(BEFORE._replace(format=2)),
        BEFORE,
        Verdict.UNKNOWN,
        "the fingerprint is one of stepwell 1.0, which this version can't read",
    ),
}


@pytest.mark.parametrize(("before", "now", "verdict", "why"), CASES.values(), ids=CASES)
def test_compared(before: Left | None, now: Fingerprint, verdict: Verdict, why: str | None) -> None:
    found = standing(before, now)
    assert (found.verdict, found.why, found.left, found.now) == (verdict, why, before, now.sum)


@pytest.mark.parametrize("text", [None, "", "{", "[1]", "{}", '{"sum": 1}', '{"strange": 1}', "null", "7"])
def test_what_is_no_fingerprint_says_nothing(text: str | None) -> None:
    found = standing(Left(text, None, "B", None, overtaken=False), BEFORE)
    assert found.verdict is Verdict.UNKNOWN


@given(snapshots)
def test_what_the_log_keeps_is_the_same(snapshot: Snapshot) -> None:
    made = fingerprint(snapshot, [], "stepwell 1.0")
    assert loads(left(made)) == made
    assert made.sum == snapshot.fingerprint


def test_the_reason_and_the_order_of_what_may_differ_are_no_matter() -> None:
    one, other = Ignore("table a", "since"), Ignore("table b", "since")
    snapshot = of(table("a"), table("b"), table("c"))
    made = fingerprint(snapshot, [one, other], "stepwell")
    assert made == fingerprint(snapshot, [other, replace(one, reason="else")], "stepwell")
    assert made.ignored != fingerprint(snapshot, [one], "stepwell").ignored
