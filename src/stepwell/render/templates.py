"""The templates of `new`, as a list for people and as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepwell.core.templates.names import shown_form
from stepwell.core.templates.template import BUILT_IN, Kind
from stepwell.render.cells import one_line, wrap
from stepwell.render.view import Tone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stepwell.core.templates.template import ListedTemplate, Variable
    from stepwell.render.view import View

_IN = "    "


def templates_text(listed: Sequence[ListedTemplate], view: View) -> str:
    """Every template with what it is, the names that say its values, and its variables."""
    return "\n".join(line for each in listed for line in _lines(each, view)) + "\n"


def _lines(listed: ListedTemplate, view: View) -> Iterator[str]:
    template = listed.template
    name = view.paint(listed.name, Tone.STRONG)
    about = template.about or "(it does not say what it is)"
    only = (
        "" if len(listed.languages) > 1 or template.refusal else f", {listed.languages[0].name.title()} only"
    )
    yield f"{name}  {one_line(about)} ({one_line(listed.origin)}{only})"
    if template.refusal is not None:
        yield from wrap(f"{_IN}not here: {one_line(template.refusal)}", view.width, _IN * 2)
        return
    for form in template.names:
        yield f"{_IN}{shown_form(form)}"
    for variable in template.variables:
        yield from wrap(f"{_IN}--set {_variable(variable)}", view.width, _IN * 2)


def _variable(variable: Variable) -> str:
    default = "" if variable.default is None else f" (default: {one_line(_words(variable))})"
    return f"{variable.name}={variable.kind.upper()}  {one_line(variable.about)}{default}"


def _words(variable: Variable) -> str:
    text = shown_form(variable.default or "")
    return text.replace("|", " or ") if variable.kind is Kind.NULLNESS else text


def templates_document(listed: Sequence[ListedTemplate]) -> dict[str, Any]:
    """The same as a document, with the places that every template has."""
    return {
        "format": 1,
        "ok": True,
        "templates": [_document(each) for each in listed],
        "places": dict(BUILT_IN),
        "error": None,
    }


def _document(listed: ListedTemplate) -> dict[str, Any]:
    template = listed.template
    return {
        "name": listed.name,
        "about": template.about,
        "origin": listed.origin,
        "languages": [language.value for language in listed.languages],
        "names": [shown_form(form) for form in template.names],
        "variables": [
            {"name": each.name, "kind": each.kind.value, "default": each.default, "about": each.about}
            for each in template.variables
        ],
        "refusal": template.refusal,
    }
