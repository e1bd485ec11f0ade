"""stepwell itself, from this checkout, through its command line; with Python files and with SQL files."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bench.generate import Sample
from bench.installing import first_line
from bench.peer import AbsentError, Command, Kind, Site, Verb

SOURCE = Path(__file__).resolve().parents[2] / "src"
# No other tool looks at what its run has left: what that costs is measured by `python -m bench.fingerprints`.
VARIABLES = {"PYTHONPATH": str(SOURCE), "STEPWELL_FINGERPRINT": "false"}

PYTHON_FILE = '''\
from stepwell import Migration, database


class Create{number:05}(Migration):
    """{name}"""

    dependencies = {dependencies}

    async def up(self) -> None:
{up}

    async def down(self) -> None:
{down}
'''

SQL_FILE = """\
-- description: {name}
-- depends:{dependencies}
-- migrate:up
{up}
-- migrate:down
{down}"""


class Form(StrEnum):
    """What the migrations are written in."""

    PYTHON = "Python files"
    SQL = "SQL files"


@dataclass(frozen=True, slots=True)
class Stepwell:
    """stepwell with migrations of one form."""

    form: Form
    kind: Kind = Kind.OURS

    @property
    def name(self) -> str:
        return "stepwell" if self.form is Form.PYTHON else f"stepwell, {self.form}"

    @property
    def remark(self) -> str:
        return f"one transaction; {self.form}, each depending on the one before; without a fingerprint"

    def install(self) -> str:
        if not (SOURCE / "stepwell" / "cli" / "main.py").exists():
            raise AbsentError("its command line is not built yet")
        sentence = "import sys; sys.path.insert(0, sys.argv[1]); import stepwell; print(stepwell.__version__)"
        return first_line(sys.executable, "-c", sentence, str(SOURCE))

    def write(self, samples: Sequence[Sample], folder: Path) -> None:
        for sample in samples:
            suffix, text = (
                ("py", python_file(sample)) if self.form is Form.PYTHON else ("sql", sql_file(sample))
            )
            (folder / f"{sample.number:05}_{sample.name}.{suffix}").write_text(text)

    def command(self, verb: Verb, site: Site) -> Command | None:
        match verb:
            case Verb.APPLY | Verb.NOTHING:
                return on_database(site, "migrate")
            case Verb.ROLL_BACK:
                return on_database(site, "rollback", "--target", "base", "--yes")
            case Verb.HELP:
                return Command([sys.executable, "-m", "stepwell", "--help"], VARIABLES)


def on_database(site: Site, *arguments: str) -> Command:
    """A stepwell command on the site's database and folder."""
    options = ("--url", site.database.url(), "--migrations", site.folder)
    return Command([sys.executable, "-m", "stepwell", *arguments, *options], VARIABLES)


def python_file(sample: Sample) -> str:
    """A migration in the short form of the class."""
    return PYTHON_FILE.format(
        number=sample.number,
        name=sample.name,
        dependencies=[f"{sample.number - 1:05}"] if sample.number > 1 else [],
        up="\n".join(f'        await database.execute("{statement}")' for statement in sample.up),
        down="\n".join(f'        await database.execute("{statement}")' for statement in sample.down),
    )


def sql_file(sample: Sample) -> str:
    """A migration with the section markers of an SQL file."""
    return SQL_FILE.format(
        name=sample.name,
        dependencies=f" {sample.number - 1:05}" if sample.number > 1 else "",
        up=sample.up_script,
        down=sample.down_script,
    )


PEERS = (Stepwell(Form.PYTHON), Stepwell(Form.SQL))
