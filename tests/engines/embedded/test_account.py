"""Who runs the server, and what plain modes let that account reach."""

import os
from pathlib import Path

import pytest

from stepwell.engines.embedded.account import Account, identity, server_account

STRANGER = Account("stranger", 64123, 64123)


def test_our_own_account_unless_we_are_root() -> None:
    account = server_account()
    if os.geteuid() == 0:
        assert account is not None
        assert account.uid != 0
        assert identity(account) == {"user": account.uid, "group": account.gid, "extra_groups": []}
    else:
        assert account is None


@pytest.mark.parametrize(
    ("outer", "inner", "reaches"),
    [
        (0o755, 0o755, True),
        (0o711, 0o755, True),
        (0o711, 0o711, False),
        (0o700, 0o755, False),
        (0o750, 0o755, False),
        (0o744, 0o755, False),
    ],
)
def test_what_a_stranger_reaches(open_folder: Path, outer: int, inner: int, *, reaches: bool) -> None:
    folder = open_folder / "outer" / "inner"
    folder.mkdir(parents=True)
    folder.chmod(inner)
    folder.parent.chmod(outer)
    assert STRANGER.can_enter(folder) is reaches
    folder.parent.chmod(0o755)


@pytest.mark.parametrize(("mode", "reaches"), [(0o500, True), (0o077, False)])
def test_an_owner_has_the_rights_of_an_owner(open_folder: Path, mode: int, *, reaches: bool) -> None:
    folder = open_folder / "own"
    folder.mkdir()
    folder.chmod(mode)
    owner = Account("owner", folder.stat().st_uid, 64123)
    assert owner.can_enter(folder) is reaches
    folder.chmod(0o700)


@pytest.mark.parametrize(("mode", "reaches"), [(0o750, True), (0o705, False)])
def test_a_group_has_the_rights_of_a_group(open_folder: Path, mode: int, *, reaches: bool) -> None:
    folder = open_folder / "shared"
    folder.mkdir()
    folder.chmod(mode)
    assert Account("member", 64123, folder.stat().st_gid).can_enter(folder) is reaches
