"""The line of a terminal that shows the current step while it runs, drawn by rich. It keeps nothing:
lines stay.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.text import Text

from stepwell.cli.describe import describe
from stepwell.core.events import StatementSent, StepFinished, StepStarted, Waiting, WaitingForServer
from stepwell.render.cells import cut
from stepwell.render.when import counted, elapsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.cli.describe import Listener
    from stepwell.cli.output import Output
    from stepwell.core.events import Event
    from stepwell.render.view import View

_REFRESHES = 8  # a second
_SPINNER = {True: "⠋⠙⠹⠸⠼⠴⠦⠧", False: "|/-\\"}


@contextmanager
def live_on(output: Output, below: Listener) -> Iterator[Listener]:
    """Give a listener that draws the current step; what should stay is handed to the listener below it."""
    view = output.err_view()
    console = Console(file=output.err, no_color=not view.colour, highlight=False, soft_wrap=True)
    line = _Line(view, console)
    # What a migration prints meanwhile is led above the line by rich.
    live = Live(console=console, get_renderable=line.draw, refresh_per_second=_REFRESHES, transient=True)

    def listen(event: Event) -> None:
        if line.take(event):
            live.start(refresh=True)  # nothing where it is drawn already
            return
        live.stop()  # so that what stays does not stand behind it
        below(event)

    try:
        yield listen
    finally:
        live.stop()


class _Line:
    """What is going on now, and since when."""

    def __init__(self, view: View, console: Console) -> None:
        self._view = view
        self._console = console
        self._doing = ""
        self._statements = 0
        self._since = time.monotonic()

    def take(self, event: Event) -> bool:
        """Note an event; true where it is told by the line alone and need not stay."""
        match event:
            case StepStarted():
                self._begin(f"[{event.position}/{event.total}] {describe(event, self._view)}")
            case StatementSent():
                self._statements = event.number
            case Waiting() | WaitingForServer():
                self._doing = describe(event, self._view)
            case StepFinished():
                pass  # the next step takes the line over, or its commit ends it
            case _:
                return False
        return True

    def _begin(self, doing: str) -> None:
        self._doing = doing
        self._statements = 0
        self._since = time.monotonic()

    def draw(self) -> Text:
        """The line, no longer than the terminal is wide."""
        seconds = time.monotonic() - self._since
        frames = _SPINNER[self._view.unicode]
        spinner = frames[int(seconds * _REFRESHES) % len(frames)]
        told = f"{self._doing}, {counted(self._statements, 'statement')}, {elapsed(seconds * 1000)}"
        return Text(cut(f"{spinner} {told}", self._console.width - 1, self._view.ellipsis))
