"""Two yardsticks of Python itself: starting the interpreter, and a script that connects and reads one row."""

import importlib.metadata
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.generate import Sample
from bench.peer import Command, Kind, Site, Verb

SCRIPT = """\
import sys
import psycopg

with psycopg.connect(sys.argv[1]) as connection:
    connection.execute("SELECT 1").fetchone()
"""


@dataclass(frozen=True, slots=True)
class BareInterpreter:
    """The floor under every tool written in Python: what `--help` is held against."""

    name: str = "bare interpreter"
    kind: Kind = Kind.YARDSTICK
    remark: str = "python -c pass"

    def install(self) -> str:
        return platform.python_version()

    def write(self, samples: Sequence[Sample], folder: Path) -> None:
        """It has no migrations."""

    def command(self, verb: Verb, site: Site) -> Command | None:
        return Command([sys.executable, "-c", "pass"]) if verb is Verb.HELP else None


@dataclass(frozen=True, slots=True)
class BareScript:
    """The floor under every run that asks a database: what "nothing to do" is held against."""

    name: str = "bare script"
    kind: Kind = Kind.YARDSTICK
    remark: str = "a Python script that imports psycopg, connects and reads one row"

    def install(self) -> str:
        return f"psycopg {importlib.metadata.version('psycopg')}"

    def write(self, samples: Sequence[Sample], folder: Path) -> None:
        (folder / "bare.py").write_text(SCRIPT)

    def command(self, verb: Verb, site: Site) -> Command | None:
        if verb is not Verb.NOTHING:
            return None
        return Command([sys.executable, site.folder / "bare.py", site.database.url()])


PEERS = (BareInterpreter(), BareScript())
