"""From bytes to text: UTF-8 with or without a mark, any line ends, and no NUL."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from stepwell.core.errors import MigrationFileError, Place

if TYPE_CHECKING:
    from stepwell.core.migration import SourceFile

# UTF-32's little-endian mark begins with UTF-16's, so it is asked for first.
_FOREIGN_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_SAVE_AS_UTF8 = "save the file as UTF-8"


def decode(source: SourceFile) -> str:
    """Give the text of a file, its line ends as LF.

    Line ends are folded so that the same checksum means the same text on every machine, also inside strings.
    Raises `MigrationFileError` with the line where the bytes are not UTF-8 or hold a NUL.
    """
    content = source.content.removeprefix(codecs.BOM_UTF8)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(source, error) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise MigrationFileError(
            "a NUL byte stands in it", place=Place(source.path, line), hint=_SAVE_AS_UTF8
        )
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _not_utf8(source: SourceFile, error: UnicodeDecodeError) -> MigrationFileError:
    for mark, encoding in _FOREIGN_MARKS:
        if source.content.startswith(mark):
            return MigrationFileError(
                f"it is {encoding}, not UTF-8", place=Place(source.path), hint=_SAVE_AS_UTF8
            )
    before = error.object[: error.start]
    offset = error.start + len(source.content) - len(error.object)
    return MigrationFileError(
        f"it is not UTF-8: byte 0x{error.object[error.start]:02x} at offset {offset}",
        place=Place(source.path, before.count(b"\n") + 1),
        hint=_SAVE_AS_UTF8,
    )
