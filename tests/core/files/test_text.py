"""From bytes to text."""

from collections.abc import Callable

import pytest

from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.files.text import decode
from stepwell.core.migration import SourceFile

MakeSource = Callable[[str, str | bytes], SourceFile]

GOOD = [
    (b"", ""),
    (b"a\nb", "a\nb"),
    (b"a\r\nb\r\n", "a\nb\n"),
    (b"a\rb", "a\nb"),
    (b"\xef\xbb\xbfa", "a"),
    ("é\u2028ü".encode(), "é\u2028ü"),
    (b"# -*- coding: latin-1 -*-\n", "# -*- coding: latin-1 -*-\n"),
]
BAD = [
    (b"-- a\n-- \xe9t\xe9\n", "it is not UTF-8: byte 0xe9 at offset 8", 2),
    (b"\xef\xbb\xbfa\xff", "it is not UTF-8: byte 0xff at offset 4", 1),
    (b"\xed\xa0\x80", "it is not UTF-8: byte 0xed at offset 0", 1),
    ("select 1".encode("utf-16"), "it is UTF-16, not UTF-8", None),
    (b"\xfe\xff\0s\0e", "it is UTF-16, not UTF-8", None),
    ("select 1".encode("utf-32"), "it is UTF-32, not UTF-8", None),
    (b"a\nb\n\0", "a NUL byte stands in it", 3),
    ("select 1".encode("utf-16-le"), "a NUL byte stands in it", 1),
]


@pytest.mark.parametrize(("content", "text"), GOOD)
def test_text(make_source: MakeSource, content: bytes, text: str) -> None:
    assert decode(make_source("001_a.sql", content)) == text


@pytest.mark.parametrize(("content", "message", "line"), BAD)
def test_what_is_no_text_is_told_with_its_line(
    make_source: MakeSource, content: bytes, message: str, line: int | None
) -> None:
    with pytest.raises(MigrationFileError) as raised:
        decode(make_source("001_a.sql", content))
    assert raised.value.message == message
    assert raised.value.place == Place("db/migrations/001_a.sql", line)
    assert raised.value.hint == "save the file as UTF-8"
