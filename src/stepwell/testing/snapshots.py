# ruff: noqa: S101 - a suite of tests asserts
"""The structure of a database as a value: the same has the same fingerprint, and every change of it is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.errors import UsageError
from stepwell.core.schema.diff import Added, Removed, diff
from stepwell.core.schema.snapshot import loads
from stepwell.testing.suite import Suite, cases

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.core.schema.snapshot import Snapshot
    from stepwell.testing.workshop import Workshop

BUILT = (
    "CREATE TABLE shelves (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL)",
    "CREATE TABLE books (id INTEGER PRIMARY KEY, title VARCHAR(20), shelf INTEGER)",
    "CREATE UNIQUE INDEX books_title ON books (title)",
    "CREATE VIEW titles AS SELECT title FROM books",
)
TORN_DOWN = ("DROP VIEW titles", "DROP TABLE books", "DROP TABLE shelves")


class Step(NamedTuple):
    """A change as every engine understands it, the way back, and the kind and the name of what it adds."""

    there: str
    back: str
    kind: str
    name: str


STEPS: dict[str, Step] = {
    "a table": Step("CREATE TABLE pens (id INTEGER)", "DROP TABLE pens", "table", "pens"),
    "a column": Step(
        "ALTER TABLE books ADD COLUMN pages INTEGER",
        "ALTER TABLE books DROP COLUMN pages",
        "column",
        "books.pages",
    ),
    "an index": Step(
        "CREATE INDEX books_shelf ON books (shelf)", "{drop books_shelf ON books}", "index", "books_shelf"
    ),
    "a view": Step("CREATE VIEW names AS SELECT name FROM shelves", "DROP VIEW names", "view", "names"),
}
# Changes of what is there, which are neither a thing more nor one less.
CHANGES = {
    "another type": (
        "ALTER TABLE books DROP COLUMN shelf",
        "ALTER TABLE books ADD COLUMN shelf VARCHAR(20)",
    ),
    "a default": (
        "ALTER TABLE books DROP COLUMN shelf",
        "ALTER TABLE books ADD COLUMN shelf INTEGER DEFAULT 7",
    ),
    "another view": ("DROP VIEW titles", "CREATE VIEW titles AS SELECT title FROM books WHERE id > 7"),
    "an index that is not unique": (
        "{drop books_title ON books}",
        "CREATE INDEX books_title ON books (title)",
    ),
    "an index of another column": (
        "{drop books_title ON books}",
        "CREATE UNIQUE INDEX books_title ON books (id)",
    ),
}


class SnapshotsConformance(Suite):
    """Where there is the ability `snapshots`."""

    def built(self, url: str, tmp_path: Path) -> Workshop | None:
        """A database with something in it; None where there are no snapshots, which is told then."""
        shop = self.workshop(url, tmp_path)
        if not shop.abilities.snapshots:
            error = shop.failure(shop.project().snapshot())
            assert isinstance(error, UsageError)
            assert "there are no snapshots of" in error.message
            return None
        self.execute(shop, *BUILT)
        return shop

    def execute(self, shop: Workshop, *statements: str) -> None:
        """Run statements. `{drop INDEX ON TABLE}` is what this engine has for it."""
        for statement in statements:
            if statement.startswith("{"):
                _, index, _, table = statement.strip("{}").split()
                shop.ask(self.drop_index.format(index=index, table=table))
            else:
                shop.ask(statement)

    def taken(self, shop: Workshop, *, own_tables: bool = False) -> Snapshot:
        """The snapshot now."""
        return shop.run(shop.project().snapshot(own_tables=own_tables))

    def test_the_same_structure_has_the_same_fingerprint(self, url: str, tmp_path: Path) -> None:
        if (shop := self.built(url, tmp_path)) is None:
            return
        first = self.taken(shop)
        assert self.taken(shop).dumps() == first.dumps()
        self.execute(shop, *TORN_DOWN)
        empty = self.taken(shop)
        assert empty.fingerprint != first.fingerprint
        self.execute(shop, *BUILT)
        again = self.taken(shop)
        assert diff(first, again).changes == ()
        assert again.fingerprint == first.fingerprint

    def test_everything_is_known_and_can_be_kept(self, url: str, tmp_path: Path) -> None:
        if (shop := self.built(url, tmp_path)) is None:
            return
        taken = self.taken(shop)
        assert taken.unknown == ()
        assert loads(taken.dumps()) == taken
        kept = tmp_path / "kept.json"
        kept.write_text(taken.dumps(), encoding="utf-8")
        assert shop.run(shop.project().diff(kept, "live")).diff.equal

    @cases("step", STEPS)
    def test_what_is_added_is_noticed_and_without_it_nothing_is(
        self, url: str, tmp_path: Path, step: Step
    ) -> None:
        if (shop := self.built(url, tmp_path)) is None:
            return
        before = self.taken(shop)
        self.execute(shop, step.there)
        after = self.taken(shop)
        assert before.fingerprint != after.fingerprint
        for found, sort in ((diff(before, after), Added), (diff(after, before), Removed)):
            assert all(isinstance(change, sort) for change in found.changes)
            assert any(
                change.key.kind == step.kind and _names(change.key.identity, step.name)
                for change in found.changes
            )
        self.execute(shop, step.back)
        assert diff(before, self.taken(shop)).changes == ()

    @cases("statements", CHANGES)
    def test_what_is_changed_is_noticed(self, url: str, tmp_path: Path, statements: tuple[str, ...]) -> None:
        if (shop := self.built(url, tmp_path)) is None:
            return
        before = self.taken(shop)
        self.execute(shop, *statements)
        after = self.taken(shop)
        assert not diff(before, after).equal
        assert before.fingerprint != after.fingerprint

    def test_rows_are_no_structure(self, url: str, tmp_path: Path) -> None:
        if (shop := self.built(url, tmp_path)) is None:
            return
        before = self.taken(shop)
        self.execute(shop, "INSERT INTO shelves (id, name) VALUES (1, 'a')")
        assert self.taken(shop).dumps() == before.dumps()

    def test_the_two_tables_are_left_out_unless_they_are_asked_for(self, url: str, tmp_path: Path) -> None:
        if (shop := self.built(url, tmp_path)) is None:
            return
        before = self.taken(shop)
        shop.sql("001_pens", "CREATE TABLE pens (id INTEGER);", "DROP TABLE pens;")
        shop.migrate()
        shop.rollback()
        assert diff(before, self.taken(shop)).changes == ()
        whole = self.taken(shop, own_tables=True)
        tables = [fact.identity for fact in whole.facts if fact.kind == "table" and fact not in before.facts]
        assert any(_names(name, "migrations") for name in tables)
        assert any(_names(name, "migrations_log") for name in tables)

    def test_to_read_it_writes_nothing(self, url: str, tmp_path: Path) -> None:
        if (shop := self.built(url, tmp_path)) is None:
            return
        shop.ask("INSERT INTO shelves (id, name) VALUES (1, 'a')")
        before = self.taken(shop, own_tables=True)
        assert self.taken(shop, own_tables=True).dumps() == before.dumps()
        assert not shop.exists("migrations")
        assert shop.ask("SELECT id, name FROM shelves") == [(1, "a")]


def _names(identity: str, name: str) -> bool:
    """Whether an identity, which may have a schema before it, is that of a name."""
    return identity == name or identity.endswith(f".{name}")
