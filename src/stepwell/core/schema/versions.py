"""What versions of one server tell otherwise of the same structure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stepwell.core.schema.snapshot import Fact, Snapshot

NOT_NULL = "not null"  # the type of a constraint that newer servers keep besides: the column says it too
_PLAIN = {"type", "definition"}


def same_version(one: Snapshot, other: Snapshot) -> bool:
    """Whether both are from one major version, which writes the same thing in the same words."""
    return _major(one) == _major(other)


def only_not_null(fact: Fact) -> bool:
    """Whether it is a constraint that says no more than that its column is not null."""
    return fact.attributes.get("type") == NOT_NULL and set(fact.attributes) <= _PLAIN


def _major(snapshot: Snapshot) -> str:
    return snapshot.server.partition(".")[0]
