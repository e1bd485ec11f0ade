"""Making migrations out of templates, as `stepwell new` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stepwell.cli.main import main

if TYPE_CHECKING:
    from stepwell.testing import Workshop


class Made(NamedTuple):
    """A template that is used, for a migration of this name, with what is said of its variables."""

    template: str
    name: str
    said: tuple[str, ...] = ()


def new(shop: Workshop, made: Made, *options: str) -> int:
    """Run `stepwell new` in the project."""
    said = [part for each in made.said for part in ("--set", each)]
    places = ("--url", shop.url, "--migrations", "migrations")
    return main(["new", made.name, "--template", made.template, *said, *options, *places], root=shop.root)
