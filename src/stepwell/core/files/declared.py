"""The rules for what an author may declare, the same for a class attribute, a getter and a header line.

Not where the declarations are found: `pyfile` and `sqlfile` know that and, after an import, `sources`.
"""

from __future__ import annotations

import reprlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from stepwell.core.duration import parse_duration
from stepwell.core.errors import MigrationFileError
from stepwell.core.migration import Traits, Version, version_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stepwell.core.errors import Place

DEPENDENCIES = "dependencies"


@dataclass(frozen=True, slots=True)
class Declared:
    """One value as its author wrote it, under the label by which the author knows it, and where."""

    label: str
    value: object
    place: Place

    def wrong(self, expected: str, hint: str | None = None) -> MigrationFileError:
        """The error that says what was expected instead."""
        message = f"{self.label} must be {expected}, not {reprlib.repr(self.value)}"
        return MigrationFileError(message, place=self.place, hint=hint)


def read_text(declared: Declared) -> str:
    """A text, without the space around it. Raises `MigrationFileError`."""
    if not isinstance(declared.value, str):
        raise declared.wrong("a text")
    return declared.value.strip()


def read_version(declared: Declared) -> Version:
    """A version. Raises `MigrationFileError`."""
    if not isinstance(declared.value, str):
        raise declared.wrong(
            "a text", hint=f'write "{declared.value}"' if _is_number(declared.value) else None
        )
    if problem := version_problem(declared.value):
        raise MigrationFileError(f"{declared.label}: {problem}", place=declared.place)
    return Version(declared.value)


def read_versions(declared: Declared) -> tuple[Version, ...]:
    """A list of versions, in the author's order. Raises `MigrationFileError`."""
    return tuple(
        read_version(replace(declared, label=f"each of {declared.label}", value=item))
        for item in _items(declared, "a list of versions")
    )


def read_traits(declared: Mapping[str, Declared]) -> Traits:
    """What was declared beside the code, out of all that was declared. Raises `MigrationFileError`."""
    values = {name: read(declared[name]) for name, read in _TRAITS.items() if name in declared}
    return Traits(**values)


def _flag(declared: Declared) -> bool:
    if not isinstance(declared.value, bool):
        raise declared.wrong("true or false")
    return declared.value


def _duration(declared: Declared) -> float | None:
    if declared.value is None:
        return None
    try:
        return parse_duration(declared.value)
    except ValueError as error:
        raise MigrationFileError(f"{declared.label}: {error}", place=declared.place) from None


def _texts(declared: Declared) -> tuple[str, ...]:
    return tuple(read_text(replace(declared, value=item)) for item in _items(declared, "a list of texts"))


def _version_texts(declared: Declared) -> tuple[str, ...]:
    return tuple(version.text for version in read_versions(declared))


def _optional_text(declared: Declared) -> str | None:
    return None if declared.value is None else read_text(declared)


def _items(declared: Declared, expected: str) -> tuple[object, ...]:
    if not isinstance(declared.value, list | tuple):
        hint = f'write ["{declared.value}"]' if isinstance(declared.value, str) else None
        raise declared.wrong(expected, hint=hint)
    return tuple(declared.value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TRAITS: dict[str, Callable[[Declared], Any]] = {
    "transactional": _flag,
    "irreversible": _flag,
    "idempotent": _flag,
    "ends_segment": _flag,
    "lock_timeout": _duration,
    "statement_timeout": _duration,
    "idle_timeout": _duration,
    "tags": _texts,
    "replaces": _version_texts,
    "phase": _optional_text,
}
FLAGS = frozenset(name for name, read in _TRAITS.items() if read is _flag)
LISTS = frozenset(
    (DEPENDENCIES, *(name for name, read in _TRAITS.items() if read in (_texts, _version_texts)))
)
ATTRIBUTES = (DEPENDENCIES, *_TRAITS)
