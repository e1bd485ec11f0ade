"""What contradicts itself in a history: what is so, and the one command that solves it. Pure.

`status`, `check` and JSON documents say the same of the same thing, since all of it stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.history import State, command

if TYPE_CHECKING:
    from stepwell.core.history import Entry, Record


class Contradiction(NamedTuple):
    """One of them: the code of its finding, what is so, and what to do, with the one command that solves it."""

    code: str
    message: str
    hint: str

    @property
    def sentence(self) -> str:
        """All of it."""
        return f"{self.message}: {self.hint}"


class _Rule(NamedTuple):
    """What is said of one kind; `{title}` stands for the migration, `{command}` for what `way` gives."""

    message: str
    way: Callable[[Entry], str]
    hint: str


def _resumed(entry: Entry) -> str:
    return f"'stepwell {'rollback' if entry.applied else 'migrate'}'"


def _forgotten(entry: Entry) -> str:
    return command("unmark", entry.version)


RULES: dict[str, _Rule] = {
    "changed": _Rule(
        "{title} was changed after being applied",
        lambda entry: command("mark", entry.version),
        "restore the file, or accept it as it is: {command}",
    ),
    "missing": _Rule(
        "{title} is applied, but its file is missing",
        _forgotten,
        "restore the file, or forget the record: {command}",
    ),
    "failed": _Rule(
        "{title} began and did not finish", _resumed, "run {command}: it resumes where it stopped"
    ),
    "in-doubt": _Rule(
        "{title} is in doubt: nobody can tell whether its last statement ran",
        lambda _: "'stepwell repair'",
        "run {command}: it shows the statement, and settles it when you say whether it ran",
    ),
    "out-of-order": _Rule(
        "{title} is pending, but stands before one that is applied",
        lambda _: "'stepwell migrate'",
        "run {command}: it is applied, since its dependencies are met; --strict refuses it",
    ),
}
# Where the file of a step that began is gone, it can be neither resumed nor judged.
_FILE_GONE = _Rule(
    "{title} began and did not finish, and its file is missing",
    _forgotten,
    "restore the file; or undo by hand what was done of it, and say so: {command}",
)
RECORDED_TWICE = "recorded-twice"
_OF_STATE = {
    State.CHANGED: "changed",
    State.MISSING: "missing",
    State.FAILED: "failed",
    State.IN_DOUBT: "in-doubt",
}


def contradiction(entry: Entry, *, out_of_order: bool = False) -> Contradiction | None:
    """What contradicts itself at one migration; None where nothing does. Two records of it are told apart."""
    code = _OF_STATE.get(entry.state) or ("out-of-order" if out_of_order else None)
    if code is None:
        return None
    rule = _FILE_GONE if entry.file_gone else RULES[code]
    message, hint = rule.message.format(title=_title(entry)), rule.hint.format(command=rule.way(entry))
    return Contradiction(code, message, hint)


def twins(entry: Entry) -> tuple[Contradiction, ...]:
    """Records that differ from that of a migration in leading zeros only: `6` and `006`."""
    return tuple(_twin(entry, record) for record in entry.twins)


def _twin(entry: Entry, record: Record) -> Contradiction:
    first = f"{entry.record.version} (row {entry.record.id})" if entry.record else str(entry.version)
    return Contradiction(
        RECORDED_TWICE,
        f"{record.version} (row {record.id}) is the same version as {first}",
        f"remove the record that is too much: {command('unmark', record.version)}",
    )


def hint_on(entry: Entry) -> str | None:
    """What to do about a migration as its line of the status shows it; None where nothing is to be done."""
    found = contradiction(entry)
    return next((each.hint for each in (found, *twins(entry)) if each is not None), None)


def _title(entry: Entry) -> str:
    """The migration; of an empty version the row of its record, and the rollback of one that is half reverted."""
    if not entry.version.text.strip() and entry.record is not None:
        return f"the row with the id {entry.record.id}"
    half_reverted = entry.state is State.FAILED and entry.applied
    return f"the rollback of {entry.title}" if half_reverted else entry.title
