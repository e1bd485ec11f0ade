"""`verify`: every migration goes up, down and up again on a scratch database; snapshots between tell what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.gather import in_order
from stepwell.app.ground import Ground
from stepwell.app.jobs import number_of, try_all
from stepwell.app.rehearsal import Data
from stepwell.app.shelf import Shelf
from stepwell.app.trials import Chain
from stepwell.core.errors import TargetError, UsageError
from stepwell.core.migration import Direction, PythonBody, Version
from stepwell.core.proof import VerifyReport
from stepwell.core.sql.beyond import reaches_beyond

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stepwell.app.context import Context
    from stepwell.core.migration import Migration
    from stepwell.core.proof import Proof


async def verify(
    context: Context,
    versions: Sequence[str] = (),
    *,
    strict: bool = False,
    rows: bool = True,
    data: str | None = None,
    jobs: int | None = None,
) -> VerifyReport:
    """Try every migration, or those of the versions given, on scratch databases.

    With `rows`, once more on tables that have some; `data` is a script of the user's own, which is run before the first
    that is tried. `jobs` workers try some each; by default as many as pay.

    Raises `TargetError` for a version that no file has, `UsageError` where no scratch database can be made or a
    statement must not run on it, `MigrationError` for files that are wrong.
    """
    if jobs is not None and jobs < 1:
        raise UsageError("the argument 'jobs' must be at least 1")
    began = context.clock()
    order = in_order(Shelf(context).parse_all())
    places = _places(order, frozenset(map(Version, versions)))
    if not context.dialect.abilities.snapshots:
        raise UsageError(
            f"there are no snapshots of {context.dialect.name} yet, so that nothing can be proved"
        )
    order = order[: places[-1] + 1] if places else ()
    chain = Chain(
        order,
        rows,
        Data(data, places[0]) if data is not None and places else None,
        apart=any(_reaches(each, context.dialect.name) for each in order),
    )
    found: Mapping[int, Proof] = {}
    if places:
        ground = Ground(context, order, clean=chain.apart)
        _refuse_forbidden(await ground.place(), order)
        number = number_of(context, chain, len(places), jobs)
        found = await try_all(context, chain, places, ground, number)
    proofs = tuple(found[place] for place in places)
    return VerifyReport(context.dialect.name, proofs, (context.clock() - began) * 1000, strict)


def _places(order: Sequence[Migration], wanted: frozenset[Version]) -> tuple[int, ...]:
    """Where those that are wanted stand; all, where none is named."""
    if unknown := wanted - {migration.version for migration in order}:
        raise TargetError(f"no migration file has the version {min(unknown)}", hint="see 'stepwell status'")
    return tuple(index for index, each in enumerate(order) if not wanted or each.version in wanted)


def _refuse_forbidden(place: Context, order: Iterable[Migration]) -> None:
    for migration in order:
        for direction in Direction:
            for statement in migration.statements(direction):
                if (forbidden := place.forbid(statement.text)) is not None:
                    raise UsageError(
                        f"{migration.version} {migration.name}: {forbidden.why}",
                        place=migration.place._replace(line=statement.line),
                        hint=forbidden.hint,
                    )


def _reaches(migration: Migration, engine: str) -> bool:
    """Whether it seems to reach beyond its own database; of Python the whole text is looked at."""
    return any(reaches_beyond(text, engine) for text in _texts(migration))


def _texts(migration: Migration) -> Iterator[str]:
    for direction in Direction:
        yield from (statement.text for statement in migration.statements(direction))
    if isinstance(migration.body, PythonBody):
        yield migration.source.content.decode(errors="replace")
