"""The yardstick for applying: the same SQL as one script in one transaction, with no history and no lock."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.generate import Sample
from bench.installing import first_line
from bench.peer import AbsentError, Command, Kind, Site, Verb
from bench.server import candidates

SCRIPTS = {Verb.APPLY: "up.sql", Verb.ROLL_BACK: "down.sql"}


@dataclass(frozen=True, slots=True)
class Psql:
    """PostgreSQL's own client."""

    name: str = "psql"
    kind: Kind = Kind.YARDSTICK
    remark: str = "psql -1 -f on one script: no history, no lock, no files to compare"

    def install(self) -> str:
        return first_line(self._program(), "--version").removeprefix("psql (PostgreSQL) ").split()[0]

    def write(self, samples: Sequence[Sample], folder: Path) -> None:
        (folder / "up.sql").write_text("".join(sample.up_script for sample in samples))
        (folder / "down.sql").write_text("".join(sample.down_script for sample in reversed(samples)))

    def command(self, verb: Verb, site: Site) -> Command | None:
        if verb is Verb.HELP:
            return Command([self._program(), "--help"])
        if (script := SCRIPTS.get(verb)) is None:
            return None
        options = ("-X", "-q", "-1", "-v", "ON_ERROR_STOP=1")
        return Command([self._program(), site.database.url(), *options, "-f", site.folder / script])

    def _program(self) -> str:
        places = [*os.environ.get("PATH", "").split(os.pathsep), *candidates()]
        if (path := shutil.which("psql", path=os.pathsep.join(map(str, places)))) is None:
            raise AbsentError("psql is not installed")
        return path


PEERS = (Psql(),)
