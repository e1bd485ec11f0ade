"""Whether a server has to prove who it is, where others could answer in its place. Pure: engines say what they know."""

from __future__ import annotations

import re

_LOCAL = re.compile(r"|localhost|::1|127(?:\.\d{1,3}){3}|[/@].*", re.IGNORECASE)


def is_local(host: str) -> bool:
    """Whether a host is this machine: a loopback name or address, the folder of a Unix socket, or none at all."""
    return _LOCAL.fullmatch(host) is not None


def unproven(host: str, mode: str, *, encrypted: bool, proven: bool, demand: str) -> str | None:
    """Give a warning where a host far away is reached without TLS, or without proof of who it is; None elsewhere.

    `mode` is the option that led to it (`sslmode=prefer`), `demand` the one that would demand proof.
    """
    if proven or is_local(host):
        return None
    if encrypted:
        return f"the server {host} does not have to prove who it is ({mode}): {demand} in the URL demands it"
    return (
        f"the connection to {host} is not encrypted ({mode}): {demand} in the URL demands TLS,"
        " and proof of who the server is"
    )
