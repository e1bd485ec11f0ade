"""Why a database can't be used: each reason has its own message, and none of them shows a secret."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from stepwell.core.errors import ConnectionFailedError, Refusal, StepwellError, UsageError
from stepwell.core.events import WaitingForServer
from stepwell.project import Project
from stepwell.render.errors import error_json, error_text, fault_of
from stepwell.render.view import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stepwell.testing import Workshop

SECRET = "Tr0ub4dor&3"
ENCODED = "Tr0ub4dor%263"

ANSWERS = {
    "password": ("28P01", 'password authentication failed for user "app"', Refusal.PASSWORD),
    "pg_hba": (
        "28000",
        'no pg_hba.conf entry for host "127.0.0.1", user "app", database "shop", no encryption',
        Refusal.PASSWORD,
    ),
    "no role": ("28000", 'role "app" does not exist', Refusal.NO_ROLE),
    "no database": ("3D000", 'database "shop" does not exist', Refusal.NO_DATABASE),
    "starting": ("57P03", "the database system is starting up", Refusal.STARTING),
    "shutting down": ("57P03", "the database system is shutting down", Refusal.STARTING),
    "recovering": ("57P03", "the database system is in recovery mode", Refusal.STARTING),
    "too many": ("53300", "sorry, too many clients already", Refusal.TOO_MANY),
    "slots": (
        "53300",
        "remaining connection slots are reserved for non-replication superuser connections",
        Refusal.TOO_MANY,
    ),
    "too many of a role": ("53300", 'too many connections for role "app"', Refusal.TOO_MANY),
}


def refused(url: str, root: Path, **settings: Any) -> ConnectionFailedError:
    """Ask for the status, which must be refused, and give the error."""
    (root / "migrations").mkdir(exist_ok=True)
    project = Project(url, migrations="migrations", root=root, **settings)
    with pytest.raises(ConnectionFailedError) as caught:
        asyncio.run(project.status())
    return caught.value


def told(error: StepwellError) -> str:
    """Everything that anybody could print of an error."""
    return "\n".join(
        (
            str(error),
            repr(error),
            str(error.hint),
            repr(vars(error)),
            "".join(traceback.format_exception(error)),
            error_text(error, View()),
            json.dumps(error_json(fault_of(error)), default=str),
        )
    )


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_each_answer_of_a_server_has_its_own_refusal(
    answer: tuple[str, str, Refusal], refusing: Callable[[str, str], int], tmp_path: Path
) -> None:
    code, message, expected = answer
    url = f"postgresql://app:{ENCODED}@127.0.0.1:{refusing(code, message)}/shop"
    error = refused(url, tmp_path)
    assert error.refusal is expected
    assert error.exit_code == 7
    assert message in error.message
    assert error.hint
    assert "postgresql://app@127.0.0.1" in error.message
    assert SECRET not in told(error)
    assert ENCODED not in told(error)


def test_all_refusals_are_told_apart(refusing: Callable[[str, str], int], tmp_path: Path) -> None:
    words = set()
    for code, message, refusal in ANSWERS.values():
        error = refused(f"postgresql://app@127.0.0.1:{refusing(code, message)}/shop", tmp_path)
        words.add((refusal, error.message.split(": ", 1)[1].split(" (")[0]))
    assert len(words) == len({refusal for _, _, refusal in ANSWERS.values()})


@pytest.mark.parametrize(
    ("option", "words"),
    [("colour=red", 'invalid connection option "colour"'), ("sslmode=banana", "invalid sslmode value")],
)
def test_an_option_that_the_driver_does_not_know_is_wrong_usage(
    option: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "migrations").mkdir()
    url = f"postgresql://app:{ENCODED}@127.0.0.1:1/shop?{option}"
    project = Project(url, migrations="migrations", root=tmp_path)
    with pytest.raises(UsageError, match=words) as caught:
        asyncio.run(project.status())
    assert caught.value.exit_code == 2
    assert SECRET not in told(caught.value)


def test_a_name_that_nobody_has(tmp_path: Path) -> None:
    error = refused(f"postgresql://app:{ENCODED}@no-such-host.invalid/shop", tmp_path)
    assert error.refusal is Refusal.NAME
    assert SECRET not in told(error)


def test_a_port_at_which_nobody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = refused(f"postgresql://app:{ENCODED}@127.0.0.1:{port}/shop", tmp_path)
    assert error.refusal is Refusal.REFUSED
    assert SECRET not in told(error)


def test_a_socket_that_is_not_there(tmp_path: Path) -> None:
    error = refused(f"postgresql://app:{ENCODED}@/shop?host={tmp_path}", tmp_path)
    assert error.refusal is Refusal.REFUSED


def test_a_server_without_tls(refusing: Callable[[str, str], int], tmp_path: Path) -> None:
    port = refusing("57P03", "not reached")
    error = refused(f"postgresql://app:{ENCODED}@127.0.0.1:{port}/shop?sslmode=require", tmp_path)
    assert error.refusal is Refusal.TLS
    assert SECRET not in told(error)


def test_a_certificate_that_is_not_there(refusing: Callable[[str, str], int], tmp_path: Path) -> None:
    port = refusing("57P03", "not reached")
    query = f"sslmode=verify-full&sslrootcert={tmp_path}/none.crt"
    error = refused(f"postgresql://app:{ENCODED}@127.0.0.1:{port}/shop?{query}", tmp_path)
    assert error.refusal is Refusal.TLS


def test_a_server_that_never_answers(silent: int, tmp_path: Path) -> None:
    error = refused(f"postgresql://app:{ENCODED}@127.0.0.1:{silent}/shop?connect_timeout=1", tmp_path)
    assert error.refusal is Refusal.UNREACHABLE
    assert SECRET not in told(error)


def test_a_database_that_is_not_there(postgresql_url: str, tmp_path: Path) -> None:
    url = urlsplit(postgresql_url)._replace(path="/no_such_database").geturl()
    assert refused(url, tmp_path).refusal is Refusal.NO_DATABASE


def test_a_role_that_is_not_there(as_user: Callable[..., str], tmp_path: Path) -> None:
    error = refused(as_user("no_such_role", ENCODED), tmp_path)
    assert error.refusal in {Refusal.NO_ROLE, Refusal.PASSWORD}
    assert SECRET not in told(error)


def test_a_role_that_has_no_connection_left(
    role: Callable[[str], str], as_user: Callable[..., str], tmp_path: Path
) -> None:
    error = refused(as_user(role("LOGIN CONNECTION LIMIT 0"), ENCODED), tmp_path)
    assert error.refusal is Refusal.TOO_MANY
    assert SECRET not in told(error)


def test_a_role_that_may_not_log_in(
    role: Callable[[str], str], as_user: Callable[..., str], tmp_path: Path
) -> None:
    assert refused(as_user(role("NOLOGIN")), tmp_path).refusal is Refusal.NO_ROLE


def test_a_role_that_can_not_be_taken_on(postgresql_url: str, tmp_path: Path) -> None:
    error = refused(postgresql_url, tmp_path, role="no_such_role_to_take_on")
    assert error.refusal is Refusal.NO_ROLE
    assert "no_such_role_to_take_on" in error.message


def test_a_schema_that_is_not_there(shop: Workshop) -> None:
    error = shop.failure(shop.project(schema="nowhere").status())
    assert error.exit_code == 2
    assert "nowhere" in error.message


def test_waiting_for_a_server_that_starts(refusing: Callable[[str, str], int], tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    port = refusing("57P03", "the database system is starting up")
    heard: list[object] = []
    project = Project(
        f"postgresql://app:{ENCODED}@127.0.0.1:{port}/shop",
        migrations="migrations",
        root=tmp_path,
        wait=0.1,
        events=heard.append,
    )
    with pytest.raises(ConnectionFailedError) as caught:
        asyncio.run(project.status())
    assert caught.value.refusal is Refusal.STARTING
    (waiting,) = heard
    assert isinstance(waiting, WaitingForServer)
    assert SECRET not in repr(waiting)


# --- secrets ---


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("raise RuntimeError('postgresql://app:Tr0ub4dor&3@host/db')", id="raised"),
        pytest.param("await database.execute(\"SELECT 'Tr0ub4dor&3' FROM nowhere\")", id="statement"),
        pytest.param(
            'await database.execute("SELECT CAST(:secret AS integer)", {"secret": "Tr0ub4dor&3"})', id="value"
        ),
        pytest.param(
            "await database.execute(\"DO $$BEGIN RAISE EXCEPTION 'it is Tr0ub4dor&3'; END$$\")", id="message"
        ),
    ],
)
def test_a_failure_of_a_migration_shows_no_password(
    body: str,
    shop: Workshop,
    role: Callable[[str], str],
    as_user: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The server trusts everybody who reaches its socket: the password is not asked for, and must stay unseen."""
    user = role("LOGIN SUPERUSER")
    shop.python("001_step", body)
    with caplog.at_level(logging.DEBUG, logger="stepwell"):
        error = shop.failure(shop.project(url=as_user(user, ENCODED)).migrate())
    shown = told(error).replace("RuntimeError('postgresql://app:Tr0ub4dor&3@host/db')", "")
    log = shop.column("SELECT error FROM migrations_log WHERE error IS NOT NULL")
    for place, text in (("message", error.message), ("hint", str(error.hint)), ("log", str(log))):
        assert SECRET not in text, place
    for record in caplog.records:
        assert SECRET not in record.getMessage()
    assert ENCODED not in shown


def test_a_settings_object_shows_no_password(tmp_path: Path) -> None:
    project = Project(f"postgresql://app:{ENCODED}@host/shop", root=tmp_path)
    assert ENCODED not in repr(project.settings)
    assert project.shown_url == "postgresql://app@host/shop"


# --- rights ---


def test_no_right_to_create_is_named_before_the_first_statement(
    shop: Workshop, role: Callable[[str], str], as_user: Callable[..., str]
) -> None:
    user = role("LOGIN")
    shop.ask("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    shop.table("001_first")
    error = shop.failure(shop.project(url=as_user(user)).migrate())
    assert isinstance(error, ConnectionFailedError)
    assert error.refusal is Refusal.RIGHTS
    assert error.exit_code == 7
    assert "CREATE on the schema public" in error.message
    assert error.hint is not None
    assert error.hint.startswith("GRANT CREATE ON SCHEMA public TO")
    assert not shop.exists("first")


def test_no_right_to_use_the_schema(
    shop: Workshop, role: Callable[[str], str], as_user: Callable[..., str]
) -> None:
    user = role("LOGIN")
    shop.ask("CREATE SCHEMA closed")
    shop.table("001_first")
    error = shop.failure(shop.project(url=as_user(user), schema="closed").migrate())
    assert isinstance(error, ConnectionFailedError)
    assert error.refusal is Refusal.RIGHTS


def test_a_seven_column_table_of_somebody_else_can_not_be_extended(
    shop: Workshop, role: Callable[[str], str], as_user: Callable[..., str]
) -> None:
    owner, user = role("NOLOGIN"), role("LOGIN")
    shop.ask(f"GRANT CREATE ON SCHEMA public TO {owner}, {user}")
    shop.ask(
        "CREATE TABLE migrations (id SERIAL PRIMARY KEY, version VARCHAR(50) UNIQUE NOT NULL,"
        " name VARCHAR(255) NOT NULL, description TEXT, dependencies TEXT, created_at TIMESTAMP, applied_at TIMESTAMP)"
    )
    shop.ask(f"ALTER TABLE migrations OWNER TO {owner}")
    shop.ask(f"GRANT ALL ON migrations TO {user}")
    shop.ask(f"GRANT ALL ON migrations_id_seq TO {user}")
    shop.table("001_first")
    error = shop.failure(shop.project(url=as_user(user), trusted_owners=(owner,)).migrate())
    assert isinstance(error, ConnectionFailedError)
    assert error.refusal is Refusal.RIGHTS
    assert "ownership of public.migrations" in error.message


@pytest.mark.parametrize("granted", ["", "SELECT", "SELECT, INSERT"], ids=lambda text: text or "nothing")
def test_rights_on_the_history(
    granted: str, shop: Workshop, role: Callable[[str], str], as_user: Callable[..., str]
) -> None:
    user = role("LOGIN")
    shop.table("001_first")
    shop.migrate()
    shop.table("002_second")
    shop.ask(f"GRANT CREATE ON SCHEMA public TO {user}")
    if granted:
        shop.ask(f"GRANT {granted} ON migrations, migrations_log TO {user}")
    project = shop.project(url=as_user(user))
    error = shop.failure(project.migrate())
    assert isinstance(error, ConnectionFailedError)
    assert error.refusal is Refusal.RIGHTS
    assert "public.migrations" in error.message
    if granted:
        assert [entry.state for entry in shop.run(project.status()).entries] == ["applied", "pending"]


def test_rights_on_the_sequence_of_the_history(
    shop: Workshop, role: Callable[[str], str], as_user: Callable[..., str]
) -> None:
    user = role("LOGIN")
    shop.table("001_first")
    shop.migrate()
    shop.table("002_second")
    shop.ask(f"GRANT CREATE ON SCHEMA public TO {user}")
    shop.ask(f"GRANT ALL ON migrations, migrations_log TO {user}")
    error = shop.failure(shop.project(url=as_user(user)).migrate())
    assert isinstance(error, ConnectionFailedError)
    assert error.refusal is Refusal.RIGHTS
    assert error.hint is not None
    assert "SEQUENCE" in error.hint
    shop.ask(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {user}")
    assert shop.run(shop.project(url=as_user(user)).migrate()).ok


def test_a_role_that_only_reads(
    shop: Workshop, role: Callable[[str], str], as_user: Callable[..., str]
) -> None:
    user = role("LOGIN SUPERUSER")
    shop.ask(f"ALTER ROLE {user} SET default_transaction_read_only = on")
    shop.table("001_first")
    project = shop.project(url=as_user(user))
    error = shop.failure(project.migrate())
    assert isinstance(error, ConnectionFailedError)
    assert error.refusal is Refusal.READ_ONLY
    assert error.exit_code == 7
    assert [entry.state for entry in shop.run(project.status()).entries] == ["pending"]
    assert shop.run(project.migrate(dry_run=True)).steps


def test_a_database_that_is_only_read(shop: Workshop) -> None:
    (name,) = shop.column("SELECT current_database()")
    shop.ask(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    shop.table("001_first")
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, ConnectionFailedError)
    assert error.refusal is Refusal.READ_ONLY


# --- whose table ---


def test_a_table_of_a_stranger_is_not_trusted(
    shop: Workshop, role: Callable[[str], str], as_user: Callable[..., str]
) -> None:
    """The database belongs to the server's own role; neither of these two is one, nor a member of the other."""
    stranger, user = role("LOGIN"), role("LOGIN")
    shop.ask(f"GRANT CREATE ON SCHEMA public TO {stranger}, {user}")
    shop.table("001_first")
    shop.run(shop.project(url=as_user(stranger)).migrate())
    shop.ask(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {user}")
    shop.ask(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {user}")
    error = shop.failure(shop.project(url=as_user(user)).status())
    assert error.exit_code == 6
    assert stranger in error.message
    assert "trusted_owners" in error.message
    trusting = shop.project(url=as_user(user), trusted_owners=(stranger,))
    assert [entry.state for entry in shop.run(trusting.status()).entries] == ["applied"]
    shop.table("002_second")
    assert shop.run(trusting.migrate()).ok
    shop.ask(f"GRANT {stranger} TO {user}")
    assert shop.run(shop.project(url=as_user(user)).status()).up_to_date


def test_the_role_that_is_taken_on_owns_everything(
    shop: Workshop, role: Callable[[str], str], as_user: Callable[..., str]
) -> None:
    owner = role("NOLOGIN")
    user = role(f"LOGIN IN ROLE {owner}")
    shop.ask(f"GRANT CREATE ON SCHEMA public TO {owner}")
    shop.table("001_first")
    shop.run(shop.project(url=as_user(user), role=owner).migrate())
    owners = shop.column("SELECT DISTINCT tableowner::text FROM pg_tables WHERE schemaname = 'public'")
    assert owners == [owner]
    assert shop.run(shop.project(url=as_user(user)).status()).up_to_date
