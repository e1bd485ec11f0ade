"""The checksum of a migration: the SHA-256 of its normal form, the same on every Python and machine, always.

Comments, blank lines, indents of another width, line ends and header lines do not count; all else does.
Golden files in the tests pin it: a change of what is hashed needs another number before the colon.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.files.text import decode
from stepwell.core.migration import Direction, Language

if TYPE_CHECKING:
    from stepwell.core.migration import SourceFile, SqlBody, SqlSection
    from stepwell.core.sql.rules import LexRules

PREFIX = "1:"
_SEPARATOR = "\0"  # no file holds one


def checksum(source: SourceFile, rules: LexRules, body: SqlBody | None = None) -> str:
    """Give the checksum of a file, such as `1:9f86d0...`.

    `rules` are those of the engine, for SQL. `body` is that of an SQL file that has been parsed already, and
    spares finding its sections again. Raises `MigrationFileError` for what can't be read.
    """
    is_python = source.language is Language.PYTHON
    normal = _python(source) if is_python else _sql(body or _sections(source, rules), rules)
    return PREFIX + sha256(normal.encode()).hexdigest()


def _python(source: SourceFile) -> str:
    from stepwell.core.files.pytoken import normal_form

    try:
        return normal_form(decode(source))
    except RecursionError:
        raise MigrationFileError("it is nested too deeply to be read", place=Place(source.path)) from None


def _sections(source: SourceFile, rules: LexRules) -> SqlBody:
    from stepwell.core.files.sections import find_sections

    return find_sections(decode(source), source.path, rules).body


def _sql(body: SqlBody, rules: LexRules) -> str:
    sections = ((Direction.UP, body.up), (Direction.DOWN, body.down))
    return _SEPARATOR.join(
        _section(direction, section, rules) for direction, section in sections if section is not None
    )


def _section(direction: Direction, section: SqlSection, rules: LexRules) -> str:
    from stepwell.core.sql.normal import normal_form

    transaction = "transaction" if section.transactional else "no transaction"
    return _SEPARATOR.join((direction, transaction, normal_form(section.text, rules)))
