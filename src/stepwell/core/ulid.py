"""The id of a batch: a ULID, 26 characters that sort by time. Time and randomness are passed in."""

from __future__ import annotations

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 26
RANDOM_BITS = 80


def ulid(milliseconds: int, random_bits: int) -> str:
    """Make a ULID out of the time since the epoch and 80 random bits."""
    number = (milliseconds << RANDOM_BITS) | random_bits
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))
