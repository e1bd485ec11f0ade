"""Progress on standard error: events in, lines out. On a terminal the current step is drawn live besides."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from stepwell.cli.options import Verbosity
from stepwell.cli.output import Output
from stepwell.core.events import (
    Connected,
    Event,
    Planned,
    Replanned,
    Retrying,
    SegmentAborted,
    SegmentCommitted,
    StatementSent,
    StepFinished,
    StepStarted,
    Waiting,
    WaitingForServer,
    Warned,
)
from stepwell.core.migration import Direction, version_texts
from stepwell.render.cells import one_line
from stepwell.render.view import OUTCOMES, View
from stepwell.render.when import counted, elapsed

Listener = Callable[[Event], None]

_TOLD_AGAIN = 10.0  # seconds of waiting after which the same is told once more
_DOES = {Direction.UP: "applying", Direction.DOWN: "reverting"}


@contextmanager
def progress_on(output: Output, *, names_database: bool) -> Iterator[Listener]:
    """Give a listener for events that tells them on an output, until the block ends."""
    plain = Lines(output, names_database=names_database)
    if not output.on_terminal() or output.options.verbosity is not Verbosity.NORMAL:
        yield plain.listen
        return
    with ExitStack() as stack:
        yield _drawn_when_needed(output, plain.listen, stack)


def _drawn_when_needed(output: Output, plain: Listener, stack: ExitStack) -> Listener:
    """A listener that draws live from the first event on that needs it: rich is not loaded before that."""
    listener = plain

    def listen(event: Event) -> None:
        nonlocal listener
        if listener is plain and isinstance(event, StepStarted | Waiting | WaitingForServer):
            from stepwell.cli.live import live_on

            listener = stack.enter_context(live_on(output, plain))
        listener(event)

    return listen


class Lines:
    """Tells each event that people should know of as a line."""

    def __init__(self, output: Output, *, names_database: bool) -> None:
        self._output = output
        self._view = output.err_view()
        self._names_database = names_database
        self._position = ""
        self._waiting: Waiting | WaitingForServer | None = None

    def listen(self, event: Event) -> None:
        """Tell one event."""
        if isinstance(event, Warned):
            self._output.warn(event.message)
        elif isinstance(event, StepStarted):
            self._position = f"[{event.position}/{event.total}] "
        elif isinstance(event, StatementSent):
            if self._output.verbose:
                self._output.say(f"{self._position}{event.version}: statement {event.count}")
        elif isinstance(event, Waiting | WaitingForServer) and not self._news(event):
            pass
        elif not isinstance(event, Connected) or self._names_database:
            self._output.say(self._position_of(event) + describe(event, self._view))

    def _news(self, event: Waiting | WaitingForServer) -> bool:
        """Whether somebody waits for something else than before, or for long enough to be told again."""
        before = self._waiting
        known = before if before is not None and _reason(before) == _reason(event) else None
        if known is not None and 0 <= event.waited - known.waited < _TOLD_AGAIN:
            return False
        self._waiting = event
        return True

    def _position_of(self, event: Event) -> str:
        return self._position if isinstance(event, StepFinished) else ""


def _reason(event: Waiting | WaitingForServer) -> tuple[type, str | None]:
    return type(event), event.holder if isinstance(event, Waiting) else event.reason


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
    return f"{event.version}: {counted(event.count, 'statement')}"


def _committed(event: SegmentCommitted, _: View) -> str:
    return f"committed segment {event.number}: {', '.join(version_texts(event.versions))}"


def _aborted(event: SegmentAborted, _: View) -> str:
    return one_line(f"undid segment {event.number}: {event.reason}")


def _retrying(event: Retrying, _: View) -> str:
    return one_line(f"trying again in {event.delay:.1f} s (attempt {event.attempt}): {event.reason}")


def _replanned(_event: Replanned, _: View) -> str:
    return "somebody else was faster: planning anew"


def _warned(event: Warned, _: View) -> str:
    return one_line(event.message)


def _finished(event: StepFinished, view: View) -> str:
    badge = OUTCOMES[event.outcome]
    statements = counted(event.statements, "statement")
    told = f"{event.version} {event.name}: {statements}, {elapsed(event.elapsed_ms)}"
    return f"{view.paint(badge.text(view), badge.tone)} {one_line(told)}"


_DESCRIBED: Mapping[type, Callable[[Any, View], str]] = {
    Connected: _connected,
    Planned: _planned,
    Waiting: _waiting,
    WaitingForServer: _waiting_for_server,
    StepStarted: _started,
    StatementSent: _sent,
    StepFinished: _finished,
    SegmentCommitted: _committed,
    SegmentAborted: _aborted,
    Retrying: _retrying,
    Replanned: _replanned,
    Warned: _warned,
}
