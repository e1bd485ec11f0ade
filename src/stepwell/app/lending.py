"""The driver's own connection, lent in a step without a transaction: one entry of its journal, from enter to leave.

Nobody can look into what is done there. So it is never done a second time: cut off in the middle, or failed, it is in
doubt; done by a former run, it can't be passed over, since the author's lines would run again.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from stepwell.core.errors import FailureKind, Fault, StepError
from stepwell.journal import digest_of
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from stepwell.app.gate import Gate
    from stepwell.core.errors import Place
    from stepwell.ports import Wire

SHOWN = "database.driver()"


class Lending:
    """One loan. `enter` gives the connection, `leave` takes it back, with what the block raised."""

    def __init__(self, gate: Gate, wire: Wire, version: str, place: Place) -> None:
        self._gate, self._wire, self._version, self._place = gate, wire, version, place
        loop = asyncio.get_running_loop()
        self._entered: asyncio.Future[Any] = loop.create_future()
        self._left: asyncio.Future[BaseException | None] = loop.create_future()
        self._turn = loop.create_task(gate.through(digest_of(SHOWN, None), self._lend, answers=True))

    async def enter(self) -> Any:
        """The connection, when it is our turn."""
        try:
            await asyncio.wait({self._entered, self._turn}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._turn.cancel()
            await asyncio.wait({self._turn})
            raise
        if not self._entered.done():
            self._turn.result()
        return self._entered.result()

    async def _lend(self) -> None:
        self._gate.lent = True
        try:
            async with self._wire.driver() as connection:
                self._entered.set_result(connection)
                raised = await self._left
        except Exception as error:
            raise self._in_doubt(error) from error
        finally:
            self._gate.lent = False
        if isinstance(raised, Exception):
            raise self._in_doubt(raised) from raised

    def _in_doubt(self, error: Exception) -> EngineError:
        """Whatever failed, nobody knows what was done before."""
        told = error.fault.message if isinstance(error, StepError) else f"{type(error).__name__}: {error}"
        fault = Fault(told, code="driver_failed", version=self._version, place=self._place, statement=SHOWN)
        return EngineError(fault, FailureKind.LOST)

    async def leave(self, _: type[BaseException] | None, raised: BaseException | None, *__: object) -> bool:
        """Give it back, and wait until that is written down."""
        if raised is not None and not isinstance(
            raised, Exception
        ):  # a cancellation: nothing more is written
            self._turn.cancel()
            await asyncio.wait({self._turn})
            return False
        self._left.set_result(raised)
        await self._turn
        return False
