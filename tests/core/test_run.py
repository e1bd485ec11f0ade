"""The run machine, as dialogues (in `dialogues/`): what it asks for, what it is told, and last what came of it.

In a plan `|` ends a segment, and brackets say that it has no transaction. `begun` is the journal of a former run: see
`World` in conftest.py. The outcomes: see `outcome_of`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stepwell.core.actions import (
    Abort,
    Acquire,
    Action,
    Apply,
    Busy,
    Commit,
    Committed,
    Confirm,
    Confirmed,
    Execute,
    Failed,
    Held,
    Inquire,
    Inquired,
    Keep,
    Log,
    LogEvent,
    LogLine,
    Ok,
    Outcome,
    Prepare,
    Resume,
    Sleep,
    Wants,
)
from stepwell.core.errors import FailureKind, Fault
from stepwell.core.evidence import Judgement, Verdict
from stepwell.core.history import Attempt, HistoryMark, JournalEntry
from stepwell.core.migration import Direction, Version
from stepwell.core.report import Outcome as StepOutcome
from stepwell.core.report import StatementReport
from stepwell.core.run import RunPolicy, run
from stepwell.core.wish import Wish

if TYPE_CHECKING:
    from tests.core.conftest import World

    from stepwell.core.ledger import RunEnd
    from stepwell.core.plan import Plan

DIALOGUES = Path(__file__).parent / "dialogues"
POLICY = RunPolicy(lock_wait=0.2, attempts=3)
AFTER = HistoryMark(9, 9, 9)  # of the history after a commit


def words_of(action: Action) -> str:  # noqa: C901, PLR0911 - a line for each action
    """An action as dialogues write it."""
    match action:
        case Prepare():
            return "prepare"
        case Acquire(segment):
            return f"acquire {segment.number}"
        case Apply(step):
            return f"apply {step.version}"
        case Execute(step):
            return f"execute {step.version}"
        case Resume(step):
            return f"resume {step.version}"
        case Keep(step, line):
            return f"keep {step.version} {line.event}"
        case Log(lines):
            return "log " + ", ".join(
                f"{line.version} {line.event}" + (f" {line.statement}" if line.statement else "")
                for line in lines
            )
        case Commit(segment):
            return f"commit {segment.number}"
        case Abort(segment):
            return f"abort {segment.number}"
        case Confirm(versions):
            return "confirm " + " ".join(map(str, versions))
        case Inquire(step):
            return f"inquire {step.version}"
        case Sleep(seconds, _, _, retry_of):
            return f"sleep {seconds:.2f} {'to retry' if retry_of else 'for the lock'}"


def outcome_of(words: str, mark: HistoryMark) -> Outcome:  # noqa: C901, PLR0911 - a line for each outcome
    """What a dialogue tells the machine. `fails of 001` names the step whose statement it was."""
    match words.split():
        case ["held"]:
            return Held(mark)
        case ["held", "another"]:
            return Held(HistoryMark(7, 7, 7))
        case ["busy", *holder]:
            return Busy(" ".join(holder) or None)
        case ["ok"]:
            return Ok(1.5)
        case ["wants", index, digest]:
            return Wants(int(index) - 1, f"digest {digest}")
        case ["committed"]:
            return Committed(AFTER, {Version("002"): 4.5})
        case ["has", *versions]:
            return Confirmed(frozenset(map(Version, versions)))
        case ["has-no-answer"]:
            return Confirmed(None)
        case ["found", verdict]:
            return Inquired(cut_off(verdict))
        case ["nothing-begun"]:
            return Inquired(None)
        case [kind, *of]:
            return Failed(Fault(kind, version=of[-1] if of else None), KINDS[kind])
    raise AssertionError(words)


def cut_off(verdict: str) -> Attempt:
    """A step that was cut off at its first statement, and what the catalog tells of that."""
    entry = JournalEntry(1, "intent", "digest a", "as it was")
    return Attempt(Version("001"), "up", (entry,), Judgement(Verdict(verdict), "as it is"))


KINDS = {
    "fails": FailureKind.STEP,
    "deadlocks": FailureKind.RETRYABLE,
    "lost": FailureKind.LOST,
    "interrupted": FailureKind.INTERRUPTED,
    "ended": FailureKind.ENDED,
}


def play(made: Plan, lines: list[str]) -> RunEnd:
    """Hold a dialogue with the machine, to its end."""
    machine = run(made, POLICY, prepare=lines[0].startswith("prepare"))
    mark, number = made.mark, 0
    action = next(machine)
    try:
        for number, line in enumerate(lines, 1):
            asked, _, told = line.partition("->")
            assert words_of(action) == asked.strip(), f"line {number}"
            outcome = outcome_of(told.strip(), mark)
            mark = outcome.mark if isinstance(outcome, Committed) else mark
            action = machine.send(outcome)
    except StopIteration as stop:
        assert number == len(lines), f"it ended after line {number}"
        end: RunEnd = stop.value
        return end
    pytest.fail(f"it goes on after the last line: {words_of(action)}")


@dataclass(frozen=True)
class Case:
    """A dialogue about a plan; `came` has what came of each step, then why the run stopped before its end."""

    name: str
    plan: str
    begun: dict[str, str]
    lines: list[str]
    came: list[str]


def read_cases() -> list[Case]:
    """The dialogues of the folder, by file."""
    return [
        read_case(path.stem, part)
        for path in sorted(DIALOGUES.glob("*.txt"))
        for part in path.read_text(encoding="utf-8").split("== ")[1:]
    ]


def read_case(theme: str, text: str) -> Case:
    """One dialogue: its name, `plan:`, perhaps `begun:`, the lines, and after `=` what came of it."""
    name, *lines = text.strip().splitlines()
    told = [line.partition(" ") for line in lines]
    begun = [rest.partition(" ") for head, _, rest in told if head == "begun:"]
    return Case(
        f"{theme}: {name}",
        plan=next(rest for head, _, rest in told if head == "plan:"),
        begun={version: journal for version, _, journal in begun},
        lines=[line.strip() for line in lines if "->" in line],
        came=[rest for head, _, rest in told if head == "="],
    )


def plan_of(world: type[World], text: str, begun: dict[str, str] | None = None) -> Plan:
    """A plan as cases write it."""
    versions = [word.strip("[]") for word in text.split() if word != "|"]
    declared = {word.strip("[]"): "open" for word in text.split() if word.startswith("[")}
    for segment in text.split("|")[:-1]:
        declared.setdefault(segment.split()[-1].strip("[]"), "ends")
    return world("\n".join(versions), declared=declared, begun=begun or {}).plan(Wish(Direction.UP))


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case.name)
def test_dialogue(world: type[World], case: Case) -> None:
    end = play(plan_of(world, case.plan, case.begun), case.lines)
    steps = ", ".join(f"{step.version} {step.outcome}" for step in end.steps)
    assert [steps, *ending_of(end)] == case.came


def ending_of(end: RunEnd) -> list[str]:
    """Why it stopped, of what, and whether it was interrupted."""
    if end.ending is None:
        return []
    fault = end.ending.fault
    code = None if fault is None else fault.message if fault.message in KINDS else fault.code
    return [f"{end.ending.why} {code}{' interrupted' if end.ending.interrupted else ''}"]


# --- what actions carry -----------------------------------------------------------------------------------------------


def drive(made: Plan, told: dict[str, Outcome]) -> tuple[list[Action], RunEnd]:
    """Run the machine to its end; what is not told by the words of an action goes well."""
    machine = run(made, POLICY)
    actions = [next(machine)]
    while True:
        try:
            actions.append(machine.send(told.get(words_of(actions[-1])) or well(actions[-1], made)))
        except StopIteration as stop:
            return actions, stop.value


def well(action: Action, made: Plan) -> Outcome:
    """The outcome when all goes well, on a database where a commit changes nothing."""
    match action:
        case Acquire():
            return Held(made.mark)
        case Commit():
            return Committed(made.mark)
        case Confirm(versions):
            return Confirmed(frozenset(versions))
        case Inquire():
            return Inquired(cut_off("unknown"))
        case _:
            return Ok()


def test_whoever_waits_is_told_for_whom_and_how_long(world: type[World]) -> None:
    actions, end = drive(plan_of(world, "001"), {"acquire 1": Busy("migrate of bob (pid 7)")})
    pauses = [action for action in actions if isinstance(action, Sleep)]
    assert [round(pause.waited, 3) for pause in pauses] == [0, 0.05, 0.125]
    assert {pause.holder for pause in pauses} == {"migrate of bob (pid 7)"}
    assert end.ending is not None
    assert end.ending.fault == Fault(
        "locked: migrate of bob (pid 7) holds the lock, waited 0.2 s",
        code="locked",
        hint="wait for that run, wait longer with --lock-wait, or see 'stepwell unlock'",
    )


def test_a_lock_whose_holder_is_not_known(world: type[World]) -> None:
    _, end = drive(plan_of(world, "001"), {"acquire 1": Busy()})
    assert end.ending is not None
    assert end.ending.fault is not None
    assert end.ending.fault.message.startswith("locked: somebody else holds the lock")


def test_a_retry_says_of_what_and_how_often(world: type[World]) -> None:
    deadlock = Failed(Fault("deadlock detected"), FailureKind.RETRYABLE)
    actions, _ = drive(plan_of(world, "001"), {"apply 001": deadlock})
    pauses = [action for action in actions if isinstance(action, Sleep)]
    assert [(pause.retry_of, pause.attempt) for pause in pauses] == [
        ("deadlock detected", 1),
        ("deadlock detected", 2),
    ]


def test_a_record_is_written_with_its_line_of_the_log(world: type[World]) -> None:
    ran = Ok(7.5, (StatementReport("SELECT 1"), StatementReport("SELECT 2")))
    actions, end = drive(plan_of(world, "001 | 002"), {"apply 002": ran})
    (_, kept) = [action for action in actions if isinstance(action, Keep)]
    assert kept.line == LogLine(
        LogEvent.APPLIED, Version("002"), Direction.UP, segment=2, statements=2, elapsed_ms=7.5
    )
    assert end.steps[1].statements == ran.statements
    assert end.steps[1].elapsed_ms == 7.5


def test_a_rollback_removes_records_and_says_reverted(world: type[World]) -> None:
    made = world("001 <- 002", "001 002").plan(Wish(Direction.DOWN, target="base"))
    actions, end = drive(made, {})
    kept = [action for action in actions if isinstance(action, Keep)]
    assert [(each.line.event, each.line.direction) for each in kept] == [
        (LogEvent.REVERTED, Direction.DOWN)
    ] * 2
    assert [step.outcome for step in end.steps] == [StepOutcome.REVERTED] * 2
    assert end.finished == end.steps


def test_the_journal_has_number_and_digest_of_its_statement(world: type[World]) -> None:
    made = plan_of(world, "[001]")
    actions, _ = drive(made, {"apply 001": Wants(0, "d1"), "execute 001": Ok(3.0)})
    lines = [line for action in actions if isinstance(action, Log) for line in action.lines]
    assert [(line.event, line.statement, line.digest, line.elapsed_ms) for line in lines] == [
        (LogEvent.INTENT, 1, "d1", None),
        (LogEvent.DONE, 1, "d1", 3.0),
    ]


def test_a_failure_of_nobody_is_blamed_on_the_step_that_met_it(world: type[World]) -> None:
    _, end = drive(plan_of(world, "001 002"), {"apply 002": Failed(Fault("gone"), FailureKind.LOST)})
    assert end.ending is not None
    assert end.ending.fault is not None
    assert end.ending.fault.version == "002"
    assert str(end.ending.fault.place) == "db/migrations/002_step.py:5"


def test_doubt_comes_with_advice(world: type[World]) -> None:
    lost = Failed(Fault("gone", hint="look at the server's log"), FailureKind.LOST)
    _, end = drive(plan_of(world, "[001]"), {"apply 001": Wants(0, "d1"), "execute 001": lost})
    assert end.ending is not None
    assert end.ending.fault is not None
    assert end.ending.fault.hint == (
        "001 is in doubt: see 'stepwell log', look at the database, then say "
        "'stepwell repair --done 001' (the statement ran) or 'stepwell repair --not-done 001' (it did not)"
    )


def test_an_empty_plan_asks_for_nothing(world: type[World]) -> None:
    machine = run(world("001", "001").plan(Wish(Direction.UP)), POLICY)
    with pytest.raises(StopIteration) as stop:
        next(machine)
    assert (stop.value.value.steps, stop.value.value.ending) == ((), None)


def resumed_at(world: type[World], done: str, wants: Wants) -> RunEnd:
    """The end of a run that resumes a step of which one statement is done, and that now makes this one."""
    made = plan_of(world, "[001]", {"001": "up: intent done"})
    (segment,) = made.segments
    (step,) = segment.steps
    assert step.attempt is not None
    entries = tuple(entry._replace(digest=done) for entry in step.attempt.entries)
    resumed = step._replace(attempt=step.attempt._replace(entries=entries))
    _, end = drive(replace(made, segments=(segment._replace(steps=(resumed,)),)), {"apply 001": wants})
    return end


TEXT = "1:" + 64 * "a"


@pytest.mark.parametrize(
    ("done", "wants", "told"),
    [
        (f"{TEXT}:1", Wants(0, f"{TEXT}:2"), "statement 1 of 001 has other values than the one"),
        (TEXT, Wants(0, "1:" + 64 * "b"), "statement 1 of 001 is not the one that was done before"),
        (TEXT, Wants(0, TEXT, bound=True), "statement 1 of 001 was done in a session that is gone"),
    ],
)
def test_what_can_not_be_passed_over(world: type[World], done: str, wants: Wants, told: str) -> None:
    end = resumed_at(world, done, wants)
    assert end.ending is not None
    assert end.ending.fault is not None
    assert end.ending.fault.message.startswith(told)
    assert [step.outcome for step in end.steps] == [StepOutcome.FAILED]
