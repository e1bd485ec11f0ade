"""`check`: the read-only gate for CI. Files on their own; with a database also checksums and order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.connecting import connected, introduced
from stepwell.app.gather import gather, graph_of, recorded_twice
from stepwell.app.shelf import Shelf
from stepwell.core.answers import CheckReport
from stepwell.core.contradictions import contradiction
from stepwell.core.errors import Place
from stepwell.core.graph import redundant_dependencies
from stepwell.core.history import of_another_project
from stepwell.core.migration import Direction, Finding
from stepwell.core.plan.words import another_project
from stepwell.core.sql.refusals import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stepwell.app.context import Context
    from stepwell.app.gather import Gathered
    from stepwell.core.graph import Graph
    from stepwell.core.migration import Migration


async def check(context: Context, *, with_database: bool) -> CheckReport:
    """Give all findings, by file and line. Raises `MigrationError` with every error of the files."""
    shelf = Shelf(context)
    migrations = shelf.parse_all()
    url = None
    if with_database:
        connection = await connected(context, shelf, read_only=True)
        async with introduced(context, connection) as about:
            url = about.url
            gathered = gather(shelf, await connection.read(), whole=True)
        graph, of_history = gathered.situation.graph, tuple(_history_findings(gathered))
    else:
        graph, of_history = graph_of(migrations), ()
    found = [
        *shelf.listing.findings,
        *(finding for migration in migrations for finding in migration.findings),
        *_not_stated(migrations, graph),
        *redundant_dependencies(graph),
        *_forbidden(shelf, migrations),
        *_wrong_blocks(context, shelf, migrations),
        *of_history,
    ]
    ordered = sorted(found, key=lambda each: (each.place.path, each.place.line or 0, each.code, each.message))
    return CheckReport(tuple(ordered), len(migrations), url, graph.heads)


def _not_stated(migrations: Iterable[Migration], graph: Graph) -> Iterable[Finding]:
    first = graph.order[0] if graph.order else None
    for migration in migrations:
        if not migration.dependencies_stated and migration.version != first:
            yield Finding(
                "dependencies-not-stated",
                f"migration {migration.version} does not state what it depends on",
                migration.place,
                "state it; an empty list says that it depends on nothing",
            )


def _forbidden(shelf: Shelf, migrations: Iterable[Migration]) -> Iterable[Finding]:
    """Commands that no migration may hold: the plan would refuse them."""
    for migration in migrations:
        for direction in Direction:
            for reason, line in shelf.facts(migration, direction).forbidden:
                yield Finding("transaction-control", reason, Place(migration.path, line), MISSING)


def _wrong_blocks(context: Context, shelf: Shelf, migrations: Iterable[Migration]) -> Iterable[Finding]:
    """Commands that refuse a transaction, in a migration that has one: the plan would refuse them."""
    if not context.dialect.abilities.transactional_ddl:
        return
    for migration in migrations:
        for direction in Direction:
            if migration.transactional(direction):
                for reason, line in shelf.facts(migration, direction).refuses_transaction:
                    yield Finding(
                        "needs-no-transaction",
                        f"{reason}, but {migration.version} {migration.name} runs in one",
                        Place(migration.path, line),
                        "declare it without a transaction",
                    )


def _history_findings(gathered: Gathered) -> Iterable[Finding]:
    yield from recorded_twice(gathered.situation)
    entries = gathered.situation.ordered
    if of_another_project(entries):
        error = another_project(entries)
        yield Finding("another-project", error.message, Place("the history"), error.hint)
        return
    position = gathered.situation.graph.position()
    last = max((position[entry.version] for entry in entries if entry.applied), default=-1)
    for entry in entries:
        found = contradiction(entry, out_of_order=not entry.applied and position[entry.version] < last)
        if found is not None:
            place = entry.migration.place if entry.migration is not None else Place("the history")
            yield Finding(found.code, found.message, place, found.hint)
