"""`stepwell new`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.arguments import version
from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context
    from stepwell.core.sql.rules import LexRules
    from stepwell.settings import LoadedSettings


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument("name", metavar="NAME", help="what it does, in a few words: add_users")
    parser.add_argument("--sql", action="store_true", help="an SQL file instead of a Python file")
    parser.add_argument(
        "--template", metavar="T", default="empty", help="what the file begins as (default: empty)"
    )
    parser.add_argument(
        "--depends",
        metavar="V",
        type=version,
        action="append",
        help="a version that must be applied first; may be repeated (default: all that nothing depends on yet)",
    )


def run(context: Context) -> int:
    """Make the next migration file."""
    from datetime import UTC, datetime

    from stepwell.app.new import Wish, draft, survey, write
    from stepwell.core.migration import Language
    from stepwell.parts import open_source
    from stepwell.render.json import created_document
    from stepwell.render.text import created_text

    loaded = context.load()
    shown = _folder(loaded)
    arguments = context.arguments
    wish = Wish(
        arguments.name,
        Language.SQL if arguments.sql else Language.PYTHON,
        loaded.settings.numbering,
        None if arguments.depends is None else tuple(arguments.depends),
        arguments.template,
    )
    existing = survey(open_source(loaded.settings.migrations, loaded.root), _rules(loaded))
    made = draft(wish, existing, datetime.now(UTC))
    report = write(made, loaded.root / shown, shown, existing.notes)
    context.output.result(lambda _: created_text(report), lambda: created_document(report))
    return 0


def _folder(loaded: LoadedSettings) -> str:
    """The first folder of migrations: that is where new ones go."""
    from stepwell.core.errors import UsageError

    folders = [place for place in loaded.settings.migrations if not place.startswith("package:")]
    if not folders:
        raise UsageError(
            "the setting 'migrations' names packages only", hint="give a folder: --migrations DIR"
        )
    return folders[0].rstrip("/") or "/"


def _rules(loaded: LoadedSettings) -> LexRules:
    """The lexical rules of the database that is named; those of PostgreSQL where none is."""
    from stepwell.core.url import parse_url
    from stepwell.parts import find_engine

    url = loaded.settings.url
    return find_engine("postgresql" if url is None else parse_url(url).engine).dialect.rules


COMMAND = Command(
    name="new",
    help="make a new migration file with the next version",
    configure=configure,
    run=run,
    settings=("migrations", "numbering"),
    examples=(
        ("stepwell new add_users", "a Python file, depending on what was last"),
        ("stepwell new 'index users by email' --sql", "an SQL file"),
        ("stepwell new fix --depends 003 --depends 004", "depending on just these"),
    ),
)
