"""The one place that prints: results on standard output, everything else on standard error, secrets on
neither.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

from stepwell.cli.options import Format, Verbosity
from stepwell.core.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stepwell.cli.options import Options
    from stepwell.render.view import View

_SYMBOLS = "✔○≠✘‼↶·…"


class Output:
    """The two streams of a command, and how to write on them."""

    def __init__(
        self,
        options: Options,
        environ: Mapping[str, str],
        out: TextIO | None = None,
        err: TextIO | None = None,
    ) -> None:
        self.options = options
        self.redactor = Redactor()
        self._environ = environ
        # A stream that was closed before we began (`>&-`) is None.
        self._out = out or sys.stdout or io.StringIO()
        self._err = err or sys.stderr or io.StringIO()
        self._told: set[str] = set()

    @property
    def json(self) -> bool:
        """Whether the result is to be a JSON document."""
        return self.options.format is Format.JSON

    @property
    def verbose(self) -> bool:
        """Whether statements and tracebacks are wanted."""
        return self.options.verbosity is Verbosity.VERBOSE

    @property
    def err(self) -> TextIO:
        """The stream of progress and messages."""
        return self._err

    def out_view(self) -> View:
        """How the result is to be drawn."""
        return self._view(self._out)

    def err_view(self) -> View:
        """How messages are to be drawn."""
        return self._view(self._err)._replace(width=None)

    def result(self, text: Callable[[View], str], document: Callable[[], Mapping[str, Any]]) -> None:
        """Print the result of the command: the text, or the document where JSON was asked for."""
        if not self.json:
            _write(self._out, text(self.out_view()))
            return
        from stepwell.render.json import dumps

        _write(self._out, dumps(document(), self.redactor.clean, ascii_only=not _speaks(self._out)))

    def plain(self, text: str) -> None:
        """Print a text that is the result whatever the format: a completion script, a version."""
        _write(self._out, text)

    def say(self, line: str) -> None:
        """Tell something on standard error, unless nothing is to be told."""
        if self.options.verbosity is not Verbosity.QUIET:
            self.insist(line + "\n")

    def warn(self, message: str) -> None:
        """Tell a warning on standard error, each only once."""
        if message not in self._told:
            self._told.add(message)
            from stepwell.render.cells import printable
            from stepwell.render.view import Tone

            self.say(f"{self.err_view().paint('warning:', Tone.WARNING)} {printable(message)}")

    def insist(self, text: str) -> None:
        """Tell something on standard error in any case."""
        _write(self._err, self.redactor.clean(text))

    def ask(self, question: str) -> str:
        """Ask on standard error and read one line from standard input; empty at its end."""
        self.insist(question)
        return sys.stdin.readline().strip()

    def can_ask(self) -> bool:
        """Whether somebody is there to answer."""
        return _is_terminal(sys.stdin) and _is_terminal(self._err)

    def on_terminal(self) -> bool:
        """Whether progress may be drawn live."""
        return _is_terminal(self._err) and self._environ.get("TERM") != "dumb"

    def _view(self, stream: TextIO) -> View:
        from datetime import UTC, datetime

        from stepwell.render.view import View

        terminal = _is_terminal(stream)
        return View(
            width=_width(stream, self._environ),
            colour=self._colour(terminal=terminal),
            unicode=_speaks(stream),
            relative=terminal,
            now=datetime.now(UTC),
            zone=None,
        )

    def _colour(self, *, terminal: bool) -> bool:
        if self.options.no_color or self._environ.get("NO_COLOR"):
            return False
        if self._environ.get("FORCE_COLOR"):
            return True
        return terminal and self._environ.get("TERM") != "dumb"


def _write(stream: TextIO, text: str) -> None:
    """Write all of a text. A reader that has gone (`| head`) is no error of ours, and ends nothing."""
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        _forget(stream)


def _forget(stream: TextIO) -> None:
    """Lead a broken stream to nowhere, so that the interpreter does not fail at its last flush."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def _speaks(stream: TextIO) -> bool:
    """Whether the stream can show our symbols."""
    try:
        _SYMBOLS.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _width(stream: TextIO, environ: Mapping[str, str]) -> int | None:
    """COLUMNS if it is set, or else what the terminal says; None where nobody says anything."""
    columns = environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    if not _is_terminal(stream):
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None
