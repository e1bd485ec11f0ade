"""What a folder of migrations and a database are to their user: what is applied, what is there, what is refused.

Written from the contract, and without anything of the product: it knows no SQL, no checksums, no log. Versions are
three digits, so that their order is that of text. A migration creates a table and leaves a row that tells which edition
of the file made it; `RefusedError` carries an exit code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.life.values import DOWN, UP, Contents, File, Row, Statement

FAILED, WRONG_USAGE, WRONG_FILES, CONTRADICTION = 1, 2, 4, 6

Outcomes = list[str]  # such as `001 applied`


class RefusedError(Exception):
    """Nothing has run."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Step(NamedTuple):
    """One migration in one direction."""

    file: File
    direction: str

    @property
    def key(self) -> tuple[str, str]:
        """By which what was begun of it is remembered."""
        return self.file.version, self.direction


@dataclass
class World:
    """A folder, a database with its history, and what steps without a transaction have left unfinished.

    `atomic`: whether the engine can undo a batch; where it can't, no step has a transaction.
    """

    atomic: bool = True
    files: dict[str, File] = field(default_factory=dict)
    history: list[Row] = field(default_factory=list)
    contents: Contents = field(default_factory=Contents)
    begun: dict[tuple[str, str], tuple[Statement, ...]] = field(default_factory=dict)
    batches: int = 0
    applied_by: dict[str, int] = field(default_factory=dict)
    begun_by: dict[str, int] = field(default_factory=dict)

    # --- what there is ---

    @property
    def recorded(self) -> dict[str, Row]:
        """The history by version."""
        return {row.version: row for row in self.history}

    @property
    def by_version(self) -> dict[str, File]:
        """The files by version."""
        return {file.version: file for file in self.files.values()}

    @property
    def unfinished(self) -> dict[str, str]:
        """The directions of what was begun: upwards it counts without a record, downwards with one."""
        recorded = self.recorded
        return {
            version: direction
            for version, direction in self.begun
            if (direction == DOWN) == (version in recorded)
        }

    def order(self) -> list[str]:
        """Everything that has a version, each after what it depends on, of all possible ones the lowest first."""
        needs = self.needs()
        found: list[str] = []
        while len(found) < len(needs):
            found.append(min(each for each in needs if each not in found and needs[each] <= set(found)))
        return found

    def needs(self) -> dict[str, set[str]]:
        """What each depends on directly."""
        files = self.by_version
        if len(files) < len(self.files):
            raise RefusedError(WRONG_FILES)
        known = files.keys() | self.recorded.keys() | self.unfinished.keys()
        needs = {version: set(file.depends) for version, file in files.items()}
        for version in known - files.keys():
            row = self.recorded.get(version)
            needs[version] = set(row.depends) & known if row is not None else set()
        if not all(each <= known for each in needs.values()):
            raise RefusedError(WRONG_FILES)
        return needs

    def state(self, version: str) -> str:
        """As `status` shows it."""
        if version in self.unfinished:
            return "failed"
        row, file = self.recorded.get(version), self.by_version.get(version)
        if row is None:
            return "pending"
        if file is None:
            return "missing"
        return "applied" if file.seal == row.seal else "changed"

    def states(self) -> dict[str, str]:
        """All states in the order of the plan."""
        return {version: self.state(version) for version in self.order()}

    # --- migrate ---

    def planned_up(
        self,
        target: str | None = None,
        *,
        only_needed: bool = False,
        allow_changed: bool = False,
        allow_missing: bool = False,
    ) -> list[Step]:
        """What `migrate` would apply."""
        order, files = self.order(), self.by_version
        self._refuse_lost(order)
        strangers = not files.keys() & (self.recorded.keys() | self.unfinished.keys())
        if files and self.history and strangers and not allow_missing:
            raise RefusedError(CONTRADICTION)
        newest = max(files, default="")
        for version in order:
            state = self.state(version)
            if (
                (state == "failed" and version in self.recorded)
                or (state == "changed" and not allow_changed)
                or (state == "missing" and version < newest and not allow_missing)
            ):
                raise RefusedError(CONTRADICTION)
        wanted = self._wanted(order, target, only_needed=only_needed)
        steps = [Step(files[each], UP) for each in wanted if each not in self.recorded]
        self._refuse_begun(steps)
        fresh = not self.history and not self.unfinished
        if fresh and any(step.file.version in self.contents.tables for step in steps):
            raise RefusedError(CONTRADICTION)
        return steps

    def _wanted(self, order: list[str], target: str | None, *, only_needed: bool) -> Sequence[str]:
        if target is None:
            return order
        if target not in order:
            raise RefusedError(WRONG_USAGE)
        if not only_needed:
            return order[: order.index(target) + 1]
        return [each for each in order if each in {target, *self._below(target)}]

    def _below(self, version: str) -> Iterator[str]:
        for each in self.needs()[version]:
            yield each
            yield from self._below(each)

    # --- rollback ---

    def planned_down(self, target: str | None = None, steps: int = 1) -> list[Step]:
        """What `rollback` would revert."""
        order = self.order()
        self._refuse_lost(order)
        if any(self.state(each) == "failed" and each not in self.recorded for each in order):
            raise RefusedError(CONTRADICTION)
        sequence = self._backwards(self._after(order, target))
        if target is None:
            sequence = sequence[:steps]
        return self._steps_back(sequence)

    def _steps_back(self, sequence: list[str]) -> list[Step]:
        files = self.by_version
        if any(each not in files for each in sequence):
            raise RefusedError(CONTRADICTION)
        if not all(files[each].reversible for each in sequence):
            raise RefusedError(WRONG_FILES)
        found = [Step(files[each], DOWN) for each in sequence]
        self._refuse_begun(found)
        return found

    def planned_back(self, batch: int | None = None) -> list[Step]:
        """What `rollback --batch` would revert; None: of the last batch of which anything stands."""
        order, files = self.order(), self.by_version
        if batch is None:
            batch = max((owner for each in order if (owner := self._owner(each)) is not None), default=0)
        members = {each for each in order if self._owner(each) == batch}
        self._refuse_lost(order)
        half = [each for each in reversed(order) if self._half(each)]
        if not all(files[each].idempotent and files[each].reversible and each in members for each in half):
            raise RefusedError(CONTRADICTION)
        going = [each for each in self._backwards(members) if each in self.recorded]
        staying = [each for each in self.recorded if each not in going]
        if any(set(self._below(each)) & set(going) for each in staying):
            raise RefusedError(WRONG_FILES)
        found = self._steps_back(going)
        return [*(Step(files[each], DOWN) for each in half), *found]

    def _owner(self, version: str) -> int | None:
        if version in self.recorded:
            return self.applied_by.get(version)
        return self.begun_by[version] if self._half(version) else None

    def _half(self, version: str) -> bool:
        return version not in self.recorded and bool(self.begun.get((version, UP)))

    def _after(self, order: list[str], target: str | None) -> list[str]:
        if target is None or target == "base":
            return order
        if target not in self.recorded:
            raise RefusedError(WRONG_USAGE)
        return order[order.index(target) + 1 :]

    def _backwards(self, candidates: Iterable[str]) -> list[str]:
        """The last one applied first, but whatever stands on a migration before it, through whatever it does."""
        left = [row.version for row in self.history if row.version in set(candidates)]
        found = []
        while left:
            held = {below for each in left for below in self._below(each)}
            last = next(each for each in reversed(left) if each not in held)
            left.remove(last)
            found.append(last)
        return found

    # --- what both refuse ---

    def _refuse_lost(self, order: list[str]) -> None:
        if any(each in self.unfinished and each not in self.by_version for each in order):
            raise RefusedError(CONTRADICTION)

    def _refuse_begun(self, steps: list[Step]) -> None:
        """What was begun without a transaction can't go on in one."""
        if any(self.begun.get(step.key) and not self._apart(step) for step in steps):
            raise RefusedError(CONTRADICTION)

    def _apart(self, step: Step) -> bool:
        return step.file.apart or not self.atomic

    # --- running ---

    def run(self, steps: list[Step]) -> tuple[int, Outcomes]:
        """Run a plan: what can be in a transaction together stands or falls together. Gives exit code and outcomes."""
        told: Outcomes = []
        self.batches += 1 if steps else 0
        while steps:
            ends = next((index for index, step in enumerate(steps) if self._apart(step)), len(steps))
            if ends == 0:
                code, outcome = self._run_apart(steps[0])
                told.append(f"{steps[0].file.version} {outcome}")
                ends = 1
            else:
                code, outcomes = self._run_together(steps[:ends])
                told += outcomes
            steps = steps[ends:]
            if code:
                return code, [*told, *(f"{step.file.version} not_run" for step in steps)]
        return 0, told

    def _run_together(self, steps: list[Step]) -> tuple[int, Outcomes]:
        contents: Contents | None = self.contents
        for index, step in enumerate(steps):
            for statement in step.file.statements(step.direction):
                contents = contents.after(statement) if contents is not None else None
            if contents is None:
                undone = [f"{each.file.version} undone" for each in steps[:index]]
                not_run = [f"{each.file.version} not_run" for each in steps[index + 1 :]]
                return FAILED, [*undone, f"{step.file.version} failed", *not_run]
        assert contents is not None
        self.contents = contents
        for step in steps:
            self._record(step)
        return 0, [f"{step.file.version} {_DONE[step.direction]}" for step in steps]

    def _run_apart(self, step: Step) -> tuple[int, str]:
        statements = step.file.statements(step.direction)
        done = self.begun.get(step.key, ())
        if statements[: len(done)] != done:
            return CONTRADICTION, "failed"
        for statement in statements[len(done) :]:
            contents = self.contents.after(statement)
            self.begun.setdefault(step.key, ())
            if step.direction == UP:
                self.begun_by[step.file.version] = self.batches
            if contents is None:
                return FAILED, "failed"
            self.contents = contents
            self.begun[step.key] += (statement,)
        self._record(step)
        return 0, _DONE[step.direction]

    def _record(self, step: Step) -> None:
        self.close(step.file.version)
        if step.direction == DOWN:
            self.forget_row(step.file.version)
            self.applied_by.pop(step.file.version, None)
        else:
            self.applied_by[step.file.version] = self.batches
            self.history.append(_row(step.file))

    # --- correcting ---

    def mark(self, version: str) -> None:
        """Record it as it is, or let its record say what it is now."""
        self.needs()
        if version not in self.by_version:
            raise RefusedError(WRONG_USAGE)
        file = self.by_version[version]
        if self.state(version) == "applied":
            return
        self.close(version)
        if version in self.recorded:
            self.history = [_row(file) if row.version == version else row for row in self.history]
        else:
            self.history.append(_row(file))

    def unmark(self, version: str) -> None:
        """Remove the record, or what was begun."""
        self.needs()
        if version not in self.recorded and version not in self.unfinished:
            raise RefusedError(WRONG_USAGE)
        self.close(version)
        self.forget_row(version)
        self.applied_by.pop(version, None)

    def forget_row(self, version: str) -> None:
        """Remove the record alone, as people do by hand."""
        self.history = [row for row in self.history if row.version != version]
        self.begun.pop((version, DOWN), None)

    def close(self, version: str) -> None:
        """Nothing is unfinished of it any more."""
        for direction in (UP, DOWN):
            self.begun.pop((version, direction), None)


_DONE = {UP: "applied", DOWN: "reverted"}


def _row(file: File) -> Row:
    return Row(file.version, file.depends, file.seal)
