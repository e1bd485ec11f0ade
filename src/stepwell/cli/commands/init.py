"""`stepwell init`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.command import Command

if TYPE_CHECKING:
    from stepwell.cli.context import Context


def run(context: Context) -> int:
    """Make the files that a project needs before its first migration."""
    from stepwell.app.init import init
    from stepwell.render.json import created_document
    from stepwell.render.text import created_text

    loaded = context.load()
    report = init(loaded.root, configured=loaded.config_file is not None)
    context.output.result(lambda _: created_text(report), lambda: created_document(report))
    return 0


COMMAND = Command(
    name="init",
    help="make db/migrations, db/session.py and db/migrate_incremental.py",
    about=(
        "Make db/migrations/, db/session.py and db/migrate_incremental.py, and a stepwell.toml where there is no\n"
        "configuration. What is there already stays as it is."
    ),
    run=run,
    settings=(),
    examples=(("stepwell init", "in the root of the project"),),
)
