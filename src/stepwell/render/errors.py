"""Errors for people and for machines: what happened, where, the statement with a caret, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepwell.core import errors
from stepwell.core.errors import Fault, MigrationError, Place, StepError, StepwellError
from stepwell.render.cells import printable
from stepwell.render.view import Tone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.render.view import View

CODES: Mapping[type[BaseException], str] = {
    errors.UsageError: "usage",
    errors.TargetError: "target",
    errors.GateError: "gate",
    errors.MigrationError: "migrations_wrong",
    errors.MigrationFileError: "file_wrong",
    errors.GraphError: "graph_wrong",
    errors.IrreversibleError: "irreversible",
    errors.DependedOnError: "depended_on",
    errors.LockTimeoutError: "lock_timeout",
    errors.ContradictionError: "contradiction",
    errors.HistoryTableError: "history_table",
    errors.ConnectionFailedError: "connection_failed",
    errors.InterruptedRunError: "interrupted",
    errors.StepwellError: "error",
}
UNEXPECTED = "unexpected"
_LONGEST_STATEMENT = 2000  # characters; a whole seed file in an error helps nobody
_INDENT = "    "
_SQLSTATE_LENGTH = 5


def fault_of(error: BaseException) -> Fault:
    """What is known of an error, as the value that text and JSON are made of."""
    if isinstance(error, StepError):
        return error.fault
    if isinstance(error, StepwellError):
        return Fault(error.message, code=_code(error), place=error.place, hint=error.hint)
    return Fault(f"{type(error).__name__}: {error}", code=UNEXPECTED)


def _code(error: StepwellError) -> str:
    return next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)


def error_json(fault: Fault) -> dict[str, Any]:
    """The object `error` of every JSON document, as the contract has it."""
    place = fault.place or Place("")
    return {
        "code": fault.code,
        "message": fault.message,
        "version": fault.version,
        "path": place.path or None,
        "line": place.line,
        "statement": fault.statement,
        "sqlstate": fault.sqlstate,
        "hint": fault.hint,
    }


def error_text(error: BaseException, view: View) -> str:
    """An error as people read it; of several problems each one."""
    problems = error.problems if isinstance(error, MigrationError) else ()
    if len(problems) <= 1:
        return fault_text(fault_of(problems[0] if problems else error), view)
    parts = [fault_text(fault_of(problem), view) for problem in problems]
    return "".join(parts) + view.paint(f"{len(problems)} errors", Tone.BAD) + "\n"


def fault_text(fault: Fault, view: View) -> str:
    """What failed: the message with its place, the statement, the detail, SQLSTATE, and a hint."""
    lines = [f"{view.paint('error:', Tone.BAD)} {_where(fault)}{printable(fault.message)}"]
    if fault.statement is not None:
        lines += _indented(_excerpt(fault.statement, fault.position))
    if fault.detail:
        lines.append(f"detail: {printable(fault.detail)}")
    if fault.sqlstate:
        kind = "SQLSTATE" if len(fault.sqlstate) == _SQLSTATE_LENGTH else "code"  # SQLite has names
        lines.append(f"{kind} {printable(fault.sqlstate)}")
    if fault.hint:
        lines.append(f"{view.paint('hint:', Tone.STRONG)} {printable(fault.hint)}")
    return "\n".join(lines) + "\n"


def _where(fault: Fault) -> str:
    version = "" if fault.version is None else f"migration {fault.version}: "
    return version if fault.place is None else f"{version}{printable(str(fault.place))}: "


def _excerpt(statement: str, position: int | None) -> str:
    """The statement, shortened; where the position of the error is known, its line with a caret."""
    if position is not None:
        from stepwell.core.sql.caret import excerpt  # only an error with a position has a use for it

        return str(excerpt(statement, position))
    text = statement.strip()
    return text if len(text) <= _LONGEST_STATEMENT else text[:_LONGEST_STATEMENT] + " ..."


def _indented(text: str) -> list[str]:
    return [_INDENT + line for line in printable(text).split("\n")]
