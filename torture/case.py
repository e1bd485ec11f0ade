"""One case of the sweep: a run with a fault, what it left behind, ordinary runs to the end, what must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from torture import checks, runner
from torture.faults import Fault, Kind
from torture.runner import Told, Verb
from torture.targets import NotQuietError

if TYPE_CHECKING:
    from torture.checks import Seen
    from torture.plans import Part, Plan
    from torture.targets import Target

MOST_RUNS = 8  # ordinary runs after which it will not come to its end any more
IN_DOUBT, LOCKED = 6, 5


class Result(NamedTuple):
    """What came of a case."""

    target: str
    plan: str
    fault: Fault
    where: str | None  # None: the run had ended before that point
    ended: str  # how the faulted run ended, in a word or two
    left: str  # how much of the plan stood after it
    doubts: int  # how often a person had to decide
    violations: tuple[str, ...]

    @property
    def command(self) -> str:
        """What runs this case again."""
        late = " --late" if self.fault.late else ""
        return f"python -m torture case {self.target} {self.plan} {self.fault.kind} {self.fault.point}{late}"


def count_points(target: Target, plan: Plan) -> int:
    """How many await points a run without a fault has."""
    _begin(target, plan)
    told = runner.run(Verb(plan.verb, target.settings(plan), plan.wish), target.scene)
    seen = checks.look(target, plan)
    problems = checks.of_words(plan, seen, told) + checks.of_end(plan, seen, set())
    if told.exit != 0 or problems:
        raise AssertionError(
            f"{target.name} {plan.name} without a fault: {told.error} {problems}\n{told.text}"
        )
    return told.points


def run_case(target: Target, plan: Plan, fault: Fault) -> Result:
    """Run one case. Raises nothing for what goes wrong in it."""
    case = _Case(target, plan, fault)
    try:
        case.run()
    except NotQuietError as error:
        case.violations.append(str(error))
    return Result(
        target.name,
        plan.name,
        fault,
        case.told.struck,
        case.ended,
        case.left,
        case.doubts,
        tuple(case.violations),
    )


def _begin(target: Target, plan: Plan) -> None:
    target.reset()
    if plan.downward:
        told = runner.run(Verb("migrate", target.settings(plan)), target.scene)
        if told.exit != 0:
            raise AssertionError(f"{target.name} {plan.name} can't be applied: {told.error}\n{told.text}")


class _Case:
    def __init__(self, target: Target, plan: Plan, fault: Fault) -> None:
        self.target, self.plan, self.fault = target, plan, fault
        self.told = Told()
        self.violations: list[str] = []
        self.marked: set[str] = set()
        self.doubts = 0
        self.ended, self.left = "", ""

    def run(self) -> None:
        _begin(self.target, self.plan)
        if self.fault.kind is Kind.STOP:
            self._paused()
        else:
            self._faulted()
        self._to_the_end()

    # --- the faulted run ---

    def _verb(self, *, pausing: bool = False) -> Verb:
        settings = self.target.settings_with_pause if pausing else self.target.settings
        return Verb(self.plan.verb, settings(self.plan), self.plan.wish)

    def _ordinary(self, verb: Verb) -> Told:
        return runner.run(verb, self.target.scene)

    def _faulted(self) -> None:
        running = runner.begin(self._verb(), self.target.scene, self.fault, self.target.means)
        if running.until_struck() and self.fault.kind is Kind.SERVER:
            self.target.restart()
        self.told = running.wait()
        self.ended = _ending(self.told)
        self._look_after(self.told)

    def _look_after(self, told: Told, *, overtaken: bool = False) -> Seen:
        self.target.quiet()
        seen = checks.look(self.target, self.plan)
        self.left = self.left or seen.amount(self.plan)
        injected = self.fault.kind is Kind.EXCEPTION and told is self.told
        self.violations += checks.of_database(self.plan, seen)
        self.violations += checks.of_words(self.plan, seen, told, injected=injected, overtaken=overtaken)
        return seen

    def _paused(self) -> None:
        """The first runner is stopped by the kernel; a second one comes; the first one goes on."""
        first = runner.begin(self._verb(pausing=True), self.target.scene, self.fault, self.target.means)
        if not first.until_struck():
            self.told = first.wait()
            self.ended = _ending(self.told)
            return
        first.until_stopped()
        second = self._ordinary(self._verb(pausing=True))
        before = checks.look(self.target, self.plan) if second.exit == 0 else None
        first.go_on()
        self.told = first.wait()
        self.ended = f"second {_ending(second)}, first {_ending(self.told)}"
        after = self._look_after(self.told, overtaken=True)
        if second.exit not in {0, LOCKED, IN_DOUBT} and not _told_locked(second):
            self.violations.append(f"the second runner: {second.error} {second.scene}")
        if before is not None and _changed(before, after):
            self.violations.append("the first runner wrote after the second one had finished")

    # --- to the end ---

    def _to_the_end(self) -> None:
        seen = self._settled()
        if seen is None:
            return
        self.violations += checks.of_end(self.plan, seen, self.marked)
        last = self._ordinary(self._verb())
        if last.exit != 0 or last.outcomes:
            self.violations.append(f"a further run finds something to do: {last.error} {last.outcomes}")
        self.target.quiet()
        self.violations += self.target.left_behind()
        self.violations = list(dict.fromkeys(self.violations))

    def _settled(self) -> Seen | None:
        """Run until a run succeeds; None where none does."""
        for _ in range(MOST_RUNS):
            told = self._ordinary(self._verb())
            seen = self._look_after(told)
            if told.exit == 0:
                return seen
            if told.exit != IN_DOUBT or not self._decide(seen):
                self.violations.append(f"the next run: exit {told.exit}, {told.error}")
                return None
        self.violations.append(f"{MOST_RUNS} runs, and still not at its end")
        return None

    def _decide(self, seen: Seen) -> bool:
        """As a person would who looks at the database: what is in doubt, and was it done?"""
        states = self._ordinary(Verb("status", self.target.settings(self.plan))).extra["states"]
        doubtful = [part for part in self.plan.parts if states.get(part.version) == "in_doubt"]
        for part in doubtful:
            self.doubts += 1
            done = seen.state(part) != checks.NONE
            if done:
                self._finish_by_hand(part, seen)
                self.marked.add(part.version)
            verb = "mark" if done != self.plan.downward else "unmark"
            told = self._ordinary(Verb(verb, self.target.settings(self.plan), {"version": part.version}))
            if told.exit != 0:
                self.violations.append(f"{verb} {part.version}: {told.error}")
        return bool(doubtful)

    def _finish_by_hand(self, part: Part, seen: Seen) -> None:
        for effect, count in zip(part.effects, seen.counts[part.version], strict=True):
            if count == effect.before:
                self.target.ask(effect.statement)


def _changed(before: Seen, after: Seen) -> bool:
    """Whether somebody wrote: a line that says of a failure is none."""
    told = {"failed", "undone", "statement_failed"}
    lines = [row for row in after.log if row.event not in told]
    former = [row for row in before.log if row.event not in told]
    return (before.counts, before.recorded, former) != (after.counts, after.recorded, lines)


def _told_locked(told: Told) -> bool:
    """SQLite lets nobody read while a commit is under way: a statement of the second runner may be what fails."""
    return told.error == "StepError: database is locked"


def _ending(told: Told) -> str:
    if told.hung:
        return "hung"
    if told.exit is None:
        return "killed"
    return {0: "success", IN_DOUBT: "in doubt", LOCKED: "locked", 130: "interrupted"}.get(
        told.exit, "failure"
    )
