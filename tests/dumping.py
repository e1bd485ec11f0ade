"""A dump of a database, restored into another one, by the server's own programs."""

import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import psycopg


def programs(version: int, unavailable: Callable[[str], NoReturn]) -> Path:
    """The folder of a pg_dump that can read a server of this major version."""
    from stepwell.engines.embedded.binaries import installed

    found = [each.folder / "bin" for each in installed()] + [Path(f"/usr/lib/postgresql/{version}/bin")]
    for folder in found:
        if (folder / "pg_dump").exists() and (folder / "psql").exists() and _major(folder) >= version:
            return folder
    return unavailable(f"no pg_dump of version {version} or newer")


def _major(folder: Path) -> int:
    told = subprocess.run(
        [folder / "pg_dump", "--version"], capture_output=True, text=True, check=True
    ).stdout
    return int(told.split()[2].partition(".")[0])


@contextmanager
def restored(server: str, url: str, folder: Path, *, rows: bool = False) -> Iterator[str]:
    """A new database on this server out of a dump of another one, with its `rows` or without."""
    command = [str(folder / "pg_dump"), *([] if rows else ["-s"]), url]
    dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    dump = dump.replace("SET transaction_timeout = 0;\n", "")  # by a newer program, for newer servers
    name = f"restored_{uuid.uuid4().hex}"
    made = urlsplit(server)._replace(path=f"/{name}").geturl()
    _execute(server, f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        done = subprocess.run(
            [folder / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", made],
            input=dump,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        yield made
    finally:
        _execute(server, f"DROP DATABASE {name}")


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())
