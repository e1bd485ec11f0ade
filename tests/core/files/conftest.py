"""Source files out of a name and a text, without a disk."""

from collections.abc import Callable

import pytest

from stepwell.core.files.admission import admit
from stepwell.core.files.names import FileName, read_name
from stepwell.core.migration import SourceFile

MakeSource = Callable[[str, str | bytes], SourceFile]


@pytest.fixture(scope="session")
def make_source() -> MakeSource:
    """Give a function from the name of a file in `db/migrations` and its content to a source file."""

    def make(name: str, content: str | bytes) -> SourceFile:
        parts = read_name(name)
        assert isinstance(parts, FileName)
        source = admit(
            parts, f"db/migrations/{name}", content.encode() if isinstance(content, str) else content
        )
        assert source is not None
        return source

    return make
