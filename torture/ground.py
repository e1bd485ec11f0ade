"""Where targets stand: a folder, in memory where there is room, and the servers that its targets need."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from torture.servers import MariaDB, PgBouncer, PostgreSQL, Server
from torture.targets import TARGETS, MariaDBTarget, PooledTarget, PostgreSQLTarget

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torture.targets import Target


S = TypeVar("S", bound=Server)


class Ground:
    """Targets for one process, made when they are asked for. Everything is gone at its end."""

    def __init__(self, programs: Path | None = None) -> None:
        self._programs = programs
        self._servers: list[Server] = []
        self._targets: dict[str, Target] = {}
        self._postgresql: PostgreSQL | None = None
        self._home = Path(tempfile.mkdtemp(prefix="stepwell-torture-", dir=_memory()))
        self._home.chmod(0o711)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for server in reversed(self._servers):
            server.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def target(self, name: str) -> Target:
        """The target of that name. Raises `NoServerError` where its server can't be started."""
        if name not in self._targets:
            self._targets[name] = self._made(TARGETS[name])
        return self._targets[name]

    def _made(self, kind: type[Target]) -> Target:
        if issubclass(kind, PooledTarget):
            server = self._shared_postgresql()
            return kind(self._home, server, self._started(PgBouncer(self._home / "pooler", server)))
        if issubclass(kind, PostgreSQLTarget):
            return kind(self._home, self._shared_postgresql())
        if issubclass(kind, MariaDBTarget):
            return kind(self._home, self._started(MariaDB(self._home / "mysql")))
        return kind(self._home)

    def _shared_postgresql(self) -> PostgreSQL:
        if self._postgresql is None:
            self._postgresql = self._started(PostgreSQL(self._home / "pg", self._programs))
        return self._postgresql

    def _started(self, server: S) -> S:
        self._servers.append(server)
        server.start()
        return server

    def versions(self) -> Iterable[str]:
        """Of the servers that were used."""
        return sorted({target.version for target in self._targets.values()})


def _memory() -> Path | None:
    folder = Path("/dev/shm")
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return None
    state = os.statvfs(folder)
    return folder if state.f_bavail * state.f_frsize > 2 << 30 and not state.f_flag & os.ST_NOEXEC else None
