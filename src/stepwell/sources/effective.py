"""What a migration really says, once its class has been imported: getters called, attributes looked up.

The rules for the values are those of `core/files`; here they are only gathered.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING

from stepwell.author import Migration as Author
from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.files.assemble import GETTERS, Declarations, assemble
from stepwell.core.files.declared import ATTRIBUTES, Declared
from stepwell.core.files.noticed import ABOUT_DOWN
from stepwell.core.migration import PythonBody
from stepwell.core.redact import Redactor

if TYPE_CHECKING:
    from stepwell.core.migration import Migration


def effective(migration: Migration, cls: type[Author]) -> Migration:
    """The migration with the values that its class has after the import.

    Takes what `parse` gave and the class of the same file. Raises `MigrationFileError` as parsing does, with
    the line of the getter where it stands in the file, and with that of the class for the rest.
    """
    if not isinstance(migration.body, PythonBody) or _text_told_all(migration.body, cls):
        return migration
    body = _body(migration.body, cls)
    if not body.has_up:
        hint = "write `async def up(self) -> None:`"
        raise MigrationFileError(f"{cls.__name__} has no up()", place=migration.place, hint=hint)
    own = _Class(cls, migration)
    declarations = Declarations(
        getters={name: own.called(name) for name in GETTERS if _is_overridden(cls, name)},
        attributes={name: own.attribute(name) for name in ATTRIBUTES if _is_overridden(cls, name)},
        docstring=cls.__doc__,
    )
    kept = [finding for finding in migration.findings if finding.code not in ABOUT_DOWN]
    return assemble(migration.source, body, declarations, kept)


def _text_told_all(body: PythonBody, cls: type[Author]) -> bool:
    """Whether the text said all in literals, and nothing but our own class stands above: as it is nearly always."""
    return not body.needs_import and cls.__bases__ == (Author,) and type(cls) is type


def _body(body: PythonBody, cls: type[Author]) -> PythonBody:
    return replace(
        body,
        has_up=_is_overridden(cls, "up"),
        has_down=_is_overridden(cls, "down"),
        has_is_applied=_is_overridden(cls, "is_applied"),
        needs_import=False,
    )


def _is_overridden(cls: type[Author], name: str) -> bool:
    """Whether a name comes from anywhere but our own class."""
    owner = next((parent for parent in cls.__mro__ if name in vars(parent)), None)
    return owner is not None and owner is not Author


class _Class:
    """One object of the class, to ask for its values; an error of the author's code gets its place."""

    def __init__(self, cls: type[Author], migration: Migration) -> None:
        self._place = migration.place
        self._cls = cls
        try:
            self._object = cls()
        except (Exception, SystemExit) as error:
            raise self._failed(f"{cls.__name__}()", error, self._place) from error

    def called(self, getter: str) -> Declared:
        """What a getter gives."""
        label, place = f"{getter}()", self._place_of(getter)
        try:
            return Declared(label, getattr(self._object, getter)(), place)
        except (Exception, SystemExit) as error:
            raise self._failed(label, error, place) from error

    def attribute(self, name: str) -> Declared:
        """The value of an attribute, which may be a property."""
        try:
            return Declared(name, getattr(self._object, name), self._place)
        except (Exception, SystemExit) as error:
            raise self._failed(name, error, self._place) from error

    def _place_of(self, name: str) -> Place:
        function = inspect.unwrap(getattr(self._cls, name)) if name in vars(self._cls) else None
        code = getattr(function, "__code__", None)
        return self._place if code is None else Place(self._place.path, code.co_firstlineno)

    def _failed(self, label: str, error: BaseException, place: Place) -> MigrationFileError:
        message = Redactor().clean(f"{label} failed: {type(error).__name__}: {error}")
        return MigrationFileError(message, place=place)
