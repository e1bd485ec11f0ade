"""Errors as people and machines read them."""

import pytest

from stepwell.core import errors
from stepwell.core.errors import (
    Fault,
    GraphError,
    LockTimeoutError,
    MigrationError,
    MigrationFileError,
    MisuseError,
    Place,
    StepError,
    StepwellError,
    UsageError,
)
from stepwell.render.errors import CODES, error_json, error_text, fault_of
from stepwell.render.view import View

STATEMENT = "CREATE TABLE t (\n    a integer,\n    b intger\n)"
STEP = Fault(
    'type "intger" does not exist',
    version="003",
    place=Place("db/migrations/003_x.py", 12),
    statement=STATEMENT,
    sqlstate="42704",
    position=39,
    hint="did you mean integer?",
    detail="some detail",
)

TEXTS: list[tuple[BaseException, str]] = [
    (UsageError("no", hint="do"), "error: no\nhint: do\n"),
    (MigrationFileError("bad", place=Place("a.sql", 3)), "error: a.sql:3: bad\n"),
    (
        StepError(STEP),
        (
            'error: migration 003: db/migrations/003_x.py:12: type "intger" does not exist\n'
            "        b intger\n"
            "          ^\n"
            "detail: some detail\n"
            "SQLSTATE 42704\n"
            "hint: did you mean integer?\n"
        ),
    ),
    (StepError(Fault("no", statement="SELECT 1\n")), "error: no\n    SELECT 1\n"),
    (StepError(Fault("no\x1b[2J", statement="\x1b[2J")), "error: no\\x1b[2J\n    \\x1b[2J\n"),
    (
        MigrationError("2 errors", problems=(GraphError("one"), GraphError("two", hint="x"))),
        "error: one\nerror: two\nhint: x\n2 errors\n",
    ),
    (MigrationError("all", problems=(GraphError("one"),)), "error: one\n"),
    (ValueError("x"), "error: ValueError: x\n"),
]


@pytest.mark.parametrize(("error", "text"), TEXTS)
def test_an_error_as_text(error: BaseException, text: str) -> None:
    assert error_text(error, View()) == text


def test_a_long_statement_is_cut() -> None:
    text = error_text(StepError(Fault("no", statement="x" * 5000)), View())
    assert len(text) < 2100
    assert text.endswith("x ...\n")


def test_an_error_as_json_has_exactly_these_keys() -> None:
    assert error_json(STEP) == {
        "code": "step_failed",
        "message": 'type "intger" does not exist',
        "version": "003",
        "path": "db/migrations/003_x.py",
        "line": 12,
        "statement": STATEMENT,
        "sqlstate": "42704",
        "hint": "did you mean integer?",
    }
    nothing = error_json(fault_of(UsageError("no")))
    assert nothing == dict.fromkeys(nothing) | {"code": "usage", "message": "no"}


def test_every_error_has_a_code() -> None:
    kinds = {
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, StepwellError)
    }
    assert kinds - CODES.keys() == {StepError, MisuseError}, "those two carry a fault, which has its own code"
    assert len(set(CODES.values())) == len(CODES)


def test_the_code_of_a_subclass_is_that_of_its_parent() -> None:
    class SpecialError(LockTimeoutError):
        pass

    assert fault_of(SpecialError("busy")).code == "lock_timeout"
    assert fault_of(KeyError("x")).code == "unexpected"
