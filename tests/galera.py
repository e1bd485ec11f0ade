"""A Galera cluster of two nodes on this machine, shared by the run, and a new database for each test that asks.

`STEPWELL_TEST_CLUSTER` names other nodes, by their URLs with commas between them: a group of MySQL, for example.
"""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from tests.mariadb import OPTIONS, PROGRAMS, SHARED_FOLDER, install, lacking
from tests.servers import (
    USERS,
    SharedServer,
    as_account,
    ask,
    drop_database,
    free_port,
    hand_over,
    launch,
    wait_for,
)

CLUSTER_URLS = "STEPWELL_TEST_CLUSTER"
PROVIDER = Path("/usr/lib/galera/libgalera_smm.so")
NODES = (1, 2)
REPLICATED = (
    "--binlog-format=ROW",
    "--innodb-autoinc-lock-mode=2",
    "--wsrep-on=ON",
    f"--wsrep-provider={PROVIDER}",
    "--wsrep-sst-method=rsync",
    "--wsrep-node-address=127.0.0.1",
)
SIZE = "SHOW STATUS LIKE 'wsrep_cluster_size'"
STATE = "SHOW STATUS LIKE 'wsrep_local_state_comment'"


class GaleraCluster(SharedServer):
    """Two servers in which each statement that changes something is put into one order."""

    def pid_files(self) -> Iterator[Path]:
        """One for each node."""
        for node in NODES:
            yield self.folder / str(node) / "pid"

    @property
    def urls(self) -> tuple[str, ...]:
        """Where the nodes listen."""
        ports = [(self.folder / str(node) / "port").read_text() for node in NODES]
        return tuple(f"mariadb://tester:secret-of-tests@127.0.0.1:{port}" for port in ports)

    def make(self) -> None:
        """Start the first with data of its own; the second gets them from it."""
        hand_over(self.folder)
        users = self.folder / "users.sql"
        users.write_text(f"FLUSH PRIVILEGES;\n{USERS}")
        group = f"127.0.0.1:{free_port()}"
        for node in NODES:
            (self.folder / str(node) / "tmp").mkdir(parents=True)
            (self.folder / str(node) / "port").write_text(str(free_port()))
        install(self.folder / "1" / "data", f"--extra-file={users}")
        (self.folder / "2" / "data").mkdir()
        for node in NODES:
            folder = self.folder / str(node)
            hand_over(folder, folder / "tmp", folder / "data")
        self._launch(1, group, "--wsrep-new-cluster", "--wsrep-cluster-address=gcomm://")
        wait_for(self.urls[0], STATE, "Synced")
        self._launch(2, f"127.0.0.1:{free_port()}", f"--wsrep-cluster-address=gcomm://{group}")
        for url in self.urls:
            wait_for(url, STATE, "Synced")
            wait_for(url, SIZE, "2")

    def _launch(self, node: int, listen: str, *options: str) -> None:
        folder = self.folder / str(node)
        provider = f"gmcast.listen_addr=tcp://{listen};ist.recv_addr=127.0.0.1:{free_port()}"
        launch(
            [
                "mariadbd", *OPTIONS, *REPLICATED, *as_account(), f"--datadir={folder / 'data'}",
                f"--tmpdir={folder / 'tmp'}", f"--socket={folder / 's'}", f"--port={(folder / 'port').read_text()}",
                f"--pid-file={folder / 'pid'}", f"--wsrep-node-name=node{node}",
                f"--wsrep-sst-receive-address=127.0.0.1:{free_port()}",
                f"--wsrep-provider-options={provider};gcache.size=16M;gcache.page_size=16M", *options,
            ],
            folder / "log",
        )  # fmt: skip


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The URLs of its nodes."""
    if urls := os.environ.get(CLUSTER_URLS):
        return tuple(urls.split(","))
    own: GaleraCluster = request.getfixturevalue("galera")
    return own.urls


@pytest.fixture(scope="session")
def galera(unavailable: Callable[[str], NoReturn]) -> Iterator[GaleraCluster]:
    """A cluster that is ours."""
    missing = lacking(*PROGRAMS, "rsync")
    if not PROVIDER.exists():
        missing.append(str(PROVIDER))
    if missing:
        unavailable(f"a Galera cluster can't be made ({', '.join(missing)})")
    own = GaleraCluster(Path(os.environ[SHARED_FOLDER]) / "galera")
    own.start()
    yield own
    own.release()


@pytest.fixture
def cluster_urls(cluster: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The URLs of a new, empty database, on each node."""
    name = f"test_{uuid.uuid4().hex}"
    ask(cluster[0], f"CREATE DATABASE {name}")
    yield tuple(f"{url}/{name}" for url in cluster)
    drop_database(cluster[0], name)
