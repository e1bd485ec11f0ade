"""`stepwell docs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from pathlib import Path

    from stepwell.cli.context import Context
    from stepwell.core.answers import FolderChanges
    from stepwell.core.book import Book

_FOLDER = "docs/database"
_NOT_UP_TO_DATE = 3


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help=f"the folder of the pages (default: {_FOLDER} in the root of the project)",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 3 where the folder is not up to date"
    )
    parser.add_argument(
        "--no-verify", action="store_true", help="do not try the migrations: there are no verdicts then"
    )


async def run(context: Context) -> int:
    """Write the documentation, or compare it with what is there."""
    from pathlib import Path

    from stepwell.render.book.document import book_document, check_text, written_text

    arguments = context.arguments
    with context.project(names_database=False) as project:
        book = await project.docs(verify=not arguments.no_verify)
    if context.output.json and arguments.output is None and not arguments.check:
        context.output.result(lambda _: "", lambda: book_document(book))
        return 0
    shown = arguments.output or _FOLDER
    folder = Path(arguments.output) if arguments.output else project.root / _FOLDER
    changes = _done(book, folder, write=not arguments.check)
    command = f"stepwell docs -o {shown}" if arguments.output else "stepwell docs"
    context.output.result(
        lambda _: check_text(shown, changes, command) if arguments.check else written_text(shown, changes),
        lambda: book_document(book, shown, changes),
    )
    return _NOT_UP_TO_DATE if arguments.check and changes.any else 0


def _done(book: Book, folder: Path, *, write: bool) -> FolderChanges:
    from stepwell.app import folder as folders
    from stepwell.render.book import MARK, PLACES, pages

    wanted = folders.Wanted(pages(book), MARK, PLACES)
    return folders.write(folder, wanted) if write else folders.compare(folder, wanted)


COMMAND = Command(
    name="docs",
    help="write the documentation of the migrations and of the structure that they give",
    about=(
        "Replay all migrations on a scratch database, and write what was seen as Markdown: each migration with its\n"
        "SQL and what it changes, each table with the migration that changed each of its columns last, graphs, and\n"
        "what 'stepwell verify' says of each. The same migrations give the same bytes.\n"
        "The target is not touched. What in the folder is not written by it stays as it is.\n"
        "With --format json and without -o, it prints all of this as a document, and writes nothing."
    ),
    configure=configure,
    run=run,
    examples=(
        ("stepwell docs", "write docs/database/README.md, and a page for each migration and table"),
        ("stepwell docs --check", "for CI: exit 3 where it would write something"),
        ("stepwell docs -o site --no-verify", "elsewhere, and sooner"),
    ),
    settings=("url", "migrations", "scratch_url"),
)
