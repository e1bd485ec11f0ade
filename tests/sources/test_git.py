"""What git says has changed: asked in real repositories, of which some are in a state that is in the way."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from stepwell.core.changes import Changes
from stepwell.core.errors import UsageError
from stepwell.core.migration import Language, Migration, SourceFile, Version
from stepwell.sources.git import changes_since, is_tracked

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "db/migrations"
IDENTITY = ("-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgSign=false")


class Repository:
    """A project in a repository with three migrations on `main`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / FOLDER).mkdir(parents=True)
        self.git("init", "-b", "main")
        for name in ("001_first.sql", "002_second.sql", "003_third.py"):
            self.write(f"{FOLDER}/{name}", name)
        self.write("db/session.py", "")
        self.commit()

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *IDENTITY, *arguments], cwd=self.root, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--allow-empty", "-m", "a change")

    def changes(self, ref: str | None = None, folder: str = FOLDER) -> Changes:
        return changes_since(self.root, [folder], ref)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_nothing_has_changed(repository: Repository) -> None:
    found = repository.changes()
    assert (found.paths, found.gone) == (frozenset(), ())
    assert found.since == f"main ({repository.git('rev-parse', 'HEAD')[:10]})"


@pytest.mark.parametrize("how_far", ["in the folder", "in the index", "committed"])
def test_what_differs_from_the_main_branch(repository: Repository, how_far: str) -> None:
    repository.git("checkout", "-b", "topic")
    repository.write(f"{FOLDER}/002_second.sql", "other")
    if how_far == "in the index":
        repository.git("add", "--all")
    elif how_far == "committed":
        repository.commit()
    assert repository.changes().paths == {f"{FOLDER}/002_second.sql"}
    assert repository.changes("main").paths == {f"{FOLDER}/002_second.sql"}


def test_what_the_main_branch_has_got_meanwhile_does_not_count(repository: Repository) -> None:
    repository.git("checkout", "-b", "topic")
    repository.write(f"{FOLDER}/004_ours.sql", "")
    repository.commit()
    repository.git("checkout", "main")
    repository.write(f"{FOLDER}/004_theirs.sql", "")
    repository.commit()
    repository.git("checkout", "topic")
    assert repository.changes().paths == {f"{FOLDER}/004_ours.sql"}
    assert repository.changes().gone == ()


def test_a_new_file_counts_also_where_git_is_to_ignore_it(repository: Repository) -> None:
    repository.write(".gitignore", "004*\n")
    repository.commit()
    repository.write(f"{FOLDER}/004_ignored.sql", "")
    repository.write(f"{FOLDER}/005 new 'ü'.sql", "")
    repository.write("004_elsewhere", "")
    assert repository.changes().paths == {f"{FOLDER}/004_ignored.sql", f"{FOLDER}/005 new 'ü'.sql"}


def test_the_name_of_a_folder_is_no_pattern(repository: Repository) -> None:
    repository.write(".gitignore", "*.tmp.sql\n")
    for folder in ("d*", "dx"):
        (repository.root / folder).mkdir()
        repository.write(f"{folder}/001_first.tmp.sql", "")
    assert repository.changes(folder="d*").paths >= {"d*/001_first.tmp.sql"}
    assert "dx/001_first.tmp.sql" not in repository.changes(folder="d*").paths


def test_a_file_that_is_gone_or_has_another_name(repository: Repository) -> None:
    (repository.root / FOLDER / "001_first.sql").unlink()
    old = repository.root / FOLDER / "002_second.sql"
    old.rename(old.with_name("004_second.sql"))
    found = repository.changes()
    assert found.paths == {
        f"{FOLDER}/{name}" for name in ("001_first.sql", "002_second.sql", "004_second.sql")
    }
    assert sorted(found.gone) == [Version("001"), Version("002")]


def test_the_project_may_be_below_the_repository_and_behind_a_link(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    (tmp_path / "db" / FOLDER).parent.mkdir(parents=True)
    (tmp_path / "db" / FOLDER).symlink_to(tmp_path / FOLDER)
    repository.write(f"{FOLDER}/002_second.sql", "other")
    found = changes_since(tmp_path / "db", ["migrations"], None)
    assert "migrations/002_second.sql" in found.paths
    found = changes_since(tmp_path / "db", [FOLDER], "HEAD")
    assert f"{FOLDER}/002_second.sql" in found.paths


def test_a_link_is_changed_by_what_it_leads_to(repository: Repository) -> None:
    repository.write(f"{FOLDER}/shared.txt", "")
    (repository.root / FOLDER / "004_link.sql").symlink_to("shared.txt")
    repository.commit()
    repository.write(f"{FOLDER}/shared.txt", "other")
    assert repository.changes().paths == {f"{FOLDER}/shared.txt", f"{FOLDER}/004_link.sql"}


@pytest.mark.parametrize("where", ["missing", "inner", ".."])
def test_a_folder_of_which_the_repository_knows_nothing(repository: Repository, where: str) -> None:
    inner = repository.root / "inner"
    inner.mkdir()
    subprocess.run(["git", "init", inner], check=True, capture_output=True)
    with pytest.raises(UsageError, match="it is no folder of the repository"):
        repository.changes(folder=where)


@pytest.mark.parametrize("ref", ["", "-x", "--output=stolen", "main\n", "\0"])
def test_what_is_no_name_of_a_commit_is_refused(repository: Repository, ref: str) -> None:
    with pytest.raises(UsageError, match="is no name of a commit"):
        repository.changes(ref)
    assert not (repository.root / "stolen").exists()


@pytest.mark.parametrize("ref", ["missing", "HEAD:db", "$(touch stolen)", "main..HEAD"])
def test_what_git_does_not_know(repository: Repository, ref: str) -> None:
    with pytest.raises(UsageError, match="git knows no commit"):
        repository.changes(ref)
    assert not (repository.root / "stolen").exists()


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="git can't tell what has changed: not a git repository") as caught:
        changes_since(tmp_path, [FOLDER], None)
    assert caught.value.hint == "name the versions to verify, or verify all"


def test_no_commit(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-b", "main", tmp_path], check=True, capture_output=True)
    with pytest.raises(UsageError, match="no main branch"):
        changes_since(tmp_path, [FOLDER], None)
    with pytest.raises(UsageError, match="nothing has been committed yet"):
        changes_since(tmp_path, [FOLDER], "main")


def test_no_main_branch(repository: Repository) -> None:
    repository.git("branch", "-m", "trunk")
    with pytest.raises(UsageError, match="no main branch"):
        repository.changes()
    assert repository.changes("trunk").paths == frozenset()


def test_no_git(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository.root))
    with pytest.raises(UsageError, match="git can't be run"):
        repository.changes()
    assert is_tracked(repository.root / "db" / "session.py")  # nobody can tell


def test_a_shallow_clone(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> None:
    repository.git("checkout", "-b", "topic")
    repository.write(f"{FOLDER}/004_ours.sql", "")
    repository.commit()
    clone = tmp_path_factory.mktemp("clone")
    url = f"file://{repository.root}"
    subprocess.run(["git", "clone", "--depth", "1", url, clone], check=True, capture_output=True)
    subprocess.run(
        ["git", "fetch", "--depth", "1", "origin", "main:refs/remotes/origin/main"],
        cwd=clone,
        check=True,
        capture_output=True,
    )
    with pytest.raises(UsageError, match="origin/main and HEAD share no commit") as caught:
        changes_since(clone, [FOLDER], "origin/main")
    assert caught.value.hint is not None
    assert "git fetch --unshallow" in caught.value.hint


def test_variables_of_a_hook_lead_nowhere(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path_factory.mktemp("other")))
    monkeypatch.setenv("GIT_INDEX_FILE", "nowhere")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "touch stolen")
    repository.root.joinpath(FOLDER, "002_second.sql").write_text("other")
    assert repository.changes().paths == {f"{FOLDER}/002_second.sql"}


def test_programs_that_a_repository_names_are_not_run(repository: Repository) -> None:
    stolen = repository.root.parent / "stolen"
    repository.git("config", "core.fsmonitor", f"touch {stolen}; false")
    repository.git("config", "diff.external", f"touch {stolen}; false")
    repository.write(f"{FOLDER}/002_second.sql", "other")
    stolen.unlink(missing_ok=True)
    assert repository.changes().paths == {f"{FOLDER}/002_second.sql"}
    assert not stolen.exists()


def test_whether_a_file_is_under_version_control(repository: Repository) -> None:
    repository.write("new.json", "")
    assert is_tracked(repository.root / "db" / "session.py")
    assert not is_tracked(repository.root / "new.json")


# --- which migrations that concerns ---


def migration(version: str, suffix: str = "sql") -> Migration:
    source = SourceFile(
        f"{FOLDER}/{version}_x.{suffix}", Language.SQL, Version(version), "x", content=b"", file_hash=""
    )
    return Migration(Version(version), "x", "", (), source, None)


ORDER = (migration("1"), migration("2", "py"), migration("3"))


@pytest.mark.parametrize(
    ("paths", "gone", "first"),
    [
        ([], [], 3),
        ([f"{FOLDER}/1_x.sql"], [], 0),
        ([f"{FOLDER}/3_x.sql"], [], 2),
        ([f"{FOLDER}/2_x.py", f"{FOLDER}/3_x.sql"], [], 1),
        (["README.md"], [], 3),
        (["db/base.py"], [], 1),  # the second one brings it in
        (["db/other.py"], [], 3),
        ([], ["0"], 0),
        ([], ["1.5"], 1),
        ([], ["9"], 3),  # nothing stands behind it
    ],
)
def test_from_which_one_on_the_plan_is_another(paths: list[str], gone: list[str], first: int) -> None:
    changes = Changes("main", frozenset(paths), tuple(map(Version, gone)))
    brings_in = {f"{FOLDER}/2_x.py": {"db/base.py"}}
    assert changes.first_of(ORDER, lambda each: brings_in.get(each.path, set())) == first


@pytest.mark.parametrize("path", ["db/other.py", "data/countries.csv"])
def test_where_nobody_can_tell_every_file_counts(path: str) -> None:
    """What imports more than can be told may read files too."""
    changes = Changes("main", frozenset({path}))
    assert changes.first_of(ORDER, lambda each: None if each.path.endswith(".py") else ()) == 1
