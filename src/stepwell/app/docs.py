"""`docs`: the migrations replayed on a scratch database, and all that was seen of them, as a book. Writes no file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.gather import graph_of
from stepwell.app.replay import replayed, scratch_of
from stepwell.app.runs import run_wish
from stepwell.app.shelf import Shelf
from stepwell.app.verify import verify
from stepwell.core.book import Book, cleaned
from stepwell.core.book.blame import Turn, blame
from stepwell.core.book.chapters import Seen, chapter
from stepwell.core.book.renames import followed, moved
from stepwell.core.book.sheets import laid_out, notes, settled
from stepwell.core.migration import Direction, PythonBody
from stepwell.core.redact import Redactor
from stepwell.core.schema.words import tell
from stepwell.core.wish import Wish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.app.context import Context
    from stepwell.core.graph import Graph
    from stepwell.core.migration import Migration, Version
    from stepwell.core.proof import Proof
    from stepwell.core.report import RunReport
    from stepwell.core.schema.snapshot import Snapshot

NO_SNAPSHOTS = "the structure is not in it: there are no snapshots of {} yet"


async def docs(context: Context, *, verdicts: bool = True) -> Book:
    """Everything about the migrations of all files, and the structure that they give; `verdicts` tries them besides.

    Values that were given with statements are not in it, nor what looks like a secret. Raises `MigrationError` for
    files that are wrong, `UsageError` where no scratch database can be made, and what a run raises.
    """
    migrations = {each.version: each for each in Shelf(context).parse_all()}
    graph = graph_of(migrations.values())
    order = [migrations[version] for version in graph.order]
    if not context.dialect.abilities.snapshots:
        book = _without_structure(context, order, graph)
    elif not order:
        book = Book(context.dialect.name, ())
    else:
        book = await _whole(context, order, graph, verdicts=verdicts)
    return cleaned(book, Redactor(()).clean)


def _without_structure(context: Context, order: Sequence[Migration], graph: Graph) -> Book:
    name = context.dialect.name
    chapters = tuple(chapter(migration, graph, Seen()) for migration in order)
    return Book(name, chapters, structure=False, verified=False, notes=(NO_SNAPSHOTS.format(name),))


async def _whole(context: Context, order: Sequence[Migration], graph: Graph, *, verdicts: bool) -> Book:
    async with scratch_of(context) as place:
        replay = _Replay(context, place)
        await replay.run(order)
    proofs = {each.version: each for each in (await verify(context)).proofs} if verdicts else {}
    return replay.book(order, graph, proofs, verified=verdicts)


class _Replay:
    """A replay of all migrations, and what was seen of each."""

    def __init__(self, context: Context, place: Context) -> None:
        self._rules, self._place = context.dialect.rules, place
        self._name = context.dialect.name
        self._turns: list[Turn] = []
        self._seen: dict[Version, Seen] = {}
        self._last: Snapshot | None = None

    async def run(self, order: Sequence[Migration]) -> None:
        connection = await self._place.connect(True)
        try:
            owner = (await connection.about()).user
            before = settled(await connection.snapshot(), owner)
        finally:
            await connection.close()
        waiting = iter(order)
        async for there, report, taken in replayed(self._place, order):
            migration, after = next(waiting), settled(taken, owner)
            sent = _sent(report, migration)
            ways = moved(before, after, sent, self._rules)
            turn = Turn(migration.version, followed(before, after, ways), ways)
            self._turns.append(turn)
            down, whole = await _way_back(there, migration)
            changes = tuple(tell(turn.diff))
            self._seen[migration.version] = Seen(sent, down, whole and bool(sent), changes)
            before = after
        self._last = before

    def book(
        self, order: Sequence[Migration], graph: Graph, proofs: dict[Version, Proof], *, verified: bool
    ) -> Book:
        assert self._last is not None  # noqa: S101 - it has run
        touched = blame(self._turns)
        sheets, items = laid_out(self._last, touched, self._rules)
        chapters = (
            chapter(each, graph, self._seen[each.version], proofs.get(each.version)) for each in order
        )
        told = notes(self._last, touched)
        return Book(self._name, tuple(chapters), sheets, items, verified=verified, notes=told)


async def _way_back(place: Context, migration: Migration) -> tuple[tuple[str, ...], bool]:
    """What down() of a Python migration would send, which is recorded and not run; and whether that is all."""
    if not migration.reversible or not isinstance(migration.body, PythonBody):
        return (), True
    report = await run_wish(place, Wish(Direction.DOWN, steps=1), dry_run=True)
    sent = _sent(report, migration)
    return sent, bool(sent) and all(step.note is None for step in report.steps)


def _sent(report: RunReport, migration: Migration) -> tuple[str, ...]:
    """The statements of a migration, as its author wrote them, without their values."""
    steps = (step for step in report.steps if step.version == migration.version)
    return tuple(statement.sql for step in steps for statement in step.statements)
