"""pogo-migrate, on asyncpg, with its SQL files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.generate import Sample
from bench.installing import package_version, python_packages
from bench.peer import Command, Kind, Site, Verb

SETTINGS = """\
[tool.pogo]
migrations = "migrations"
database_config = "{BENCH_URL}"
"""

FILE = """\
-- {name}
-- depends: {before}

-- migrate: apply

{up}
-- migrate: rollback

{down}"""


@dataclass(frozen=True, slots=True)
class Pogo:
    """pogo with its default of a transaction a migration."""

    name: str = "pogo-migrate"
    kind: Kind = Kind.TOOL
    remark: str = "a transaction a migration; SQL files, asyncpg"

    def install(self) -> str:
        return package_version(self._programs(), "pogo-migrate")

    def write(self, samples: Sequence[Sample], folder: Path) -> None:
        migrations = folder / "migrations"
        migrations.mkdir()
        (folder / "pyproject.toml").write_text(SETTINGS)
        for sample in samples:
            (migrations / f"{_name(sample.number)}.sql").write_text(_file(sample))

    def command(self, verb: Verb, site: Site) -> Command | None:
        program = self._programs() / "pogo"
        variables = {"BENCH_URL": site.database.url()}
        match verb:
            case Verb.APPLY | Verb.NOTHING:
                return Command([program, "apply"], variables)
            case Verb.ROLL_BACK:
                return Command([program, "rollback", "--count", str(site.count)], variables)
            case Verb.HELP:
                return Command([program, "--help"])

    def _programs(self) -> Path:
        return python_packages("pogo", "pogo-migrate")


def _name(number: int) -> str:
    return f"20260101_{number:05}_step"


def _file(sample: Sample) -> str:
    return FILE.format(
        name=sample.name,
        before=_name(sample.number - 1) if sample.number > 1 else "",
        up=sample.up_script,
        down=sample.down_script,
    )


PEERS = (Pogo(),)
