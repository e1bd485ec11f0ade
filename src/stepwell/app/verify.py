"""`verify`: every migration goes up, down and up again on a scratch database; snapshots between tell what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.gather import in_order
from stepwell.app.ground import Ground
from stepwell.app.jobs import number_of, shares, try_all
from stepwell.app.rehearsal import Data
from stepwell.app.shelf import Shelf
from stepwell.app.trials import Chain
from stepwell.core.errors import TargetError, UsageError
from stepwell.core.migration import Direction, Version
from stepwell.core.proof import VerifyReport
from stepwell.core.sql.beyond import reaches_beyond

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from stepwell.app.context import Context
    from stepwell.app.verdicts import Verdicts
    from stepwell.core.changes import Changes
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
    changes: Changes | None = None,
    folder: Path | None = None,
) -> VerifyReport:
    """Try every migration, or those of the versions given, or all from the first of some `changes` on.

    With `rows`, once more on tables that have some; `data` is a script of the user's own, which is run before the first
    that is tried. `jobs` workers try some each; by default as many as pay. In `folder`, if there is one, good verdicts
    are kept, and are not found anew.

    Raises `TargetError` for a version that no file has, `UsageError` where no scratch database can be made or a
    statement must not run on it, `MigrationError` for files that are wrong.
    """
    if jobs is not None and jobs < 1:
        raise UsageError("the argument 'jobs' must be at least 1")
    began = context.clock()
    order = in_order(Shelf(context).parse_all())
    places = _named(order, versions)
    if changes is not None:
        places = range(changes.first_of(order, context.loader.modules_of), len(order))
    if not context.dialect.abilities.snapshots:
        raise UsageError(
            f"there are no snapshots of {context.dialect.name} yet, so that nothing can be proved"
        )
    chain = _chain(context, order, places, rows=rows, data=data)
    found = await _proofs(context, chain, places, jobs, folder) if places else {}
    elapsed_ms = (context.clock() - began) * 1000
    proofs = tuple(found[place] for place in places)
    since = changes.since if changes is not None else None
    return VerifyReport(context.dialect.name, proofs, elapsed_ms, strict, since)


def _named(order: Sequence[Migration], versions: Sequence[str]) -> Sequence[int]:
    """Where those that are named stand; all, where none is."""
    wanted = frozenset(map(Version, versions))
    if unknown := wanted - {migration.version for migration in order}:
        raise TargetError(f"no migration file has the version {min(unknown)}", hint="see 'stepwell status'")
    return [index for index, each in enumerate(order) if not wanted or each.version in wanted]


def _chain(
    context: Context, order: tuple[Migration, ...], places: Sequence[int], *, rows: bool, data: str | None
) -> Chain:
    """What is run: nothing behind the last one."""
    order = order[: places[-1] + 1] if places else ()
    given = Data(data, places[0]) if data is not None and places else None
    engine = context.dialect.name
    apart = any(reaches_beyond(text, engine) for each in order for text in each.texts)
    return Chain(order, rows, given, apart)


async def _proofs(
    context: Context, chain: Chain, places: Sequence[int], jobs: int | None, folder: Path | None
) -> Mapping[int, Proof]:
    """The proofs of the migrations at these places: those that are kept, and those of trials, which are kept then."""
    ground = Ground(context, chain.order, clean=chain.apart)
    found: dict[int, Proof] = {}
    verdicts: Verdicts | None = None
    keys: list[str | None] = [None] * len(chain.order)
    try:
        _refuse_forbidden(await ground.place(), chain.order)
        if folder is not None:
            from stepwell.app.verdicts import Verdicts, keys_of

            verdicts, keys = Verdicts(folder), keys_of(context, chain, await ground.snapshot())
            known = {place: verdicts.of(keys[place]) for place in places}
            found |= {place: each.proof(chain.order[place]) for place, each in known.items() if each}
        left = [place for place in places if place not in found]
        if left:
            abilities = context.dialect.abilities
            number = number_of(abilities, context.settings, chain, len(left), jobs)
            await try_all(context, chain, shares(left, number), ground, found)
    finally:
        await ground.close()
        if verdicts is not None:
            verdicts.keep({key: found[place] for place, key in enumerate(keys) if key and place in found})
    return found


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
