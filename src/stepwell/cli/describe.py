"""Each event of a run as one line of text. It prints nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from stepwell.core.events import (
    Adopting,
    Blocked,
    Connected,
    Event,
    Planned,
    Replanned,
    Replaying,
    Retrying,
    SegmentAborted,
    SegmentCommitted,
    StatementSent,
    StepFinished,
    StepStarted,
    Verified,
    Waiting,
    WaitingForServer,
    Warned,
)
from stepwell.core.migration import Direction, version_texts
from stepwell.render.cells import one_line
from stepwell.render.view import OUTCOMES
from stepwell.render.when import counted, elapsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.render.view import View

Listener = Callable[[Event], None]

_DOES = {Direction.UP: "applying", Direction.DOWN: "reverting"}


def describe(event: Event, view: View) -> str:
    """An event as one line."""
    return _DESCRIBED[type(event)](event, view)


def _connected(event: Connected, _: View) -> str:
    return one_line(f"database: {event.url} ({event.engine})")


def _planned(event: Planned, _: View) -> str:
    parts = counted(len(event.segments), "segment")
    return f"{_DOES[event.direction]} {counted(event.steps, 'migration')} in {parts}"


def _waiting(event: Waiting, _: View) -> str:
    holder = f", held by {event.holder}" if event.holder else ""
    return one_line(f"waiting for the lock{holder} ({event.waited:.0f} of {event.limit:.0f} s)")


def _waiting_for_server(event: WaitingForServer, _: View) -> str:
    return one_line(f"waiting for the database: {event.reason} ({event.waited:.0f} s)")


def _started(event: StepStarted, _: View) -> str:
    return one_line(f"{_DOES[event.direction]} {event.version} {event.name}")


def _sent(event: StatementSent, _: View) -> str:
    return f"{event.version}: {counted(event.number, 'statement')}"


def _blocked(event: Blocked, _: View) -> str:
    return one_line(f"{event.version} waits for {event.by} ({event.waited:.0f} s)")


def _committed(event: SegmentCommitted, _: View) -> str:
    return f"committed segment {event.number}: {', '.join(version_texts(event.versions))}"


def _aborted(event: SegmentAborted, _: View) -> str:
    what = "undid" if event.transactional else "stopped in"
    return one_line(f"{what} segment {event.number}: {event.reason}")


def _verified(event: Verified, _: View) -> str:
    from stepwell.core.proof import Verdict
    from stepwell.render.verify import VERDICTS  # only where something was verified

    word = VERDICTS[Verdict(event.verdict)].word
    return one_line(f"{event.version} {event.name}: {word}, {elapsed(event.elapsed_ms)}")


def _retrying(event: Retrying, _: View) -> str:
    return one_line(f"trying again in {event.delay:.1f} s (attempt {event.attempt}): {event.reason}")


def _replaying(event: Replaying, _: View) -> str:
    count = counted(event.migrations, "migration")
    return f"replaying {count} on a scratch database, to find out what is there already"


def _adopting(event: Adopting, _: View) -> str:
    return one_line(f"recording {event.version} {event.name} as applied: {event.evidence}")


def _replanned(_event: Replanned, _: View) -> str:
    return "somebody else was faster: planning anew"


def _warned(event: Warned, _: View) -> str:
    return one_line(event.message)


def _finished(event: StepFinished, view: View) -> str:
    statements = counted(event.statements, "statement")
    if event.outcome is None:
        return one_line(f"sent {event.version} {event.name}: {statements}")
    badge = OUTCOMES[event.outcome]
    told = f"{event.version} {event.name}: {statements}, {elapsed(event.elapsed_ms or 0.0)}"
    return f"{view.paint(badge.text(view), badge.tone)} {one_line(told)}"


_DESCRIBED: Mapping[type, Callable[[Any, View], str]] = {
    Connected: _connected,
    Planned: _planned,
    Waiting: _waiting,
    WaitingForServer: _waiting_for_server,
    StepStarted: _started,
    StatementSent: _sent,
    Blocked: _blocked,
    StepFinished: _finished,
    SegmentCommitted: _committed,
    SegmentAborted: _aborted,
    Retrying: _retrying,
    Verified: _verified,
    Replaying: _replaying,
    Adopting: _adopting,
    Replanned: _replanned,
    Warned: _warned,
}
