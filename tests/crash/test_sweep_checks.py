"""The checks of the fault sweep find what they are there for: each wrong database, and each wrong word, is told."""

from __future__ import annotations

import pytest
from torture import checks
from torture.checks import Row, Seen
from torture.faults import Kind
from torture.plans import POSTGRESQL, Plan, plans_of
from torture.points import Points
from torture.runner import Told
from torture.servers import PASSWORD

BATCH, MIXED, ROLLBACK = plans_of(POSTGRESQL)
NOTHING: dict[str, tuple[int | None, ...]] = {"001": (0, 0), "002": (0, 0), "003": (0, 0)}
WHOLE: dict[str, tuple[int | None, ...]] = {"001": (1, 1), "002": (1, 1), "003": (1, 1)}
ALL = ("001", "002", "003")


def logged(*versions: str) -> tuple[Row, ...]:
    return tuple(Row(version, "applied", "") for version in versions)


def test_nothing_and_everything_are_right() -> None:
    assert checks.of_database(BATCH, Seen(NOTHING, (), ())) == []
    assert checks.of_database(BATCH, Seen(WHOLE, ALL, logged(*ALL))) == []
    assert checks.of_end(BATCH, Seen(WHOLE, ALL, logged(*ALL)), set()) == []


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (Seen({**WHOLE, "002": (1, 2)}, ALL, logged(*ALL)), "002: not each statement once"),
        (Seen({**WHOLE, "002": (1, 0)}, ALL, logged(*ALL)), "002: the history says done"),
        (Seen({**NOTHING, "001": (1, 0)}, (), ()), "001: the history says not done"),
        (Seen({**NOTHING, "001": (0, 1)}, (), ()), "001: not each statement once"),
        (Seen({**NOTHING, "001": (1, 1)}, ("001",), logged("001")), "committed in part"),
        (Seen({**WHOLE, "001": (0, 0)}, ("002", "003"), logged("002", "003")), "not in order"),
        (Seen(WHOLE, ALL, logged("001", "003")), "002: log and history differ"),
        (Seen(NOTHING, (), logged("001")), "001: log and history differ"),
        (Seen(WHOLE, ALL, logged("001", *ALL)), "001: more than once in the log"),
        (Seen(WHOLE, ("001", *ALL), logged(*ALL)), "recorded twice"),
    ],
)
def test_a_wrong_database(seen: Seen, words: str) -> None:
    assert any(found.startswith(words) for found in checks.of_database(BATCH, seen))


def test_a_step_without_transaction_may_be_done_in_part_but_in_order() -> None:
    nothing = {part.version: (0,) * len(part.effects) for part in MIXED.parts}
    counts: dict[str, tuple[int | None, ...]] = {**nothing, "001": (1, 1), "002": (1, 1), "003": (1, 1, 0)}
    records = (("001", "002"), logged("001", "002"))
    assert checks.of_database(MIXED, Seen(counts, *records)) == []
    assert checks.of_database(MIXED, Seen({**counts, "003": (1, 0, 1)}, *records)) != []


def test_downward_the_other_way_round() -> None:
    there = {part.version: tuple(effect.before for effect in part.effects) for part in ROLLBACK.parts}
    gone = {part.version: tuple(effect.after for effect in part.effects) for part in ROLLBACK.parts}
    versions = ("001", "002", "003", "004", "005")
    reverted = tuple(Row(version, "reverted", "") for version in versions)
    assert checks.of_database(ROLLBACK, Seen({**there}, versions, logged(*versions))) == []
    assert checks.of_end(ROLLBACK, Seen({**gone}, (), logged(*versions) + reverted), set()) == []
    assert checks.of_database(ROLLBACK, Seen({**gone}, versions, logged(*versions))) != []


def told(plan: Plan, outcome: str, code: int, **what: object) -> Told:
    steps = [(part.version, outcome) for part in plan.parts]
    report = {"ok": code == 0, "steps": steps, "exit": code, "stands": None}
    return Told(**{"exit": code, "report": report, **what})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seen", "said", "words"),
    [
        (Seen(NOTHING, (), ()), told(BATCH, "applied", 0), "it told success"),
        (Seen(NOTHING, (), ()), told(BATCH, "applied", 1), "it told 001 applied"),
        (Seen(WHOLE, ALL, logged(*ALL)), told(BATCH, "undone", 1), "it told 001 undone"),
        (Seen(WHOLE, ALL, logged(*ALL)), told(BATCH, "not_run", 1), "it told 001 not_run"),
        (Seen(NOTHING, (), ()), told(BATCH, "undone", 1, error="KeyError: 'x'"), "an error that is not ours"),
        (Seen(NOTHING, (), ()), Told(hung=True), "it hung"),
        (Seen(NOTHING, (), ()), Told(text=f"at {PASSWORD}@"), "the password is in what the run said"),
        (Seen(NOTHING, (), (Row("001", "failed", PASSWORD),)), Told(), "the password is in the log table"),
    ],
)
def test_a_wrong_word(seen: Seen, said: Told, words: str) -> None:
    assert any(found.startswith(words) for found in checks.of_words(BATCH, seen, said))


def test_true_words() -> None:
    assert checks.of_words(BATCH, Seen(NOTHING, (), ()), told(BATCH, "undone", 1, error="StepError: x")) == []
    assert checks.of_words(BATCH, Seen(WHOLE, ALL, logged(*ALL)), told(BATCH, "applied", 0)) == []
    overtaken = told(BATCH, "not_run", 1, error="StepError: x")
    assert checks.of_words(BATCH, Seen(WHOLE, ALL, logged(*ALL)), overtaken, overtaken=True) == []


def test_every_suspension_of_every_task_is_a_point() -> None:
    import asyncio

    struck: list[str] = []

    async def inner() -> None:
        await asyncio.sleep(0)

    async def outer() -> None:
        await asyncio.create_task(inner())
        await asyncio.sleep(0)

    def strike(where: str) -> BaseException:
        struck.append(where.rpartition(" ")[2])
        return KeyError("thrown")

    def passed(at: int | None) -> int:
        points = Points(at, strike)
        with asyncio.Runner() as runner:
            runner.get_loop().set_task_factory(points.factory)
            runner.run(outer())
        return points.passed

    assert passed(None) == 3
    for at in (1, 2, 3):
        with pytest.raises(KeyError):
            passed(at)
    assert struck == ["outer", "sleep", "sleep"]


def test_every_kind_is_swept_somewhere() -> None:
    from torture.scope import full, sample

    for scope in (full(), sample()):
        assert {cell.kind for cell in scope} == set(Kind)
