"""From a snapshot to tables: what is left out, and how they refer to each other."""

from __future__ import annotations

import pytest

from stepwell.core.book import Book, Item, Sheet, Touched, cleaned
from stepwell.core.book.sheets import laid_out, notes, settled
from stepwell.core.migration import Version
from stepwell.core.schema.snapshot import Fact, Key, Snapshot
from stepwell.engines.postgresql.lexical import POSTGRESQL

SCHEMA = Key("schema", "public")
ONE = Touched(Version("1"), Version("1"))


def table(name: str, **attributes: object) -> Fact:
    return Fact("table", f"public.{name}", SCHEMA, attributes)


def on(parent: str, kind: str, name: str, **attributes: object) -> Fact:
    return Fact(kind, f"public.{parent}.{name}", Key("table", f"public.{parent}"), attributes)


def laid(*facts: Fact, but: tuple[str, ...] = ()) -> tuple[tuple[Sheet, ...], tuple[Item, ...]]:
    snapshot = Snapshot("postgresql", "18.4", facts)
    touched = {fact.key: ONE for fact in snapshot.facts if fact.identity not in but}
    return laid_out(snapshot, touched, POSTGRESQL)


def test_a_table_and_what_hangs_on_it() -> None:
    (found,), others = laid(
        table("a", comment="c", row_security=True),
        on("a", "column", "y", type="character varying(9)", position=2, not_null=True, default="'x'"),
        on("a", "column", "x", type="text", position=1, comment="d", identity="always"),
        on("a", "trigger", "t", definition="BEFORE"),
        Fact("index", "public.i", Key("table", "public.a"), {"definition": "btree (x)"}),
        Fact("view", "public.v", SCHEMA, {"definition": "SELECT 1"}),
        Fact("column", "public.v.x", Key("view", "public.v"), {"type": "text"}),
    )
    assert (found.comment, found.attributes, found.schema) == ("c", {"row_security": True}, "public")
    assert [(each.name, each.type, each.nullable, each.default) for each in found.columns] == [
        ("x", "text", True, None),
        ("y", "varchar(9)", False, "'x'"),
    ]
    assert (found.columns[0].comment, found.columns[0].attributes) == ("d", {"identity": "always"})
    assert [(each.key.kind, each.name, each.definition) for each in found.items] == [
        ("index", "public.i", "btree (x)"),
        ("trigger", "t", "BEFORE"),
    ]
    assert [(each.key.identity, each.definition) for each in others] == [("public.v", "SELECT 1")]


def test_what_was_there_before_is_left_out() -> None:
    sheets, items = laid(table("a"), table("b"), Fact("schema", "public"), but=("public.a", "public"))
    assert [each.key.identity for each in sheets] == ["public.b"]
    assert items == ()


def test_a_trigger_on_a_table_of_others_is_told_by_itself() -> None:
    _, (found,) = laid(table("a"), on("a", "trigger", "t"), but=("public.a",))
    assert found.key.identity == "public.a.t"


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("FOREIGN KEY (x) REFERENCES public.b(id) ON DELETE CASCADE", (("x",), ("id",))),
        ("FOREIGN KEY (x) REFERENCES b", (("x",), ())),
        ('FOREIGN KEY ("x", "REFERENCES") REFERENCES b (id, "a)b")', (("x", "REFERENCES"), ("id", "a)b"))),
        ("FOREIGN KEY (x) REFERENCES other.b(id)", None),
        ("FOREIGN KEY (x) REFERENCES", None),
        ("", None),
    ],
)
def test_a_foreign_key(definition: str, expected: tuple[tuple[str, ...], tuple[str, ...]] | None) -> None:
    (a, b), _ = laid(
        table("a"),
        table("b"),
        on("a", "column", "x", type="int", not_null=True),
        on("a", "constraint", "k", type="foreign key", definition=definition),
    )
    assert a.references == b.referenced
    assert [(each.columns, each.to_columns) for each in a.references] == ([expected] if expected else [])
    assert not any(each.optional for each in a.references)


def test_what_is_the_servers_is_settled() -> None:
    facts = [
        table("a", owner="me"),
        table("b", owner="somebody"),
        Fact("view", "v", SCHEMA, {"definer": "me"}),
        on("a", "constraint", "a_x_not_null", type="not null", definition="NOT NULL x"),
        on("a", "constraint", "told", type="not null", definition="NOT NULL x", comment="why"),
    ]
    found = settled(Snapshot("postgresql", "18.4", facts), "me")
    assert [(fact.identity, fact.attributes.get("owner")) for fact in found.facts] == [
        ("public.a.told", None),
        ("public.a", None),
        ("public.b", "somebody"),
        ("v", None),
    ]
    assert not found.facts[-1].attributes


def test_what_can_not_be_told_is_said() -> None:
    mine, other = (Fact("server", name, guarded=None) for name in ("mine", "other"))
    snapshot = Snapshot("postgresql", "18.4", [table("a"), mine, other, Fact("unknown", "thing x")])
    assert notes(snapshot, {mine.key: ONE}) == (
        "of a kind that stepwell does not know: thing x",
        "the server mine may not be read in full",
    )


def test_every_text_of_a_book_is_cleaned() -> None:
    (sheet,), _ = laid(
        table("a", comment="secret", options={"x": ["secret"]}), on("a", "column", "x", type="t")
    )
    book = Book("postgresql", (), (sheet,), notes=("secret",))
    found = cleaned(book, lambda text: text.replace("secret", "***"))
    assert "secret" not in repr(found)
    assert found.sheets[0].columns == sheet.columns
    assert found.sheets[0].attributes == {"options": {"x": ["***"]}}
