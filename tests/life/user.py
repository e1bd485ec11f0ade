"""What a user does, by chance: files come, change and go, branches are switched, history is edited, runs fail.

After every step the database, its history and `status` are compared with the model; every verb with what it should
have refused or done.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from tests.life.model import RefusedError, Step, World
from tests.life.text import text_of
from tests.life.values import File

from stepwell import Project
from stepwell.core.errors import StepwellError
from stepwell.core.report import RunReport
from stepwell.core.wish import LAST_BATCH

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = [f"{number:03}" for number in range(1, 8)]
NAMES = ["cats", "dogs", "owls"]

versions = st.sampled_from(VERSIONS)
Row = tuple[Any, ...]
Ask = Callable[[str], list[Row]]
WITNESS = {
    "sqlite": "CREATE TABLE witness (id INTEGER PRIMARY KEY, version VARCHAR(9), edition INTEGER)",
    "postgresql": "CREATE TABLE witness (id SERIAL PRIMARY KEY, version VARCHAR(9), edition INTEGER)",
    "mariadb": "CREATE TABLE witness (id SERIAL PRIMARY KEY, version VARCHAR(9), edition INTEGER)",
}


class Life(RuleBasedStateMachine):
    """A project on one database, and the model of it. Takes the URL, a folder, and a way to ask the database."""

    def __init__(self, url: str, folder: Path, ask: Ask, *, atomic: bool = True) -> None:
        super().__init__()
        self.url, self.root, self.ask = url, folder, ask
        self.folder = folder / "migrations"
        self.folder.mkdir()
        self.world = World(atomic)
        self.other: dict[str, File] = {}
        self.bin: list[File] = []
        self.batches: dict[int, str] = {}
        self.last_batch = ""
        self.editions = 0
        self.ask(WITNESS[url.partition(":")[0]])

    # --- files ---

    def _write(self, file: File) -> None:
        self.world.files[file.stem] = file
        path = self.folder / f"{file.stem}.{'py' if file.python else 'sql'}"
        path.write_text(text_of(file), encoding="utf-8")

    def _remove(self, file: File) -> None:
        del self.world.files[file.stem]
        (self.folder / f"{file.stem}.{'py' if file.python else 'sql'}").unlink()

    def _rewrite(self, file: File, **changes: Any) -> None:
        self._remove(file)
        self._write(_with(file, **changes))

    def _edition(self) -> int:
        self.editions += 1
        return self.editions

    def _pick(self, data: st.DataObject, where: Callable[[File], bool] = lambda _: True) -> File | None:
        found = [file for file in self.world.files.values() if where(file)]
        return data.draw(st.sampled_from(found)) if found else None

    def _draw(self, data: st.DataObject, version: str) -> File:
        """A new file: one of six fails, of these half without a transaction; one can't be reverted."""
        lower = sorted(each for each in self.world.by_version if each < version)
        depends = data.draw(st.lists(st.sampled_from(lower), unique=True, max_size=1)) if lower else []
        odd = data.draw(st.integers(0, 11))
        return File(
            version,
            data.draw(st.sampled_from(NAMES)),
            self._edition(),
            data.draw(st.booleans()),
            tuple(depends),
            broken=odd in (10, 11),
            apart=odd in (8, 9, 11),
            reversible=odd != 7,
            idempotent=data.draw(st.booleans()),
        )

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        for version in ("002", "004", "006"):
            self._write(self._draw(data, version))

    @precondition(lambda self: len(self.world.by_version) < len(VERSIONS))
    @rule(data=st.data())
    def add(self, data: st.DataObject) -> None:
        free = [version for version in VERSIONS if version not in self.world.by_version]
        self._write(self._draw(data, data.draw(st.sampled_from(free))))

    @precondition(lambda self: self.world.files)
    @rule(data=st.data())
    def edit_a_comment(self, data: st.DataObject) -> None:
        if file := self._pick(data):
            self._rewrite(file, note=file.note + 1)

    @precondition(lambda self: self.world.files)
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        if file := self._pick(data):
            self._rewrite(file, edition=self._edition())

    @precondition(lambda self: any(file.broken for file in self.world.files.values()))
    @rule(data=st.data())
    def repair(self, data: st.DataObject) -> None:
        if file := self._pick(data, lambda file: file.broken):
            self._rewrite(file, broken=False)

    @precondition(lambda self: self.world.files)
    @rule(data=st.data(), name=st.sampled_from(NAMES))
    def rename(self, data: st.DataObject, name: str) -> None:
        if file := self._pick(data):
            self._rewrite(file, name=name)

    @precondition(lambda self: self.world.files)
    @rule(data=st.data(), version=versions)
    def renumber(self, data: st.DataObject, version: str) -> None:
        file = self._pick(data)
        if file and version not in self.world.by_version and all(each < version for each in file.depends):
            self._rewrite(file, version=version, edition=self._edition())

    @precondition(lambda self: self.world.files)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        if file := self._pick(data):
            self._remove(file)
            self.bin.append(file)

    def _restore(self, file: File) -> None:
        if file.version not in self.world.by_version:
            self._write(file)

    @precondition(lambda self: self.bin)
    @rule()
    def restore(self) -> None:
        self._restore(self.bin.pop())

    @precondition(lambda self: self.bin or any(file.broken for file in self.world.files.values()))
    @rule()
    def tidy_up(self) -> None:
        while self.bin:
            self._restore(self.bin.pop())
        for file in tuple(self.world.files.values()):
            self._rewrite(file, broken=False)

    @rule()
    def branch_off(self) -> None:
        self.other = dict(self.world.files)

    @rule()
    def switch_branches(self) -> None:
        files, self.other = self.other, dict(self.world.files)
        for file in tuple(self.world.files.values()):
            self._remove(file)
        for file in files.values():
            self._write(file)

    @precondition(lambda self: self.world.files)
    @rule(data=st.data())
    def copy_and_notice(self, data: st.DataObject) -> None:
        file = self._pick(data)
        copy = _with(file, name="copy")
        self._write(copy)
        self._does(lambda project: project.migrate(), self.world.planned_up)
        self._remove(copy)

    # --- verbs ---

    @rule()
    def migrate(self) -> None:
        self._does(lambda project: project.migrate(), self.world.planned_up)

    @precondition(lambda self: self.world.files)
    @rule(last=versions, only_needed=st.booleans())
    def migrate_to(self, last: str, only_needed: bool) -> None:
        wish: dict[str, Any] = {"target": last, "only_needed": only_needed}
        self._does(lambda project: project.migrate(**wish), lambda: self.world.planned_up(**wish))

    @rule(changed=st.booleans(), missing=st.booleans())
    def migrate_regardless(self, changed: bool, missing: bool) -> None:
        wish: dict[str, Any] = {"allow_changed": changed, "allow_missing": missing}
        self._does(lambda project: project.migrate(**wish), lambda: self.world.planned_up(**wish))

    @precondition(lambda self: self.world.history)
    @rule(steps=st.integers(1, 3))
    def rollback(self, steps: int) -> None:
        self._does(
            lambda project: project.rollback(steps=steps), lambda: self.world.planned_down(steps=steps)
        )

    @precondition(lambda self: self.world.history)
    @rule(last=st.sampled_from([*VERSIONS, "base"]))
    def rollback_to(self, last: str) -> None:
        self._does(lambda project: project.rollback(target=last), lambda: self.world.planned_down(last))

    @precondition(lambda self: self.batches)
    @rule(data=st.data())
    def rollback_a_batch(self, data: st.DataObject) -> None:
        batch = data.draw(st.none() | st.sampled_from(sorted(self.batches)))
        name = LAST_BATCH if batch is None else self.batches[batch]
        self._does(lambda project: project.rollback(batch=name), lambda: self.world.planned_back(batch))

    @rule(version=versions)
    def mark(self, version: str) -> None:
        self._corrects(lambda project: project.mark(version), lambda: self.world.mark(version))

    @precondition(lambda self: self.world.recorded or self.world.unfinished)
    @rule(data=st.data())
    def unmark(self, data: st.DataObject) -> None:
        known = sorted(self.world.recorded.keys() | self.world.unfinished.keys() | {VERSIONS[0]})
        version = data.draw(st.sampled_from(known))
        self._corrects(lambda project: project.unmark(version), lambda: self.world.unmark(version))

    @precondition(lambda self: self.world.unfinished)
    @rule(data=st.data())
    def edit_what_is_unfinished(self, data: st.DataObject) -> None:
        if file := self._pick(data, lambda file: file.version in self.world.unfinished):
            self._rewrite(file, edition=self._edition())

    @precondition(lambda self: self.world.history)
    @rule(data=st.data())
    def delete_a_row(self, data: st.DataObject) -> None:
        version = data.draw(st.sampled_from([row.version for row in self.world.history]))
        self.ask(f"DELETE FROM migrations WHERE version = '{version}'")
        self.world.forget_row(version)

    @rule(up=st.booleans())
    def look_ahead(self, up: bool) -> None:
        """A dry run tells the plan, and changes nothing."""
        expected = _refusal(self.world.planned_up if up else self.world.planned_down)
        code, told = self._run(
            lambda project: project.migrate(dry_run=True) if up else project.rollback(dry_run=True)
        )
        if isinstance(expected, int):
            assert (code, told) == (expected, [])
        else:
            assert (code, told) == (0, [f"{step.file.version} planned" for step in expected])

    # --- comparing ---

    def _does(
        self, verb: Callable[[Project], Coroutine[Any, Any, RunReport]], plan: Callable[[], list[Step]]
    ) -> None:
        planned = _refusal(plan)
        expected = (planned, []) if isinstance(planned, int) else self.world.run(planned)
        assert self._run(verb) == expected
        if planned and not isinstance(planned, int):
            self.batches[self.world.batches] = self.last_batch

    def _corrects(
        self, verb: Callable[[Project], Coroutine[Any, Any, Any]], correct: Callable[[], None]
    ) -> None:
        expected = _refusal(correct) or 0
        assert self._run(verb)[0] == expected

    def _run(self, verb: Callable[[Project], Coroutine[Any, Any, Any]]) -> tuple[int, list[str]]:
        project = Project(self.url, migrations="migrations", root=self.root)
        try:
            report, code = asyncio.run(verb(project)), 0
        except StepwellError as error:
            report, code = error.report, error.exit_code
        if not isinstance(report, RunReport):
            return code, []
        assert report.exit_code == code
        self.last_batch = report.batch
        return code, [f"{step.version} {step.outcome}" for step in report.steps]

    @invariant()
    def agrees(self) -> None:
        """History, schema and rows are what the model says, and so is `status`."""
        tables = {row[0] for row in self.ask(TABLES[self.url.partition(":")[0]])}
        if "migrations" in tables:
            rows = self.ask("SELECT version FROM migrations ORDER BY id")
            assert [row[0] for row in rows] == [row.version for row in self.world.history]
        else:
            assert self.world.history == []
        assert {name[2:] for name in tables if name.startswith("t_")} == self.world.contents.tables
        witness = self.ask("SELECT version, edition FROM witness ORDER BY id")
        assert tuple((version, edition) for version, edition in witness) == self.world.contents.rows
        expected = _refusal(self.world.states)
        assert _status(Project(self.url, migrations="migrations", root=self.root)) == expected

    def teardown(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.folder)


def _status(project: Project) -> dict[str, str] | int:
    try:
        status = asyncio.run(project.status())
    except StepwellError as error:
        return error.exit_code
    return {entry.version.text: entry.state.value for entry in status.entries}


TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "mariadb": "SELECT table_name FROM information_schema.tables WHERE table_schema = database()",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


def _with(file: File | None, **changes: Any) -> File:
    assert file is not None
    return replace(file, **changes)


def _refusal(plan: Callable[[], Any]) -> Any:
    """What it gives, or the exit code with which it refuses."""
    try:
        return plan()
    except RefusedError as refused:
        return refused.code
