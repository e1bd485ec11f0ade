"""How a failure of a step's statement is told: as an `EngineError`, and in an SQL file at the line of its position."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from stepwell.core.errors import Fault, Place, StepwellError
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stepwell.core.sql.statement import Statement
    from stepwell.ports import BoundStatement

T = TypeVar("T")


async def told(send: Callable[[BoundStatement], Awaitable[T]], statement: BoundStatement) -> T:
    """Send; what a driver raises besides its own errors (a number too large, text that is no text) is told alike."""
    try:
        return await send(statement)
    except StepwellError:
        raise
    except Exception as error:
        origin = statement.origin
        text = f"{type(error).__name__}: {error}"
        raise EngineError(
            Fault(
                text,
                code="statement_failed",
                version=origin.version,
                place=origin.place,
                statement=statement.shown,
            )
        ) from error


def in_file(fault: Fault, statement: Statement, version: str) -> Fault:
    """Move the place of a fault to the line of its position, where both belong to this statement of a file."""
    if fault.version != version or fault.statement != statement.text or not fault.position or not fault.place:
        return fault
    lines = statement.text.count("\n", 0, fault.position - 1)
    return replace(fault, place=Place(fault.place.path, statement.line + lines))


def cleaned(fault: Fault, clean: Callable[[str], str]) -> Fault:
    """Without secrets: what Python raises, and what an author writes, may hold the password of the database."""
    statement = clean(fault.statement) if fault.statement is not None else None
    return replace(
        fault,
        message=clean(fault.message),
        detail=clean(fault.detail) if fault.detail is not None else None,
        statement=statement,
        position=fault.position if statement == fault.statement else None,
    )
