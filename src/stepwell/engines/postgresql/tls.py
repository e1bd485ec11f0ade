"""What libpq made of `sslmode`: whether the connection is encrypted, and whether the server had to prove who it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepwell.core.remote import unproven

if TYPE_CHECKING:
    from psycopg import AsyncConnection

_VERIFYING = frozenset({"verify-ca", "verify-full"})
_ROOT = "~/.postgresql/root.crt"  # where libpq looks for the authorities


def unproven_server(connection: AsyncConnection[Any]) -> str | None:
    """A warning where a host far away is reached without TLS, or without proof of who it is."""
    link = connection.pgconn
    options = {each.keyword: each.val or each.compiled or b"" for each in link.info}
    mode = options.get(b"sslmode", b"").decode()
    return unproven(
        link.host.decode(errors="replace"),
        f"sslmode={mode}",
        encrypted=link.ssl_in_use,
        proven=link.ssl_in_use and (mode in _VERIFYING or (mode == "require" and _has_root(options))),
        demand="?sslmode=verify-full",
    )


def _has_root(options: dict[bytes, bytes]) -> bool:
    """Whether libpq has found authorities: then `require` verifies too."""
    return Path(options.get(b"sslrootcert", b"").decode() or _ROOT).expanduser().exists()
