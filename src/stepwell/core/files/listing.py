"""What a source of migrations gives, and its shape. The sources themselves are in `stepwell.sources`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from stepwell.core.errors import MigrationFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.errors import MigrationError
    from stepwell.core.migration import Finding, SourceFile


class SourceListing(NamedTuple):
    """The files of a source, read once, in the order of folders and names; what was noticed about them."""

    files: tuple[SourceFile, ...]
    findings: tuple[Finding, ...] = ()


class Source(Protocol):
    """Where migrations come from."""

    def read(self) -> SourceListing:
        """Read every file once.

        Raises `UsageError` where there is nothing to read from, and `MigrationFileError` for files that can't
        be read, all of them at once.
        """
        ...


def together(problems: Sequence[MigrationError]) -> MigrationError:
    """One error that tells several, each with its place. Takes at least one; a single one is given back."""
    if len(problems) == 1:
        return problems[0]
    told = "".join(f"\n  {problem}" for problem in problems)
    return MigrationFileError(f"{len(problems)} files are wrong:{told}", problems=tuple(problems))
