"""The tools that are put under faults: how each wants its migrations written, as its own documentation says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bench.peer import Command, Site, Verb
from bench.peers import alembic, dbmate, stepwell, yoyo

if TYPE_CHECKING:
    from pathlib import Path

    from bench.faults.scenarios import Change, Scenario
    from bench.peer import Peer


class Tool(Protocol):
    """One of them."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def remark(self) -> str:
        """How it is used, without a full stop."""

    @property
    def recorded(self) -> str:
        """The query that counts what it has recorded; it fails where its table does not exist."""

    def install(self) -> str:
        """Make sure that it is here; give its version. Raises `AbsentError`."""

    def write(self, scenario: Scenario, folder: Path) -> None:
        """Write the migrations into an empty folder."""

    def command(self, site: Site) -> Command:
        """The command that applies what is pending."""


@dataclass(frozen=True, slots=True)
class AsMeasured:
    """A tool that is installed and run as the benchmark does."""

    peer: Peer
    recorded: str

    @property
    def name(self) -> str:
        return self.peer.name

    def install(self) -> str:
        return self.peer.install()

    def command(self, site: Site) -> Command:
        command = self.peer.command(Verb.APPLY, site)
        assert command is not None
        return command


ALEMBIC_ENV = """\
import os

import sqlalchemy
from alembic import context

engine = sqlalchemy.create_engine(os.environ["BENCH_URL"], poolclass=sqlalchemy.pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration={apart})
    with context.begin_transaction():
        context.run_migrations()
"""
ALEMBIC_FILE = """\
from alembic import op

revision = "{number}"
down_revision = {before}


def upgrade():
{body}
"""


@dataclass(frozen=True, slots=True)
class Alembic(AsMeasured):
    """Alembic."""

    remark: str = (
        "one transaction for all; where something runs without, `autocommit_block()` with"
        " `transaction_per_migration=True`, as its documentation recommends"
    )

    def write(self, scenario: Scenario, folder: Path) -> None:
        versions = folder / "versions"
        versions.mkdir()
        (folder / "alembic.ini").write_text(alembic.INI)
        (folder / "env.py").write_text(ALEMBIC_ENV.format(apart=scenario.apart))
        for number, change in enumerate(scenario.changes, 1):
            calls = [f'op.execute("{statement}")' for statement in change.statements]
            if not change.transactional:
                calls = ["with op.get_context().autocommit_block():", *(f"    {call}" for call in calls)]
            text = ALEMBIC_FILE.format(
                number=number,
                before=repr(str(number - 1)) if number > 1 else None,
                body="\n".join(f"    {call}" for call in calls),
            )
            (versions / f"{number}_{change.name}.py").write_text(text)


@dataclass(frozen=True, slots=True)
class Dbmate(AsMeasured):
    """dbmate."""

    remark: str = "`transaction:false` where something runs without; no schema file"

    def write(self, scenario: Scenario, folder: Path) -> None:
        for number, change in enumerate(scenario.changes, 1):
            (folder / f"2026010100000{number}_{change.name}.sql").write_text(marked(change))


@dataclass(frozen=True, slots=True)
class Yoyo(AsMeasured):
    """yoyo."""

    remark: str = "`__transactional__ = False` where something runs without; Python files, psycopg 3"

    def write(self, scenario: Scenario, folder: Path) -> None:
        for number, change in enumerate(scenario.changes, 1):
            steps = "\n".join(f'    step("{statement}"),' for statement in change.statements)
            depends = f'{{"{number - 1}"}}' if number > 1 else "set()"
            text = f"from yoyo import step\n\n__depends__ = {depends}\n__transactional__ = {change.transactional}\n"
            (folder / f"{number}.py").write_text(f"{text}\nsteps = [\n{steps}\n]\n")


@dataclass(frozen=True, slots=True)
class Stepwell(AsMeasured):
    """stepwell."""

    remark: str = "SQL files, `transaction:false` where something runs without"

    @property
    def name(self) -> str:
        return "stepwell"

    def write(self, scenario: Scenario, folder: Path) -> None:
        for number, change in enumerate(scenario.changes, 1):
            (folder / f"00{number}_{change.name}.sql").write_text(marked(change))


def marked(change: Change) -> str:
    """An SQL file with the section markers of dbmate, which are ours too."""
    option = "" if change.transactional else " transaction:false"
    up = "".join(f"{statement};\n" for statement in change.statements)
    return f"-- migrate:up{option}\n{up}\n-- migrate:down{option}\n"


TOOLS: tuple[Tool, ...] = (
    Alembic(alembic.Alembic(), "SELECT coalesce(max(version_num), '0')::int FROM alembic_version"),
    Dbmate(dbmate.Dbmate(), "SELECT count(*) FROM schema_migrations"),
    Yoyo(yoyo.Yoyo(), "SELECT count(*) FROM _yoyo_migration"),
    Stepwell(stepwell.Stepwell(stepwell.Form.SQL), "SELECT count(*) FROM migrations"),
)
