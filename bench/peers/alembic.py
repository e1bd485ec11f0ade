"""Alembic, on psycopg 3; its files run the same SQL through `op.execute`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.generate import Sample
from bench.installing import package_version, python_packages
from bench.peer import Command, Kind, Site, Verb

INI = """\
[alembic]
script_location = %(here)s
"""

ENV = """\
import os

import sqlalchemy
from alembic import context

engine = sqlalchemy.create_engine(os.environ["BENCH_URL"], poolclass=sqlalchemy.pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""

FILE = """\
from alembic import op

revision = "{number:05}"
down_revision = {before}


def upgrade():
{up}


def downgrade():
{down}
"""


@dataclass(frozen=True, slots=True)
class Alembic:
    """Alembic with its default of one transaction."""

    name: str = "Alembic"
    kind: Kind = Kind.TOOL
    remark: str = "one transaction; op.execute with the same SQL, psycopg 3"

    def install(self) -> str:
        return package_version(self._programs(), "alembic")

    def write(self, samples: Sequence[Sample], folder: Path) -> None:
        versions = folder / "versions"
        versions.mkdir()
        (folder / "alembic.ini").write_text(INI)
        (folder / "env.py").write_text(ENV)
        for sample in samples:
            (versions / f"{sample.number:05}_{sample.name}.py").write_text(_file(sample))

    def command(self, verb: Verb, site: Site) -> Command | None:
        program = self._programs() / "alembic"
        variables = {"BENCH_URL": site.database.url("postgresql+psycopg")}
        match verb:
            case Verb.APPLY | Verb.NOTHING:
                return Command([program, "upgrade", "head"], variables)
            case Verb.ROLL_BACK:
                return Command([program, "downgrade", "base"], variables)
            case Verb.HELP:
                return Command([program, "--help"])

    def _programs(self) -> Path:
        return python_packages("alembic", "alembic", "psycopg[binary]")


def _file(sample: Sample) -> str:
    return FILE.format(
        number=sample.number,
        before=repr(f"{sample.number - 1:05}") if sample.number > 1 else None,
        up="\n".join(f'    op.execute("{statement}")' for statement in sample.up),
        down="\n".join(f'    op.execute("{statement}")' for statement in sample.down),
    )


PEERS = (Alembic(),)
