"""A folder that the account of root's server can reach: the usual `tmp_path` is closed to it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A new folder that everybody may pass through, with a path short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="stepwell-", dir="/tmp")).resolve()
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)
