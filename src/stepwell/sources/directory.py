"""Migrations in folders of the disk: each file is read once, and no link is followed out of its folder."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.errors import MigrationError, MigrationFileError, Place, UsageError
from stepwell.core.files.admission import admit, finding_about
from stepwell.core.files.listing import SourceListing, together
from stepwell.core.files.names import FileName, read_name
from stepwell.core.migration import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.migration import SourceFile

# Without O_NONBLOCK the open of a FIFO waits for somebody to write into it. With O_NOFOLLOW nobody can put a link in
# the place of what was looked at before. Windows has neither.
_OPEN_FLAGS = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in ("O_NONBLOCK", "O_NOFOLLOW", "O_BINARY"))
_HAS_MODES = os.name == "posix"


class DirectorySource(NamedTuple):
    """The files of one or more folders, without their subfolders.

    Folders that are not absolute, and paths as people see them, are relative to `shown_relative_to`: the root
    of the project. Files that are not below it are shown with their whole path.
    """

    folders: Sequence[Path]
    shown_relative_to: Path

    def read(self) -> SourceListing:
        """Read every file once; see `Source.read`."""
        reading = _Reading()
        for folder in self.folders:
            shown = shown_below(self.shown_relative_to, folder)
            _read_folder(self.shown_relative_to / folder, shown, reading)
        if reading.problems:
            raise together(reading.problems)
        return SourceListing(tuple(reading.files), tuple(reading.findings))


def shown_below(root: Path, folder: Path) -> str:
    """A folder as people see it: relative to the root of the project, or in full where it is not below it."""
    # Not `resolve`: where a link stands in a path, it would show people another one than they wrote.
    start, whole = os.path.abspath(root), os.path.abspath(root / folder)  # noqa: PTH100
    below = Path(whole).is_relative_to(start)
    return (Path(whole).relative_to(start) if below else Path(whole)).as_posix()


@dataclass(slots=True)
class _Reading:
    """What has been gathered so far."""

    files: list[SourceFile] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    problems: list[MigrationError] = field(default_factory=list)


def _read_folder(folder: Path, shown: str, reading: _Reading) -> None:
    # Paths are joined as text: for thousands of files, `Path` would take longer than reading them.
    entries = _entries(folder, shown)
    real_folder = os.path.realpath(folder) + os.sep
    prefix = "" if shown == "." else f"{shown}/"
    if _open_to_others(os.stat(folder).st_mode):  # noqa: PTH116
        reading.findings.append(_world_writable(Place(shown), "files can be put into it"))
    for name, is_link in entries:
        parts = read_name(name)
        if isinstance(parts, FileName):
            try:
                _read_file(real_folder, name, prefix + name, parts, reading, is_link=is_link)
            except MigrationError as problem:
                reading.problems.append(problem)
        elif finding := finding_about(parts, prefix + name):
            reading.findings.append(finding)


def _entries(folder: Path, shown: str) -> list[tuple[str, bool]]:
    """The names in a folder, sorted, each with whether it is a symbolic link."""
    try:
        with os.scandir(folder) as entries:
            return sorted((entry.name, entry.is_symlink()) for entry in entries)
    except FileNotFoundError:
        hint = "`stepwell init` makes it; another one is named with `--migrations`"
        raise UsageError(f"there is no folder {shown}", hint=hint) from None
    except NotADirectoryError:
        raise UsageError(f"{shown} is not a folder", hint="name the folder of the migrations") from None
    except OSError as error:
        raise UsageError(f"the folder {shown} can't be read: {error.strerror}") from error


def _read_file(
    folder: str, name: str, path: str, parts: FileName, reading: _Reading, *, is_link: bool
) -> None:
    _check_unicode(name, path)
    try:
        file = _target(folder, name, path) if is_link else folder + name
        mode, content = _read_once(file, path)
    except OSError as error:
        hint = "the user that runs this needs to read it" if isinstance(error, PermissionError) else None
        raise MigrationFileError(
            f"it can't be read: {error.strerror}", place=Place(path), hint=hint
        ) from error
    source = admit(parts, path, content)
    if source is None:
        return
    reading.files.append(source)
    if _open_to_others(mode):
        reading.findings.append(_world_writable(Place(path), "it can be changed"))


def _check_unicode(name: str, path: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = path.encode(errors="surrogateescape").decode(errors="backslashreplace")
        message = "the name of the file is not valid Unicode"
        raise MigrationFileError(message, place=Place(shown), hint="rename the file") from None


def _target(folder: str, name: str, path: str) -> str:
    """Where a link leads. Raises `MigrationFileError` where that is outside its folder."""
    target = os.path.realpath(folder + name, strict=True)
    if not target.startswith(folder):
        message = "it is a symbolic link that leaves its folder"
        raise MigrationFileError(message, place=Place(path), hint="put the file itself here")
    return target


def _read_once(file: str, path: str) -> tuple[int, bytes]:
    """The mode and the bytes of a file, both of the very file that was opened."""
    descriptor = os.open(file, _OPEN_FLAGS)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
            hint = "rename it, or move it elsewhere"
            raise MigrationFileError(
                f"it is {what}, and has the name of a migration", place=Place(path), hint=hint
            )
        with os.fdopen(descriptor, "rb", closefd=False) as opened:
            return mode, opened.read()
    finally:
        os.close(descriptor)


def _open_to_others(mode: int) -> bool:
    # Also a folder with the sticky bit: others can't replace its files then, but still add some.
    return _HAS_MODES and bool(mode & stat.S_IWOTH)


def _world_writable(place: Place, consequence: str) -> Finding:
    message = f"{consequence} by every user of this machine"
    return Finding("world-writable", message, place, "take the right to write from others: `chmod o-w`")
