"""Which migrations of a database without a history are recorded, what is run, and what people are told of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import pytest

from stepwell.core.adoption import Adoption, decide, torn
from stepwell.core.migration import Language, Migration, SourceFile, Traits, Version
from stepwell.core.schema.chain import Chain, chain
from stepwell.core.schema.snapshot import Fact, Snapshot


def tables(names: str) -> Snapshot:
    return Snapshot("postgresql", "15.4", [Fact("table", name) for name in names if name != "-"])


def order_of(count: int, idempotent: str) -> list[Migration]:
    """Migrations 1 to count; those whose number is in `idempotent` declare so."""
    return [
        Migration(
            version=Version(str(number)),
            name="step",
            description="",
            dependencies=(),
            source=SourceFile(f"{number}.py", Language.PYTHON, Version(str(number)), "step", b"", ""),
            body=None,
            traits=Traits(idempotent=str(number) in idempotent),
        )
        for number in range(1, count + 1)
    ]


def decided(replayed: str, live: str, idempotent: str = "", yes: str = "", no: str = "") -> Adoption:
    """Each letter is a table; `yes` and `no` are the numbers of those whose `is_applied()` says so."""
    found = chain_of(replayed, live)
    answers = {Version(number): True for number in yes} | {Version(number): False for number in no}
    return decide(order_of(len(replayed.split()), idempotent), found, found.reach(), answers)


def chain_of(replayed: str, live: str) -> Chain:
    return chain([tables(""), *(tables(names) for names in replayed.split())], tables(live))


class Case(NamedTuple):
    """What a replay has after each and what is there; what is recorded; what is told of which.

    And which are idempotent, which say that they are applied, which that they are not.
    """

    replayed: str
    live: str
    recorded: str
    notes: Mapping[str, str] = MappingProxyType({})
    idempotent: str = ""
    yes: str = ""
    no: str = ""


RECORDED = "what stands behind it is there: it is recorded"
AT_THE_END = "nothing behind it is there: it is run"
BETWEEN = "declared idempotent, and what stands before and behind it is there: it is run"
CASES = {
    "what is there": Case("a ab", "ab", "12"),
    "as far as it is there": Case("a ab", "a", "1"),
    "rows between": Case("a a ab", "ab", "123", {"2": RECORDED}),
    "rows between, idempotent": Case("a a ab", "ab", "13", {"2": BETWEEN}, idempotent="2"),
    "rows between, that say so": Case("a a ab", "ab", "123", idempotent="2", yes="2"),
    "rows between, that say no": Case("a a ab", "ab", "13", {"2": "says False: it is run"}, no="2"),
    "rows at the end": Case("a a", "a", "1", {"2": AT_THE_END}),
    "rows at the end, idempotent": Case("a a", "a", "1", {"2": AT_THE_END}, idempotent="2"),
    "rows at the end, that say so": Case("a a", "a", "12", yes="2"),
    "rows before such": Case("a a a", "a", "123", {"2": RECORDED}, yes="3"),
    "rows before such, idempotent": Case("a a a", "a", "13", {"2": BETWEEN}, idempotent="2", yes="3"),
    "rows at the beginning": Case("- a", "a", "12", {"1": RECORDED}),
    "rows at the beginning, that say so": Case("- a", "", "1", yes="1"),
    "rows behind what lacks": Case(
        "a ab ab", "a", "1", {"3": "True, but what it gives is not there"}, yes="3"
    ),
    "a table that says no": Case("a ab", "ab", "12", {"2": "False, but what it gives is there"}, no="2"),
    "a table that lacks": Case("a ab", "a", "1", {"2": "True, but what it gives is not there"}, yes="2"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_what_is_recorded(case: Case) -> None:
    found = decided(case.replayed, case.live, case.idempotent, case.yes, case.no)
    assert "".join(each.version.text for each in found.adopted) == case.recorded
    assert [note.version.text for note in found.notes] == list(case.notes)
    told = zip(found.notes, case.notes.values(), strict=True)
    assert [part in note.text for note, part in told] == [True] * len(case.notes)


def test_the_evidence_is_in_words() -> None:
    found = decided("ab bc", "bc")
    assert [str(each) for each in found.adopted] == [
        "1 step: table b is there",
        "2 step: table c is there, table a is gone",
    ]


def test_what_lacks_for_the_next_one_is_told() -> None:
    assert decided("a ab abcdefg", "ab").missing == (
        "3 step: table c, table d, table e, table f, table g are not there"
    )
    assert decided("a", "a").missing is None


def test_what_is_there_in_part_is_told() -> None:
    found = chain_of("a bc", "ab")
    assert torn(order_of(2, ""), found, 1, 2) == "2 step: table c is not there, table a is still there"


def test_what_is_changed_behind_it_does_not_lack() -> None:
    """The index of the first one was taken away by the second, as it has to be."""
    found = chain_of("abc ab", "a")
    reach = found.reach()
    assert reach.torn == 0
    assert torn(order_of(2, ""), found, reach.torn, reach.end) == "1 step: table b is not there"
