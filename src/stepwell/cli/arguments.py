"""Arguments that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser


def version(text: str) -> str:
    """Read a version (or `base`, where a target may be that) for argparse."""
    from argparse import ArgumentTypeError

    from stepwell.core.migration import version_problem

    problem = None if text == "base" else version_problem(text)
    if problem is not None:
        raise ArgumentTypeError(problem)
    return text


def assignment(text: str) -> tuple[str, str]:
    """Read `NAME=VALUE` for argparse."""
    from argparse import ArgumentTypeError

    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name.strip(), value


def positive(text: str) -> int:
    """Read a number from 1 for argparse."""
    if not text.isdecimal() or int(text) < 1:
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def add_contradictions(parser: ArgumentParser) -> None:
    """Add what to do where history and files contradict each other."""
    parser.add_argument(
        "--strict",
        action="store_true",
        help="refuse what is out of order, and what has only a way round behind a pooler",
    )
    parser.add_argument(
        "--allow-changed", action="store_true", help="go on although an applied file was changed"
    )
    parser.add_argument(
        "--allow-missing", action="store_true", help="go on although an applied file is missing"
    )


DRY_RUN = (
    "show what would be done, with the SQL of every step. No SQL of a migration is executed; up() and down() "
    "of Python migrations do run, with a recording handle: effects outside the database do happen"
)
