"""`stepwell new`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.arguments import assignment, version
from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.app.templates import Templates
    from stepwell.cli.context import Context
    from stepwell.core.answers import CreatedFiles
    from stepwell.ports import Engine
    from stepwell.settings import LoadedSettings


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="what it does, in a few words: add_users")
    parser.add_argument("--sql", action="store_true", help="an SQL file instead of a Python file")
    parser.add_argument(
        "--template", metavar="T", default="empty", help="what the file begins as (default: empty)"
    )
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        type=assignment,
        action="append",
        default=[],
        help="the value of a variable of the template; may be repeated",
    )
    parser.add_argument(
        "--list-templates", action="store_true", help="show the templates and their variables"
    )
    parser.add_argument(
        "--depends",
        metavar="V",
        type=version,
        action="append",
        help="a version that must be applied first; may be repeated (default: all that nothing depends on yet)",
    )


def run(context: Context) -> int:
    """Make the next migration files, or show what they can be made of."""
    from stepwell.core.errors import UsageError

    loaded = context.load()
    engine = _engine(loaded)
    templates = _templates(loaded, engine)
    if context.arguments.list_templates:
        from stepwell.render.templates import templates_document, templates_text

        listed = templates.all()
        context.output.result(lambda view: templates_text(listed, view), lambda: templates_document(listed))
        return 0
    if context.arguments.name is None:
        raise UsageError("what is the new migration called?", hint="such as: stepwell new add_users")
    from stepwell.render.json import created_document
    from stepwell.render.text import created_text

    report = _made(context, loaded, engine, templates)
    context.output.result(lambda _: created_text(report), lambda: created_document(report))
    return 0


_GUESSED = "it is for {}, since no database is named: --url or DATABASE_URL says another"


def _made(context: Context, loaded: LoadedSettings, engine: Engine, templates: Templates) -> CreatedFiles:
    from datetime import UTC, datetime

    from stepwell.app.new import Wish, draft, survey, write
    from stepwell.core.migration import Language
    from stepwell.parts import open_source

    arguments = context.arguments
    shown = _folder(loaded)
    wish = Wish(
        arguments.name,
        Language.SQL if arguments.sql else Language.PYTHON,
        loaded.settings.numbering,
        None if arguments.depends is None else tuple(arguments.depends),
        arguments.template,
        dict(arguments.set),
    )
    template = templates.get(wish.template, wish.language)
    existing = survey(open_source(loaded.settings.migrations, loaded.root), engine.dialect.rules)
    drafts = draft(wish, template, existing, engine.dialect, datetime.now(UTC))
    if loaded.settings.url is None and template.variables:
        drafts = drafts._replace(notes=(*drafts.notes, _GUESSED.format(engine.dialect.name)))
    return write(drafts, loaded.root / shown, shown)


def _folder(loaded: LoadedSettings) -> str:
    """The first folder of migrations: that is where new ones go."""
    from stepwell.core.errors import UsageError

    folders = [place for place in loaded.settings.migrations if not place.startswith("package:")]
    if not folders:
        raise UsageError(
            "the setting 'migrations' names packages only", hint="give a folder: --migrations DIR"
        )
    return folders[0].rstrip("/") or "/"


def _engine(loaded: LoadedSettings) -> Engine:
    """The engine of the database that is named; PostgreSQL where none is."""
    from stepwell.core.url import parse_url
    from stepwell.parts import find_engine

    url = loaded.settings.url
    return find_engine("postgresql" if url is None else parse_url(url).engine)


def _templates(loaded: LoadedSettings, engine: Engine) -> Templates:
    from stepwell.app.templates import Templates

    shown = loaded.settings.templates.rstrip("/") or "/"
    return Templates(engine.dialect.name, loaded.root / shown, shown)


COMMAND = Command(
    name="new",
    help="make a new migration file with the next version",
    configure=configure,
    run=run,
    settings=("migrations", "templates", "numbering"),
    examples=(
        ("stepwell new add_users", "a Python file, depending on what was last"),
        ("stepwell new 'index users by email' --sql", "an SQL file"),
        ("stepwell new add_email_to_users --template column", "a file that is ready to run"),
        ("stepwell new --list-templates", "what there is, and what it takes"),
        ("stepwell new fix --depends 003 --depends 004", "depending on just these"),
    ),
)
