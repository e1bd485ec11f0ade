"""`stepwell repair`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stepwell.cli.arguments import version
from stepwell.cli.asking import agreed, answer, asks, yes_flag
from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context
    from stepwell.core.answers import Repair
    from stepwell.project import Project

IN_DOUBT = 6


class Said(NamedTuple):
    """Of which versions a person says that the statement ran, and that it did not."""

    done: list[str]
    not_done: list[str]

    def hear(self, version: str, word: str) -> None:
        """Take an answer; any other word decides nothing."""
        for words, versions in ((("y", "yes"), self.done), (("n", "no"), self.not_done)):
            if word in words:
                versions.append(version)


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument(
        "--done",
        metavar="V",
        type=version,
        action="append",
        default=[],
        help="the statement at which V was cut off ran",
    )
    parser.add_argument(
        "--not-done",
        metavar="V",
        type=version,
        action="append",
        default=[],
        help="the statement at which V was cut off did not run",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be written, write nothing")
    yes_flag(parser)


async def run(context: Context) -> int:
    """Settle what is in doubt."""
    from stepwell.render.repair import repair_document, repair_text

    arguments = context.arguments
    said = Said(list(arguments.done), list(arguments.not_done))
    asked = asks(context)
    if asked and not await agreed(
        context, lambda project: _decided(context, project, said), "write that down?"
    ):
        return 0
    with context.project(names_database=not asked) as project:
        report = await project.repair(done=said.done, not_done=said.not_done, dry_run=arguments.dry_run)
    context.output.result(lambda _: repair_text(report), lambda: repair_document(report))
    return IN_DOUBT if report.in_doubt else 0


async def _decided(context: Context, project: Project, said: Said) -> str | None:
    """What would be written, when somebody has said what nothing else tells; None where nothing would be."""
    from stepwell.render.repair import repair_text

    found = await project.repair(done=said.done, not_done=said.not_done, dry_run=True)
    if found.in_doubt:
        context.output.insist(repair_text(found))
        for repair in found.repairs:
            if repair.in_doubt:
                said.hear(repair.version.text, answer(context, _question(repair)))
        found = await project.repair(done=said.done, not_done=said.not_done, dry_run=True)
    settled = any(not repair.in_doubt for repair in found.repairs)
    return repair_text(found) if settled else None


def _question(repair: Repair) -> str:
    return f"did statement {repair.statement} of {repair.version} run? [yes, no; nothing: leave it in doubt] "


COMMAND = Command(
    name="repair",
    help="settle whether statements ran that were cut off",
    about=(
        "A step without a transaction can be cut off while a statement runs, and its answer be lost. Where the\n"
        "database tells whether it ran, that is written down; where it does not, a person looks and decides: on a\n"
        "terminal it is asked for, elsewhere it is said by --done and --not-done.\n"
        "No migration is run. Exits 6 as long as something is in doubt."
    ),
    configure=configure,
    run=run,
    examples=(
        ("stepwell repair --dry-run", "say what is in doubt, and what the database tells"),
        ("stepwell repair --done 007", "the statement at which 007 was cut off ran"),
        ("stepwell repair --not-done 007", "it did not: the next migrate runs it"),
    ),
)
