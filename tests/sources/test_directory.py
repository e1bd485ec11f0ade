"""Folders on the disk, and all that can be in them."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from stepwell.core.errors import MigrationFileError, Place, UsageError
from stepwell.core.migration import Finding
from stepwell.sources.directory import DirectorySource

MakeFolder = Callable[[Mapping[str, bytes | str]], Path]

FOLDER = Path("db/migrations")
posix = pytest.mark.skipif(os.name != "posix", reason="Windows has neither FIFOs nor modes")


def shown(*folders: Path, root: Path) -> list[str]:
    return [file.path for file in DirectorySource(folders, root).read().files]


def problem(root: Path) -> MigrationFileError:
    with pytest.raises(MigrationFileError) as raised:
        DirectorySource([FOLDER], root).read()
    return raised.value


def test_subfolders_are_not_read(make_folder: MakeFolder) -> None:
    root = make_folder({"001_a.sql": "", "hooks/002_b.sql": "", "old/003_c.sql": ""})
    assert shown(FOLDER, root=root) == ["db/migrations/001_a.sql"]


def test_folders_come_in_the_order_in_which_they_are_named(make_folder: MakeFolder) -> None:
    root = make_folder({"001_a.sql": "", "../more/001_b.sql": "", "../../002_c.sql": ""})
    assert shown(Path("db/more"), root / FOLDER, Path(), root=root) == [
        "db/more/001_b.sql",
        "db/migrations/001_a.sql",
        "002_c.sql",
    ]


def test_what_is_not_below_the_root_is_shown_whole(make_folder: MakeFolder) -> None:
    root = make_folder({"001_a.sql": "", "../../elsewhere/x": ""})
    expected = [(root / FOLDER / "001_a.sql").as_posix()]
    assert shown(Path("../db/migrations"), root=root / "elsewhere") == expected


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        DirectorySource([FOLDER], tmp_path).read()
    assert raised.value.message == "there is no folder db/migrations"
    assert raised.value.hint == "`stepwell init` makes it; another one is named with `--migrations`"


def test_a_file_in_place_of_a_folder(make_folder: MakeFolder) -> None:
    root = make_folder({"001_a.sql": ""})
    with pytest.raises(UsageError) as raised:
        DirectorySource([FOLDER / "001_a.sql"], root).read()
    assert raised.value.message == "db/migrations/001_a.sql is not a folder"


def test_a_folder_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        DirectorySource([Path("a" * 5000)], tmp_path).read()
    assert raised.value.message.startswith("the folder aaaa")
    assert raised.value.message.endswith("can't be read: File name too long")


def test_a_folder_with_the_name_of_a_migration(make_folder: MakeFolder) -> None:
    error = problem(make_folder({"001_a.sql/x": ""}))
    assert error.message == "it is a folder, and has the name of a migration"
    assert error.place == Place("db/migrations/001_a.sql")
    assert error.hint == "rename it, or move it elsewhere"


@posix
def test_a_fifo_does_not_block(make_folder: MakeFolder) -> None:
    root = make_folder({"001_a.sql": ""})
    os.mkfifo(root / FOLDER / "002_b.sql")
    error = problem(root)
    assert error.message == "it is no regular file, and has the name of a migration"
    assert error.place == Place("db/migrations/002_b.sql")


@posix
def test_a_link_within_the_folder_is_followed(make_folder: MakeFolder) -> None:
    root = make_folder({"current": "-- migrate:up\n"})
    (root / FOLDER / "001_a.sql").symlink_to("current")
    (file,) = DirectorySource([FOLDER], root).read().files
    assert (file.path, file.content) == ("db/migrations/001_a.sql", b"-- migrate:up\n")


@posix
def test_the_folder_itself_may_be_a_link(make_folder: MakeFolder) -> None:
    root = make_folder({"001_a.sql": "", "x": ""})
    (root / FOLDER / "002_b.sql").symlink_to("x")
    (root / "link").symlink_to(FOLDER)
    assert shown(Path("link"), root=root) == ["link/001_a.sql", "link/002_b.sql"]


@posix
@pytest.mark.parametrize("target", ["../outside.sql", "/etc/passwd"])
def test_a_link_that_leaves_the_folder(make_folder: MakeFolder, target: str) -> None:
    root = make_folder({"../outside.sql": "", "002_b.sql": ""})
    (root / FOLDER / "001_a.sql").symlink_to(target)
    error = problem(root)
    assert error.message == "it is a symbolic link that leaves its folder"
    assert error.place == Place("db/migrations/001_a.sql")
    assert error.hint == "put the file itself here"


@posix
@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("001_a.sql", "it can't be read: Too many levels of symbolic links"),
        ("nothing", "it can't be read: No such file or directory"),
    ],
)
def test_a_link_that_leads_nowhere(make_folder: MakeFolder, target: str, message: str) -> None:
    root = make_folder({"002_b.sql": ""})
    (root / FOLDER / "001_a.sql").symlink_to(target)
    error = problem(root)
    assert error.message == message
    assert error.place == Place("db/migrations/001_a.sql")


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(make_folder: MakeFolder) -> None:
    root = make_folder({"001_a.sql": ""})
    (root / FOLDER / "001_a.sql").chmod(0)
    error = problem(root)
    assert error.message == "it can't be read: Permission denied"
    assert error.hint == "the user that runs this needs to read it"


@posix
def test_files_that_others_may_write_are_findings(make_folder: MakeFolder) -> None:
    root = make_folder({"001_a.sql": "", "002_b.sql": "", "note.txt": ""})
    (root / FOLDER / "001_a.sql").chmod(0o666)
    (root / FOLDER / "002_b.sql").chmod(0o664)
    (root / FOLDER / "note.txt").chmod(0o666)
    (root / FOLDER).chmod(0o777)
    hint = "take the right to write from others: `chmod o-w`"
    assert DirectorySource([FOLDER], root).read().findings == (
        Finding(
            "world-writable",
            "files can be put into it by every user of this machine",
            Place("db/migrations"),
            hint,
        ),
        Finding(
            "world-writable",
            "it can be changed by every user of this machine",
            Place("db/migrations/001_a.sql"),
            hint,
        ),
    )


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not let such a name be")
def test_a_name_that_is_no_unicode(make_folder: MakeFolder) -> None:
    root = make_folder({"001_a.sql": ""})
    folder = os.fsencode(root / FOLDER)
    for name in (b"002_\xff.sql", b"\xfe.txt"):
        (Path(os.fsdecode(folder)) / os.fsdecode(name)).touch()
    error = problem(root)
    assert error.message == "the name of the file is not valid Unicode"
    assert error.place == Place("db/migrations/002_\\xff.sql")
    assert error.hint == "rename the file"


def test_a_large_file_is_read_whole(make_folder: MakeFolder) -> None:
    content = b"-- migrate:up\n" + b"-- a line of a large file\n" * 200_000
    (file,) = DirectorySource([FOLDER], make_folder({"001_a.sql": content})).read().files
    assert file.content == content
