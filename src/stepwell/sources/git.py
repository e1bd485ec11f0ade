"""What git knows of the files of a project: which have changed, and whether one is under version control.

It is asked as a program, without a shell. Nothing that people give is ever read as an option.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.changes import Changes
from stepwell.core.errors import UsageError
from stepwell.core.files.names import FileName, read_name
from stepwell.core.migration import Version
from stepwell.sources.directory import shown_below

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


LONGEST = 60  # seconds
MAIN = ("origin/main", "origin/master", "main", "master")
# A hook sets variables that lead elsewhere, and some name programs; those of the configuration may be needed.
_KEPT = "GIT_CONFIG"
_MANNERS = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_LITERAL_PATHSPECS": "1"}
_SETTINGS = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false")


class Answer(NamedTuple):
    """What git said."""

    code: int
    out: str
    err: str


def changes_since(root: Path, folders: Sequence[str], ref: str | None) -> Changes:
    """What has changed in the project since its history and that of a ref parted; by default of the main branch.

    What is not committed counts, and what git does not know. `folders` are those of the migrations.

    Raises `UsageError` where there is no git, no repository, no such ref, or not enough of the history.
    """
    repository = _Repository(root)
    name = _checked(ref) if ref is not None else repository.main()
    base = repository.base(name)
    below = _Below(root, folders)
    for folder in below.real:
        repository.must_hold(folder)
    changed = [*repository.differing(base), *repository.unknown(below.real)]
    paths = frozenset(map(below.named, [*changed, *below.links_to(frozenset(changed))]))
    return Changes(f"{name} ({base[:10]})", paths, tuple(below.gone(changed)))


def is_tracked(file: Path) -> bool:
    """Whether a file, wherever links lead, may be from a repository; also where there is one, and git can't tell."""
    real = Path(os.path.realpath(file))
    if not any((folder / ".git").exists() for folder in real.parents):
        return False
    try:
        return _ask(real.parent, "ls-files", "--error-unmatch", "--", real.name).code != 1
    except UsageError:
        return True


class _Repository:
    def __init__(self, root: Path) -> None:
        answer = _ask(root, "rev-parse", "--show-toplevel")
        if answer.code != 0:
            raise UsageError(
                f"git can't tell what has changed: {_first_line(answer)}",
                hint="name the versions to verify, or verify all",
            )
        self._top = Path(os.path.realpath(answer.out.rstrip("\n")))

    def must_hold(self, folder: Path) -> None:
        """Raise `UsageError` for a folder elsewhere, or in a repository within this one: nothing is known of those."""
        answer = _ask(folder, "rev-parse", "--show-toplevel") if folder.is_dir() else None
        if answer is None or answer.code != 0 or Path(os.path.realpath(answer.out.rstrip("\n"))) != self._top:
            raise UsageError(
                f"git can't tell what has changed in {folder}: it is no folder of the repository {self._top}",
                hint="name the versions to verify, or verify all",
            )

    def main(self) -> str:
        """The main branch: that of the remote, or one of the usual name."""
        head = _ask(self._top, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
        for name in (*filter(None, [head.out.strip()]), *MAIN):
            if self._commit(name) is not None:
                return name
        raise UsageError(
            "there is no main branch to compare with", hint=f"looked for {', '.join(MAIN)}; give --since REF"
        )

    def base(self, name: str) -> str:
        """The last commit that the history of a ref and ours share."""
        if self._commit("HEAD") is None:
            raise UsageError("nothing has been committed yet", hint="verify all")
        if self._commit(name) is None:
            raise UsageError(f"git knows no commit {name!r}", hint=self._how_to_have_more())
        found = _ask(self._top, "merge-base", name, "HEAD")
        if found.code != 0 or not found.out.strip():
            raise UsageError(f"{name} and HEAD share no commit", hint=self._how_to_have_more())
        return found.out.split()[0]

    def differing(self, base: str) -> list[Path]:
        """Files that are other than in a commit, or not there any more."""
        how = ("--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv")
        return self._paths("diff", *how, base, "--")

    def unknown(self, folders: Sequence[Path]) -> list[Path]:
        """Files that git does not know; in these folders also those that it is to ignore."""
        others = ("ls-files", "--others", "-z")
        found = self._paths(*others, "--exclude-standard")
        return found + (self._paths(*others, "--", *map(str, folders)) if folders else [])

    def _paths(self, *arguments: str) -> list[Path]:
        answer = _ask(self._top, *arguments)
        if answer.code != 0:
            raise UsageError(f"git can't tell what has changed: {_first_line(answer)}")
        return [self._top / name for name in answer.out.split("\0") if name]

    def _commit(self, name: str) -> str | None:
        answer = _ask(self._top, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return answer.out.strip() or None if answer.code == 0 else None

    def _how_to_have_more(self) -> str:
        if _ask(self._top, "rev-parse", "--is-shallow-repository").out.strip() == "true":
            return "the clone is shallow: git fetch --unshallow (in GitHub Actions: fetch-depth: 0)"
        return "see git branch --all, or git fetch"


class _Below:
    """The names that migrations and modules have for files: relative to the root, or else in full."""

    def __init__(self, root: Path, folders: Sequence[str]) -> None:
        self._root = Path(os.path.realpath(root))
        self._folders = {
            Path(os.path.realpath(root / folder)): shown_below(root, Path(folder)) for folder in folders
        }

    @property
    def real(self) -> list[Path]:
        """The folders of the migrations, free of links."""
        return list(self._folders)

    def named(self, path: Path) -> str:
        """The name of one file."""
        if path.parent in self._folders:
            shown = self._folders[path.parent]
            return path.name if shown == "." else f"{shown}/{path.name}"
        below = path.is_relative_to(self._root)
        return (path.relative_to(self._root) if below else path).as_posix()

    def links_to(self, paths: frozenset[Path]) -> Iterator[Path]:
        """The links in the folders of the migrations that lead to one of these files."""
        for folder in self._folders:
            for link in folder.iterdir():
                if link.is_symlink() and Path(os.path.realpath(link)) in paths:
                    yield link

    def gone(self, paths: Sequence[Path]) -> Iterator[Version]:
        """The versions of migrations whose files are not there any more."""
        for path in paths:
            if path.parent in self._folders and not path.exists():
                name = read_name(path.name)
                if isinstance(name, FileName):
                    yield Version(name.version)


def _checked(ref: str) -> str:
    if not ref or ref.startswith("-") or not ref.isprintable():
        raise UsageError(f"{ref!r} is no name of a commit", hint="such as main, v1.2 or HEAD~3")
    return ref


def _ask(folder: Path, *arguments: str) -> Answer:
    variables = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(_KEPT)
    }
    try:
        done = subprocess.run(  # noqa: S603 - no shell; see `_checked` for what people give
            ["git", *_SETTINGS, *arguments],  # noqa: S607 - whose git that is, is the user's business
            cwd=folder,
            env={**variables, **_MANNERS},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LONGEST,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(
            f"git can't be run: {error}", hint="name the versions to verify, or verify all"
        ) from error
    return Answer(done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr))


def _first_line(answer: Answer) -> str:
    return next(iter(answer.err.strip().splitlines()), f"it ended with {answer.code}").removeprefix("fatal: ")
