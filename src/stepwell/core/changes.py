"""What has changed in a project since some point of its life, as a value; which migrations that concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from stepwell.core.migration import Migration, Version


class Changes(NamedTuple):
    """The files that are new or other than they were at `since`, by their paths as migrations have them.

    `gone` are the versions whose file is not there any more.
    """

    since: str
    paths: frozenset[str]
    gone: tuple[Version, ...] = ()

    def first_of(
        self, order: Sequence[Migration], modules_of: Callable[[Migration], Iterable[str] | None]
    ) -> int:
        """The place in the plan from which on it is another one than it was; behind the last, where it is the same.

        One changed migration is a change for all behind it: they stand on it. Takes a function that tells which modules
        of the project a migration brings in; where it can't tell, every file may be one that it imports or reads.
        """
        others = self.paths - {each.path for each in order}
        for place, migration in enumerate(order):
            if migration.path in self.paths or any(version < migration.version for version in self.gone):
                return place
            if others:
                found = modules_of(migration)
                if found is None or not others.isdisjoint(found):
                    return place
        return len(order)
