"""Lengths of time as people write them: `5`, `5s`, `250ms`, `10min`, `1h`; always seconds inside."""

from __future__ import annotations

import re

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|sec|min|m|h)?\s*")
_SECONDS = {None: 1.0, "ms": 0.001, "s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}
_LONGEST = (2**31 - 1) / 1000  # about 24 days: PostgreSQL counts milliseconds in 32 bits


def parse_duration(value: object) -> float:
    """Turn a number of seconds, or text such as `250ms`, into seconds. Raises `ValueError` for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LONGEST:
        return float(value)
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(
            f"{value!r} is not a length of time: write seconds, or for example '250ms', '5s', '10min'"
        )
    seconds = float(match[1]) * _SECONDS[match[2]]
    if seconds > _LONGEST:
        raise ValueError(f"{value!r} is longer than a database can be told to wait: at most 24 days")
    return seconds
