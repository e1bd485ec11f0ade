"""Who may create in a schema of the search path gets nothing to run as whoever runs stepwell: no function or operator
that fits better than the server's own, and no table that lies in wait under the name of the history.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

import stepwell
from stepwell.core.errors import HistoryTableError
from stepwell.testing.workshop import outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stepwell.testing import Workshop

    Role = Callable[..., str]
    AsUser = Callable[..., str]

ENGINE = Path(stepwell.__file__).parent / "engines" / "postgresql"

# --- the texts ---

# What looks like a call and is none: grammar, which nobody can replace.
GRAMMAR = re.compile(
    r"all|and|any|array|as|by|cast|check|coalesce|distinct|exists|filter|from|in|lateral|not|null|on|or|over"
    r"|recursive|select|table|union|using|values|varchar|when|where|with",
    re.IGNORECASE,
)
_STATEMENT = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|DECLARE|FROM pg_catalog)\b")
_CALL = re.compile(r"""(?<![\w."])([A-Za-z_]\w*)\s*\(""")
_COLUMN_LIST = re.compile(
    r"(INSERT INTO\s+\S+|\bAS\s+\w+|CREATE TABLE\s+\S+|RECURSIVE\s+\w+|FROM\s+\"x\")\s*\($", re.IGNORECASE
)


def sql_texts() -> Iterator[tuple[str, str]]:
    """Every literal text of the engine that is SQL, with the place where it stands."""
    for path in sorted(ENGINE.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inner = {
            id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
        }
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if id(node) in inner | prose:
                continue
            text = _text(node)
            if text is not None and _STATEMENT.search(text):
                yield f"{path.name}:{getattr(node, 'lineno', 0)}", text


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else '"x"' for part in node.values)  # type: ignore[misc]
    return None


def unqualified(text: str) -> list[str]:
    """The functions that a text calls by a bare name."""
    bare = re.sub(r"'[^']*'", "''", text)
    return [
        call[1]
        for call in _CALL.finditer(bare)
        if not GRAMMAR.fullmatch(call[1]) and not _COLUMN_LIST.search(bare[: call.end()])
    ]


def test_every_function_is_called_with_its_schema() -> None:
    found = dict(sql_texts())
    assert len(found) > 20, "the texts are not found any more"
    assert {place: names for place, text in found.items() if (names := unqualified(text))} == {}


def test_a_bare_name_would_be_found() -> None:
    assert unqualified("SELECT array_agg(a) FROM x WHERE b IN (SELECT pg_catalog.max(c) FROM y)") == [
        "array_agg"
    ]


# --- functions and operators ---

SUPER_TRAP = """
CREATE FUNCTION public.sf(text[], text) RETURNS text[] LANGUAGE plpgsql AS $$BEGIN
  IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    EXECUTE 'ALTER ROLE {mallory} SUPERUSER';
  END IF;
  RETURN $1 || $2;
END$$;
CREATE AGGREGATE public.array_agg(text) (SFUNC = public.sf, STYPE = text[], INITCOND = '{{}}');
"""
# An operator for every two of these types, and functions of every name that we call: all of them raise. Who is no
# superuser may not even call them, which is found out where there are no rows too.
TRAPS = r"""
DO $do$
DECLARE
  types text[] := '{text,varchar,bpchar,name,"\"char\"",int2,int4,int8,oid,regclass,numeric,float8,interval,
    timestamp,bool}';
  of_functions text[] := '{text,name,varchar,oid,int8,int4,"text, text","text, name, name","name, oid, text"}';
  name text; one text; two text; arguments text;
  body text := 'LANGUAGE plpgsql AS $f$BEGIN RAISE EXCEPTION ''hijacked''; END$f$';
BEGIN
  FOREACH one IN ARRAY types LOOP
    FOREACH two IN ARRAY types LOOP
      EXECUTE format('CREATE FUNCTION public.trap(%s, %s) RETURNS bool %s', one, two, body);
      FOREACH name IN ARRAY '{=,<>,>,-,*,||,&,>>}'::text[] LOOP
        EXECUTE format('CREATE OPERATOR public.%s (FUNCTION = public.trap, LEFTARG = %s, RIGHTARG = %s)',
          name, one, two);
      END LOOP;
    END LOOP;
  END LOOP;
  FOREACH name IN ARRAY '{NAMES}'::text[] LOOP
    FOREACH arguments IN ARRAY of_functions LOOP
      EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS text %s', name, arguments, body);
    END LOOP;
  END LOOP;
END $do$;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
"""


def called() -> set[str]:
    """The functions of the server that the engine calls."""
    return {name for _, text in sql_texts() for name in re.findall(r"pg_catalog\.(\w+)\s*\(", text)}


@pytest.fixture
def mallory(shop: Workshop, role: Role) -> str:
    """A role that may create in the schema of the history, and nothing else."""
    name = role()
    shop.ask(f"GRANT CREATE ON SCHEMA public TO {name}")
    return name


@pytest.fixture(params=["a superuser", "a role of its own"])
def runner(request: pytest.FixtureRequest, shop: Workshop, role: Role, as_user: AsUser) -> str:
    """The URL of whoever runs stepwell."""
    if request.param == "a superuser":
        return shop.url
    name = role()
    shop.ask(f"GRANT CREATE ON SCHEMA public TO {name}")
    return as_user(name)


def act_as(shop: Workshop, name: str, sql: str) -> None:
    """Let this role do something."""
    shop.ask(f"SET ROLE {name}")
    try:
        shop.ask(sql)
    finally:
        shop.ask("RESET ROLE")


def write_all_kinds(shop: Workshop) -> None:
    """Migrations that use every statement of the engine's own."""
    shop.sql(
        "001_items",
        "CREATE TABLE items (id INTEGER UNIQUE DEFERRABLE INITIALLY DEFERRED);",
        "DROP TABLE items;",
    )
    shop.sql("002_rows", "INSERT INTO items VALUES (1), (2);", "TRUNCATE items;")
    shop.sql(
        "003_steps",
        "CREATE TABLE one (id INTEGER);\nCREATE TABLE two (id INTEGER);",
        "DROP TABLE two;\nDROP TABLE one;",
        options="transaction:false",
    )
    shop.sql("004_watched", "SET LOCAL work_mem = '1MB';\nDO $$BEGIN END$$;", "SELECT 1;")
    shop.python(
        "005_driver",
        "async with database.driver() as connection:\n    await connection.execute('SELECT 1')",
        "await database.execute('SELECT 1')",
    )


def test_no_function_or_operator_is_called_but_the_servers(shop: Workshop, mallory: str, runner: str) -> None:
    names = ",".join(sorted(called()))
    act_as(shop, mallory, TRAPS.replace("NAMES", names))
    with pytest.raises(psycopg.errors.RaiseException, match="hijacked"):
        shop.ask("SELECT 'a'::varchar = 'a'")
    with pytest.raises(psycopg.errors.RaiseException, match="hijacked"):
        shop.ask("SELECT format('a'::text, 'b'::name, 'c'::name)")
    write_all_kinds(shop)
    project = shop.project(url=runner)
    assert shop.run(project.check()) is not None
    report = shop.run(project.migrate())
    assert outcomes(report) == [f"00{number} applied" for number in range(1, 6)]
    assert {entry.state for entry in shop.run(project.status()).entries} == {"applied"}
    assert shop.run(project.check()) is not None
    assert shop.run(project.log(batch=report.batch)).entries
    assert shop.run(project.unlock()).holder is None
    assert not shop.run(project.unlock(force=True)).ended
    shop.run(project.unmark("005"))
    shop.run(project.mark("005"))
    assert len(shop.run(project.rollback(target="base")).steps) == 5


def test_an_aggregate_of_somebody_makes_nobody_a_superuser(shop: Workshop, mallory: str) -> None:
    act_as(shop, mallory, SUPER_TRAP.format(mallory=mallory))
    shop.table("001_items")
    shop.migrate()
    shop.status()
    assert shop.column(f"SELECT rolsuper FROM pg_roles WHERE rolname = '{mallory}'") == [False]


# --- planted tables ---

PLANTED = """
CREATE FUNCTION public.ev() RETURNS timestamp LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hijacked'; END$$;
CREATE TABLE migrations (id SERIAL PRIMARY KEY, version VARCHAR(50) UNIQUE NOT NULL, name VARCHAR(255) NOT NULL,
  description TEXT, dependencies TEXT, created_at TIMESTAMP DEFAULT ev(), applied_at TIMESTAMP DEFAULT ev())
"""
SEVEN = PLANTED[PLANTED.index("CREATE TABLE") :].replace("ev()", "CURRENT_TIMESTAMP")


def test_a_superuser_does_not_trust_everybody(shop: Workshop, mallory: str) -> None:
    act_as(shop, mallory, PLANTED)
    shop.table("001_items")
    for verb in ("status", "check", "migrate"):
        error = shop.failure(getattr(shop.project(), verb)())
        assert isinstance(error, HistoryTableError)
        assert error.exit_code == 6
        assert f"it belongs to {mallory}" in error.message
    assert not shop.exists("items")


# What made an ordinary user a superuser with the first record, or told of invented versions, or of none.
TRIGGER = """
CREATE FUNCTION public.evil() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
  IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    EXECUTE 'ALTER ROLE {mallory} SUPERUSER';
  END IF;
  RETURN NEW;
END$$;
CREATE TRIGGER t BEFORE INSERT ON public.migrations FOR EACH ROW EXECUTE FUNCTION public.evil();
GRANT ALL ON public.migrations TO PUBLIC
"""
ATTACKS = {
    "a trigger": (SEVEN + ";" + TRIGGER, "it has triggers"),
    "a rule": (
        SEVEN + "; CREATE RULE r AS ON INSERT TO public.migrations DO ALSO SELECT 1",
        "it has rules",
    ),
    "hidden rows": (
        SEVEN + "; ALTER TABLE migrations ENABLE ROW LEVEL SECURITY",
        "it has row-level security",
    ),
    "invented rows": (
        (
            "CREATE VIEW public.migrations AS SELECT 1 AS id, '001'::text AS version, 'x'::text AS name,"
            " NULL::text AS description, NULL::text AS dependencies, now() AS created_at, now() AS applied_at"
        ),
        "it is a view",
    ),
}


@pytest.mark.parametrize("trusted", [False, True], ids=["a stranger's", "by somebody who is trusted"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_what_lies_in_wait_is_not_used(shop: Workshop, mallory: str, attack: str, trusted: bool) -> None:
    """Not even where its owner is trusted: an owner's triggers run as whoever writes."""
    statements, why = ATTACKS[attack]
    act_as(shop, mallory, statements.replace("{mallory}", mallory))
    shop.table("001_items")
    settings = {"trusted_owners": (mallory,)} if trusted else {}
    for verb in ("status", "check", "migrate", "rollback"):
        error = shop.failure(getattr(shop.project(**settings), verb)())
        assert isinstance(error, HistoryTableError)
        expected = why if trusted or why == "it is a view" else f"it belongs to {mallory}, who is neither"
        assert error.message.startswith(f"public.migrations can't be used as stepwell's table: {expected}")
        assert error.hint is not None
        assert "'table' and 'schema'" in error.hint
    assert not shop.exists("items")
    assert shop.column(f"SELECT rolsuper FROM pg_roles WHERE rolname = '{mallory}'") == [False]


def test_the_trigger_of_a_stranger_on_a_table_of_ours(shop: Workshop, mallory: str) -> None:
    shop.table("001_items")
    shop.migrate()
    shop.table("002_more")
    shop.ask(f"GRANT TRIGGER, INSERT ON migrations TO {mallory}")
    act_as(shop, mallory, TRIGGER.rpartition(";")[0].replace("{mallory}", mallory))
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, HistoryTableError)
    assert error.message == "public.migrations can't be used as stepwell's table: it has triggers"
    assert shop.column(f"SELECT rolsuper FROM pg_roles WHERE rolname = '{mallory}'") == [False]


def test_a_planted_log_is_not_trusted_either(shop: Workshop, mallory: str) -> None:
    shop.table("001_items")
    shop.migrate()
    shop.ask(f"ALTER TABLE migrations_log OWNER TO {mallory}")
    error = shop.failure(shop.project().status())
    assert isinstance(error, HistoryTableError)
    assert "migrations_log" in error.message


@pytest.mark.parametrize(
    "whose", ["own", "a group's", "a group's group's", "the database owner's", "trusted"]
)
def test_whose_table_is_trusted(shop: Workshop, role: Role, as_user: AsUser, whose: str) -> None:
    user, owner = role(), role("NOLOGIN")
    shop.ask(f"GRANT CREATE ON SCHEMA public TO {user}, {owner}")
    act_as(shop, user if whose == "own" else owner, SEVEN)
    shop.ask(f"GRANT ALL ON migrations, migrations_id_seq TO {user}")
    settings: dict[str, tuple[str, ...]] = {}
    if whose == "a group's":
        shop.ask(f"GRANT {owner} TO {user}")
    elif whose == "a group's group's":
        between = role("NOLOGIN")
        shop.ask(f"GRANT {owner} TO {between}; GRANT {between} TO {user}")
    elif whose == "the database owner's":
        shop.ask(f"ALTER DATABASE {shop.column('SELECT current_database()')[0]} OWNER TO {owner}")
    elif whose == "trusted":
        settings = {"trusted_owners": (owner,)}
    shop.table("001_items")
    report = shop.run(shop.project(url=as_user(user), **settings).status())
    assert [entry.state for entry in report.entries] == ["pending"]


@pytest.mark.parametrize("table", ["migrations", "migrations_log"])
def test_what_a_crash_empties_is_no_history(shop: Workshop, table: str) -> None:
    shop.table("001_items")
    shop.migrate()
    shop.ask(f"ALTER TABLE {table} SET UNLOGGED")
    error = shop.failure(shop.project().status())
    assert isinstance(error, HistoryTableError)
    assert f"{table} can't be used" in error.message
    assert "unlogged" in error.message


def test_a_trigger_of_a_migration_that_swallows_records_is_no_success(shop: Workshop) -> None:
    """It comes into being with the segment, so that nothing can be looked at before."""
    shop.table("001_items")
    shop.sql(
        "002_trigger",
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';\n"
        "CREATE TRIGGER swallow BEFORE INSERT ON migrations FOR EACH ROW EXECUTE FUNCTION swallow();",
    )
    error = shop.failure(shop.project().migrate())
    assert error.exit_code == 6
    assert "does not confirm" in error.message
