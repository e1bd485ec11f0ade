"""`python db/migrate_incremental.py COMMAND` works as documented and from anywhere."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

MIGRATIONS = [
    ("001", "initial_schema", "Create initial database schema", []),
    ("002", "add_user_authentication", "Add auth fields to users table", ["001"]),
    ("003", "add_changelog_publishing", "Add publishing fields to changelog", ["001"]),
    ("004", "seed_default_roles", "Create default roles", ["001"]),
    ("005", "seed_initial_data", "Seed moods and meal types", ["001"]),
]

DOCUMENTED = [  # the command, and the versions that are applied after it
    ("status", []),
    ("migrate --dry-run", []),
    ("migrate --target 003", ["001", "002", "003"]),
    ("rollback --target 002", ["001", "002"]),
    ("migrate", ["001", "002", "003", "004", "005"]),
]


def door(command: str, url: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run the script as a person does, in a folder, with the database in the environment."""
    script = os.path.relpath(ROOT / "db" / "migrate_incremental.py", folder)
    variables = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT / "src")}
    arguments = [sys.executable, script, *command.split()]
    return subprocess.run(arguments, cwd=folder, env=variables, capture_output=True, text=True, check=False)


def status(url: str, folder: Path = ROOT) -> list[dict[str, Any]]:
    """The migrations as `status` tells them."""
    done = door("status --format json", url, folder)
    assert done.returncode == 0, done.stderr
    migrations: list[dict[str, Any]] = json.loads(done.stdout)["migrations"]
    return migrations


def test_documented_commands_work_verbatim(postgresql_url: str) -> None:
    for command, applied in DOCUMENTED:
        done = door(command, postgresql_url, ROOT)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        found = [one["version"] for one in status(postgresql_url) if one["state"] == "applied"]
        assert found == applied, command


@pytest.mark.parametrize("inside", [False, True], ids=["outside the project", "inside db"])
def test_works_from_any_folder(postgresql_url: str, tmp_path: Path, *, inside: bool) -> None:
    folder = ROOT / "db" if inside else tmp_path
    found = [
        (one["version"], one["name"], one["description"], one["dependencies"])
        for one in status(postgresql_url, folder)
    ]
    assert found == MIGRATIONS
