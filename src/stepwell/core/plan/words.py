"""The words in which a plan speaks of migrations, and the refusals that both directions share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import ContradictionError
from stepwell.core.history import State, command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.errors import Place
    from stepwell.core.history import Entry, Record
    from stepwell.core.plan.values import Step

CHECK_SETTINGS = "check 'url', 'table' and 'schema'"
MANY = 5  # how many versions a sentence names before it says how many more there are


def listed(parts: Sequence[str], separator: str = ", ") -> str:
    """The first few parts as a list, and how many more there are."""
    more = len(parts) - MANY
    return separator.join(parts[:MANY]) + (f" and {more} more" if more > 0 else "")


def names(entries: Sequence[Entry]) -> str:
    """`002 users, 003 roles and 7 more`."""
    return listed([f"{entry.version} {entry.name}" for entry in entries])


def place_of(entry: Entry) -> Place | None:
    """Where its file is, if there is one."""
    return entry.migration.place if entry.migration is not None else None


def changed(entries: Sequence[Entry]) -> ContradictionError:
    """Files that are not what was applied."""
    return ContradictionError(
        f"changed after being applied: {names(entries)}",
        place=place_of(entries[0]),
        hint="restore the file and put the change into a new migration; "
        f"if the database has the change already, 'stepwell mark {entries[0].version}' accepts the file as it is; "
        "to go on regardless: --allow-changed",
    )


def another_project(entries: Sequence[Entry], *, otherwise: str = "") -> ContradictionError:
    """A history in which none of the files is: that of something else, reached by a wrong setting."""
    count = sum(entry.applied for entry in entries)
    which = "its one migration is not" if count == 1 else f"none of its {count} migrations is"
    return ContradictionError(
        f"this looks like the history of another project: {which} among these files",
        hint=CHECK_SETTINGS + otherwise,
    )


def half_applied(entry: Entry) -> ContradictionError:
    """A rollback meets a step that `migrate` began."""
    return ContradictionError(
        f"half applied: {entry.version} {entry.name} began and did not finish",
        place=place_of(entry),
        hint="run 'stepwell migrate' first: it resumes at the first statement that was not done; "
        f"if nothing of it is there, 'stepwell unmark {entry.version}' makes it pending, whole",
    )


def half_reverted(entry: Entry) -> ContradictionError:
    """A `migrate` meets a step that a rollback began."""
    return ContradictionError(
        f"half reverted: the rollback of {entry.version} {entry.name} began and did not finish",
        place=place_of(entry),
        hint="run 'stepwell rollback' again: it resumes at the first statement that was not done",
    )


def refuse_unfit(entry: Entry) -> None:
    """Raise `ContradictionError` for what neither direction can go on with: one version twice, or a lost file."""
    if entry.twins and entry.record is not None:
        raise recorded_twice(entry, entry.record)
    if entry.file_gone:
        raise file_gone(entry)


def recorded_twice(entry: Entry, first: Record) -> ContradictionError:
    """Two records of one version, which differ in leading zeros only: nobody can tell which of them counts."""
    rows = (first, *entry.twins)
    told = " and ".join(f"{each.version} (row {each.id})" for each in rows)
    ways = " or ".join(command("unmark", each.version) for each in rows)
    return ContradictionError(
        f"one version is recorded {len(rows)} times: {told} are the same",
        place=place_of(entry),
        hint=f"remove the record that is too much, which runs nothing: {ways}",
    )


def file_gone(entry: Entry) -> ContradictionError:
    """A step began and did not finish, and without its file it can be neither resumed nor judged."""
    half = (
        "in doubt" if entry.state is State.IN_DOUBT else "half reverted" if entry.applied else "half applied"
    )
    return ContradictionError(
        f"{half}: {entry.title} began and did not finish, and its file is missing",
        hint="restore the file, so that it can be resumed; or undo by hand what was done of it, and say so: "
        f"{command('unmark', entry.version)}",
    )


def begun_without_transaction(step: Step, done: int) -> ContradictionError:
    """A step of which some statements stand would now run in a transaction, whole."""
    migration = step.migration
    return ContradictionError(
        f"half done: {done} of the statements of {migration.version} {migration.name} ran without a transaction, "
        "and now it is to run in one",
        place=migration.place,
        hint="declare it without a transaction again, so that it resumes at the first statement that was not done; "
        f"or undo those by hand, and say so: 'stepwell unmark {migration.version}'",
    )
