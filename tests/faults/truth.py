"""What has to be so after any fault, whatever it was: asked of the database, and compared with what was told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stepwell.core.errors import StepwellError
from stepwell.core.report import Outcome, RunReport

if TYPE_CHECKING:
    from stepwell.testing import Workshop

# Advisory locks of this database, whoever holds them.
LOCKS = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
INVALID = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
RECORDED = "SELECT version FROM migrations ORDER BY id"


def run_through(shop: Workshop, url: str, **settings: object) -> RunReport | StepwellError:
    """Migrate by this URL, without a fingerprint at the end, since that asks a lot and changes nothing.

    Gives the report, also that of a failure; the error itself where it came before any plan.
    """
    project = shop.project(**{"url": url, "lock_wait": 20.0, "fingerprint": False, **settings})
    try:
        return asyncio.run(project.migrate())
    except StepwellError as error:
        return error.report if isinstance(error.report, RunReport) else error


def recorded(shop: Workshop) -> list[str]:
    """What the history table says, without stepwell."""
    if shop.column("SELECT to_regclass('migrations')") == [None]:
        return []
    return shop.column(RECORDED)


def lies(shop: Workshop, told: RunReport | StepwellError, *, before: int = 0) -> list[str]:
    """Where the report differs from what stands; empty where it told the truth. So many stood before the run."""
    stands = set(recorded(shop)[before:])
    if not isinstance(told, RunReport):
        return [f"{sorted(stands)} stand, and the error is {told}"] if stands else []
    applied = {step.version.text for step in told.steps if step.outcome is Outcome.APPLIED}
    doubted = {step.version.text for step in told.steps if step.outcome is Outcome.IN_DOUBT}
    found = []
    if applied != stands - doubted:
        found.append(f"told as applied: {sorted(applied)}; what stands: {sorted(stands)}")
    if told.ok is not (told.exit_code == 0) or (told.ok and len(applied) < len(told.steps)):
        found.append(f"ok is {told.ok}, the exit code is {told.exit_code}, applied are {sorted(applied)}")
    if not told.ok and told.steps and len(applied) == len(told.steps):
        found.append(f"all stands, and it was told as a failure: {told.error}")
    return found


def locks_left(shop: Workshop) -> list[str]:
    """A lock that somebody still holds."""
    count = shop.column(LOCKS)[0]
    return [f"{count} locks are left"] if count else []
