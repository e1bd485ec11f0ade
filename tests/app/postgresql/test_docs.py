"""`docs` on PostgreSQL: what is seen of migrations when they are replayed, and what is written of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

import stepwell
from stepwell.core.errors import MigrationError, StepError, UsageError
from stepwell.core.proof import Verdict
from stepwell.render.book import pages
from stepwell.render.book.document import book_document
from stepwell.testing import Workshop

if TYPE_CHECKING:
    from collections.abc import Callable

    from stepwell.core.book import Book, Chapter, Sheet

EVIL = "x <script>alert(1)</script> | `a` ``` [b](http://c) \n# end\n"


@pytest.fixture
def shop(postgresql_server: str, tmp_path: Path) -> Workshop:
    """Migrations without a database of their own; scratch databases are made on the server of the tests."""
    return Workshop(postgresql_server, tmp_path, lambda _: [])


def made(shop: Workshop, *, verify: bool = False) -> Book:
    return shop.run(shop.project(url=None, scratch_url=shop.url).docs(verify=verify))


def chapter(book: Book, version: str) -> Chapter:
    return next(each for each in book.chapters if each.version.text == version)


def sheet(book: Book, name: str) -> Sheet:
    return next(each for each in book.sheets if each.key.identity == f"public.{name}")


def blamed(found: Sheet) -> dict[str, str]:
    return {
        each.name: f"{each.touched.made} {each.touched.changed}" for each in found.columns if each.touched
    }


def test_which_migration_changed_a_column_last(shop: Workshop) -> None:
    shop.sql("001_users", "CREATE TABLE users (id int PRIMARY KEY, mail text, name text, note text);")
    shop.sql("002_mail", "ALTER TABLE users ALTER mail SET NOT NULL;", header="-- depends: 001")
    shop.sql("003_rename", "ALTER TABLE users RENAME name TO title;", header="-- depends: 001")
    shop.sql("004_comment", "COMMENT ON COLUMN users.mail IS 'where to write';", header="-- depends: 002")
    shop.sql("005_again", "ALTER TABLE users DROP note; ALTER TABLE users ADD note int DEFAULT 1;")
    shop.sql("006_table", "ALTER TABLE users RENAME TO people;")
    shop.sql("007_rows", "INSERT INTO people VALUES (1, 'a@b', 'c');")
    found = sheet(made(shop), "people")
    assert blamed(found) == {"id": "001 001", "mail": "001 004", "title": "001 003", "note": "001 005"}
    assert found.touched is not None
    assert f"{found.touched.made} {found.touched.changed}" == "001 006"
    assert [each.comment for each in found.columns] == [None, "where to write", None, None]


def test_what_a_migration_changes_in_words(shop: Workshop) -> None:
    shop.sql("001_users", "CREATE TABLE users (id int PRIMARY KEY, name text);")
    shop.sql(
        "002_rename", "ALTER TABLE users RENAME name TO title; ALTER TABLE users ALTER title TYPE varchar(9);"
    )
    shop.sql("003_table", "ALTER TABLE users RENAME TO people; ALTER TABLE people SET SCHEMA public;")
    shop.sql("004_rows", "INSERT INTO people VALUES (1);")
    book = made(shop)
    told = [[line.text for line in each.changes or ()] for each in book.chapters]
    assert told == [
        ["table users: added (2 columns, 1 constraint, 1 index)"],
        ["column users.name: renamed to title", "column users.title: type text -> varchar(9)"],
        ["table users: renamed to people"],
        [],
    ]


def test_a_column_keeps_who_made_it_in_partitions_too(shop: Workshop) -> None:
    shop.sql(
        "001_events",
        "CREATE TABLE events (at int, what text) PARTITION BY RANGE (at);"
        "CREATE TABLE early PARTITION OF events FOR VALUES FROM (0) TO (10);",
    )
    shop.sql("002_rename", "ALTER TABLE events RENAME what TO kind;", header="-- depends: 001")
    book = made(shop)
    assert blamed(sheet(book, "early")) == {"at": "001 001", "kind": "001 002"}
    assert [line.text for line in book.chapters[1].changes or ()] == [
        "column early.what: renamed to kind",
        "column events.what: renamed to kind",
    ]


def test_what_hangs_on_no_table_says_what_it_is_on(shop: Workshop) -> None:
    shop.sql("001_names", "CREATE MATERIALIZED VIEW names AS SELECT 1 AS a; CREATE INDEX by_a ON names (a);")
    book = made(shop)
    assert [(each.key.identity, each.on) for each in book.items] == [
        ("public.by_a", "public.names"),
        ("public.names", None),
    ]
    assert "| `by_a` | `names` | `btree (a)` |" in pages(book)["objects.md"]


def test_a_table_without_columns_says_so(shop: Workshop) -> None:
    shop.sql("001_nothing", "CREATE TABLE nothing ();")
    assert "## Columns\n\nThere are none.\n" in pages(made(shop))["tables/nothing.md"]


def test_foreign_keys_in_both_directions(shop: Workshop) -> None:
    shop.sql(
        "001_all",
        'CREATE SCHEMA s; CREATE TABLE s."Odd table" ("a.b" int, "end" int, PRIMARY KEY ("a.b", "end"));'
        'CREATE TABLE users (id int PRIMARY KEY, x int NOT NULL, y int, FOREIGN KEY (x, y) REFERENCES s."Odd table",'
        "boss int NOT NULL REFERENCES users (id));",
    )
    book = made(shop)
    boss, odd = sheet(book, "users").references
    assert (boss.columns, boss.to.identity, boss.to_columns, boss.optional) == (
        ("boss",), "public.users", ("id",), False,
    )  # fmt: skip
    assert (odd.columns, odd.to.identity, odd.to_columns, odd.optional) == (
        ("x", "y"), 's."Odd table"', ("a.b", "end"), True,
    )  # fmt: skip
    assert sheet(book, "users").referenced == (boss,)
    (other,) = (each for each in book.sheets if each.key == odd.to)
    assert other.referenced == (odd,)


def test_python_is_told_by_what_it_sends(shop: Workshop) -> None:
    shop.sql("001_t", "CREATE TABLE t (id int);", "DROP TABLE t;")
    shop.python(
        "002_rows",
        """
        for number in range(3):
            await database.execute("INSERT INTO t VALUES (:id)", {"id": 7000 + number})
        """,
        down="""
        for row in await database.fetch_all("SELECT id FROM t"):
            await database.execute(f"DELETE FROM t WHERE id = {row['id']}")
        """,
    )
    shop.python("003_driver", "async with database.driver() as c:\n    await c.execute('SELECT 1')")
    shop.python("004_count", "pass", down='assert await database.execute_count("DELETE FROM t") == 3')
    shop.python("005_misuse", "await database.execute('SELECT 1')", down="database.execute('SELECT 2')")
    book = made(shop)
    rows = chapter(book, "002")
    assert [each._asdict() for each in rows.up.statements] == [
        {"sql": "INSERT INTO t VALUES (:id)", "times": 3}
    ]
    assert rows.down is not None
    assert [each.sql for each in rows.down.statements][1:] == [
        f"DELETE FROM t WHERE id = {7000 + n}" for n in range(3)
    ]
    assert rows.source is None
    for version in ("003", "004", "005"):
        assert "class" in (chapter(book, version).source or "")
    assert "7000" not in json.dumps(book_document(book)["migrations"][1]["up"])


def test_secrets_and_values_are_not_in_it(shop: Workshop) -> None:
    shop.sql(
        "001_f",
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'host=x password=hunter22' $$;"
        "CREATE TABLE t (a text DEFAULT 'postgresql://me:hunter22@host/db');",
    )
    shop.python("002_v", """await database.execute("INSERT INTO t VALUES (:a)", {"a": "hunter22"})""")
    book = made(shop)
    assert "hunter22" not in json.dumps(book_document(book))
    assert "hunter22" not in "".join(pages(book).values())


def test_verdicts_are_those_of_verify(shop: Workshop) -> None:
    shop.sql("001_t", "CREATE TABLE t (id int);", "DROP TABLE t;")
    shop.sql("002_c", "ALTER TABLE t ADD c int DEFAULT 1;", "SELECT 1;")
    book = made(shop, verify=True)
    found = [each.judgement for each in book.chapters]
    assert [each.verdict for each in found if each] == [Verdict.PROVED, Verdict.BROKEN]
    page = pages(book)["migrations/002_c.md"]
    assert "- Verdict: **broken**\n" in page
    assert "  - down() leaves behind column t.c: added" in page
    assert "| verdict |" in pages(book)["README.md"]
    assert "| verdict |" not in pages(made(shop))["README.md"]


def test_roles_that_migrations_make_are_in_nobodys_way(shop: Workshop) -> None:
    """The server has them until they are dropped, and `verify` comes behind the replay."""
    name = f"role_{uuid.uuid4().hex[:12]}"
    shop.sql("001_role", f"CREATE ROLE {name};", f"DROP ROLE {name};")
    shop.sql("002_t", f"CREATE TABLE t (id int); GRANT SELECT ON t TO {name};", "DROP TABLE t;")
    made(shop)
    book = made(shop, verify=True)
    assert [each.judgement and each.judgement.verdict for each in book.chapters] == [Verdict.PROVED] * 2
    assert sheet(book, "t").attributes["grants"] == {name: ["SELECT"]}


def test_one_that_fails_is_an_error(shop: Workshop) -> None:
    shop.sql("001_t", "CREATE TABLE t (id no_such_type);")
    error = shop.failure(shop.project(url=None, scratch_url=shop.url).docs())
    assert isinstance(error, StepError)
    assert "no_such_type" in str(error)
    shop.sql("001_t", "CREATE TABLE t (id int);", header="-- depends: 009")
    assert isinstance(shop.failure(shop.project(url=None, scratch_url=shop.url).docs()), MigrationError)


def test_an_argument_that_can_not_be_right(shop: Workshop) -> None:
    assert isinstance(shop.failure(shop.project().docs(verify="no")), UsageError)  # type: ignore[arg-type]


def test_no_migrations_make_a_book_without_any(shop: Workshop) -> None:
    book = made(shop)
    assert list(pages(book)) == ["README.md"]
    assert "There are none." in pages(book)["README.md"]


def test_without_snapshots_it_says_so(shop: Workshop) -> None:
    from stepwell.app.docs import docs

    shop.sql("001_t", "CREATE TABLE t (id int);", "DROP TABLE t;")
    shop.python("002_p", "await database.execute('SELECT 1')", attributes='dependencies = ["001"]')
    context = shop.project(url=None, scratch_url=shop.url)._joiner().context()
    unable = context.dialect._replace(abilities=context.dialect.abilities._replace(snapshots=False))
    book = shop.run(docs(context._replace(dialect=unable, scratch=None)))
    assert (book.structure, book.verified, book.sheets) == (False, False, ())
    found = pages(book)
    assert "- the structure is not in it: there are no snapshots of postgresql yet" in found["README.md"]
    assert "m0 --> m1" in found["README.md"]
    assert "CREATE TABLE t (id int);" in found["migrations/001_t.md"]
    assert "What it changes" not in found["migrations/001_t.md"]
    assert "database.execute('SELECT 1')" in found["migrations/002_p.md"]


KITCHEN = f"""
CREATE EXTENSION IF NOT EXISTS plpgsql;
CREATE SCHEMA "Odd schema";
CREATE TYPE mood AS ENUM ('sad', 'it''s | ok');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE "Odd schema"."t|a`b<i>.end" ("c|`d" text DEFAULT '```' , "end" positive, m mood);
CREATE TABLE "readme" (id serial PRIMARY KEY, x int UNIQUE CHECK (x <> 2 OR x IN (3, 4)));
CREATE TABLE "CON" (id int);
CREATE TABLE "con" (id int);
CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE VIEW v AS SELECT id, x FROM readme WHERE x > 1;
CREATE MATERIALIZED VIEW mv AS SELECT 1 AS one;
CREATE FUNCTION f(a int) RETURNS trigger LANGUAGE plpgsql AS $$
-- ``` </details> <script>
BEGIN RETURN NEW; END $$;
CREATE TRIGGER tr BEFORE INSERT ON readme FOR EACH ROW EXECUTE FUNCTION g();
ALTER TABLE readme ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON readme FOR SELECT USING (x > 0);
CREATE STATISTICS st ON id, x FROM readme;
COMMENT ON TABLE readme IS $c${EVIL}$c$;
COMMENT ON COLUMN readme.x IS $c${EVIL}$c$;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
CREATE TYPE addr AS (street text);
COMMENT ON FUNCTION f(int) IS $c${EVIL}$c$;
""".replace(
    "CREATE FUNCTION f(a int) RETURNS trigger",
    "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\n"
    "CREATE FUNCTION f(a int) RETURNS int",
).replace(
    "-- ``` </details> <script>\nBEGIN RETURN NEW; END $$",
    "-- ``` </details> <script>\nBEGIN RETURN 1; END $$",
)


PYTHON = '''
"""# of the module, ``` <script>"""
from stepwell import Migration, database


class Rows(Migration):
    """One | line

    ``` and <script>
    more
    """

    dependencies = ["001"]

    async def up(self):
        await database.execute("SELECT 1 -- ```")
'''


@pytest.fixture
def kitchen(shop: Workshop) -> Workshop:
    """One of everything, with names and comments that would break Markdown."""
    shop.sql("001_kitchen", KITCHEN, header="-- description: a | <b>b</b> `c`\n-- # remark ``` <script>")
    (shop.folder / "002_rows.py").write_text(PYTHON, encoding="utf-8")
    return shop


def test_nothing_of_a_user_is_html_or_ends_its_place(kitchen: Workshop) -> None:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    found = pages(made(kitchen))
    assert len(found) > 8
    for path, text in found.items():
        tokens = parser.parse(text)
        html = [token.content.strip() for token in tokens if token.type == "html_block"]
        assert html == ["<!-- Written by stepwell docs. Edit the migrations, not this page. -->"], path
        inline = [child.type for token in tokens for child in token.children or []]
        assert {"html_inline", "image"}.isdisjoint(inline), path
        for heading in (token for token in tokens if token.type == "heading_open" and token.tag == "h1"):
            assert heading.map == [2, 3], path


def test_links_lead_to_pages(kitchen: Workshop) -> None:
    found = pages(made(kitchen))
    checked = 0
    for path, text in found.items():
        for target in re.findall(r"(?<!\\)\]\(([^)]+)\)", re.sub(r"(?ms)^(`{3,}).*?^\1$", "", text)):
            place, _, anchor = target.partition("#")
            if "://" in target:
                continue
            led = os.path.normpath(Path(path).parent / place)
            assert led in found, (path, target)
            assert not anchor or f"\n## {anchor.capitalize()}\n" in found[led]
            checked += 1
    assert checked > 20
    assert len({path.lower() for path in found}) == len(found)
    assert all(re.fullmatch(r"[\w./-]+", path, re.ASCII) for path in found)


@pytest.mark.slow
def test_the_same_bytes_from_another_machine(
    kitchen: Workshop, tmp_path: Path, role: Callable[[str], str]
) -> None:
    """Another process, another place, another language, another time zone, other hashes, another name of the role."""
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    program = [
        sys.executable,
        "-m",
        "stepwell",
        "docs",
        "--no-verify",
        "--config",
        str(tmp_path / "stepwell.toml"),
    ]
    (tmp_path / "stepwell.toml").write_text('migrations = ["migrations"]\n')
    parts = urlsplit(kitchen.url)
    somebody = role("LOGIN SUPERUSER PASSWORD 'known'") + ":known"
    other_role = parts._replace(netloc=f"{somebody}@{parts.netloc.rpartition('@')[2]}").geturl()
    seen = []
    for number, (folder, url, variables) in enumerate(
        [
            (tmp_path, kitchen.url, {"PYTHONHASHSEED": "1", "TZ": "UTC", "LANG": "C.UTF-8"}),
            (
                elsewhere,
                other_role,
                {"PYTHONHASHSEED": "2", "TZ": "Asia/Kathmandu", "LANG": "tr_TR.UTF-8", "LC_ALL": "C"},
            ),
        ]
    ):
        output = tmp_path / f"out{number}"
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("STEPWELL_")},
            **variables,
            "PYTHONPATH": str(Path(stepwell.__file__).parents[1]),
            "STEPWELL_SCRATCH_URL": url,
        }
        done = subprocess.run(
            [*program, "-o", str(output)],
            cwd=folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        seen.append({str(each.relative_to(output)): each.read_bytes() for each in output.rglob("*.md")})
    assert seen[0] == seen[1]
    assert seen[0] == {path: text.encode() for path, text in pages(made(kitchen)).items()}
    assert not any(str(tmp_path).encode() in text for text in seen[0].values())
