"""Migrations that are installed as the resources of a Python package, also of one inside an archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepwell.core.errors import MigrationFileError, Place, UsageError
from stepwell.core.files.names import FileName, read_name
from stepwell.sources.memory import admit_all

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from stepwell.core.files.listing import SourceListing


@dataclass(frozen=True, slots=True)
class PackageSource:
    """The files of a package, such as `shop.migrations`, without those of its subpackages.

    Paths are shown with the name of the package as folders: `shop/migrations/001_add_users.sql`.
    """

    package: str

    def read(self) -> SourceListing:
        """Read every file once; see `Source.read`. The package itself is imported, its migrations are not."""
        folder = self.package.replace(".", "/")
        entries = sorted(self._folder().iterdir(), key=lambda entry: entry.name)
        return admit_all([(entry.name, f"{folder}/{entry.name}", _read(entry, folder)) for entry in entries])

    def _folder(self) -> Traversable:
        from importlib import import_module, resources  # dear, and few projects have such a source

        hint = "name an installed package, such as `package:shop.migrations`"
        try:
            module = import_module(self.package)
        except Exception as error:  # whatever the package does while it is imported
            message = f"the package {self.package!r} can't be imported: {error}"
            raise UsageError(message, hint=hint) from error
        if not hasattr(module, "__path__"):
            raise UsageError(f"{self.package!r} is a module, not a package", hint=hint)
        return resources.files(module)


def _read(entry: Traversable, folder: str) -> bytes:
    if not isinstance(read_name(entry.name), FileName):
        return b""
    try:
        return entry.read_bytes()
    except OSError as error:
        place = Place(f"{folder}/{entry.name}")
        raise MigrationFileError(f"it can't be read: {error.strerror}", place=place) from error
