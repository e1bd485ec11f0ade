"""What is noticed about a migration that is not wrong, but that `check` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.migration import Finding

if TYPE_CHECKING:
    from stepwell.core.errors import Place
    from stepwell.core.migration import Traits

_NO_DOWN = "no-down"
_IRREVERSIBLE_WITH_DOWN = "irreversible-with-down"
ABOUT_DOWN = frozenset((_NO_DOWN, _IRREVERSIBLE_WITH_DOWN))


def noticed_about_down(traits: Traits, place: Place, *, has_down: bool) -> tuple[Finding, ...]:
    """Compare what the author declared with whether there is a way back."""
    if has_down and traits.irreversible:
        message = "it is declared irreversible, and yet it has a way down, which will not be run"
        return (Finding(_IRREVERSIBLE_WITH_DOWN, message, place, "remove one of the two"),)
    if not has_down and not traits.irreversible:
        message = "it has no way down, and is not declared irreversible"
        return (Finding(_NO_DOWN, message, place, "write the way down, or declare it irreversible"),)
    return ()
