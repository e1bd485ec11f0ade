"""The adapters that a project is joined of, found by their names: engines and sources; what a scratch forbids."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.core.errors import UsageError
from stepwell.core.files.listing import SourceListing
from stepwell.ports import Forbidden

if TYPE_CHECKING:
    from stepwell.core.files.listing import Source
    from stepwell.ports import Engine, Scratch


def find_engine(name: str) -> Engine:
    """The engine of that name: a package in `stepwell.engines`, or one that an installed package offers."""
    try:
        module = import_module(f"stepwell.engines.{name}")
        engine: Engine = module.ENGINE
    except (ModuleNotFoundError, AttributeError):
        return _installed_engine(name)
    return engine


def _installed_engine(name: str) -> Engine:
    from importlib.metadata import entry_points

    for found in entry_points(group="stepwell.engines", name=name):
        engine: Engine = found.load()
        return engine
    raise UsageError(
        f"there is no engine for {name}:// here",
        hint="supported are postgresql://, sqlite://, mysql://, mariadb:// and embedded://; others come as packages",
    )


def open_source(places: tuple[str, ...], root: Path) -> Source:
    """The source of migrations: folders below the root, and packages written as `package:NAME`."""
    from stepwell.sources.directory import DirectorySource

    packages = [place.removeprefix("package:") for place in places if place.startswith("package:")]
    folders = [Path(place) for place in places if not place.startswith("package:")]
    sources: list[Source] = [DirectorySource(folders, root)] if folders else []
    if packages:
        from stepwell.sources.package import PackageSource

        sources += [PackageSource(package) for package in packages]
    return sources[0] if len(sources) == 1 else _Several(sources)


class _Several:
    """Several sources as one."""

    def __init__(self, sources: list[Source]) -> None:
        self._sources = sources

    def read(self) -> SourceListing:
        """Read them in turn."""
        listings = [source.read() for source in self._sources]
        return SourceListing(
            tuple(file for listing in listings for file in listing.files),
            tuple(finding for listing in listings for finding in listing.findings),
        )


_ON_A_SERVER = "a scratch database on a server of its own can take it: give scratch_url"
_IN_MEMORY = "try it on a copy of the file: stepwell migrate --url"


def forbidden(sql: str, kind: str, made: Scratch) -> Forbidden | None:
    """Why a statement must not run in a scratch database, if it must not."""
    from stepwell.core.sql.beyond import reaches_beyond

    what = reaches_beyond(sql, kind, made.others) if made.shared else None
    if what is None:
        return None
    if made.url is None:
        return Forbidden(f"refused in a scratch database: it reaches {what}", _IN_MEMORY)
    return Forbidden(
        f"refused in a scratch database on the target's own server: it reaches {what}", _ON_A_SERVER
    )
