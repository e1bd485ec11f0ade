"""Where an embedded server is reached, and what it may be called, as values. Touches no server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from stepwell.core.errors import UsageError

SUPERUSER = "postgres"  # the usual name: dumps of other servers say `OWNER TO postgres`
PORT = 5432  # part of the socket's name only: no TCP port is opened

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_OWN_DATABASES = {"postgres", "template0", "template1"}  # of every server, not for an application


@dataclass(frozen=True, slots=True)
class EmbeddedAddress:
    """How to connect: a folder that holds the Unix socket, its port number, the role and the database.

    There is no password: only the user who started the server (and root) can enter the folder of the socket.
    """

    socket_dir: str
    port: int
    user: str
    database: str

    def parameters(self) -> dict[str, str]:
        """The same as keyword arguments of `psycopg.connect`."""
        return {"host": self.socket_dir, "port": str(self.port), "user": self.user, "dbname": self.database}

    def conninfo(self) -> str:
        """The same as a `postgresql://` URL, percent-encoded."""
        query = urlencode({"host": self.socket_dir, "port": self.port}, quote_via=quote)
        return f"postgresql://{quote(self.user, safe='')}@/{quote(self.database, safe='')}?{query}"


def checked_name(name: str) -> str:
    """Give back the NAME of `embedded://NAME`. Raises `UsageError` for one that can't name our folder."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is not a name for an embedded database",
            hint="write embedded://NAME, with NAME of letters, digits, '_' and '-', at most 40 characters",
        )
    return name


def database_name(name: str) -> str:
    """The database inside the server for a NAME: the name itself, `-` written as `_`."""
    database = name.replace("-", "_")
    return f"{database}_db" if database in _OWN_DATABASES else database
