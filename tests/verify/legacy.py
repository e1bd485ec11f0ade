"""A database that somebody built by hand, without a history, and the migrations that would have built it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from stepwell.core.report import Outcome
from stepwell.testing import Workshop

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stepwell.core.errors import StepwellError
    from stepwell.core.report import RunReport
    from stepwell.project import Project

CHAIN = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, age INTEGER);",
    "CREATE INDEX users_email ON users (email);",
    "INSERT INTO users (id, email) VALUES (1, 'a');",
    "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT);",
    "CREATE TABLE tags (id INTEGER PRIMARY KEY);",
)
ALL = ["001", "002", "003", "004", "005"]


class Legacy(Workshop):
    """Replays on the server of its database, unless another place is given: that is there already."""

    def project(self, **settings: Any) -> Project:
        """The project of these migrations and this database."""
        here = {"scratch_url": self.url, "scratch": "same-server"}
        return super().project(**(settings if "scratch_url" in settings else here | settings))

    def written(self) -> Self:
        """With the migrations."""
        for number, sql in enumerate(CHAIN, 1):
            self.sql(f"{number:03}_step", sql, "SELECT 1;")
        return self


def build(legacy: Workshop, count: int) -> None:
    """What somebody built by hand."""
    for sql in CHAIN[:count]:
        legacy.ask(sql)


def seed(legacy: Workshop, **arguments: Any) -> Path:
    """Write the third one in Python instead, with these arguments of `Workshop.python`."""
    (legacy.folder / "003_step.sql").unlink(missing_ok=True)
    return legacy.python(
        "003_step", "await database.execute(\"INSERT INTO users (id, email) VALUES (1, 'a')\")", **arguments
    )


def adopted(report: RunReport) -> list[str]:
    return [each.version.text for each in report.adopted]


def applied(report: RunReport) -> list[str]:
    return [version.text for version in report.versions(Outcome.APPLIED)]


def migrated(legacy: Workshop, **settings: Any) -> tuple[list[str], list[str], Sequence[str]]:
    """What a first run recorded, what it applied, and what it warned of."""
    report = legacy.run(legacy.project(**settings).migrate())
    assert legacy.pending() == []
    return adopted(report), applied(report), report.warnings


def stopped(legacy: Workshop, **settings: Any) -> StepwellError:
    """The error of a first run and of a dry one, which must be the same, and which have changed nothing."""
    error = legacy.failure(legacy.project(**settings).migrate())
    again = legacy.failure(legacy.project(**settings).migrate(dry_run=True))
    assert (error.message, error.place, error.hint) == (again.message, again.place, again.hint)
    assert not legacy.exists("migrations")
    return error
