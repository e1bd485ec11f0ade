"""Where verdicts of earlier runs are kept: a file in the project's own folder. One that is not ours counts as none."""

from __future__ import annotations

import os
import platform
import stat
import sys
import tempfile
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.core.migration import PythonBody
from stepwell.core.sql.beyond import reaches_beyond, reads_outside
from stepwell.core.url import parse_url
from stepwell.core.verdicts import GOOD, Known, Link, Surroundings, dumps, keys, loads
from stepwell.folder import KEPT_VERDICTS, make

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.app.context import Context
    from stepwell.app.trials import Chain
    from stepwell.core.migration import Migration
    from stepwell.core.proof import Proof
    from stepwell.core.schema.snapshot import Snapshot
    from stepwell.core.settings import Settings

LARGEST = 8 << 20  # bytes that are read at all
# Environment variables that a driver takes for what the URL leaves out, such as the settings of a session.
_OF_DRIVERS = ("PG", "MYSQL", "MARIADB")
_SECRETS = ("PASSWORD", "PWD")
_PACKAGE = Path(__file__).parents[1]
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class Verdicts:
    """The verdicts in a file of this folder. Where it can't be read or written, nothing is known and nothing kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known = _read(folder / KEPT_VERDICTS)

    def of(self, key: str | None) -> Known | None:
        """What is known for a key."""
        return self._known.get(key) if key is not None else None

    def keep(self, proofs: Mapping[str, Proof]) -> None:
        """Keep those that are good, and know these longest; what others have written meanwhile stays too."""
        good = {
            key: Known(proof.verdict, proof.reasons, proof.notes)
            for key, proof in proofs.items()
            if proof.verdict in GOOD
        }
        if not good.keys() - self._known.keys():
            return
        known = {**self._known, **_read(self._folder / KEPT_VERDICTS)}
        older = {key: each for key, each in known.items() if key not in good}
        with suppress(OSError):
            _write(make(self._folder) / KEPT_VERDICTS, dumps({**older, **good}))


def keys_of(context: Context, chain: Chain, empty: Snapshot) -> list[str | None]:
    """The key of each migration of a chain, on a place where an empty database has that structure."""
    data = chain.data
    around = Surroundings(
        tool=tool(),
        engine=empty.engine,
        server=empty.server,
        place=_place(context.settings),
        empty=empty.fingerprint,
        table=context.settings.table,
        schema=context.settings.schema,
        rows=chain.rows,
        data=data.script if data is not None else None,
        data_at=chain.order[data.at].version.text if data is not None else None,
    )
    return list(keys(around, [_link(context, each) for each in chain.order]))


def _link(context: Context, migration: Migration) -> Link:
    engine = context.dialect.name
    if any(reaches_beyond(text, engine) or reads_outside(text) for text in migration.texts):
        return Link(migration, None)
    if not isinstance(migration.body, PythonBody):
        return Link(migration, {})
    return Link(migration, context.loader.modules_of(migration))


def _place(settings: Settings) -> str:
    """Where scratch databases are made, as far as settings and environment say; embedded servers are alike."""
    given = parse_url(settings.scratch_url).shown if settings.scratch_url else ""
    target = parse_url(settings.url).shown if settings.scratch and settings.url else ""
    told = sorted(
        f"{name}={value}"
        for name, value in os.environ.items()
        if name.startswith(_OF_DRIVERS) and not name.endswith(_SECRETS)
    )
    return "\n".join([given, settings.scratch or "", target, *told])


@lru_cache(maxsize=1)
def tool() -> str:
    """This program to the byte, since its version says nothing of a development tree; its Python; what is installed."""
    digest = sha256(f"{sys.version}\n{sys.platform}\n{platform.machine()}\n".encode())
    for path in sorted(_PACKAGE.rglob("*.py")):
        digest.update(f"{path.relative_to(_PACKAGE)}\n".encode())
        digest.update(sha256(path.read_bytes()).digest())
    for name in sorted(f"{each.name} {each.version}" for each in distributions()):
        digest.update(f"{name}\n".encode())
    return digest.hexdigest()


def _read(path: Path) -> dict[str, Known]:
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError:
        return {}
    with os.fdopen(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_size > LARGEST or _is_anothers(state):
            return {}
        try:
            return loads(file.read(LARGEST).decode())
        except (OSError, UnicodeDecodeError):
            return {}


def _is_anothers(state: os.stat_result) -> bool:
    """Whether somebody else may have written it."""
    if os.name != "posix":
        return False
    return state.st_uid != os.geteuid() or bool(state.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _write(path: Path, text: str) -> None:
    """Put a whole file in the place of the old one: nobody ever reads half of it."""
    descriptor, name = tempfile.mkstemp(prefix=".verified-", dir=path.parent)  # only we may read and write it
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
