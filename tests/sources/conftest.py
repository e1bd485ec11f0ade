"""Folders of migrations that are made for one test."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

MakeFolder = Callable[[Mapping[str, bytes | str]], Path]


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """Give a function that writes files into `db/migrations` below a root, and gives the root."""

    def make(files: Mapping[str, bytes | str]) -> Path:
        for name, content in files.items():
            path = tmp_path / "db" / "migrations" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.parent.chmod(0o755)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            path.chmod(0o644)
        return tmp_path

    return make
