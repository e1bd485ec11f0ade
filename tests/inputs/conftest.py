"""What the program says of a bad input: exit code and error, by its JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pytest
from tests.mariadb import mariadb_own, mariadb_server, mariadb_url

from stepwell.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["mariadb_own", "mariadb_server", "mariadb_url"]


class Told(NamedTuple):
    """An error as it is told: exit code, code, message, `path:line` of the file that is to blame, what to do."""

    exit_code: int
    code: str
    message: str
    place: str | None
    hint: str | None


class Ask(Protocol):
    """Runs the program in the project; gives what it told, or None where all went well."""

    def __call__(self, *arguments: str) -> Told | None: ...


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a project without configuration, whose folder of migrations is empty; the current folder."""
    (tmp_path / "db/migrations").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "PGPASSWORD", "PGSERVICEFILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def ask(root: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """The program."""

    def run(*arguments: str) -> Told | None:
        capsys.readouterr()
        code = main([*arguments, "--format", "json"], root=root)
        document = json.loads(capsys.readouterr().out)
        error = document.get("error")
        if error is None:
            assert code == 0, document
            return None
        line = "" if error["line"] is None else f":{error['line']}"
        place = None if error["path"] is None else error["path"] + line
        return Told(code, error["code"], error["message"], place, error["hint"])

    return run
