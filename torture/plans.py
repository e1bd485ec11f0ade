"""The migrations of the sweep: what each does, written for each engine, and how one sees how often it was done.

Each statement that changes something has an effect that can be counted from outside. Two tables stand there before:
`mark`, into which a migration inserts a row, and `tally`, in which it counts one up. Done twice, either shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

WITNESSES = (
    "CREATE TABLE mark (what VARCHAR(20) NOT NULL)",
    "CREATE TABLE tally (what VARCHAR(20) NOT NULL PRIMARY KEY, n INTEGER NOT NULL)",
)
TALLIES = ("002", "003", "004", "005", "004.down")


class Effect(NamedTuple):
    """What one statement does: a query that counts it, the statement, and the count before and after it."""

    probe: str
    statement: str
    before: int = 0
    after: int = 1


@dataclass(frozen=True, slots=True)
class Part:
    """A migration: its version, its file with its text, its effects in order (and those of its `down`), whether it is
    in a transaction.
    """

    version: str
    file: str
    text: str
    effects: tuple[Effect, ...]
    gone: tuple[Effect, ...]
    transactional: bool = True

    def downward(self) -> Part:
        """The same with the effects of its `down`."""
        return replace(self, effects=self.gone)


@dataclass(frozen=True, slots=True)
class Plan:
    """Migrations, the verb that is faulted, and which versions commit together."""

    name: str
    title: str
    verb: str
    parts: tuple[Part, ...]
    segments: tuple[tuple[str, ...], ...]

    @property
    def downward(self) -> bool:
        """Whether it reverts what was applied before."""
        return self.verb == "rollback"

    @property
    def wish(self) -> dict[str, str]:
        """The arguments of its verb."""
        return {"target": "base"} if self.downward else {}

    def write(self, folder: Path) -> None:
        """Write the files of the migrations."""
        folder.mkdir(parents=True, exist_ok=True)
        for part in self.parts:
            (folder / part.file).write_text(part.text)


class Dialect(NamedTuple):
    """How an engine is asked whether something is there; `{}` is its name. `concurrently` may be empty."""

    tables: str
    columns: str
    indexes: str
    concurrently: str = ""
    drop_on: str = ""
    transactional: bool = True
    upkeep: tuple[str, ...] = ()  # statements that refuse a transaction, and change nothing that is counted


POSTGRESQL = Dialect(
    "SELECT count(*) FROM pg_class WHERE relname = '{}' AND relkind = 'r' AND relnamespace = 'public'::regnamespace",
    "SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass('accounts') AND attname = '{}'",
    "SELECT count(*) FROM pg_index JOIN pg_class ON oid = indexrelid WHERE relname = '{}' AND indisvalid",
    concurrently=" CONCURRENTLY",
    upkeep=("REINDEX INDEX CONCURRENTLY accounts_n", "VACUUM accounts"),
)
SQLITE = Dialect(
    "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '{}'",
    "SELECT count(*) FROM pragma_table_info('accounts') WHERE name = '{}'",
    "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = '{}'",
    upkeep=("VACUUM",),
)
MARIADB = Dialect(
    "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'torture' AND table_name = '{}'",
    "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'torture' AND table_name = 'accounts'"
    " AND column_name = '{}'",
    "SELECT count(DISTINCT index_name) FROM information_schema.statistics WHERE table_schema = 'torture'"
    " AND index_name = '{}'",
    drop_on=" ON accounts",
    transactional=False,
)

_PYTHON = '''"""A migration of the sweep."""

from stepwell import Migration, database


class Step(Migration):
    """Made by the sweep"""
{attributes}
    {define} up(self):
{up}
    {define} down(self):
{down}'''


def plans_of(dialect: Dialect) -> tuple[Plan, ...]:
    """All plans for an engine."""
    return (_batch(dialect), _mixed(dialect), _rollback(dialect))


def _batch(dialect: Dialect) -> Plan:
    parts = (_accounts(dialect), _touched(dialect, plain=True), _ledger(dialect))
    return Plan("batch", "a batch of three", "migrate", parts, _segments(dialect, parts))


def _mixed(dialect: Dialect) -> Plan:
    parts = (
        _accounts(dialect), _touched(dialect), _indexes(dialect), _rows(dialect),
        _ledger(dialect, "005"),
    )  # fmt: skip
    return Plan(
        "mixed", "batches, and steps without a transaction", "migrate", parts, _segments(dialect, parts)
    )


def _rollback(dialect: Dialect) -> Plan:
    up = _mixed(dialect)
    parts = tuple(part.downward() for part in reversed(up.parts))
    segments = tuple(tuple(reversed(segment)) for segment in reversed(up.segments))
    return Plan("rollback", "rollback of all of these", "rollback", parts, segments)


def _segments(dialect: Dialect, parts: tuple[Part, ...]) -> tuple[tuple[str, ...], ...]:
    """Neighbours in a transaction commit together; everything else alone."""
    found: list[list[str]] = []
    together = False
    for part in parts:
        within = part.transactional and dialect.transactional
        if within and together:
            found[-1].append(part.version)
        else:
            found.append([part.version])
        together = within
    return tuple(map(tuple, found))


# --- the migrations: file, text, effects ---


def _marked(what: str) -> Effect:
    return Effect(f"SELECT count(*) FROM mark WHERE what = '{what}'", f"INSERT INTO mark VALUES ('{what}')")


def _tallied(what: str) -> Effect:
    return Effect(
        f"SELECT n FROM tally WHERE what = '{what}'", f"UPDATE tally SET n = n + 1 WHERE what = '{what}'"
    )


def _made(count: str, name: str, statement: str) -> Effect:
    return Effect(count.format(name), statement)


def _gone(made: Effect, statement: str) -> Effect:
    return Effect(made.probe, statement, before=1, after=0)


def _sql(up: list[str], down: list[str], options: str = "") -> str:
    lines = [f"-- migrate:up {options}".rstrip(), *(f"{each};" for each in up), ""]
    return "\n".join([*lines, f"-- migrate:down {options}".rstrip(), *(f"{each};" for each in down), ""])


def _statements(effects: tuple[Effect, ...]) -> list[str]:
    return [effect.statement for effect in effects]


def _accounts(dialect: Dialect) -> Part:
    effects = (
        _made(
            dialect.tables, "accounts", "CREATE TABLE accounts (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)"
        ),
        _marked("001"),
    )
    gone = (_gone(effects[0], "DROP TABLE accounts"), _marked("001.down"))
    rows = "INSERT INTO accounts VALUES " + ", ".join(f"({number}, 0)" for number in range(1, 9))
    up = [effects[0].statement, rows, effects[1].statement]
    text = _sql(up, _statements(gone))
    return Part("001", "001_accounts.sql", text, effects, gone, dialect.transactional)


def _python(up: list[str], down: list[str], *, plain: bool = False, attributes: str = "") -> str:
    def body(lines: list[str]) -> str:
        made = [line if plain else f"await {line}" for line in lines]
        return "".join(f"        {line}\n" for line in made)

    define = "def" if plain else "async def"
    return _PYTHON.format(define=define, up=body(up), down=body(down), attributes=attributes)


def _execute(effect: Effect) -> str:
    return f"database.execute({effect.statement!r})"


def _touched(dialect: Dialect, *, plain: bool = False) -> Part:
    effects = (
        _made(dialect.columns, "note", "ALTER TABLE accounts ADD COLUMN note VARCHAR(40)"),
        _tallied("002"),
    )
    gone = (_gone(effects[0], "ALTER TABLE accounts DROP COLUMN note"), _marked("002.down"))
    many = "'UPDATE accounts SET note = :note WHERE id = :id', [{'id': n, 'note': 'x'} for n in range(1, 9)]"
    up = [
        _execute(effects[0]),
        "database.fetch_all('SELECT what, n FROM tally')",
        f"database.execute_many({many})",
        _execute(effects[1]),
    ]
    text = _python(up, [_execute(each) for each in gone], plain=plain)
    return Part("002", "002_note.py", text, effects, gone, dialect.transactional)


def _indexes(dialect: Dialect) -> Part:
    concurrently, on = dialect.concurrently, dialect.drop_on
    effects = (
        _made(dialect.indexes, "accounts_n", f"CREATE INDEX{concurrently} accounts_n ON accounts (n)"),
        _marked("003"),
        _made(
            dialect.indexes,
            "accounts_m",
            f"CREATE UNIQUE INDEX{concurrently} accounts_m ON accounts (note, id)",
        ),
    )
    gone = (
        _gone(effects[2], f"DROP INDEX{concurrently} accounts_m{on}"),
        _marked("003.down"),
        _gone(effects[0], f"DROP INDEX{concurrently} accounts_n{on}"),
    )
    up = [*_statements(effects[:2]), *dialect.upkeep, effects[2].statement]
    text = _sql(up, _statements(gone), "transaction:false")
    return Part("003", "003_indexes.sql", text, effects, gone, transactional=False)


def _rows(dialect: Dialect) -> Part:
    effects = (
        _marked("004"),
        _made(dialect.tables, "notes", "CREATE TABLE notes (id INTEGER PRIMARY KEY, what VARCHAR(40))"),
        _tallied("004"),
    )
    gone = (_gone(effects[1], "DROP TABLE notes"), _tallied("004.down"))
    text = _python(
        [_execute(each) for each in effects],
        [_execute(each) for each in gone],
        attributes="\n    transactional = False\n",
    )
    return Part("004", "004_rows.py", text, effects, gone, transactional=False)


def _ledger(dialect: Dialect, version: str = "003") -> Part:
    effects = (
        _made(
            dialect.tables, "ledger", "CREATE TABLE ledger (id INTEGER PRIMARY KEY REFERENCES accounts (id))"
        ),
        _tallied(version),
    )
    gone = (_gone(effects[0], "DROP TABLE ledger"), _marked(f"{version}.down"))
    up = [effects[0].statement, "INSERT INTO ledger SELECT id FROM accounts", effects[1].statement]
    text = _sql(up, _statements(gone))
    return Part(version, f"{version}_ledger.sql", text, effects, gone, dialect.transactional)
