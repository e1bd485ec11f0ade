"""The reference application on a database of its own, driven through its own door."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(postgresql_url: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on the reference application in this process; it must succeed; gives its JSON."""
    from stepwell.cli.main import main

    def run_command(*arguments: str) -> dict[str, Any]:
        capsys.readouterr()
        code = main([*arguments, "--url", postgresql_url, "--format", "json"], root=ROOT)
        captured = capsys.readouterr()
        assert code == 0, captured.err
        document: dict[str, Any] = json.loads(captured.out)
        return document

    return run_command


@pytest.fixture
def connection(postgresql_url: str) -> Iterator[psycopg.Connection]:
    """A connection of an application that uses the database, in autocommit mode."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        yield connection
