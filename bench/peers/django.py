"""Django's migrations, on psycopg 3, in a project with one application; its files run the same SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.generate import Sample
from bench.installing import package_version, python_packages
from bench.peer import Command, Kind, Site, Verb
from bench.server import HOST, USER

SETTINGS = f"""\
import os

SECRET_KEY = "bench"
INSTALLED_APPS = ["journal"]
USE_TZ = True
DATABASES = {{
    "default": {{
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["BENCH_DATABASE"],
        "USER": "{USER}",
        "HOST": "{HOST}",
        "PORT": os.environ["BENCH_PORT"],
        "OPTIONS": {{"sslmode": "disable"}},
    }}
}}
"""

FILE = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = {dependencies}
    operations = [
{operations}
    ]
"""


@dataclass(frozen=True, slots=True)
class Django:
    """`django-admin migrate`."""

    name: str = "Django"
    kind: Kind = Kind.TOOL
    remark: str = "a transaction a migration; RunSQL with the same SQL, psycopg 3"

    def install(self) -> str:
        return package_version(self._programs(), "django")

    def write(self, samples: Sequence[Sample], folder: Path) -> None:
        migrations = folder / "journal" / "migrations"
        migrations.mkdir(parents=True)
        (folder / "bench_settings.py").write_text(SETTINGS)
        (migrations.parent / "__init__.py").touch()
        (migrations / "__init__.py").touch()
        for sample in samples:
            (migrations / f"{_name(sample.number)}.py").write_text(_file(sample))

    def command(self, verb: Verb, site: Site) -> Command | None:
        program = self._programs() / "django-admin"
        variables = {
            "BENCH_DATABASE": site.database.name,
            "BENCH_PORT": str(site.database.port),
            "DJANGO_SETTINGS_MODULE": "bench_settings",
            "PYTHONPATH": str(site.folder),
        }
        match verb:
            case Verb.APPLY | Verb.NOTHING:
                return Command([program, "migrate", "--no-input"], variables)
            case Verb.ROLL_BACK:
                return Command([program, "migrate", "--no-input", "journal", "zero"], variables)
            case Verb.HELP:
                return Command([program, "--help"])

    def _programs(self) -> Path:
        return python_packages("django", "django", "psycopg[binary]")


def _name(number: int) -> str:
    return f"{number:05}_step"


def _file(sample: Sample) -> str:
    reverse = list(reversed(sample.down))  # Django reverses the operations, the last one first
    pairs = zip(sample.up, reverse, strict=True)
    return FILE.format(
        dependencies=[("journal", _name(sample.number - 1))] if sample.number > 1 else [],
        operations="\n".join(f'        migrations.RunSQL("{up}", "{down}"),' for up, down in pairs),
    )


PEERS = (Django(),)
