"""A password given as an argument is taken out of the process list as soon as it is known, and never given on."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stepwell.cli.argv import hide

if TYPE_CHECKING:
    from subprocess import Popen

    from tests.cli.conftest import Spawn

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="arguments are overwritten on Linux only"
)

WAITING = """
from pathlib import Path
import asyncio
import subprocess
import sys

from stepwell import Migration


class Waiting(Migration):
    \"\"\"Waits until it may end, and has a child meanwhile.\"\"\"

    async def up(self) -> None:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        Path("begun").write_text(str(child.pid))
        while not Path("go").exists():
            await asyncio.sleep(0.01)
        child.communicate(b"\\n")

    async def down(self) -> None:
        pass
"""
SECRET = "S3cr3t%2Fpass"
FORMS = {
    "apart": ("--direct-url", f"postgresql://app:{SECRET}@db.example/shop"),
    "joined": (f"--direct-url=postgresql://app:{SECRET}@db.example/shop",),
    "as an option": (f"--direct-url=postgresql://db.example/shop?password={SECRET}",),
}


def arguments_of(process: int) -> bytes:
    """What `ps` shows of a process."""
    return Path(f"/proc/{process}/cmdline").read_bytes()


def begin(spawn: Spawn, project: Path, *arguments: str) -> Popen[str]:
    """Start a run, which waits in its migration."""
    (project / "db/migrations/001_waiting.py").write_text(WAITING)
    process = spawn("migrate", *arguments)
    while not (project / "begun").exists() or not (project / "begun").read_text():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    return process


@pytest.mark.parametrize("form", FORMS)
def test_ps_does_not_show_it(form: str, spawn: Spawn, project: Path) -> None:
    process = begin(spawn, project, *FORMS[form])
    shown = arguments_of(process.pid)
    child = arguments_of(int((project / "begun").read_text()))
    (project / "go").touch()
    told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert b"S3cr3t" not in shown + child
    assert b"migrate" in shown
    assert b"--direct-url" in shown
    assert b"postgresql:***" in shown
    assert (
        "warning: the password in --direct-url was visible to other users of this machine for a moment"
        in told[1]
    )
    assert "S3cr3t" not in "".join(told)


def test_nothing_is_touched_without_a_password(spawn: Spawn, project: Path) -> None:
    process = begin(spawn, project, "--direct-url", "postgresql://app@db.example/shop")
    shown = arguments_of(process.pid)
    (project / "go").touch()
    out, err = process.communicate(timeout=60)
    assert b"--direct-url\0postgresql://app@db.example/shop\0" in shown
    assert "visible" not in out + err


def test_what_is_no_argument_is_not_hidden() -> None:
    before = arguments_of(os.getpid())
    assert not hide("postgresql://app:never-given@db/shop")
    assert arguments_of(os.getpid()) == before
