"""Where the data are. The account is made up: nothing here needs to be root."""

import os
import shutil
from pathlib import Path

import pytest

from stepwell.core.errors import ConnectionFailedError, Refusal
from stepwell.engines.embedded.account import Account
from stepwell.engines.embedded.home import POINTER, Home, find_home
from stepwell.engines.embedded.lock import Share, acquire

STRANGER = Account("stranger", 64123, 64123)
SOON = float("inf")


def root_home(root: Path, name: str = "shop") -> Home:
    """The home that root gets for a project in `root`."""
    return find_home(root / "project" / ".stepwell", name, STRANGER, root / "system", SOON)


def test_our_own_data_are_in_the_project(tmp_path: Path) -> None:
    home = find_home(tmp_path / ".stepwell", "shop", None, tmp_path / "system", SOON)
    assert home == Home(tmp_path / ".stepwell" / "shop", None)
    assert not (tmp_path / "system").exists()
    assert (tmp_path / ".stepwell" / ".gitignore").read_text() == "*\n"


def test_roots_data_are_outside_and_found_again(tmp_path: Path) -> None:
    home = root_home(tmp_path)
    assert tmp_path / "system" in home.folder.parents
    assert root_home(tmp_path) == home
    assert (tmp_path / "project" / ".stepwell" / "shop" / POINTER).read_text() == f"{home.folder}\n"
    for folder in (home.folder, home.folder.parent, tmp_path / "system"):
        assert folder.stat().st_mode & 0o777 == 0o711


def test_two_databases_have_two_homes(tmp_path: Path) -> None:
    assert root_home(tmp_path).folder != root_home(tmp_path, "other").folder


def test_a_project_made_anew_does_not_get_the_old_data(tmp_path: Path) -> None:
    old = root_home(tmp_path)
    shutil.rmtree(tmp_path / "project")
    new = root_home(tmp_path)
    assert new.folder != old.folder
    assert not old.folder.exists()


def test_a_home_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    home = root_home(tmp_path)
    shutil.rmtree(tmp_path / "system")
    assert root_home(tmp_path) == home
    assert home.folder.is_dir()


@pytest.mark.parametrize("lock", ["users_lock", "server_lock"])
def test_data_in_use_are_not_discarded(tmp_path: Path, lock: str) -> None:
    old = root_home(tmp_path)
    with acquire(getattr(old, lock), Share.SHARED, SOON):
        shutil.rmtree(tmp_path / "project")
        root_home(tmp_path)
        assert old.folder.exists()


@pytest.mark.parametrize(
    "text", ["", "/etc\n", "{system}/../shop\n", "{system}/0123-89abcdef/shop\n", "\0" * 50]
)
def test_a_pointer_to_elsewhere_is_not_followed(tmp_path: Path, text: str) -> None:
    pointer = tmp_path / "project" / ".stepwell" / "shop" / POINTER
    pointer.parent.mkdir(parents=True)
    pointer.write_text(text.format(system=tmp_path / "system"))
    home = root_home(tmp_path)
    assert home.folder.parent.parent == tmp_path / "system"
    assert root_home(tmp_path) == home


def test_root_leaves_the_data_of_others_alone(tmp_path: Path) -> None:
    (tmp_path / "project" / ".stepwell" / "shop" / "data").mkdir(parents=True)
    with pytest.raises(ConnectionFailedError, match=f"belong to the user {os.geteuid()}") as caught:
        root_home(tmp_path)
    assert caught.value.refusal is Refusal.RIGHTS
