"""What a user of an embedded server is told when it can't run, and settings that hold; in this process."""

import os
import shutil
from pathlib import Path

import psycopg
import pytest

from stepwell.core.errors import ConnectionFailedError, Refusal, UsageError
from stepwell.engines.embedded import account, cluster, server
from stepwell.engines.embedded.binaries import installed
from stepwell.engines.embedded.home import find_home
from stepwell.engines.embedded.server import EmbeddedServer

SOON = float("inf")


def embedded(root: Path, name: str = "shop", *, durable: bool = False) -> EmbeddedServer:
    """The server of a project in `root`."""
    return EmbeddedServer(root / ".stepwell", name, durable=durable, system=root / "system")


def data_of(root: Path) -> Path:
    """The data of the same."""
    return find_home(root / ".stepwell", "shop", account.server_account(), root / "system", SOON).data


def shown(conninfo: str, setting: str) -> str:
    """The value of one setting."""
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(f"SHOW {setting}").fetchone()
    assert row is not None
    return str(row[0])


def test_a_bad_name_is_refused_before_anything_is_made(open_folder: Path) -> None:
    with pytest.raises(UsageError):
        embedded(open_folder, "../up")
    assert not list(open_folder.iterdir())


def test_several_uses_in_one_process(open_folder: Path) -> None:
    first, second = embedded(open_folder), embedded(open_folder)
    with first as address:
        assert second.start() == address == first.start()
        second.release()
        second.release()
        assert shown(address.conninfo(), "timezone") == "UTC"
    first.release()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address.conninfo())


def test_settings_belong_to_the_start_and_not_to_the_data(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    assert "DATABASE_URL" not in cluster.environment()
    expected = {"listen_addresses": "", "port": "5432", "server_encoding": "UTF8", "data_checksums": "on"}
    for durable, fsync in ((True, "on"), (False, "off"), (True, "on")):
        with embedded(open_folder, durable=durable) as address:
            assert shown(address.conninfo(), "fsync") == fsync
            assert {name: shown(address.conninfo(), name) for name in expected} == expected


def test_a_path_that_no_socket_fits_in(open_folder: Path) -> None:
    root = open_folder / ("long, " * 30)
    root.mkdir()
    root.chmod(0o711)
    with embedded(root) as address:
        assert shown(address.conninfo(), "timezone") == "UTC"
        folder = Path(address.socket_dir)
        assert root not in folder.parents
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


def test_a_project_deleted_under_a_running_server(open_folder: Path) -> None:
    user = embedded(open_folder)
    with psycopg.connect(user.start().conninfo()) as connection:
        connection.execute("CREATE TABLE old (id integer)")
    other = embedded(open_folder)
    assert other.start() == user.start()
    shutil.rmtree(open_folder / ".stepwell")
    with psycopg.connect(user.start().conninfo()) as connection:
        assert connection.execute("SELECT to_regclass('old')").fetchone() == (None,)
        other.release()  # the old server ends, and must not take the new one's socket with it
    assert shown(user.start().conninfo(), "timezone") == "UTC"
    user.release()


def test_data_of_another_version(open_folder: Path) -> None:
    with embedded(open_folder):
        pass
    (data_of(open_folder) / "PG_VERSION").write_text("9\n")
    with pytest.raises(ConnectionFailedError, match=f"of PostgreSQL 9.*{installed()[0].major}") as caught:
        embedded(open_folder).start()
    assert "delete" in str(caught.value.hint)


def test_a_server_that_does_not_start_says_why(open_folder: Path) -> None:
    with embedded(open_folder):
        pass
    with (data_of(open_folder) / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(ConnectionFailedError, match="no_such_setting") as caught:
        embedded(open_folder).start()
    assert caught.value.refusal is Refusal.OTHER


def test_an_initdb_that_fails_says_why(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "SUPERUSER", "pg_forbidden")
    with pytest.raises(ConnectionFailedError, match=r'(?s)initdb failed:.*"pg_forbidden"'):
        embedded(open_folder).start()


def test_a_server_that_takes_too_long_is_given_up(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with embedded(open_folder):
        pass
    monkeypatch.setattr(server, "START_TIMEOUT", 0.0)
    with pytest.raises(ConnectionFailedError, match="not ready in time") as caught:
        embedded(open_folder).start()
    assert caught.value.refusal is Refusal.STARTING
    monkeypatch.undo()
    with embedded(open_folder) as address:
        assert shown(address.conninfo(), "timezone") == "UTC"


def test_a_folder_that_cannot_be(open_folder: Path) -> None:
    (open_folder / ".stepwell").write_text("a file")
    with pytest.raises(ConnectionFailedError, match=r"embedded://shop: .*(File exists|Not a directory)"):
        embedded(open_folder).start()


def test_a_folder_of_somebody_else(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied", os.fspath(open_folder))

    monkeypatch.setattr(server, "find_home", refused)  # root is never refused
    with pytest.raises(ConnectionFailedError, match="Permission denied") as caught:
        embedded(open_folder).start()
    assert caught.value.refusal is Refusal.RIGHTS
    assert "must belong to" in str(caught.value.hint)
