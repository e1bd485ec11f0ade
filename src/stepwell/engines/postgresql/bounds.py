"""Every session is bounded: how long it waits for a lock, runs, idles, and hears nothing of its client. Text only."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.core.settings import Settings

# A client that is gone without a word keeps its lock, for hours by the kernel's defaults: so it is about ten seconds.
# Nobody is asked to stay alive as long as an answer to him is on its way: that has a limit of its own (ms).
KEEPALIVES = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
# While a statement runs nobody reads from the client, so that keepalives alone find nothing out.
CHECK_INTERVAL = ("client_connection_check_interval", "2s")
CHECK_SINCE = 140000  # the server that has it
UNBOUNDED = {"lock_timeout": "0", "statement_timeout": "0"}


def timeouts(settings: Settings) -> dict[str, str]:
    """The limits of the settings, by the server's names and in its words."""
    return in_words(
        {
            "lock_timeout": settings.lock_timeout,
            "statement_timeout": settings.statement_timeout,
            "idle_in_transaction_session_timeout": settings.idle_timeout,
        }
    )


def in_words(seconds: Mapping[str, float]) -> dict[str, str]:
    """Lengths of time as the server takes them; rounded up, since 0 would be no limit."""
    return {name: f"{math.ceil(value * 1000)}ms" for name, value in seconds.items()}


def set_all(values: Mapping[str, str], *, local: bool) -> str:
    """One statement that sets all of them, for the transaction or for the session."""
    scope = "true" if local else "false"
    calls = (
        f"pg_catalog.set_config('{name}'::text, '{value}'::text, {scope})" for name, value in values.items()
    )
    return f"SELECT {', '.join(calls)}"


def read_all(names: Mapping[str, str]) -> str:
    """One statement that tells how these are set."""
    calls = (f"pg_catalog.current_setting('{name}'::text)" for name in names)
    return f"SELECT {', '.join(calls)}"


def check_client(*, local: bool) -> str:
    """The statement that lets the server look after its client; some platforms can't, which is no failure."""
    name, value = CHECK_INTERVAL
    scope = "true" if local else "false"
    return (
        "DO $stepwell$ BEGIN"
        f" PERFORM pg_catalog.set_config('{name}'::text, '{value}'::text, {scope});"
        " EXCEPTION WHEN OTHERS THEN NULL; END $stepwell$"
    )
