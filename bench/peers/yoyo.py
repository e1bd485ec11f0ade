"""yoyo-migrations, on psycopg 3, with its Python files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.generate import Sample
from bench.installing import package_version, python_packages
from bench.peer import Command, Kind, Site, Verb

FILE = """\
from yoyo import step

__depends__ = {dependencies}

steps = [
{steps}
]
"""


@dataclass(frozen=True, slots=True)
class Yoyo:
    """yoyo in batch mode."""

    name: str = "yoyo"
    kind: Kind = Kind.TOOL
    remark: str = "a transaction a migration, a savepoint a step; Python files, psycopg 3"

    def install(self) -> str:
        return package_version(self._programs(), "yoyo-migrations")

    def write(self, samples: Sequence[Sample], folder: Path) -> None:
        for sample in samples:
            (folder / f"{_name(sample.number)}.py").write_text(_file(sample))

    def command(self, verb: Verb, site: Site) -> Command | None:
        program = self._programs() / "yoyo"
        url = site.database.url("postgresql+psycopg")
        common = ("--batch", "--no-config-file", "--database", url, site.folder)
        match verb:
            case Verb.APPLY | Verb.NOTHING:
                return Command([program, "apply", *common])
            case Verb.ROLL_BACK:
                return Command([program, "rollback", "--revision", _name(1), *common])
            case Verb.HELP:
                return Command([program, "--help"])

    def _programs(self) -> Path:
        # Setuptools is asked for because older releases of yoyo import it.
        return python_packages("yoyo", "yoyo-migrations", "psycopg[binary]", "setuptools")


def _name(number: int) -> str:
    return f"{number:05}-step"


def _file(sample: Sample) -> str:
    pairs = zip(sample.up, reversed(sample.down), strict=True)
    return FILE.format(
        dependencies=repr({_name(sample.number - 1)}) if sample.number > 1 else "set()",
        steps="\n".join(f'    step("{up}", "{down}"),' for up, down in pairs),
    )


PEERS = (Yoyo(),)
