"""What the name of a file says: language, version, name, or that the file is none of ours. Reads no file."""

from __future__ import annotations

import re
from enum import Enum, StrEnum
from typing import NamedTuple

from stepwell.core.migration import Language

_ASIDE = ("_", ".", "~")  # `__init__.py`, `.001.sql.swp`, `~001.sql`: what Python and editors leave
_REPEATABLE = "R__"  # reserved for migrations that run whenever they change
_DIGIT = re.compile(r"[0-9]")
_LANGUAGES = {f".{language}": language for language in Language}


class Evidence(Enum):
    """What shows that a file is a migration: its name alone, or only what stands in it."""

    NAME = "name"
    CONTENT = "content"


class IgnoredBecause(StrEnum):
    """Why a file is none of ours."""

    ASIDE = "its name begins with '_', '.' or '~', or ends in '~'"
    SUFFIX = "it is neither .py nor .sql"
    SUFFIX_CASE = "its suffix is not in lower case"
    NO_VERSION = "its name has no version"
    RESERVED = "names that begin with 'R__' are reserved"


class FileName(NamedTuple):
    """The parts of the name of a file that is a migration, or may be one.

    `version` is the stem up to its first `_`, not yet checked; `name` is the rest, or else the version again.
    """

    version: str
    name: str
    language: Language
    evidence: Evidence


class Ignored(NamedTuple):
    """The file is none of ours."""

    because: IgnoredBecause


def read_name(file_name: str) -> FileName | Ignored:
    """Take the name of a file (without folders) apart. Never raises: `admit` checks the version."""
    if file_name.startswith(_ASIDE) or file_name.endswith("~"):
        return Ignored(IgnoredBecause.ASIDE)
    stem, suffix = split_suffix(file_name)
    language = _LANGUAGES.get(suffix)
    if language is None:
        known = suffix.lower() in _LANGUAGES
        return Ignored(IgnoredBecause.SUFFIX_CASE if known else IgnoredBecause.SUFFIX)
    if language is Language.SQL and stem.startswith(_REPEATABLE):
        return Ignored(IgnoredBecause.RESERVED)
    version, underscore, rest = stem.partition("_")
    if _DIGIT.search(version):
        evidence = Evidence.NAME
    elif underscore or language is Language.SQL:
        evidence = Evidence.CONTENT
    else:  # `base.py` and `helpers.py` may hold what migrations share
        return Ignored(IgnoredBecause.NO_VERSION)
    return FileName(version, rest.strip("_") or version, language, evidence)


def split_suffix(file_name: str) -> tuple[str, str]:
    """The stem and the suffix with its dot; the suffix is empty where there is none."""
    stem, dot, suffix = file_name.rpartition(".")
    return (stem, dot + suffix) if dot else (file_name, "")


def stem_of(path: str) -> str:
    """The stem of the file at a path as shown to people: `db/migrations/006_add.py` gives `006_add`."""
    return split_suffix(path.rpartition("/")[2])[0]
