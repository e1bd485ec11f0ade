"""Texts that match a pattern: of LIKE, of GLOB, and of regular expressions as far as checks usually have them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRINTABLE = "aA1 bZ0_-.@x!~" + "".join(chr(code) for code in range(33, 127))
_SETS = {
    "d": "1234567890",
    "w": "abc1_",
    "s": " ",
    "D": "ab-",
    "W": "- .",
    "S": "ab1",
    "alpha": "abAB",
    "digit": "1234567890",
    "alnum": "ab1",
    "upper": "ABC",
    "lower": "abc",
    "space": " ",
    "punct": ".-",
    "xdigit": "1a2b",
    "word": "abc1_",
}
_QUANTIFIER = re.compile(r"\{(\d+)(,?)(\d*)\}")
_MOST_REPEATS = 64


class _NotKnownError(Exception):
    """A pattern has something that is not read here."""


def of_like(pattern: str) -> tuple[str, ...]:
    """Texts that LIKE finds: with nothing for each `%`, and with something."""
    text = re.sub(r"\\(.)|([_%])", lambda m: m[1] or ("a" if m[2] == "_" else "\0"), pattern, flags=re.DOTALL)
    return _distinct(text.replace("\0", "a"), text.replace("\0", ""))


def of_glob(pattern: str) -> tuple[str, ...]:
    """Texts that GLOB of SQLite finds."""
    return of_regex(re.sub(r"[.+(){}|\\$]", r"\\\g<0>", pattern).replace("*", ".*").replace("?", "."))


def of_regex(pattern: str) -> tuple[str, ...]:
    """Texts that a regular expression matches: each choice with the fewest repeats, and with one more.

    None for a pattern with something in it that is not read here, such as a look-around.
    """
    try:
        found = [text for extra in (0, 1, 7) for text in _Reader(pattern, extra).read()]
    except (_NotKnownError, IndexError, RecursionError):
        return ()
    return _distinct(*found)[:24]


def _distinct(*texts: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


class _Reader:
    """Reads a regular expression from left to right and keeps a few texts that match what was read."""

    def __init__(self, pattern: str, extra: int) -> None:
        self._rest = re.sub(r"^\(\?[a-z]+\)|^\*\*\*[:=]", "", pattern)
        self._at = 0
        self._extra = extra

    def read(self) -> list[str]:
        texts = self._choice()
        if self._at < len(self._rest):
            raise _NotKnownError
        return texts

    def _peek(self) -> str:
        return self._rest[self._at : self._at + 1]

    def _take(self) -> str:
        self._at += 1
        return self._rest[self._at - 1]

    def _choice(self) -> list[str]:
        branches = [self._sequence()]
        while self._peek() == "|":
            self._take()
            branches.append(self._sequence())
        return [text for branch in branches for text in branch]

    def _sequence(self) -> list[str]:
        texts = [""]
        while self._peek() not in ("", "|", ")"):
            atom = self._atom()
            low, high = self._repeats()
            count = min(high, low + self._extra)
            # Characters of a set take turns, so that texts are not all of one letter; choices stay choices.
            parts = _repeated(atom, count)
            texts = [text + part for text in texts for part in parts][:12]
        return texts

    def _atom(self) -> list[str]:
        sign = self._take()
        if sign in "^$":
            return [""]
        if sign == "(":
            return self._group()
        if sign == "[":
            return ["".join(self._set())]
        if sign == ".":
            return ["aA1"]
        if sign == "\\":
            return [self._escape()]
        if sign in "*+?{":
            raise _NotKnownError
        return [sign]

    def _group(self) -> list[str]:
        if self._peek() == "?":
            if self._rest[self._at : self._at + 2] != "?:":
                raise _NotKnownError
            self._at += 2
        texts = self._choice()
        self._take()
        return ["\0" + text for text in texts]  # a text, not a set of characters

    def _escape(self) -> str:
        letter = self._take()
        if letter in _SETS:
            return _SETS[letter]
        if letter in "mMyYAZbB":
            return ""
        if letter.isalnum():
            raise _NotKnownError
        return letter

    def _set(self) -> Iterator[str]:
        negated = self._peek() == "^"
        if negated:
            self._take()
        chosen = self._members()
        yield from ([each for each in _PRINTABLE if each not in chosen][:8] if negated else chosen)

    def _members(self) -> list[str]:
        chosen: list[str] = []
        while self._peek() != "]" or not chosen:
            sign = self._take()
            if sign == "[" and self._peek() == ":":
                name, _, _ = self._rest[self._at + 1 :].partition(":]")
                self._at += len(name) + 3
                if name not in _SETS:
                    raise _NotKnownError
                chosen += _SETS[name]
            elif sign == "\\":
                chosen += self._escape()
            elif self._peek() == "-" and self._rest[self._at + 1 : self._at + 2] not in ("", "]"):
                self._take()
                chosen += [chr(code) for code in range(ord(sign), ord(self._take()) + 1)][:64]
            else:
                chosen.append(sign)
        self._take()
        return chosen

    def _repeats(self) -> tuple[int, int]:
        sign = self._peek()
        low, high = 1, 1
        if sign and sign in "?*+":
            self._take()
            low, high = {"?": (0, 1), "*": (0, _MOST_REPEATS), "+": (1, _MOST_REPEATS)}[sign]
        elif match := _QUANTIFIER.match(self._rest, self._at):
            self._at = match.end()
            low = int(match[1])
            high = low if not match[2] else int(match[3] or _MOST_REPEATS)
        else:
            return low, high
        if self._peek() == "?":  # not greedy: the same texts
            self._take()
        return low, high


def _repeated(atom: list[str], count: int) -> list[str]:
    """An atom this often: a set gives its characters in turn, a group its texts."""
    if len(atom) == 1 and not atom[0].startswith("\0"):
        (members,) = atom
        return ["".join(members[i % len(members)] for i in range(count))] if members else [""]
    return [text.lstrip("\0") * count for text in atom]
