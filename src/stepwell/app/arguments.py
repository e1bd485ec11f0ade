"""The arguments that a program gives to the library, checked one by one; settings have their own table."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from stepwell.core.duration import parse_duration
from stepwell.core.errors import UsageError
from stepwell.core.migration import Direction

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

_TEXTS = ("target", "batch", "version", "engine", "data", "to", "share", "since", "at")
_NUMBERS = ("steps", "limit", "jobs")
_LISTS = ("done", "not_done", "versions")
_OPTIONAL = ("target", "batch", "steps", "limit", "data", "to", "share", "jobs", "since", "at")


def check_arguments(given: Mapping[str, object]) -> None:
    """Raise `UsageError`, naming the argument, for one of another type than it has to be.

    Takes arguments by their names: texts (`target`, `batch`, `version`, `engine`, `data`, `to`, `share`, `since`,
    `at`), whole numbers (`steps`, `limit`, `jobs`), lists of texts (`done`, `not_done`, `versions`), and everything
    else, which must be true or false.
    """
    for name, value in given.items():
        if value is None and name in _OPTIONAL:
            continue
        if name in _TEXTS:
            _check(name, value, str, "text")
        elif name in _NUMBERS:
            _check(name, value, int, "a whole number")
        elif name in _LISTS:
            _check_texts(name, value)
        else:
            _check(name, value, bool, "True or False")


def direction_of(given: object) -> Direction:
    """The direction, also where it was given as text. Raises `UsageError`."""
    try:
        return Direction(str(given))
    except ValueError:
        raise UsageError(f"the argument 'direction' must be 'up' or 'down', not {given!r}") from None


def seconds_of(name: str, given: object) -> float | None:
    """A length of time in seconds, as settings take it; None stays None. Raises `UsageError`."""
    try:
        return None if given is None else parse_duration(given)
    except ValueError as problem:
        raise UsageError(f"the argument {name!r} is wrong: {problem}") from None


def callable_of(name: str, given: T) -> T:
    """A function, or None. Raises `UsageError`."""
    if given is not None and not callable(given):
        raise UsageError(f"the argument {name!r} must be something that can be called, not {given!r}")
    return given


def _check_texts(name: str, value: object) -> None:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise UsageError(f"the argument {name!r} must be a list of texts, not {value!r}")


def _check(name: str, value: object, kind: type, words: str) -> None:
    # A truth value is a number to Python, and to nobody else.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise UsageError(f"the argument {name!r} must be {words}, not {value!r}")
