"""The tree of errors: each has an exit code of the contract, and the docstring draws them all."""

from __future__ import annotations

import pytest

from stepwell.core import errors
from stepwell.core.errors import (
    ConnectionFailedError,
    Fault,
    GraphError,
    InterruptedRunError,
    MigrationFileError,
    Place,
    Refusal,
    StepError,
    StepwellError,
    together,
)


def every_error() -> list[type[StepwellError]]:
    """The classes of the module."""
    return [
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, StepwellError)
    ]


def drawn() -> dict[str, tuple[str, str]]:
    """What the docstring draws: each error, what it is under, and its exit code."""
    found: dict[str, tuple[str, str]] = {}
    above: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        name, _, rest = line.lstrip(" |+-").partition(" ")
        if name.endswith("Error") and line.startswith("  "):
            depth = line.index(name)
            under = max((each for each in above if each < depth), default=None)
            found[name] = ("" if under is None else above[under], rest.split()[0] if rest.split() else "")
            above = {each: known for each, known in above.items() if each < depth} | {depth: name}
    return found


def test_the_docstring_draws_every_error_in_its_place() -> None:
    places = {error.__name__: error.__bases__[0].__name__ for error in every_error()}
    assert {name: under for name, (under, _) in drawn().items() if under} == {
        name: under for name, under in places.items() if under != "Exception"
    }


@pytest.mark.parametrize("error", every_error(), ids=lambda error: error.__name__)
def test_the_docstring_has_the_exit_code(error: type[StepwellError]) -> None:
    _, code = drawn()[error.__name__]
    if error is InterruptedRunError:
        assert code == "130"
    elif code:
        assert int(code) == error.exit_code
    else:
        assert error is StepwellError


def test_an_error_says_where_what_and_what_to_do() -> None:
    error = StepwellError("it broke", place=Place("a.py", 3), hint="mend it")
    assert (str(error), error.message, error.hint) == ("a.py:3: it broke", "it broke", "mend it")
    assert str(StepwellError("it broke")) == "it broke"
    assert str(Place("a.py")) == "a.py"
    assert error.report is None


def test_a_step_error_is_that_of_its_fault() -> None:
    fault = Fault("no such table", place=Place("a.py", 3), hint="create it", sqlstate="42P01")
    error = StepError(fault)
    assert (str(error), error.hint, error.fault, error.exit_code) == (
        "a.py:3: no such table",
        "create it",
        fault,
        1,
    )


def test_a_fault_is_completed_but_not_changed() -> None:
    assert Fault("x").at("001", Place("a.py")) == Fault("x", version="001", place=Place("a.py"))
    known = Fault("x", version="002", place=Place("b.py", 1))
    assert known.at("001", Place("a.py")) == known


def test_a_refused_connection_says_why() -> None:
    error = ConnectionFailedError("no", refusal=Refusal.PASSWORD, hint="look it up")
    assert (error.refusal, error.hint, error.exit_code) == (Refusal.PASSWORD, "look it up", 7)


@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143)])
def test_an_interruption_has_the_code_of_its_signal(number: int, code: int) -> None:
    assert InterruptedRunError(number).exit_code == code


def test_one_problem_is_the_error_itself() -> None:
    problem = GraphError("cycle")
    assert together([problem]) is problem


def test_several_problems_are_one_error_of_their_kind() -> None:
    problems = [MigrationFileError("first", place=Place("a.py"), hint="mend"), MigrationFileError("second")]
    error = together(problems)
    assert isinstance(error, MigrationFileError)
    assert (str(error), error.hint, error.problems) == ("a.py: first", "mend", tuple(problems))
