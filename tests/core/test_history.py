"""Records against files: the state of every migration, and how the columns of a record are read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.history import (
    Attempt,
    History,
    HistoryMark,
    JournalEntry,
    Record,
    State,
    TableShape,
    command,
    compare,
    dump_dependencies,
    mark_of,
    parse_dependencies,
    unchanged,
)
from stepwell.core.migration import Version

if TYPE_CHECKING:
    from tests.core.conftest import World

    from stepwell.core.migration import Migration

DEPENDENCIES = {
    "JSON": ('["001", "002"]', ["001", "002"]),
    "JSON without quotes": ("[1, 2]", ["1", "2"]),
    "JSON with numbers that are no numbers": ("[1.10, 2]", ["1.10", "2"]),
    "a Python list": ("['001', '002']", ["001", "002"]),
    "a Python list of one": ("['001']", ["001"]),
    "a Python tuple": ("('001',)", ["001"]),
    "a PostgreSQL array": ("{001,002}", ["001", "002"]),
    "a PostgreSQL array with quotes": ('{"001","002"}', ["001", "002"]),
    "comma-separated": ("001,002", ["001", "002"]),
    "comma-separated, with spaces": ("  001 ,  002  ", ["001", "002"]),
    "with underscores, which Python would take for numbers": ("2026_11, 2026_12", ["2026_11", "2026_12"]),
    "with zeros": ("1.10", ["1.10"]),
    "one": ("001", ["001"]),
    "one in quotes": ('"001"', ["001"]),
    "a comma too many": ("001,,002,", ["001", "002"]),
    "empty": ("", []),
    "blank": ("  \n", []),
    "NULL": (None, []),
    "the JSON null": ("null", []),
    "the Python None": ("None", []),
    "an empty JSON array": ("[]", []),
    "an empty PostgreSQL array": ("{}", []),
}


@pytest.mark.parametrize(("text", "expected"), DEPENDENCIES.values(), ids=DEPENDENCIES)
def test_dependencies_are_read_in_every_form(text: str | None, expected: list[str]) -> None:
    assert [version.text for version in parse_dependencies(text)] == expected


VERSIONS = st.from_regex(r"[A-Za-z0-9_.\-]{1,50}", fullmatch=True).filter(
    lambda text: text.lower() not in {"null", "none", "base"}
)


@given(st.lists(VERSIONS, max_size=5))
def test_dependencies_are_read_as_they_were_written(texts: list[str]) -> None:
    versions = [Version(text) for text in texts]
    written = dump_dependencies(versions)
    assert json.loads(written) == texts, "other tools can read it"
    for form in (written, str(texts), ",".join(texts), "{" + ",".join(texts) + "}"):
        assert [version.text for version in parse_dependencies(form)] == texts


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    assert all(version.text for version in parse_dependencies(text))


@given(st.sets(st.integers(1, 50)), st.sets(st.integers(1, 50)))
def test_the_mark_tells_histories_apart_by_what_came_or_went(before: set[int], gone: set[int]) -> None:
    after = before - gone | {max(before, default=0) + 1}
    assert mark_of(before) != mark_of(after)
    assert mark_of(before) == mark_of(sorted(before, reverse=True))
    assert mark_of(()) == HistoryMark(0, 0, 0)


# --- states -----------------------------------------------------------------------------------------------------------


def record(
    version: str, number: int = 1, *, checksum: str | None = "s1", file_hash: str | None = None
) -> Record:
    return Record(number, Version(version), "old", None, (), None, checksum, file_hash)


def attempt(version: str, *events: str, direction: str = "up") -> Attempt:
    return Attempt(Version(version), direction, tuple(JournalEntry(1, event, "d") for event in events))


def never(migration: Migration) -> str:
    raise AssertionError(f"the checksum of {migration.version} is not needed")


HASH = "hash of 001"  # what `World` gives the file

STATES = {
    "no record": (History(), never, State.PENDING),
    "the bytes that were applied": (
        History(records=(record("001", checksum="x", file_hash=HASH),)),
        never,
        State.APPLIED,
    ),
    "other bytes, the same normal form": (
        History(records=(record("001", file_hash="other"),)),
        lambda _: "s1",
        State.APPLIED,
    ),
    "no hash, the same normal form": (History(records=(record("001"),)), lambda _: "s1", State.APPLIED),
    "another normal form": (
        History(records=(record("001", file_hash="other"),)),
        lambda _: "s2",
        State.CHANGED,
    ),
    "no checksum is never changed": (
        History(records=(record("001", checksum=None, file_hash="other"),)),
        never,
        State.APPLIED,
    ),
    "the same version with other zeros": (
        History(records=(record("1", checksum=None),)),
        never,
        State.APPLIED,
    ),
    "began and failed": (
        History(attempts=(attempt("001", "intent", "statement_failed"),)),
        never,
        State.FAILED,
    ),
    "began, and was killed between two statements": (
        History(attempts=(attempt("001", "intent", "done"),)),
        never,
        State.FAILED,
    ),
    "began, and was killed in a statement": (
        History(attempts=(attempt("001", "intent", "done", "intent"),)),
        never,
        State.IN_DOUBT,
    ),
    "the rollback began and failed": (
        History(
            records=(record("001"),),
            attempts=(attempt("001", "intent", "statement_failed", direction="down"),),
        ),
        never,
        State.FAILED,
    ),
    "the attempt of another": (History(attempts=(attempt("002", "intent"),)), never, State.PENDING),
}


@pytest.mark.parametrize(("history", "checksum", "state"), STATES.values(), ids=STATES)
def test_state(world: type[World], history: History, checksum: object, state: State) -> None:
    assert callable(checksum)
    entry = compare([world("").migration("001", ())], history, checksum)[0]
    assert entry.state is state
    assert entry.applied == bool(history.records)
    assert entry.name == "step", "the file says what it is"


def test_a_record_without_a_file_is_missing(world: type[World]) -> None:
    gone = Record(7, Version("002"), "gone", None, (Version("001"),), None)
    (_, entry) = compare([world("").migration("001", ())], History(records=(gone,)), never)
    assert (entry.state, entry.name, entry.description, entry.dependencies, entry.migration) == (
        State.MISSING,
        "gone",
        "",
        (Version("001"),),
        None,
    )


@pytest.mark.parametrize(
    ("events", "state"), [(("intent", "done"), State.FAILED), (("intent",), State.IN_DOUBT)], ids=str
)
@pytest.mark.parametrize("applied", [False, True], ids=["half applied", "half reverted"])
def test_what_began_is_told_although_its_file_is_gone(
    events: tuple[str, ...], state: State, applied: bool
) -> None:
    history = History(
        records=(record("002"),) if applied else (),
        attempts=(attempt("002", *events, direction="down" if applied else "up"),),
    )
    (entry,) = compare([], history, never)
    assert (entry.version.text, entry.state, entry.applied, entry.file_gone) == ("002", state, applied, True)
    assert entry.title == ("002 old" if applied else "002")


def test_records_that_differ_in_zeros_only_are_twins(world: type[World]) -> None:
    records = (record("6", 1, checksum=None), record("006", 2), record("7", 3))
    entries = compare([world("").migration("006", ())], History(records=records), never)
    assert [(entry.record, entry.twins) for entry in entries] == [
        (records[0], records[1:2]),
        (records[2], ()),
    ]


COMMANDS = {
    "006": "'stepwell unmark 006'",
    "x y z": "stepwell unmark 'x y z'",
    "it's": """stepwell unmark 'it'"'"'s'""",
    "-q": "'stepwell unmark -- -q'",
    "": "stepwell unmark ''",
}


@pytest.mark.parametrize("version", COMMANDS)
def test_a_command_can_be_typed_as_it_is_told(version: str) -> None:
    assert command("unmark", Version(version)) == COMMANDS[version]


def test_versions_that_nobody_here_knows_break_nothing() -> None:
    strange = [record("9.9-rc_1", 1), record("zz", 2), record("", 3), record("weird name!", 4)]
    entries = compare([], History(records=tuple(strange)), never)
    assert {entry.state for entry in entries} == {State.MISSING}
    assert len(entries) == len(strange)


def test_of_two_records_of_one_version_the_first_counts(world: type[World]) -> None:
    history = History(records=(record("6", 1, checksum=None), record("006", 2)))
    (entry,) = compare([world("").migration("006", ())], history, never)
    assert (entry.state, entry.record) == (State.APPLIED, history.records[0])
    (alone,) = compare([], history, never)
    assert alone.record == history.records[0]


def test_entries_are_in_natural_order(world: type[World]) -> None:
    files = [world("").migration(text, ()) for text in ("10", "9")]
    entries = compare(files, History(records=(record("9.5"), record("2", 2))), never)
    assert [entry.version.text for entry in entries] == ["2", "9", "9.5", "10"]


def test_the_checksum_is_asked_only_where_the_bytes_differ(world: type[World]) -> None:
    texts = ["001", "002", "003", "004"]
    records = (
        record("001", 1, file_hash=HASH),
        record("002", 2, file_hash="other"),
        record("003", 3, checksum=None),
    )
    asked = []

    def checksum(migration: Migration) -> str:
        asked.append(migration.version.text)
        return "s1"

    compare([world("").migration(text, ()) for text in texts], History(records=records), checksum)
    assert asked == ["002"]


def test_unchanged_is_only_what_is_known_to_be(world: type[World]) -> None:
    source = world("").migration("001", ()).source
    assert unchanged(source, record("001", file_hash=HASH))
    assert not unchanged(source, record("001", file_hash="other"))
    assert not unchanged(source, record("001", file_hash=None))


@pytest.mark.parametrize(
    ("shape", "log_exists", "ready"),
    [
        (TableShape.FULL, True, True),
        (TableShape.FULL, False, False),
        (TableShape.SEVEN, True, False),
        (TableShape.ABSENT, False, False),
    ],
)
def test_ready_is_when_nothing_has_to_be_made(shape: TableShape, log_exists: bool, ready: bool) -> None:
    assert History(shape, log_exists=log_exists).ready is ready


def test_an_attempt_knows_what_is_done() -> None:
    entries = (
        JournalEntry(1, "intent", "a"),
        JournalEntry(1, "done", "a"),
        JournalEntry(2, "intent", "b"),
        JournalEntry(2, "statement_failed", "b"),
        JournalEntry(2, "intent", "b"),
        JournalEntry(2, "done", "b"),
    )
    made = Attempt(Version("001"), "up", entries)
    assert made.done == ("a", "b")
    assert not made.in_doubt
    assert Attempt(Version("001"), "up", entries[:3]).in_doubt
    assert not Attempt(Version("001"), "up", ()).in_doubt
