"""After a failed batch the program names the command that takes it back, and that command does it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stepwell.testing import Workshop

OFFER = re.compile(r"to take back what this run has applied: '(stepwell rollback --batch \w{26})'")


def stepwell(shop: Workshop, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program in the project's folder."""
    command = [sys.executable, "-m", "stepwell", *arguments, "--url", shop.url, "--migrations", "migrations"]
    return subprocess.run(command, cwd=shop.root, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_that_is_offered_takes_the_batch_back(shop: Workshop) -> None:
    shop.table("001_first")
    shop.table("002_second", depends="001")
    shop.sql("003_third", "INSERT INTO no_such_table VALUES (1);", "DROP TABLE third;")
    failed = stepwell(shop, "migrate")
    assert failed.returncode == 1
    assert "001, 002 applied, and recorded" in failed.stdout
    offered = OFFER.search(failed.stderr)
    assert offered is not None, failed.stderr
    taken_back = stepwell(shop, *shlex.split(offered[1])[1:])
    assert taken_back.returncode == 0, taken_back.stderr
    assert shop.applied() == []
    assert not shop.exists("first")


def test_it_is_offered_in_json_too(shop: Workshop) -> None:
    shop.table("001_first")
    shop.sql("002_second", "CREATE TABLE second (id INTEGER); INSERT INTO no_such_table VALUES (1);")
    failed = json.loads(stepwell(shop, "migrate", "--format", "json").stdout)
    offered = OFFER.search(failed["error"]["hint"])
    assert offered is not None
    assert offered[1].endswith(failed["batch"])
    refused = json.loads(stepwell(shop, *shlex.split(offered[1])[1:], "--format", "json").stdout)
    assert refused["error"]["message"] == "half applied: 002 second began and did not finish"
    assert "stepwell unmark 002" in refused["error"]["hint"]


def test_nothing_is_offered_where_nothing_stands(shop: Workshop) -> None:
    shop.sql("001_first", "INSERT INTO no_such_table VALUES (1);")
    assert OFFER.search(stepwell(shop, "migrate").stderr) is None
