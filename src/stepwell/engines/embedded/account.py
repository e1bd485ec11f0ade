"""Which account runs the server: our own, or for root an existing unprivileged one. Adds no account."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from stepwell.core.errors import ConnectionFailedError, Refusal

if TYPE_CHECKING:
    from pathlib import Path

# `nobody` is everywhere; `postgres` is better where it exists, since nothing but servers runs under it.
_CANDIDATES = ("postgres", "nobody")


class Identity(TypedDict, total=False):
    """The keyword arguments of `subprocess` that change who a process is."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account that root runs the server under."""

    name: str
    uid: int
    gid: int

    def receive(self, path: Path) -> None:
        """Become the owner of a new file or folder. Raises `OSError`."""
        os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_enter(self, path: Path) -> bool:
        """Whether the account may read `path` and pass every folder above it, as far as plain modes tell."""
        return self._may(path, stat.S_IROTH) and all(
            self._may(parent, stat.S_IXOTH) for parent in path.parents
        )

    def _may(self, path: Path, right: int) -> bool:
        """Whether a right, given as the bit for others, is granted to the account on one path."""
        status = path.stat()
        if status.st_uid == self.uid:
            right <<= 6
        elif status.st_gid == self.gid:
            right <<= 3
        return bool(status.st_mode & right)


def server_account() -> Account | None:
    """Give the account to run the server under, None for our own.

    Raises `ConnectionFailedError` for root on a system that has no unprivileged account.
    """
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise ConnectionFailedError(
        "PostgreSQL refuses to run as root, and neither the account postgres nor nobody exists",
        refusal=Refusal.OTHER,
        hint="run stepwell as another user, or add an account named postgres",
    )


def identity(account: Account | None) -> Identity:
    """Give the arguments that make `subprocess` start a process under the account, none for our own."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}
