"""`stepwell snapshot`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context
    from stepwell.core.schema.snapshot import Snapshot


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument("-o", "--output", metavar="FILE", help="write it there instead of printing it")
    parser.add_argument(
        "--own-tables", action="store_true", help="with the history and the log of stepwell itself"
    )


async def run(context: Context) -> int:
    """Take the snapshot, and print or write it."""
    with context.project() as project:
        taken = await project.snapshot(own_tables=context.arguments.own_tables)
    for fact in taken.unknown:
        context.output.warn(f"of a kind that stepwell does not know: {fact.identity}")
    for fact in taken.unreadable:
        context.output.warn(f"the {fact.key} may not be read in full by this role")
    if context.arguments.output is None:
        context.output.plain(taken.dumps())
    else:
        _write(context, taken, context.arguments.output)
    return 0


def _write(context: Context, taken: Snapshot, name: str) -> None:
    from pathlib import Path

    from stepwell.core.errors import UsageError

    try:
        Path(name).write_text(taken.dumps(), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{name} can't be written: {error}") from error
    number = len(taken.facts)
    context.output.result(
        lambda _: f"{name}: {number} facts, fingerprint {taken.fingerprint}\n",
        lambda: {
            "format": 1,
            "ok": True,
            "file": name,
            "engine": taken.engine,
            "server": taken.server,
            "facts": number,
            "fingerprint": taken.fingerprint,
            "error": None,
        },
    )


COMMAND = Command(
    name="snapshot",
    help="the structure of the database as a value, in JSON",
    about=(
        "Read the whole structure of the database, and print it as JSON: one fact for each thing in it.\n"
        "The same structure gives the same text and the same fingerprint, wherever and by whomever it is read.\n"
        "Nothing is written in the database, and its locks are those of a reader."
    ),
    configure=configure,
    run=run,
    examples=(
        ("stepwell snapshot -o before.json", "keep it in a file"),
        ("stepwell snapshot --env prod > prod.json", "the same on standard output"),
    ),
    settings=("url",),
)
