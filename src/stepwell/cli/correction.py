"""A correction of the history on the command line: shown and asked for on a terminal, done, told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from stepwell.cli.asking import agreed, asks

if TYPE_CHECKING:
    from stepwell.cli.context import Context
    from stepwell.cli.output import Output
    from stepwell.core.answers import CorrectionReport
    from stepwell.project import Project


class Correct(Protocol):
    """Corrects the record of one version, or says what it would do."""

    async def __call__(self, project: Project, version: str, /, *, dry_run: bool) -> CorrectionReport:
        """Give the report of it."""


async def correct(context: Context, how: Correct, question: str) -> int:
    """Show on a terminal what would be done, ask, do it, and print what was done. Gives the exit code."""
    arguments, output = context.arguments, context.output

    async def preview(project: Project) -> str | None:
        report = await how(project, arguments.version, dry_run=True)
        return _told(report, output) if report.changed else None

    asked = asks(context)
    if asked and not await agreed(context, preview, question):
        return 0
    with context.project(names_database=not asked) as project:
        report = await how(project, arguments.version, dry_run=arguments.dry_run)
    return _show(report, output)


def _told(report: CorrectionReport, output: Output) -> str:
    from stepwell.render.text import correction_text

    for warning in report.warnings:
        output.warn(warning)
    return correction_text(report)


def _show(report: CorrectionReport, output: Output) -> int:
    from stepwell.render.json import correction_document

    told = _told(report, output)
    output.result(lambda _: told, lambda: correction_document(report))
    return 0
