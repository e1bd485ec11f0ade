"""`docs`: the migrations replayed on a scratch database, and all that was seen of them, as a book. Writes no file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.gather import graph_of
from stepwell.app.ground import Ground
from stepwell.app.replay import knowing
from stepwell.app.runs import run_wish
from stepwell.app.shelf import Shelf
from stepwell.app.verify import verify
from stepwell.core.book import Book, cleaned
from stepwell.core.book.blame import Turn, blame
from stepwell.core.book.chapters import Seen, chapter
from stepwell.core.book.renames import followed, moved
from stepwell.core.book.sheets import laid_out, notes, settled
from stepwell.core.errors import StepError
from stepwell.core.migration import Direction, PythonBody
from stepwell.core.redact import Redactor
from stepwell.core.schema.words import tell
from stepwell.core.sql.beyond import reaches_beyond
from stepwell.core.wish import Wish

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stepwell.app.context import Context
    from stepwell.core.graph import Graph
    from stepwell.core.migration import Migration, Version
    from stepwell.core.proof import VerifyReport
    from stepwell.core.report import RunReport
    from stepwell.core.schema.snapshot import Snapshot

NO_SNAPSHOTS = "the structure is not in it: there are no snapshots of {} yet"


async def docs(context: Context, *, verdicts: bool = True, folder: Path | None = None) -> Book:
    """Everything about the migrations of all files, and the structure that they give; `verdicts` tries them besides.

    In `folder`, if there is one, good verdicts are kept, as `verify` does.

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
        replay = await _replayed(context, order)
        report = await verify(context, folder=folder) if verdicts else None
        book = replay.book(graph, report)
    return cleaned(book, Redactor(()).clean)


def _without_structure(context: Context, order: Sequence[Migration], graph: Graph) -> Book:
    name = context.dialect.name
    chapters = tuple(chapter(migration, graph, Seen()) for migration in order)
    return Book(name, chapters, structure=False, verified=False, notes=(NO_SNAPSHOTS.format(name),))


async def _replayed(context: Context, order: Sequence[Migration]) -> _Replay:
    name = context.dialect.name
    apart = any(reaches_beyond(text, name) for migration in order for text in migration.texts)
    ground = Ground(context, tuple(order), clean=apart)  # or verify would find the roles that were made here
    replay = _Replay(context, ground)
    try:
        await replay.run()
    finally:
        await ground.close()
    return replay


class _Replay:
    """A replay of all migrations on a ground, and what was seen of each."""

    def __init__(self, context: Context, ground: Ground) -> None:
        self._rules, self._name, self._ground = context.dialect.rules, context.dialect.name, ground
        self._turns: list[Turn] = []
        self._seen: dict[Version, Seen] = {}
        self._last: Snapshot | None = None

    async def run(self) -> None:
        owner = (await self._ground.ask(lambda connection: connection.about())).user
        before = settled(await self._ground.snapshot(), owner)
        for index, migration in enumerate(self._ground.order):
            if (failure := await self._ground.up("up", index)) is not None:
                raise StepError(failure.fault)
            sent = _sent(self._ground.report, migration)
            after = settled(await self._ground.snapshot(), owner)
            ways = moved(before, after, sent, self._rules)
            turn = Turn(migration.version, followed(before, after, ways), ways)
            down, whole = await self._way_back(index)
            self._turns.append(turn)
            self._seen[migration.version] = Seen(sent, down, whole and bool(sent), tuple(tell(turn.diff)))
            before = after
        self._last = before

    async def _way_back(self, index: int) -> tuple[tuple[str, ...], bool]:
        """What down() of a Python migration would send, which is recorded and not run; and whether that is all."""
        migration = self._ground.order[index]
        if not migration.reversible or not isinstance(migration.body, PythonBody):
            return (), True
        there = knowing(await self._ground.place(), self._ground.order[: index + 1])
        try:
            report = await run_wish(there, Wish(Direction.DOWN, steps=1), dry_run=True)
        except StepError:  # what is wrong with a down() is for verify to say
            return (), False
        sent = _sent(report, migration)
        return sent, bool(sent) and all(step.note is None for step in report.steps)

    def book(self, graph: Graph, report: VerifyReport | None) -> Book:
        proofs = {} if report is None else {proof.version: proof for proof in report.proofs}
        assert self._last is not None  # noqa: S101 - it has run
        touched = blame(self._turns)
        sheets, items = laid_out(self._last, touched, self._rules)
        chapters = (
            chapter(each, graph, self._seen[each.version], proofs.get(each.version))
            for each in self._ground.order
        )
        told = notes(self._last, touched)
        return Book(self._name, tuple(chapters), sheets, items, verified=report is not None, notes=told)


def _sent(report: RunReport | None, migration: Migration) -> tuple[str, ...]:
    """The statements of a migration, as its author wrote them, without their values."""
    steps = [] if report is None else [step for step in report.steps if step.version == migration.version]
    return tuple(statement.sql for step in steps for statement in step.statements)
