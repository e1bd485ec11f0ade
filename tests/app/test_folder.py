"""A folder of pages: what is ours is written and removed, and nothing else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from stepwell.app.folder import Wanted, compare, write
from stepwell.core.answers import FolderChanges
from stepwell.core.errors import UsageError

MARK = "<!-- ours -->"
PLACES = ("", "sub")


def wanted(**texts: str) -> Wanted:
    """Pages by their names; `sub_a` is `sub/a.md`."""
    pages = {f"{name.replace('_', '/')}.md": f"{MARK}\n{text}\n" for name, text in texts.items()}
    return Wanted(pages, MARK, PLACES)


def content(folder: Path) -> dict[str, str]:
    return {str(each.relative_to(folder)): each.read_text() for each in folder.rglob("*") if each.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "docs" / "pages"


def test_new_different_obsolete_and_equal(folder: Path) -> None:
    first = wanted(one="1", two="2", sub_three="3")
    assert compare(folder, first) == FolderChanges(new=("one.md", "sub/three.md", "two.md"))
    assert not folder.exists()
    assert write(folder, first) == compare_first(first)
    assert content(folder) == first.pages
    second = wanted(one="1", two="changed", four="4")
    changes = FolderChanges(("four.md",), ("two.md",), ("sub/three.md",), 1)
    assert compare(folder, second) == changes
    assert content(folder) == first.pages
    assert write(folder, second) == changes
    assert content(folder) == second.pages
    assert not compare(folder, second).any


def compare_first(first: Wanted) -> FolderChanges:
    return FolderChanges(new=tuple(sorted(first.pages)))


def test_what_is_equal_is_not_written_again(folder: Path) -> None:
    write(folder, wanted(one="1"))
    os.utime(folder / "one.md", (0, 0))
    write(folder, wanted(one="1", two="2"))
    assert (folder / "one.md").stat().st_mtime == 0


def test_files_of_others_stay(folder: Path) -> None:
    (folder / "sub").mkdir(parents=True)
    (folder / "other").mkdir()
    others = {
        "notes.md": "mine", "sub/notes.md": f"mine\n{MARK}\n", ".stepwell-docs-mine": "x", "picture.png": MARK,
        "other/old.md": f"{MARK}\nin a folder that is not ours\n", "empty.md": "",
    }  # fmt: skip
    for name, text in others.items():
        (folder / name).write_text(text)
    (folder / "bytes.md").write_bytes(b"\xff\xfe")
    write(folder, wanted(one="1"))
    write(folder, wanted(two="1"))
    (folder / "bytes.md").unlink()
    assert content(folder) == {**others, "two.md": f"{MARK}\n1\n"}


@pytest.mark.parametrize("there", ["mine", "", f" {MARK}\n", "<!-- ours -->x\n"])
def test_what_is_not_ours_is_not_overwritten(folder: Path, there: str) -> None:
    folder.mkdir(parents=True)
    (folder / "two.md").write_text(there)
    for attempt in (compare, write):
        with pytest.raises(UsageError, match=r"pages/two\.md is in the way"):
            attempt(folder, wanted(one="1", two="2"))
    assert content(folder) == {"two.md": there}


def test_a_folder_in_the_place_of_a_page(folder: Path) -> None:
    (folder / "one.md").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"pages/one\.md is in the way: it is no file"):
        write(folder, wanted(one="1", two="2"))
    assert content(folder) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes in folders there")
def test_a_pipe_in_the_place_of_a_page_is_not_waited_for(folder: Path) -> None:
    folder.mkdir(parents=True)
    os.mkfifo(folder / "one.md")
    with pytest.raises(UsageError, match=r"pages/one\.md is in the way: it is no file"):
        compare(folder, wanted(one="1"))


def test_what_is_in_the_way_is_named_as_the_folder_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.md").write_text("mine")
    with pytest.raises(UsageError, match=r"^one\.md is in the way"):
        compare(Path(), wanted(one="1"))
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/one.md").write_text("mine")
    with pytest.raises(UsageError, match=r"^a/b/one\.md is in the way"):
        compare(Path("a/b"), wanted(one="1"))


@pytest.mark.skipif(sys.platform == "win32", reason="asks how long a path may be")
def test_what_can_not_be_written_is_named_without_a_name_of_ours(tmp_path: Path) -> None:
    """The path of the page is just short enough; that of what is written beside it first is not."""
    deep = tmp_path
    while (room := os.pathconf("/", "PC_PATH_MAX") - len(str(deep)) - 20) > 0:
        deep /= "d" * min(room, 200)
    deep.mkdir(parents=True)
    with pytest.raises(UsageError, match=rf"^{deep} can't be written: File name too long$"):
        write(deep, wanted(one="1"))


@pytest.mark.skipif(sys.platform == "win32", reason="a limit to the size of files is set")
def test_where_there_is_no_room_nothing_is_left(folder: Path) -> None:
    import resource
    import signal

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(UsageError, match="pages can't be written: File too large"):
            write(folder, wanted(one="1", two="2" * 2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert content(folder) == {}


def test_a_file_in_the_place_of_a_folder(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "sub").write_text("x")
    with pytest.raises(UsageError, match="in the way"):
        write(folder, wanted(sub_one="1"))
    assert content(folder) == {"sub": "x"}


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
@pytest.mark.parametrize("name", ["sub", "sub/one.md"])
def test_a_link_is_not_followed(folder: Path, tmp_path: Path, name: str) -> None:
    """Somebody may have put it there so that another file is written."""
    target = tmp_path / "target"
    place = folder / name
    place.parent.mkdir(parents=True)
    if name == "sub":
        target.mkdir()
    else:
        target.write_text(f"{MARK}\nelsewhere\n")
    place.symlink_to(target)
    with pytest.raises(UsageError, match="is a link"):
        write(folder, wanted(sub_one="1"))
    assert target.is_dir() or target.read_text() == f"{MARK}\nelsewhere\n"


def test_line_ends_of_another_system_are_no_difference(folder: Path) -> None:
    write(folder, wanted(one="1"))
    (folder / "one.md").write_bytes((folder / "one.md").read_bytes().replace(b"\n", b"\r\n"))
    assert not compare(folder, wanted(one="1")).any


def test_what_a_killed_run_left_is_removed(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / f".stepwell-docs-{'0' * 32}").write_text("half a pa")
    assert compare(folder, wanted(one="1")).obsolete == (f".stepwell-docs-{'0' * 32}",)
    write(folder, wanted(one="1"))
    assert list(content(folder)) == ["one.md"]


def test_where_nothing_can_be_written_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="file"):
        write(tmp_path / "file" / "pages", wanted(one="1"))
    assert content(tmp_path) == {"file": "x"}
