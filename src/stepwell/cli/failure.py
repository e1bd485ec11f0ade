"""What a failed command prints, and its exit code. It decides nothing about the run itself."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from stepwell.core.errors import MigrationError, StepwellError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.cli.output import Output
    from stepwell.core.report import RunReport

_BUG = "this is a bug, in stepwell or in a migration"


def tell(error: BaseException, output: Output, nothing_run: RunReport | None = None) -> int:
    """Print an error, after the report of the run that it ended; give the exit code.

    Where the error has no report, a JSON document of a command that runs is made of `nothing_run`.
    """
    report = _report_of(error)
    if output.json or report is not None:
        output.result(
            lambda view: _run_text(report, view, output), lambda: _document(error, report or nothing_run)
        )
    for warning in report.warnings if report is not None else ():
        output.warn(warning)
    from stepwell.render.errors import error_text

    output.insist(error_text(error, output.err_view()))
    if not isinstance(error, StepwellError):
        output.insist(_about_a_bug(error, output))
    return error.exit_code if isinstance(error, StepwellError) else 1


def _report_of(error: BaseException) -> RunReport | None:
    from stepwell.core.report import RunReport

    report = getattr(error, "report", None)
    return report if isinstance(report, RunReport) else None


def _run_text(report: RunReport | None, view: Any, output: Output) -> str:
    from stepwell.render.run import run_text

    return "" if report is None else output.redactor.clean(run_text(report, view, statements=output.verbose))


def _document(error: BaseException, report: RunReport | None) -> Mapping[str, Any]:
    from stepwell.render.errors import error_json, fault_of
    from stepwell.render.json import error_document, run_document

    problems = error.problems if isinstance(error, MigrationError) else ()
    alone = error_document(fault_of(error), tuple(fault_of(problem) for problem in problems))
    if report is None:
        return alone
    fault = report.error or fault_of(error)
    return run_document(report) | alone | {"error": error_json(fault)}


def _about_a_bug(error: BaseException, output: Output) -> str:
    if not output.verbose:
        return f"{_BUG}; -v shows where\n"
    from stepwell.render.cells import printable

    return f"{_BUG}:\n{printable(''.join(traceback.format_exception(error)))}"
