"""Every change of the structure is noticed, and told in the right words: each alone, in the text of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.engines.sqlite.pairs import PAIRS
from tests.engines.sqlite.sink import CHANGES, SINK

from stepwell.core.schema.diff import diff
from stepwell.core.schema.snapshot import Snapshot, loads
from stepwell.core.schema.words import tell

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def unchanged(take: Callable[..., Snapshot]) -> Snapshot:
    return take(SINK)


def test_there_are_many() -> None:
    assert len(CHANGES) > 70


@pytest.mark.parametrize("told", CHANGES)
def test_a_change_is_noticed(told: str, unchanged: Snapshot, take: Callable[..., Snapshot]) -> None:
    old, new = CHANGES[told]
    assert not old or SINK.count(old) == 1
    after = take(SINK.replace(old, new) if old else SINK + new)
    found = [line.text for line in tell(diff(unchanged, after))]
    assert any(text.startswith(told.rstrip()) for text in found), found
    assert unchanged.fingerprint != after.fingerprint
    assert loads(after.dumps()) == after


def test_nothing_is_unknown(unchanged: Snapshot) -> None:
    assert unchanged.unknown == ()


@pytest.mark.parametrize("told", PAIRS)
def test_two_structures_are_told_apart(told: str, take: Callable[..., Snapshot]) -> None:
    before, after = map(take, PAIRS[told])
    assert next(tell(diff(before, after))).text == told.rstrip()
    assert before.fingerprint != after.fingerprint
    assert not diff(after, before).equal
