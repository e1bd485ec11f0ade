"""`stepwell verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.arguments import positive, version
from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context

_NOT_PROVED = 3


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument("versions", metavar="V", nargs="*", type=version, help="only these versions")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--changed",
        action="store_true",
        help="only what has changed since the main branch (by git), and what stands behind it",
    )
    which.add_argument("--since", metavar="REF", help="the same since another branch, tag or commit")
    parser.add_argument("--no-cache", action="store_true", help="try also what was proved before")
    parser.add_argument(
        "--strict", action="store_true", help="exit 3 also for what loses rows on its way back"
    )
    parser.add_argument("--no-rows", action="store_true", help="do not try it on tables with rows besides")
    parser.add_argument("--data", metavar="FILE", help="SQL with rows of your own, such as a dump of some")
    parser.add_argument(
        "--jobs", metavar="N", type=positive, help="try so many at the same time (default: as many as pay)"
    )
    parser.add_argument("--junit", metavar="FILE", help="write a JUnit report besides")


async def run(context: Context) -> int:
    """Try migrations up, down and up again."""
    from stepwell.render.verify import verify_document, verify_junit, verify_text

    arguments = context.arguments
    if arguments.junit:
        must_be_writable(arguments.junit)
    with context.project(names_database=False) as project:
        report = await project.verify(
            arguments.versions,
            strict=arguments.strict,
            rows=not arguments.no_rows,
            data=read(arguments.data) if arguments.data else None,
            jobs=arguments.jobs,
            changed=arguments.changed,
            since=arguments.since,
            cache=not arguments.no_cache,
        )
    if arguments.junit:
        write(arguments.junit, verify_junit(report))
    context.output.result(lambda view: verify_text(report, view), lambda: verify_document(report))
    return 0 if report.ok else _NOT_PROVED


def read(name: str) -> str:
    """The text of a file. Raises `UsageError`."""
    from pathlib import Path

    from stepwell.core.errors import UsageError

    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{name} can't be read: {error}") from error


def must_be_writable(name: str) -> None:
    """Tell before all the work that a report can't be written. Raises `UsageError`."""
    from pathlib import Path

    from stepwell.core.errors import UsageError

    path = Path(name)
    is_new = not path.exists()
    try:
        path.open("a").close()
        if is_new:  # who reads reports takes an empty one for a spoilt one
            path.unlink()
    except OSError as error:
        raise UsageError(f"{name} can't be written: {error.strerror}") from error


def write(name: str, text: str) -> None:
    """Write a report into a file."""
    from pathlib import Path

    Path(name).write_text(text, encoding="utf-8")


COMMAND = Command(
    name="verify",
    help="prove on a scratch database that migrations go up, down and up again",
    about=(
        "Try migrations on a scratch database: up, down and up again. What the structure of the database was\n"
        "before must be there after down(), and what up() makes must be the same the second time. Then once more\n"
        "on tables with generated rows, which must survive the way up and back.\n"
        "The target is not touched. Exits 3 for what is broken or fails on existing rows."
    ),
    configure=configure,
    run=run,
    examples=(
        ("stepwell verify", "all migrations"),
        ("stepwell verify 007 008", "these two; those before them are only applied"),
        ("stepwell verify --changed", "what this branch changes"),
        ("stepwell verify --strict --junit report.xml", "for CI"),
    ),
)
