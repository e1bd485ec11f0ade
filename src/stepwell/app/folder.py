"""A folder of pages that are written by us: what would have to be written and removed, and doing it.

What is ours is told by its first line. Nothing else in the folder is read, written or removed.
"""

from __future__ import annotations

import re
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.answers import FolderChanges
from stepwell.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TEMPORARY = ".stepwell-docs-"
_IS_TEMPORARY = re.compile(re.escape(_TEMPORARY) + "[0-9a-f]{32}")


class Wanted(NamedTuple):
    """What a folder has to be: texts by their paths, the first line of all of them, and where pages may be in it."""

    pages: Mapping[str, str]
    mark: str
    places: tuple[str, ...] = ("",)


def compare(folder: Path, wanted: Wanted) -> FolderChanges:
    """Compare a folder with what it has to be. Reads only.

    Obsolete is what has our mark as its first line and is not wanted. Raises `UsageError` where something that is not
    ours is in the place of a page.
    """
    new, different, equal = [], [], 0
    for path, text in sorted(wanted.pages.items()):
        there = _text(folder, path)
        if there is None:
            new.append(path)
        elif there == text:
            equal += 1
        elif _is_marked(there, wanted.mark):
            different.append(path)
        else:
            raise _in_the_way(folder, path, "something else than 'stepwell docs' has written it")
    ours = (path for place in wanted.places for path in _ours(folder, place, wanted.mark))
    obsolete = [path for path in ours if path not in wanted.pages]
    return FolderChanges(tuple(new), tuple(different), tuple(sorted(obsolete)), equal)


def write(folder: Path, wanted: Wanted) -> FolderChanges:
    """Make a folder what it has to be, and tell what was done. A kill leaves whole pages, of which some may be old.

    All pages are written before the first one gets its name. Raises as `compare` does, and `UsageError` where
    something can't be written.
    """
    changes = compare(folder, wanted)
    waiting: dict[Path, Path] = {}
    try:
        for path in (*changes.new, *changes.different):
            place = folder / path
            waiting[place] = place.with_name(f"{_TEMPORARY}{uuid.uuid4().hex}")
            _put(waiting[place], wanted.pages[path])
        for place, temporary in waiting.items():
            temporary.replace(place)
        for path in changes.obsolete:
            (folder / path).unlink(missing_ok=True)  # another run may have been faster
    except OSError as error:
        where = Path(error.filename or folder)
        where = where.parent if where.name.startswith(_TEMPORARY) else where
        raise UsageError(f"{where} can't be written: {error.strerror}") from error
    finally:
        for temporary in waiting.values():
            with suppress(OSError):  # what stays is removed by the next run
                temporary.unlink()
    return changes


def _put(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)


def _text(folder: Path, path: str) -> str | None:
    """The text of a page, its line ends as LF; None where there is none."""
    place = folder / path
    for each in (place, *place.parents):
        if each == folder:
            break
        if each.is_symlink():
            raise _in_the_way(folder, path, f"{each.name} is a link, which may lead anywhere")
    if place.exists() and not place.is_file():
        raise _in_the_way(folder, path, "it is no file")
    try:
        return place.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _in_the_way(folder, path, f"it can't be read: {error}") from error


def _is_marked(text: str, mark: str) -> bool:
    return text.partition("\n")[0].rstrip() == mark


def _ours(folder: Path, place: str, mark: str) -> Iterator[str]:
    """The pages in a folder that have our mark, and what a killed run has left."""
    inside = folder / place if place else folder
    if not inside.is_dir():
        return
    for each in sorted(inside.iterdir()):
        path = f"{place}/{each.name}" if place else each.name
        if each.is_symlink() or not each.is_file():
            continue
        if _IS_TEMPORARY.fullmatch(each.name):
            yield path
        elif each.suffix == ".md":
            try:
                with each.open(encoding="utf-8") as file:
                    if _is_marked(file.readline(), mark):
                        yield path
            except (OSError, UnicodeDecodeError):
                continue  # what can't be read is not ours


def _in_the_way(folder: Path, path: str, why: str) -> UsageError:
    return UsageError(
        f"{folder / path} is in the way: {why}",
        hint="nothing was written; move it away, or choose another folder with -o",
    )
