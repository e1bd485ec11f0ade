"""`stepwell check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.command import Command

if TYPE_CHECKING:
    from stepwell.cli.context import Context

_FOUND = 3


async def run(context: Context) -> int:
    """Check files and, where there is a database, the history against them."""
    from stepwell.render.json import check_document
    from stepwell.render.text import check_text

    with context.project() as project:
        report = await project.check()
    context.output.result(lambda view: check_text(report, view), lambda: check_document(report))
    return _FOUND if report.findings else 0


COMMAND = Command(
    name="check",
    help="the read-only gate for CI: files, versions, dependencies, checksums",
    about=(
        "Check files, names, versions and dependencies; with a database also checksums and order.\n"
        "Findings exit 3, errors exit 4; what is merely pending is neither."
    ),
    run=run,
    examples=(
        ("stepwell check", "everything that can be checked"),
        ("stepwell check --format json", "the findings as one JSON document"),
    ),
)
