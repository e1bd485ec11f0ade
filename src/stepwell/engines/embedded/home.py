"""Where the data of an embedded database are: in the project, or, for root, in a private place.

As root the server runs under another account, which often can't reach the project. Opening the modes of the
folders above would expose them, so the data go to `SYSTEM_FOLDER/KEY-TOKEN/NAME`: KEY stands for the path of
the project, and TOKEN, random, is kept in the project. Who deletes the project's folder has thereby deleted
the data: a new project in its place does not get the old one's.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.core.errors import ConnectionFailedError, Refusal
from stepwell.engines.embedded.lock import Share, acquire, attempt
from stepwell.folder import make

if TYPE_CHECKING:
    from stepwell.engines.embedded.account import Account

SYSTEM_FOLDER = Path("/var/lib/stepwell")
POINTER = "data-folder"


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one embedded database, who runs its server (None: we ourselves), and the files in it."""

    folder: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """The database cluster; there only when it is complete."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server last started has said; its predecessor's is beside it."""
        return self.folder / "server.log"

    @property
    def start_lock(self) -> Path:
        """Held by who starts or stops the server."""
        return self.folder / "start.lock"

    @property
    def users_lock(self) -> Path:
        """Shared by all users; held exclusively by the keeper while it stops the server."""
        return self.folder / "users.lock"

    @property
    def server_lock(self) -> Path:
        """Held as long as any process of the server is alive."""
        return self.folder / "server.lock"


def find_home(folder: Path, name: str, account: Account | None, system: Path, deadline: float) -> Home:
    """Give the home of database `name` of the project folder `folder`, and make what is missing of it.

    `system` is the private place for root; `deadline` is of `time.monotonic`. Raises `OSError`, and
    `ConnectionFailedError` if the data belong to somebody else.
    """
    project = (folder / name).absolute()
    make(project.parent)
    project.mkdir(exist_ok=True)
    if account is None:
        return Home(project.resolve(), None)
    if (project / "data").exists():
        owner = (project / "data").stat().st_uid
        raise ConnectionFailedError(
            f"the data in {project} belong to the user {owner}, and we run as root",
            refusal=Refusal.RIGHTS,
            hint=f"run stepwell as that user, or delete {project} to start with an empty database",
        )
    return Home(_system_home(project.resolve(), account, system, deadline), account)


def system_folder(system: Path) -> Path:
    """Make root's private place where it is missing: others may pass through it, not look into it."""
    if not system.is_dir():
        system.mkdir(parents=True, exist_ok=True)
        system.chmod(0o711)
    return system


def _system_home(project: Path, account: Account, system: Path, deadline: float) -> Path:
    key = hashlib.sha256(os.fsencode(project)).hexdigest()[:12]
    with acquire(system_folder(system) / "homes.lock", Share.EXCLUSIVE, deadline):
        outer = system / f"{key}-{_token(project, system, key)}"
        _discard_others(system, key, outer)
        inner = outer / project.name
        for folder in (outer, inner):
            if not folder.is_dir():
                folder.mkdir()
                folder.chmod(0o711)
    return inner


def _token(project: Path, system: Path, key: str) -> str:
    """Read the project's token, or write a new one. A path that is not one of ours is not followed."""
    pointer = project / POINTER
    pattern = rf"{re.escape(str(system))}/{key}-([0-9a-f]{{8}})/{re.escape(project.name)}\n"
    with suppress(FileNotFoundError):
        if match := re.fullmatch(pattern, pointer.read_text(encoding="utf-8", errors="replace")):
            return match[1]
        pointer.unlink()
    token = os.urandom(4).hex()
    with pointer.open("x", encoding="utf-8") as file:
        file.write(f"{system}/{key}-{token}/{project.name}\n")
    return token


def _discard_others(system: Path, key: str, current: Path) -> None:
    """Delete the data of predecessors at the same path, whose folder in the project has been deleted."""
    for outer in system.glob(f"{key}-*"):
        if outer != current and all(_idle(inner) for inner in outer.iterdir()):
            shutil.rmtree(outer, ignore_errors=True)


def _idle(inner: Path) -> bool:
    home = Home(inner, None)
    for path in (home.users_lock, home.server_lock):
        if (lock := attempt(path, Share.EXCLUSIVE)) is None:
            return False
        lock.close()
    return True
