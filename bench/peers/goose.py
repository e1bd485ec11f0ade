"""goose, built from its Go module with the PostgreSQL driver only, as its documentation shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.generate import Sample
from bench.installing import first_line, go_program
from bench.peer import Command, Kind, Site, Verb

MODULE = "github.com/pressly/goose/v3/cmd/goose@latest"
OTHER_DRIVERS = ("clickhouse", "libsql", "mssql", "mysql", "sqlite3", "vertica", "ydb", "spanner", "duckdb")


@dataclass(frozen=True, slots=True)
class Goose:
    """goose with SQL files."""

    name: str = "goose"
    kind: Kind = Kind.TOOL
    remark: str = "a transaction a migration; SQL files; built with the PostgreSQL driver only"

    def install(self) -> str:
        return first_line(str(self._program()), "--version").split(":")[-1].strip().lstrip("v")

    def write(self, samples: Sequence[Sample], folder: Path) -> None:
        for sample in samples:
            text = f"-- +goose Up\n{sample.up_script}\n-- +goose Down\n{sample.down_script}"
            (folder / f"{sample.number:05}_{sample.name}.sql").write_text(text)

    def command(self, verb: Verb, site: Site) -> Command | None:
        options = (self._program(), "-dir", site.folder, "postgres", site.database.url())
        match verb:
            case Verb.APPLY | Verb.NOTHING:
                return Command([*options, "up"])
            case Verb.ROLL_BACK:
                return Command([*options, "down-to", "0"])
            case Verb.HELP:
                return Command([self._program(), "-h"])

    def _program(self) -> Path:
        tags = ",".join(f"no_{driver}" for driver in OTHER_DRIVERS)
        return go_program("goose", MODULE, tags=tags) / "goose"


PEERS = (Goose(),)
