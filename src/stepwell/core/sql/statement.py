"""One statement of a script, as a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a script.

    `text` is from its first token to before its terminator, comments around it left out, hints and executable
    comments kept. `line` is that of its first character in the file, from 1; `offset` its place in the
    script, in characters from 0. For COPY ... FROM STDIN, `copy_data` holds the lines that follow, without
    the `\\.`, and `copy_line` is the line on which they begin.
    """

    text: str
    line: int
    offset: int
    copy_data: str | None = None
    copy_line: int | None = None
