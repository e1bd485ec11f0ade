"""The fingerprint of the structure: left behind at the end of a run, and compared with what there is now.

It is taken when nothing is open any more, so that no lock is held for it, and written only if nobody else has been at
work meanwhile: then it is his to take. No run fails for it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stepwell.app.outcome import INTERRUPTED, interrupted
from stepwell.core.actions import Busy, LogEvent, LogLine
from stepwell.core.errors import Fault, StepwellError
from stepwell.core.events import Warned
from stepwell.core.migration import Version
from stepwell.core.report import Outcome, RunReport

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from stepwell.app.context import Context
    from stepwell.core.migration import Direction
    from stepwell.core.standing import Standing
    from stepwell.ports import Batch, Connection

OF_NO_MIGRATION = Version("")  # what the row of the log is about


async def followed(context: Context, connection: Connection, run: Awaitable[RunReport]) -> RunReport:
    """Let a run come to its end, and take the fingerprint of what it has left. Gives and raises what the run does."""
    try:
        report = await run
    except StepwellError as error:
        if isinstance(error.report, RunReport) and not _lost(error.report):
            try:
                await _leave_after(context, connection, error.report)
            except asyncio.CancelledError:
                raise interrupted(error.report) from error
        raise
    try:
        await _leave_after(context, connection, report)
    except asyncio.CancelledError:
        fault = Fault("interrupted", code="interrupted")
        raise interrupted(report._replace(ok=False, error=fault, exit_code=INTERRUPTED)) from None
    return report


async def _leave_after(context: Context, connection: Connection, report: RunReport) -> None:
    if _moved(report):
        await leave(context, connection, context.new_batch()._replace(id=report.batch), report.direction)


def _lost(report: RunReport) -> bool:
    """Whether it failed since the connection was lost: whoever asks again may wait for long."""
    return report.error is not None and report.error.code == "connection_lost"


def _moved(report: RunReport) -> bool:
    """Whether the structure may be another one than before the run, and it is known what stands."""
    outcomes = {step.outcome for step in report.steps}
    apart = {version for each in report.segments if not each.transactional for version in each.versions}
    halves = any(step.outcome is Outcome.FAILED and step.version in apart for step in report.steps)
    done = bool(outcomes & {Outcome.APPLIED, Outcome.REVERTED} or report.adopted)
    return Outcome.IN_DOUBT not in outcomes and (done or halves)


async def leave(context: Context, connection: Connection, batch: Batch, direction: Direction) -> None:
    """Take the fingerprint at the end of a run and log it, unless that is switched off. Raises nothing of its own."""
    if not (context.settings.fingerprint and connection.dialect.abilities.snapshots):
        return
    try:
        await _left(context, connection, batch, direction)
    except Exception as error:  # noqa: BLE001 - whatever it is, the run is done and stands
        context.emit(Warned(f"the fingerprint of the structure was not taken: {context.clean(str(error))}"))


async def _left(context: Context, connection: Connection, batch: Batch, direction: Direction) -> None:
    # Here, since most runs have nothing to do.
    from stepwell.app.unchanged import write_under
    from stepwell.core.schema.fingerprint import fingerprint

    began = context.clock()
    history = await connection.read()
    made = fingerprint(await connection.snapshot(), context.settings.ignore, batch.tool)
    line = LogLine(
        LogEvent.FINGERPRINT,
        OF_NO_MIGRATION,
        direction,
        elapsed_ms=(context.clock() - began) * 1000,
        fingerprint=made.dumps(),
    )
    held = await connection.acquire(transactional=True)
    if isinstance(held, Busy):
        return
    await write_under(held, connection, history, lambda: connection.log((line,), batch))


async def stands(context: Context, connection: Connection) -> Standing:
    """What the last fingerprint says of the database now. Reads only."""
    from stepwell.app.snapshot import read
    from stepwell.core.schema.fingerprint import fingerprint, standing

    left = await connection.last_fingerprint()
    now = fingerprint(await read(connection), context.settings.ignore, context.new_batch().tool)
    return standing(left, now)
