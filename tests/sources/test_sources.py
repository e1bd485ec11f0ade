"""What every source must do: one suite, run for each of them."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.files.listing import Source
from stepwell.core.migration import Language, Version
from stepwell.sources.directory import DirectorySource
from stepwell.sources.memory import MemorySource
from stepwell.sources.package import PackageSource

FILES: dict[str, bytes] = {
    "010_c.sql": b"-- migrate:up\nC;\n",
    "001_a.py": b"\xef\xbb\xbfx = 1\r\n",
    "2_b.sql": b"",
    "__init__.py": b"",
    "base.py": b"",
    "shared_code.py": b"x = 1\n",
    "seed.sql": b"-- migrate:up\nS;\n",
    "README.md": b"\xff",
    "R__view.sql": b"",
    "003_d.SQL": b"",
}


class SourceSuite(ABC):
    """Inherited by the tests of a source, which say how it is made out of files, and how it shows a path."""

    prefix = ""

    @abstractmethod
    def source(self, files: Mapping[str, bytes], folder: Path) -> Source:
        """Make a source that holds these files; `folder` is an empty one, to write into."""

    def test_the_files_come_whole_and_sorted_by_name(self, tmp_path: Path) -> None:
        files = self.source(FILES, tmp_path).read().files
        assert [file.path for file in files] == [
            f"{self.prefix}{name}" for name in ("001_a.py", "010_c.sql", "2_b.sql", "seed.sql")
        ]
        assert [file.version for file in files] == [
            Version("1"),
            Version("10"),
            Version("2"),
            Version("seed"),
        ]
        assert [file.name for file in files] == ["a", "c", "b", "seed"]
        assert [file.language for file in files] == [Language.PYTHON, *[Language.SQL] * 3]
        for file in files:
            content = FILES[file.path.removeprefix(self.prefix)]
            assert (file.content, file.file_hash) == (content, sha256(content).hexdigest())

    def test_names_that_were_meant_otherwise_are_findings(self, tmp_path: Path) -> None:
        findings = self.source(FILES, tmp_path).read().findings
        assert [(finding.code, finding.place.path) for finding in findings] == [
            ("suffix-case", f"{self.prefix}003_d.SQL"),
            ("reserved-name", f"{self.prefix}R__view.sql"),
        ]

    def test_all_bad_names_are_told_at_once(self, tmp_path: Path) -> None:
        with pytest.raises(MigrationFileError) as raised:
            self.source({"0 1_a.sql": b"", "002_b.sql": b"", "3!_c.sql": b""}, tmp_path).read()
        assert [problem.place and problem.place.path for problem in raised.value.problems] == [
            f"{self.prefix}0 1_a.sql",
            f"{self.prefix}3!_c.sql",
        ]
        assert raised.value.message.startswith("2 files are wrong:\n  ")

    def test_a_single_problem_is_raised_itself(self, tmp_path: Path) -> None:
        with pytest.raises(MigrationFileError) as raised:
            self.source({"0 1_a.sql": b""}, tmp_path).read()
        assert raised.value.problems == ()
        assert raised.value.message == "the version '0 1' may hold only letters, digits, '_', '.' and '-'"

    def test_nothing_is_no_error(self, tmp_path: Path) -> None:
        listing = self.source({"__init__.py": b""}, tmp_path).read()
        assert (listing.files, listing.findings) == ((), ())


def write(files: Mapping[str, bytes], folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    for name, content in files.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o644)


class TestMemory(SourceSuite):
    def source(self, files: Mapping[str, bytes], folder: Path) -> Source:
        return MemorySource(files)

    def test_text_is_utf8(self) -> None:
        (file,) = MemorySource({"001_a.sql": "ä"}).read().files
        assert file.content == "ä".encode()


class TestDirectory(SourceSuite):
    prefix = "db/migrations/"

    def source(self, files: Mapping[str, bytes], folder: Path) -> Source:
        write(files, folder / "db" / "migrations")
        return DirectorySource([Path("db/migrations")], folder)


class TestPackage(SourceSuite):
    prefix = "shop_of_the_tests/migrations/"

    @pytest.fixture(autouse=True)
    def path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.syspath_prepend(tmp_path)
        yield
        for name in [name for name in sys.modules if name.startswith("shop_of_the_tests")]:
            del sys.modules[name]

    def source(self, files: Mapping[str, bytes], folder: Path) -> Source:
        write({"__init__.py": b"", **files}, folder / "shop_of_the_tests" / "migrations")
        return PackageSource("shop_of_the_tests.migrations")

    def test_a_folder_with_the_name_of_a_migration(self, tmp_path: Path) -> None:
        source = self.source({}, tmp_path)
        (tmp_path / "shop_of_the_tests" / "migrations" / "001_a.sql").mkdir()
        with pytest.raises(MigrationFileError) as raised:
            source.read()
        assert raised.value.message == "it can't be read: Is a directory"
        assert raised.value.place == Place(f"{self.prefix}001_a.sql")
