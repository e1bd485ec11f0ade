"""Statements of the core's own text, with `:name` parameters, on a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.sql.parameters import bind
from stepwell.engines.postgresql.dialect import DIALECT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.engines.postgresql.channel import Channel, Row


async def named(channel: Channel, sql: str, values: Mapping[str, object]) -> list[Row]:
    """Send a statement and give its rows."""
    bound = bind(sql, DIALECT.rules, values, DIALECT.parameters)
    return await channel.rows(bound.sql, list(bound.params))
