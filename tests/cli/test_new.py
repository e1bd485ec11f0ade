"""New migrations and new projects: versions, names, dependencies, and that what is made is a migration."""

import errno
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.app.new import (
    Draft,
    Drafts,
    Existing,
    Wish,
    class_name,
    describe,
    draft,
    next_version,
    slugify,
    write,
)
from stepwell.app.templates import Templates
from stepwell.core.errors import Place, UsageError
from stepwell.core.graph import Node
from stepwell.core.migration import Language, Version
from stepwell.core.settings import Numbering
from stepwell.engines.postgresql.dialect import DIALECT

Run = Callable[..., tuple[int, str, str]]

NOW = datetime(2026, 11, 25, 23, 59, 59, tzinfo=UTC)

VERSIONS = [
    ([], Numbering.SEQUENTIAL, "001"),
    (["001", "002"], Numbering.SEQUENTIAL, "003"),
    (["1", "2"], Numbering.SEQUENTIAL, "003"),
    (["0009"], Numbering.SEQUENTIAL, "0010"),
    (["999"], Numbering.SEQUENTIAL, "1000"),
    (["010", "9"], Numbering.SEQUENTIAL, "011"),
    (["1.2", "a"], Numbering.SEQUENTIAL, "001"),
    (["20261123101500"], Numbering.SEQUENTIAL, "20261123101501"),
    ([], Numbering.TIMESTAMP, "20261125235959"),
    (["20261125235959", "20261126000000"], Numbering.TIMESTAMP, "20261126000001"),
]


@pytest.mark.parametrize(("existing", "numbering", "version"), VERSIONS)
def test_next_version(existing: list[str], numbering: Numbering, version: str) -> None:
    assert next_version(map(Version, existing), numbering, NOW).text == version


@given(st.lists(st.from_regex(r"[0-9a-z.]{1,6}", fullmatch=True)), st.sampled_from(Numbering))
def test_the_next_version_is_never_taken(existing: list[str], numbering: Numbering) -> None:
    versions = [Version(text) for text in existing]
    assert next_version(versions, numbering, NOW) not in versions


NAMES = [
    # typed, slug, class, description
    ("add_users", "add_users", "AddUsers", "Add users"),
    ("Add users, at last!", "add_users_at_last", "AddUsersAtLast", "Add users, at last!"),
    ("  spaced  out ", "spaced_out", "SpacedOut", "Spaced out"),
    ("2fa", "2fa", "Migration2fa", "2fa"),
    ("none", "none", "NoneMigration", "None"),
    ("migration", "migration", "MigrationMigration", "Migration"),
    ("Füge hinzu", "fuge_hinzu", "FugeHinzu", "Füge hinzu"),
    ('say """hi""" \\n', "say_hi_n", "SayHiN", "Say hi n"),
    ("../../etc/passwd", "etc_passwd", "EtcPasswd", "../../etc/passwd"),
    ("two\nlines", "two_lines", "TwoLines", "Two lines"),
]


@pytest.mark.parametrize(("typed", "slug", "name", "description"), NAMES)
def test_names(typed: str, slug: str, name: str, description: str) -> None:
    assert (slugify(typed), class_name(slug), describe(typed)) == (slug, name, description)


@pytest.mark.parametrize("typed", ["", "!!!", "表", "x" * 101])
def test_a_name_that_can_be_no_file_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match="the name of a migration"):
        slugify(typed)


def existing(*edges: tuple[str, ...]) -> Existing:
    return Existing(
        tuple(Node(Version(first), tuple(map(Version, rest)), Place("x")) for first, *rest in edges)
    )


DEPENDENCIES = [
    (existing(), None, "[]"),
    (existing(("001",)), None, '["001"]'),
    (existing(("001",), ("002", "001"), ("003", "001")), None, '["002", "003"]'),
    (existing(("001",), ("002", "001")), ("1",), '["001"]'),
    (existing(("001",), ("002", "001")), ("002", "2", "1"), '["002", "001"]'),
]


@pytest.mark.parametrize(("there", "depends", "stated"), DEPENDENCIES)
def test_dependencies(there: Existing, depends: tuple[str, ...] | None, stated: str) -> None:
    wish = Wish("x", Language.PYTHON, Numbering.SEQUENTIAL, depends)
    template = Templates("postgresql").get(wish.template, wish.language)
    (made,) = draft(wish, template, there, DIALECT, NOW).files
    assert f"    dependencies = {stated}\n" in made.text
    compile(made.text, made.file_name, "exec")


@pytest.mark.parametrize("numbering", Numbering)
def test_what_is_made_is_a_migration(numbering: str, run: Run, project: Path) -> None:
    for name, extra in (("first", ()), ("second one", ("--sql",)), ("third", ())):
        assert run("new", name, "--numbering", numbering, *extra)[0] == 0
    (unfilled,) = project.glob("db/migrations/*_second_one.sql")
    unfilled.write_text(unfilled.read_text().replace("migrate:up\n", "migrate:up\nSELECT 1;\n"))
    unfilled.write_text(unfilled.read_text().replace("migrate:down\n", "migrate:down\nSELECT 1;\n"))
    code, out, err = run("check")
    assert (code, out) == (0, "3 files checked against sqlite:///app.db: no findings\n"), err


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "001_x.py").write_text("mine")
    with pytest.raises(UsageError, match=r"db/001_x\.py is there already"):
        write(Drafts((Draft("000_x.py", "first"), Draft("001_x.py", "other"))), tmp_path, "db")
    assert [each.name for each in tmp_path.iterdir()] == ["001_x.py"]  # all of them or none
    assert (tmp_path / "001_x.py").read_text() == "mine"
    with pytest.raises(UsageError, match=r"gone/001_x\.py can't be written: No such file"):
        write(Drafts((Draft("001_x.py", "other"),)), tmp_path / "gone", "gone")


def test_where_there_are_no_links_a_file_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    write(Drafts((Draft("001_x.py", "text"),)), tmp_path, "db")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("001_x.py", "text")]
    with pytest.raises(UsageError, match="is there already"):
        write(Drafts((Draft("001_x.py", "other"),)), tmp_path, "db")


def test_init_keeps_what_is_there(run: Run, project: Path) -> None:
    session = project / "db/session.py"
    session.write_text("# mine\n")
    code, out, _ = run("init")
    assert code == 0
    assert "kept    db/session.py\n" in out
    assert "stepwell.toml" not in out
    assert session.read_text() == "# mine\n"


def test_init_says_what_is_in_its_way(run: Run, project: Path) -> None:
    (project / "db/migrations").rmdir()
    (project / "db/migrations").write_text("a file")
    code, _, err = run("init")
    assert code == 2
    assert "db/migrations/__init__.py can't be" in err


def test_the_runner_that_init_makes_runs(run: Run, project: Path) -> None:
    assert run("init")[0] == 0
    import runpy
    import sys

    before = sys.path[:]
    sys.argv, argv = ["migrate_incremental.py", "--version"], sys.argv
    try:
        with pytest.raises(SystemExit) as end:
            runpy.run_path(str(project / "db/migrate_incremental.py"), run_name="__main__")
    finally:
        sys.argv, sys.path[:] = argv, before
    assert end.value.code == 0
