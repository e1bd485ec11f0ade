"""Puts values into the places of a template. What comes out is text; nothing of it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import Place, UsageError
from stepwell.core.migration import Language
from stepwell.core.nearest import did_you_mean
from stepwell.core.templates.choice import wrong_value
from stepwell.core.templates.template import PLACE
from stepwell.core.templates.values import in_python, last_name, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stepwell.core.sql.rules import LexRules
    from stepwell.core.templates.choice import Choice
    from stepwell.core.templates.template import Outline, Template


def filled(
    outline: Outline, template: Template, built_in: Mapping[str, str], choice: Choice, rules: LexRules
) -> str:
    """The text of a file. Takes the values of the places that every template has, and those that were chosen.

    Raises `UsageError` for a place that there is none of, with its line, and for a value that can't be written there.
    """
    values = {**_written(choice, template, rules), **built_in}
    parts: list[str] = []
    end = 0
    for found in PLACE.finditer(outline.text):
        if not found[2] or found[1] not in values:
            line = outline.first_line + outline.text.count("\n", 0, found.start())
            raise _no_place(found[0], found[1], values, Place(template.path, line))
        parts += [outline.text[end : found.start()], values[found[1]]]
        end = found.end()
    return "".join((*parts, outline.text[end:]))


def named(pattern: str, template: Template, built_in: Mapping[str, str], choice: Choice) -> str:
    """A name, such as that of a file, out of a pattern with places; of names with a schema, the last part."""
    values = {name: last_name(value, choice.kinds[name]) for name, value in choice.values.items()} | dict(
        built_in
    )
    for found in PLACE.finditer(pattern):
        if not found[2] or found[1] not in values:
            raise _no_place(found[0], found[1], values, Place(template.path))
    return PLACE.sub(lambda found: values[found[1]], pattern)


def _written(choice: Choice, template: Template, rules: LexRules) -> dict[str, str]:
    made: dict[str, str] = {}
    for name, value in choice.values.items():
        try:
            text = written(value, choice.kinds[name], rules)
            made[name] = in_python(text) if template.language is Language.PYTHON else text
        except ValueError as problem:
            raise wrong_value(name, value, problem) from None
    return made


def _no_place(shown: str, name: str, there: Iterable[str], place: Place) -> UsageError:
    hint = did_you_mean(name, there) or f"there are: {', '.join(there)}"
    return UsageError(f"this template has no variable for {shown}", place=place, hint=hint)
