"""The text of a migration file of the model, in SQL or Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.life.values import File, Statement

SQL = {
    "create": "CREATE TABLE t_{version} (id INTEGER PRIMARY KEY)",
    "leave": "INSERT INTO witness (version, edition) VALUES ('{version}', {edition})",
    "take": "DELETE FROM witness WHERE version = '{version}'",
    "drop_if_there": "DROP TABLE IF EXISTS t_{version}",
    "drop": "DROP TABLE t_{version}",
    "fail": "INSERT INTO witness (no_such_column) VALUES (1)",
}


def sql_of(statement: Statement) -> str:
    """One statement, as it is written into a file."""
    return SQL[statement.does].format(version=statement.version, edition=statement.edition)


def text_of(file: File) -> str:
    """The text of a file."""
    return _python(file) if file.python else _sql(file)


def _sql(file: File) -> str:
    idempotent = "-- idempotent" if file.idempotent else ""
    option = " transaction:false" if file.apart else ""
    lines = [
        f"-- note {file.note}",
        f"-- depends: {', '.join(file.depends)}" if file.depends else "",
        idempotent,
    ]
    for direction in ("up", "down") if file.reversible else ("up",):
        lines += [
            f"-- migrate:{direction}{option}",
            *(f"{sql_of(each)};" for each in file.statements(direction)),
        ]
    return "\n".join(lines) + "\n"


def _python(file: File) -> str:
    lines = [
        f"# note {file.note}",
        "from stepwell import Migration, database",
        "",
        "",
        "class Step(Migration):",
    ]
    lines += [f"    dependencies = {list(file.depends)!r}", f"    transactional = {not file.apart}"]
    lines += [f"    idempotent = {file.idempotent}"]
    for direction in ("up", "down") if file.reversible else ("up",):
        lines += ["", f"    async def {direction}(self):"]
        lines += [f"        await database.execute({sql_of(each)!r})" for each in file.statements(direction)]
    return "\n".join(lines) + "\n"
