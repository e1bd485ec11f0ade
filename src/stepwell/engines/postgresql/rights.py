"""What a role must be allowed, told by name before the first statement. Pure: it judges what the catalog said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import ConnectionFailedError, Refusal
from stepwell.core.history import TableShape
from stepwell.engines.postgresql.inspect import check_writable

if TYPE_CHECKING:
    from stepwell.core.history import History
    from stepwell.engines.postgresql.inspect import Description, Relation

_STANDBY = (
    "a standby server",
    "use the URL of the primary; of several hosts, ?target_session_attrs=read-write finds it",
)
_READ_ONLY = (
    "set to read-only transactions",
    "use a role that may write: default_transaction_read_only is on for this role, database or server",
)


def check_rights(found: Description, history: History, shown: str) -> None:
    """Raises `ConnectionFailedError` naming the first right that is missing, `HistoryTableError` for types that are."""
    check_writable(found)
    if found.standby or found.read_only:
        what, hint = _STANDBY if found.standby else _READ_ONLY
        raise ConnectionFailedError(
            f"{shown}: the database is read-only: it is {what}", refusal=Refusal.READ_ONLY, hint=hint
        )
    if not found.may_use:
        raise _missing(
            found, f"USAGE on the schema {found.schema}", f"GRANT USAGE ON SCHEMA {found.schema}", shown
        )
    if not history.ready:
        _check_creating(found, history, shown)
    for relation in (found.history, found.log):
        if relation is not None:
            _check_writing(found, relation, shown)
            _check_numbering(found, relation, shown)


def check_reading(found: Description, shown: str) -> None:
    """Raises `ConnectionFailedError` where a table of the tool may not be read."""
    for relation in (found.history, found.log):
        if relation is not None and not relation.may_select:
            name = f"{found.schema}.{relation.name}"
            raise _missing(found, f"SELECT on {name}", f"GRANT SELECT ON {name}", shown)


def _check_creating(found: Description, history: History, shown: str) -> None:
    makes_a_table = history.shape is TableShape.ABSENT or not history.log_exists
    if makes_a_table and not found.may_create:
        raise _missing(
            found, f"CREATE on the schema {found.schema}", f"GRANT CREATE ON SCHEMA {found.schema}", shown
        )
    if history.shape is TableShape.SEVEN and found.history is not None and not found.history.may_alter:
        raise _missing(
            found,
            f"ownership of {found.schema}.{found.history.name}, which gets two columns",
            f"run once as {found.history.owner}, or GRANT {found.history.owner}",
            shown,
        )


def _check_writing(found: Description, relation: Relation, shown: str) -> None:
    if not (relation.may_select and relation.may_write):
        name = f"{found.schema}.{relation.name}"
        raise _missing(
            found,
            f"SELECT, INSERT and DELETE on {name}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name}",
            shown,
        )


def _check_numbering(found: Description, relation: Relation, shown: str) -> None:
    if not relation.may_number:
        raise _missing(
            found,
            f"USAGE on the sequence of {found.schema}.{relation.name}",
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {found.schema}",
            shown,
        )


def _missing(found: Description, right: str, grant: str, shown: str) -> ConnectionFailedError:
    return ConnectionFailedError(
        f"{shown}: missing rights: {found.user} lacks {right}",
        refusal=Refusal.RIGHTS,
        hint=f"{grant} TO {found.user}",
    )
