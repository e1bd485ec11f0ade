"""What must hold after a faulted run, and at the end: pure functions over what was seen in the database and told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from torture.faults import InjectedError
from torture.servers import PASSWORD

if TYPE_CHECKING:
    from torture.plans import Part, Plan
    from torture.runner import Told
    from torture.targets import Target

OURS = ("StepwellError", "UsageError", "TargetError", "GateError", "MigrationError", "ContradictionError",
        "HistoryTableError", "ConnectionFailedError", "LockTimeoutError", "StepError", "MisuseError",
        "EngineError", "InterruptedRunError", "CancelledError")  # fmt: skip
NONE, SOME, ALL, WRONG = "none", "some", "all", "wrong"
CLOSING = {"applied": True, "marked": True, "reverted": False, "unmarked": False}


class Row(NamedTuple):
    """A row of the log."""

    version: str
    event: str
    error: str


class Seen(NamedTuple):
    """What is in the database: the counts of the effects of each version, the records in order, the log."""

    counts: dict[str, tuple[int | None, ...]]
    recorded: tuple[str, ...]
    log: tuple[Row, ...]

    def state(self, part: Part) -> str:
        """How much of a migration is there: its statements are done one after the other, each once."""
        done = []
        for effect, count in zip(part.effects, self.counts[part.version], strict=True):
            if count not in {effect.before, effect.after}:
                return WRONG
            done.append(count == effect.after)
        if all(done):
            return ALL
        if not any(done):
            return NONE
        return SOME if done == sorted(done, reverse=True) else WRONG

    def finished(self, plan: Plan, version: str) -> bool:
        """Whether the history says that it is done: recorded, or for a rollback not recorded any more."""
        return (version in self.recorded) != plan.downward

    def amount(self, plan: Plan) -> str:
        """How much of the whole plan is there."""
        states = {self.state(part) for part in plan.parts}
        return states.pop() if len(states) == 1 else SOME


def look(target: Target, plan: Plan) -> Seen:
    """Look at the database from outside."""
    queries = [effect.probe for part in plan.parts for effect in part.effects]
    numbers = iter(target.count(queries))
    counts = {part.version: tuple(next(numbers) for _ in part.effects) for part in plan.parts}
    recorded = (
        target.ask("SELECT version FROM migrations ORDER BY id") if target.has_table("migrations") else []
    )
    log = (
        target.ask("SELECT version, event, error FROM migrations_log ORDER BY id")
        if target.has_table("migrations_log")
        else []
    )
    return Seen(
        counts, tuple(row[0] for row in recorded), tuple(Row(row[0], row[1], row[2] or "") for row in log)
    )


def of_database(plan: Plan, seen: Seen) -> list[str]:
    """What must hold whenever nobody is at work."""
    found = []
    for part in plan.parts:
        state, finished = seen.state(part), seen.finished(plan, part.version)
        if state == WRONG:
            found.append(f"{part.version}: not each statement once and in order: {seen.counts[part.version]}")
        if finished and state != ALL:
            found.append(f"{part.version}: the history says done, but of it is there: {state}")
        if part.transactional and not finished and state != NONE:
            found.append(f"{part.version}: the history says not done, but of it is there: {state}")
    flags = [seen.finished(plan, part.version) for part in plan.parts]
    if flags != sorted(flags, reverse=True):
        found.append(f"not in order: {seen.recorded}")
    return found + _segments(plan, seen) + _log(plan, seen)


def _segments(plan: Plan, seen: Seen) -> list[str]:
    return [
        f"committed in part: {segment}"
        for segment in plan.segments
        if len({seen.finished(plan, version) for version in segment}) > 1
    ]


def _log(plan: Plan, seen: Seen) -> list[str]:
    """A record for each that the log has as applied, and none without."""
    found = []
    for part in plan.parts:
        closings = [row.event for row in seen.log if row.version == part.version and row.event in CLOSING]
        logged = CLOSING[closings[-1]] if closings else False
        if logged != (part.version in seen.recorded):
            found.append(f"{part.version}: log and history differ: {closings}, recorded {seen.recorded}")
        if closings.count("applied") > 1 or closings.count("reverted") > 1:
            found.append(f"{part.version}: more than once in the log: {closings}")
    if len(set(seen.recorded)) != len(seen.recorded):
        found.append(f"recorded twice: {seen.recorded}")
    return found


def of_words(
    plan: Plan, seen: Seen, told: Told, *, injected: bool = False, overtaken: bool = False
) -> list[str]:
    """Whether what a run told is true. `injected`: it may end with the exception that was thrown into it; `overtaken`:
    another one ran before its end, so that what it did not do may stand.
    """
    found = of_secrets(seen, told)
    if told.hung:
        return [*found, f"it hung; struck at {told.struck}; {told.scene}"]
    if told.exit is None:
        return found
    if told.error and not _translated(told.error, injected=injected):
        found.append(f"an error that is not ours: {told.error}")
    if told.exit == 0 and not (told.report and told.report["ok"] and seen.amount(plan) == ALL):
        found.append(f"it told success, but of the plan is there: {seen.amount(plan)}")
    if told.exit != 0 and told.report is not None and (told.report["ok"] or not told.report["exit"]):
        found.append(f"it failed ({told.error}) with a report of success")
    by_version = {part.version: part for part in plan.parts}
    for version, outcome in told.outcomes.items():
        if not overtaken or outcome in {"applied", "reverted"}:
            found += _outcome(plan, seen, by_version[version], outcome)
    return found


def _outcome(plan: Plan, seen: Seen, part: Part, outcome: str) -> list[str]:
    state, finished = seen.state(part), seen.finished(plan, part.version)
    true = {
        "applied": finished and state == ALL,
        "reverted": finished and state == ALL,
        "undone": not finished and state == NONE,
        "failed": not finished and (state == NONE or not part.transactional),
        "not_run": not finished and state == NONE,
        "in_doubt": True,
    }[outcome]
    if true:
        return []
    return [f"it told {part.version} {outcome}, but done: {finished}, of it is there: {state}"]


def _translated(error: str, *, injected: bool) -> bool:
    name = error.partition(":")[0]
    return name in OURS or (injected and name == InjectedError.__name__)


def of_secrets(seen: Seen, told: Told) -> list[str]:
    """No password in anything that was said or written."""
    found = ["the password is in what the run said"] if PASSWORD in told.text + told.error else []
    if any(PASSWORD in row.error for row in seen.log):
        found.append("the password is in the log table")
    return found


def of_end(plan: Plan, seen: Seen, marked: set[str]) -> list[str]:
    """All is done, once. `marked` are versions that a person said to be done."""
    found = of_database(plan, seen)
    done = "reverted" if plan.downward else "applied"
    for part in plan.parts:
        if seen.state(part) != ALL or not seen.finished(plan, part.version):
            found.append(f"{part.version}: not done in the end, of it is there: {seen.state(part)}")
        times = sum(row.version == part.version and row.event == done for row in seen.log)
        if times != (0 if part.version in marked else 1):
            found.append(f"{part.version}: {done} {times} times in the log")
    return found
