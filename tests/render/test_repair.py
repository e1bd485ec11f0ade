"""What `repair` shows: the statement, what is known of it, and the commands by which a person decides."""

from __future__ import annotations

from stepwell.core.answers import Repair, RepairReport
from stepwell.core.evidence import Verdict
from stepwell.core.migration import Version
from stepwell.render.repair import repair_document, repair_text

INDEX = "CREATE INDEX CONCURRENTLY i\nON t (a)"
FOUND = (
    Repair(Version("001"), "index", "up", 2, Verdict.RAN, "the index public.i is there and valid", INDEX),
    Repair(Version("002"), "vacuum", "up", 1, Verdict.REPEATABLE, "VACUUM may run twice"),
    Repair(Version("003"), "003", "down", 1, Verdict.UNKNOWN, "nothing in the database tells"),
)

TEXT = """\
001 index, statement 2 (up): it ran: the index public.i is there and valid; marked as done
    CREATE INDEX CONCURRENTLY i
    ON t (a)
002 vacuum, statement 1 (up): it may have run, and may run again: VACUUM may run twice; the next run does it
003, statement 1 (down): in doubt: nothing in the database tells
  look at the database; if it ran: 'stepwell repair --done 003'
  if it did not: 'stepwell repair --not-done 003'
"""


def test_as_text() -> None:
    assert repair_text(RepairReport(dry_run=False, repairs=FOUND)) == TEXT
    assert repair_text(RepairReport(dry_run=True, repairs=FOUND[:1])).endswith(
        "(dry run: nothing was written)\n"
    )


def test_nothing_to_repair() -> None:
    assert repair_text(RepairReport(dry_run=False)) == "nothing was cut off: there is nothing to repair\n"


def test_as_a_document() -> None:
    document = repair_document(RepairReport(dry_run=False, repairs=FOUND))
    assert document["ok"] is False
    assert document["repairs"][0] == {
        "version": "001",
        "name": "index",
        "direction": "up",
        "statement": 2,
        "sql": INDEX,
        "verdict": "ran",
        "why": "the index public.i is there and valid",
    }
    assert repair_document(RepairReport(dry_run=False, repairs=FOUND[:2]))["ok"] is True


def test_what_comes_from_the_database_can_not_steer_the_terminal() -> None:
    evil = Repair(Version("001"), "a\x1b[2J", "up", 1, Verdict.UNKNOWN, "b\x1b[2J", "SELECT '\x1b[2J'")
    assert "\x1b" not in repair_text(RepairReport(dry_run=False, repairs=(evil,)))
