"""Plans as data: a world, what is wished for in it, and what comes of it; for `migrate` and for `rollback`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from stepwell.core.plan import Plan
from stepwell.core.wish import Wish

if TYPE_CHECKING:
    from tests.core.conftest import World

    from stepwell.core.errors import StepwellError
    from stepwell.core.migration import Direction

Show = Callable[[Plan], str]

FIVE = """
    001 <- 002
    001 <- 003
    001 <- 004
    001 <- 005
"""


@dataclass(frozen=True)
class Case:
    """A world, what is wished for in it, and the plan."""

    files: str
    applied: str = ""
    wish: dict[str, Any] = field(default_factory=dict)
    steps: str = ""
    warnings: tuple[str, ...] = ()
    declared: dict[str, str] = field(default_factory=dict)
    begun: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """A world, what is wished for in it, and the refusal."""

    files: str
    applied: str
    wish: dict[str, Any]
    error: type[StepwellError]
    exit_code: int
    message: str
    hint: str | None
    declared: dict[str, str] = field(default_factory=dict)
    begun: dict[str, str] = field(default_factory=dict)


def assert_refused(world: type[World], direction: Direction, case: Refused) -> None:
    """It is refused with exactly this error; a hint of None may be any."""
    with pytest.raises(case.error) as caught:
        world(case.files, case.applied, case.declared, case.begun).plan(Wish(direction, **case.wish))
    assert (str(caught.value), caught.value.exit_code) == (case.message, case.exit_code)
    if case.hint is not None:
        assert caught.value.hint == case.hint
