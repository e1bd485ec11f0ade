"""node-pg-migrate, on node-postgres, with its SQL files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.generate import Sample
from bench.installing import node_packages, node_version
from bench.peer import Command, Kind, Site, Verb


@dataclass(frozen=True, slots=True)
class NodePgMigrate:
    """node-pg-migrate with its default of one transaction."""

    name: str = "node-pg-migrate"
    kind: Kind = Kind.TOOL
    remark: str = "one transaction; SQL files"

    def install(self) -> str:
        return node_version(self._program().parent, "node-pg-migrate")

    def write(self, samples: Sequence[Sample], folder: Path) -> None:
        migrations = folder / "migrations"
        migrations.mkdir()
        for sample in samples:
            text = f"-- Up Migration\n{sample.up_script}\n-- Down Migration\n{sample.down_script}"
            name = (
                f"{1767225600000 + sample.number}_step-{sample.number}.sql"  # milliseconds, as its own names
            )
            (migrations / name).write_text(text)

    def command(self, verb: Verb, site: Site) -> Command | None:
        options = (self._program(), "--verbose=false", "--migrations-dir", "migrations")
        variables = {"DATABASE_URL": site.database.url()}
        match verb:
            case Verb.APPLY | Verb.NOTHING:
                return Command([*options, "up"], variables)
            case Verb.ROLL_BACK:
                return Command([*options, "down", str(site.count)], variables)
            case Verb.HELP:
                return Command([self._program(), "--help"])

    def _program(self) -> Path:
        return node_packages("node-pg-migrate", "node-pg-migrate", "pg") / "node-pg-migrate"


PEERS = (NodePgMigrate(),)
