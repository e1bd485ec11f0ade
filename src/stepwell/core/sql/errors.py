"""What can be wrong with SQL text before it is sent. Not what a database says about it afterwards."""

from __future__ import annotations

from stepwell.core.errors import MigrationError, StepwellError


class SqlSyntaxError(MigrationError):
    """SQL that can't be taken apart: something is never closed, or it is meant for another program.

    `line` and `column` count from 1; the line is that of the file, if the text's first line was given.
    """

    def __init__(self, message: str, line: int, column: int, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"{super().__str__()} (line {self.line}, column {self.column})"


class MissingValueError(StepwellError):
    """A `:name` in the SQL for which no value was given; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is no value for the parameter :{name}",
            hint=f"add {name!r} to the values, or put a literal ':{name}' in quotes",
        )
        self.name = name
