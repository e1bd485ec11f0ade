"""The database cluster of a home: how it is made, with which settings it runs, what its server says.

Starts and stops nothing: `server` and `keeper` do.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from stepwell.core.errors import ConnectionFailedError, Refusal
from stepwell.engines.embedded.account import identity
from stepwell.engines.embedded.address import PORT, SUPERUSER

if TYPE_CHECKING:
    from stepwell.engines.embedded.account import Account
    from stepwell.engines.embedded.binaries import Installation
    from stepwell.engines.embedded.home import Home

_BUILTIN_LOCALES_SINCE = 17
_INITDB_PREFIX = "initdb-"
_RUN_PREFIX = "run-"
_SHORT_PREFIX = "stepwell-"  # of the same where it has to be outside of the home
# A Unix socket's path holds 103 bytes on macOS and 107 on Linux; `/.s.PGSQL.5432` takes 14 of them.
_LONGEST_SOCKET_FOLDER = 103 - 14
_SPECIAL_IN_FOLDERS = ",\"'\\"  # to PostgreSQL, to libpq, or to both
# Our own environment may hold secrets, and PGPORT and the like would change the server.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Status:
    """What a server says in `postmaster.pid`: its process, its socket's folder, and whether it answers."""

    pid: int
    socket_dir: str
    ready: bool


def environment() -> dict[str, str]:
    """The environment of the server's processes."""
    return {"LC_ALL": "C", **{name: os.environ[name] for name in _PASSED_ON if name in os.environ}}


def major_version(home: Home) -> int | None:
    """The major version that made the data, None if there are none yet. Raises `OSError`."""
    try:
        text = (home.data / "PG_VERSION").read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    return int(text.strip())


def status(home: Home) -> Status | None:
    """What the running server says of itself; None before it does. Means nothing if none is running."""
    try:
        lines = (
            (home.data / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape").split("\n")
        )
    except FileNotFoundError:
        return None
    if len(lines) < 8:  # noqa: PLR2004 - the last line, the state, is the eighth (pidfile.h)
        return None
    return Status(
        pid=int(lines[0]), socket_dir=lines[4], ready=lines[7].strip() == "ready" and _listens(lines[4])
    )


def create(
    home: Home, installation: Installation, database: str, *, lease: int, durable: bool, timeout: float
) -> None:
    """Make the cluster and the database in it; it appears whole or not at all. `timeout` is in seconds.

    `lease` is the descriptor of the server's lock. The programs inherit it: should we be killed, whoever
    comes next waits for those that we started. Raises `OSError`, `ConnectionFailedError`.
    """
    for left_over in home.folder.glob(f"{_INITDB_PREFIX}*"):
        shutil.rmtree(left_over)
    made = Path(tempfile.mkdtemp(prefix=_INITDB_PREFIX, dir=home.folder))
    _give(made, home.account)
    steps = [
        (_initdb(installation, made), ""),
        (_single_user(installation, made), f'CREATE DATABASE "{database}";\n'),
    ]
    if durable:
        steps.append(([installation.program("initdb"), "--sync-only", "-D", str(made)], ""))
    for command, text in steps:
        _run(command, home.account, lease, timeout, text)
    made.rename(home.data)
    if durable:
        _sync(home.folder)


def forget_last_run(home: Home) -> Path:
    """Remove what a server that is gone has left behind, and make a folder for the next one's socket.

    The folder is a new one each time: a server whose data were deleted under it lives on for up to a minute,
    and then removes its socket by its path.

    The caller holds the server's lock, which proves that it is gone. Without this, PostgreSQL would refuse to
    start where its old process number belongs to another process now. Raises `OSError`.
    """
    (home.data / "postmaster.pid").unlink(missing_ok=True)
    for left_over in home.folder.glob(f"{_RUN_PREFIX}*"):
        shutil.rmtree(left_over, ignore_errors=True)
    if _fits_a_socket(home.folder, _RUN_PREFIX):
        folder = Path(tempfile.mkdtemp(prefix=_RUN_PREFIX, dir=home.folder))
    else:
        folder = Path(tempfile.mkdtemp(prefix=_SHORT_PREFIX, dir=_short_place(home.account)))
    _give(folder, home.account)
    return folder


def server_command(home: Home, installation: Installation, run: Path, *, durable: bool) -> list[str]:
    """The command line of the server. All settings are here, so that older data get them too."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(run),
        "unix_socket_permissions": "0700",
        "port": str(PORT),
        "cluster_name": f"stepwell_{home.folder.name}",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Statements may hold secrets, and their errors reach whoever sent them.
        "log_min_error_statement": "panic",
        "log_checkpoints": "off",
    }
    if not durable:
        settings |= dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "off")
    options = [f"--{name}={value}" for name, value in settings.items()]
    return [installation.program("postgres"), "-D", str(home.data), *options]


def new_log(home: Home) -> IO[bytes]:
    """Open an empty log for the next server; that of its predecessor stays beside it. Raises `OSError`."""
    if home.log.exists():
        home.log.replace(home.log.with_suffix(".log.1"))
    return open(home.log, "xb", buffering=0, opener=lambda path, flags: os.open(path, flags, 0o600))


def log_tail(home: Home, lines: int = 10) -> str:
    """The last lines of the server's log, empty if there are none."""
    try:
        text = home.log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _initdb(installation: Installation, folder: Path) -> list[str]:
    """The same on every system: order by code point, upper and lower case as Unicode says."""
    command = [
        installation.program("initdb"),
        "-D",
        str(folder),
        "-U",
        SUPERUSER,
        "--encoding=UTF8",
        "--locale=C",
    ]
    if installation.major >= _BUILTIN_LOCALES_SINCE:
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    # Whoever can enter the private folder of the socket is trusted; there is no other way in.
    command += ["--auth-local=trust", "--auth-host=reject", "--no-instructions", "--no-sync"]
    return command


def _single_user(installation: Installation, folder: Path) -> list[str]:
    """A session without a server, that takes statements from its input."""
    return [installation.program("postgres"), "--single", "-D", str(folder), "-c", "fsync=off", SUPERUSER]


def _run(command: list[str], account: Account | None, lease: int, timeout: float, text: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - a program of the wheel
            command,
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            cwd="/",
            env=environment(),
            check=False,
            umask=0o077,
            pass_fds=(lease,),
            **identity(account),
        )
    except subprocess.TimeoutExpired as error:
        raise ConnectionFailedError(
            f"{Path(command[0]).name} was not done after {timeout:.0f} s", refusal=Refusal.OTHER
        ) from error
    if done.returncode != 0:
        said = "\n".join(done.stdout.splitlines()[-10:])
        raise ConnectionFailedError(f"{Path(command[0]).name} failed:\n{said}", refusal=Refusal.OTHER)


def _give(path: Path, account: Account | None) -> None:
    if account is not None:
        account.receive(path)


def _fits_a_socket(place: Path, prefix: str) -> bool:
    """Whether a socket can be in a folder made there: short enough, and nothing that separates folders."""
    text = f"{place}/{prefix}12345678"
    return (
        text.isprintable()
        and len(os.fsencode(text)) <= _LONGEST_SOCKET_FOLDER
        and set(text).isdisjoint(_SPECIAL_IN_FOLDERS)
    )


def _short_place(account: Account | None) -> Path:
    """A folder with a short path, for private folders that the server's account can reach."""
    if account is None:
        for name in ("XDG_RUNTIME_DIR", "TMPDIR"):
            place = Path(os.environ.get(name, ""))
            usable = place.is_absolute() and os.access(place, os.W_OK | os.X_OK)
            if usable and _fits_a_socket(place, _SHORT_PREFIX):
                return place
    return Path("/tmp")  # noqa: S108 - what is made there is made by mkdtemp


def _listens(socket_dir: str) -> bool:
    """Whether somebody listens: the file could be that of a server that was killed a moment ago."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(f"{socket_dir}/.s.PGSQL.{PORT}")
        except OSError:
            return False
    return True


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
