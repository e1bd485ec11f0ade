"""Progress on standard error: events in, lines out. On a terminal the current step is drawn live besides."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from stepwell.cli.describe import describe
from stepwell.cli.options import Verbosity
from stepwell.core.events import (
    Connected,
    StatementSent,
    StepFinished,
    StepStarted,
    Waiting,
    WaitingForServer,
    Warned,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.cli.describe import Listener
    from stepwell.cli.output import Output
    from stepwell.core.events import (
        Event,
    )

_TOLD_AGAIN = 10.0  # seconds of waiting after which the same is told once more


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
                self._output.say(f"{self._position}{event.version}: statement {event.number}")
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
