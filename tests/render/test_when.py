"""Times and lengths of time as people read them."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from stepwell.render.view import View
from stepwell.render.when import counted, elapsed, moment

AGES = [
    (timedelta(seconds=0), "just now", "2026-11-25 13:00:00"),
    (timedelta(seconds=59), "just now", "2026-11-25 12:59:01"),
    (timedelta(minutes=1), "1 minute ago", "2026-11-25 12:59:00"),
    (timedelta(minutes=59, seconds=59), "59 minutes ago", "2026-11-25 12:00:01"),
    (timedelta(hours=23, minutes=59), "23 hours ago", "2026-11-24 13:01:00"),
    (timedelta(hours=24), "2026-11-24 13:00", "2026-11-24 13:00:00"),
    (timedelta(seconds=-1), "2026-11-25 13:00", "2026-11-25 13:00:01"),
]


@pytest.mark.parametrize(("age", "relative", "absolute"), AGES)
def test_moment(age: timedelta, relative: str, absolute: str, surface: Callable[..., View]) -> None:
    terminal, plain = surface(terminal=True), surface()
    assert moment(terminal.now - age, terminal) == relative
    assert moment(plain.now - age, plain) == absolute


LENGTHS = [
    (None, ""),
    (0.04, "0.0 ms"),
    (999.94, "999.9 ms"),
    (1000.0, "1.00 s"),
    (59990.0, "59.99 s"),
    (125000.0, "2 min 5 s"),
]


@pytest.mark.parametrize(("milliseconds", "text"), LENGTHS)
def test_elapsed(milliseconds: float | None, text: str) -> None:
    assert elapsed(milliseconds) == text


def test_nothing_is_known_of_no_time() -> None:
    assert moment(None, View()) == ""


def test_counted() -> None:
    assert [counted(number, "file") for number in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
