"""Locks on files: who excludes whom, and that a dead holder holds nothing."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from stepwell.core.errors import ConnectionFailedError, Refusal
from stepwell.engines.embedded.lock import Share, acquire, attempt

HOLDER = """
import sys, time
from pathlib import Path
from stepwell.engines.embedded.lock import Share, attempt
lock = attempt(Path(sys.argv[1]), Share.EXCLUSIVE)
print("held" if lock else "refused", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (Share.SHARED, Share.SHARED, True),
        (Share.SHARED, Share.EXCLUSIVE, False),
        (Share.EXCLUSIVE, Share.SHARED, False),
        (Share.EXCLUSIVE, Share.EXCLUSIVE, False),
    ],
)
def test_who_excludes_whom(tmp_path: Path, first: Share, second: Share, *, both: bool) -> None:
    path = tmp_path / "lock"
    held = attempt(path, first)
    assert held is not None
    other = attempt(path, second)
    assert (other is not None) is both
    if other is not None:
        other.close()
    held.close()
    again = attempt(path, second)
    assert again is not None
    again.close()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert attempt(path, Share.SHARED) is None
        holder.kill()
        holder.wait()
        acquire(path, Share.EXCLUSIVE, time.monotonic() + 10).close()


def test_waiting_is_bounded_and_says_for_what(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with acquire(path, Share.EXCLUSIVE, 0.0):
        with pytest.raises(ConnectionFailedError, match=str(path)) as caught:
            acquire(path, Share.SHARED, time.monotonic() + 0.05)
        assert caught.value.refusal is Refusal.STARTING


def test_a_lock_on_a_deleted_file_is_none(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with acquire(path, Share.EXCLUSIVE, 0.0) as lock:
        path.unlink()
        assert not lock.is_current()
        assert not lock.take(Share.EXCLUSIVE)
        with acquire(path, Share.EXCLUSIVE, 0.0) as other:
            assert other.is_current()
            assert not lock.is_current()


def test_a_lock_file_is_private_and_no_link_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    acquire(path, Share.SHARED, 0.0).close()
    assert path.stat().st_mode & 0o777 == 0o600
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="link"):
        attempt(link, Share.SHARED)
    assert not (tmp_path / "elsewhere").exists()
