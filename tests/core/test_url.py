"""Database URLs: what each form means, what is shown of it, and that no error repeats what was given."""

import contextlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.errors import UsageError
from stepwell.core.url import DatabaseUrl, Host, parse_url

PARSED: list[tuple[str, str, dict[str, str]]] = [
    # url, shown, parameters of the driver
    (
        "postgresql://app:p%40ss@db:5432/shop?sslmode=require",
        "postgresql://app@db:5432/shop",
        {
            "host": "db",
            "port": "5432",
            "user": "app",
            "password": "p@ss",
            "dbname": "shop",
            "sslmode": "require",
        },
    ),
    ("postgres://app@db/shop", "postgresql://app@db/shop", {"host": "db", "user": "app", "dbname": "shop"}),
    ("postgresql+psycopg://db/shop", "postgresql://db/shop", {"host": "db", "dbname": "shop"}),
    ("POSTGRESQL://db", "postgresql://db", {"host": "db"}),
    ("  postgresql://db\n", "postgresql://db", {"host": "db"}),
    ("postgresql://", "postgresql://", {}),
    ("postgresql:///shop", "postgresql:///shop", {"dbname": "shop"}),
    (
        "postgresql://app:@db/shop",
        "postgresql://app@db/shop",
        {"host": "db", "user": "app", "dbname": "shop"},
    ),
    (
        "postgresql://a:b:c@db/d",
        "postgresql://a@db/d",
        {"host": "db", "user": "a", "password": "b:c", "dbname": "d"},
    ),
    (
        "postgresql://[::1]:5433/d",
        "postgresql://[::1]:5433/d",
        {"host": "::1", "port": "5433", "dbname": "d"},
    ),
    ("postgresql://h1:1,h2/d", "postgresql://h1:1,h2/d", {"host": "h1,h2", "port": "1,", "dbname": "d"}),
    (
        "postgresql:///d?host=/run/pg&port=5433",
        "postgresql:///d?host=/run/pg&port=5433",
        {"host": "/run/pg", "port": "5433", "dbname": "d"},
    ),
    (
        "postgresql:///d?host=/tmp/@sock",
        "postgresql:///d?host=/tmp/@sock",
        {"host": "/tmp/@sock", "dbname": "d"},
    ),
    ("postgresql://%2Frun%2Fpg/d", "postgresql:///d?host=/run/pg", {"host": "/run/pg", "dbname": "d"}),
    ("postgresql://?host=a,b&port=1,2", "postgresql://a:1,b:2", {"host": "a,b", "port": "1,2"}),
    ("postgresql://?host=a,b&port=1", "postgresql://a:1,b:1", {"host": "a,b", "port": "1,1"}),
    (
        "postgresql://?user=u&dbname=d&password=p",
        "postgresql://u@/d",
        {"user": "u", "password": "p", "dbname": "d"},
    ),
    ("postgresql://?service=shop", "postgresql://?service=shop", {"service": "shop"}),
    (
        "postgresql://db/d?options=-c%20role%3Dx",
        "postgresql://db/d",
        {"host": "db", "dbname": "d", "options": "-c role=x"},
    ),
    ("postgresql://ü:p@db/d%20e", "postgresql://%C3%BC@db/d%20e", {}),
    ("mysql://app:pw@db:3306/shop", "mysql://app@db:3306/shop", {}),
    ("mariadb://db/shop", "mariadb://db/shop", {"host": "db", "dbname": "shop"}),
    ("sqlite://", "sqlite://", {}),
    ("sqlite:///", "sqlite://", {}),
    ("sqlite:///:memory:", "sqlite://", {}),
    ("sqlite:///app.db?mode=ro", "sqlite:///app.db", {"dbname": "app.db", "mode": "ro"}),
    ("sqlite:////srv/app%20x.db", "sqlite:////srv/app x.db", {"dbname": "/srv/app x.db"}),
    ("embedded://journal", "embedded://journal", {"dbname": "journal"}),
]

REFUSED: list[tuple[str, str, str | None]] = [
    # url, message, a piece of the hint
    ("", "the database URL has no scheme", "postgresql://USER@HOST/DATABASE"),
    ("host=db password=S3cr3t", "the database URL has no scheme", None),
    ("app:S3cr3t@db/shop", "the database URL has no scheme", None),
    ("app:S3cr3t://db/shop", "the database URL has no scheme", None),
    ("postgresql:/S3cr3t", "in the database URL, postgresql: must be followed by two slashes", None),
    (
        "postgres+asyncpg://a:S3cr3t@db",
        "no database is known by the scheme 'postgres+asyncpg'",
        "write postgresql://",
    ),
    (
        "sqlite+aiosqlite:///S3cr3t",
        "no database is known by the scheme 'sqlite+aiosqlite'",
        "write sqlite://",
    ),
    ("postgers://a:S3cr3t@db", "no database is known by the scheme 'postgers'", "did you mean postgres://?"),
    ("pgsql://a:S3cr3t@db", "no database is known by the scheme 'pgsql'", "did you mean postgresql://?"),
    ("oracle://a:S3cr3t@db", "no database is known by the scheme 'oracle'", "write postgresql://"),
    ("postgresql://a:S3%zzcr3t@db", "the password of the database URL is badly percent-encoded", "%25"),
    ("postgresql://a:S3cr3t%@db", "the password of the database URL is badly percent-encoded", "%25"),
    ("postgresql://a:S3cr3t%ff@db", "the password of the database URL is badly percent-encoded", None),
    ("postgresql://a:S3cr3t%00@db", "the password of the database URL holds a NUL character", None),
    ("postgresql://S3cr3t%zz@db", "the user of the database URL is badly percent-encoded", None),
    ("postgresql://db/S3cr3t%zz", "the database of the database URL is badly percent-encoded", None),
    ("postgresql://db%zz/S3cr3t", "the host of the database URL is badly percent-encoded", None),
    ("postgresql://a:S3c@r3t@db", "user, password and host of the database URL can't be told apart", "%40"),
    ("postgresql://a:S3c/r3t@db", "user, password and host of the database URL can't be told apart", "%2F"),
    ("postgresql://a:S3c#r3t@db", "user, password and host of the database URL can't be told apart", "%23"),
    ("postgresql://a:S3c?r3t@db", "user, password and host of the database URL can't be told apart", "%3F"),
    ("postgresql://a:12?S3=cr3t@db", "user, password and host of the database URL can't be told apart", None),
    ("postgresql://[::1", "the host of the database URL has an unbalanced '['", "[::1]:5432"),
    ("postgresql://[::1]S3cr3t", "the host of the database URL has an unbalanced '['", None),
    ("postgresql://::1]", "the host of the database URL has an unbalanced ']'", None),
    ("postgresql://::1", "the host of the database URL holds more than one ':'", "[::1]:5432"),
    ("postgresql://db:5432x/S3cr3t", "the port of the database URL is not a number", None),
    ("postgresql://db:S3cr3t", "the port of the database URL is not a number", "percent-encoded"),
    ("postgresql://db:٣/", "the port of the database URL is not a number", None),
    ("postgresql://db:0", "the port of the database URL is not between 1 and 65535", None),
    ("postgresql://db:70000", "the port of the database URL is not between 1 and 65535", None),
    (
        "postgresql://?host=a,b&port=1,2,3",
        "the database URL names a different number of hosts and ports",
        None,
    ),
    ("postgresql://db?S3cr3t", "an option after the '?' of the database URL is not KEY=VALUE", None),
    ("postgresql://db?S3 cr3t=1", "the name of an option of the database URL is none", None),
    (
        "postgresql://db?x=S3cr3t%zz",
        "the value of an option of the database URL is badly percent-encoded",
        None,
    ),
    ("postgresql://db\nS3cr3t", "the database URL holds a control character or a line break", None),
    ("sqlite://S3cr3t.db", "an SQLite URL has no host", "sqlite:///relative.db"),
    ("sqlite:///file:S3cr3t.db", "the file name of an SQLite URL begins with 'file:'", "?mode=ro"),
    ("sqlite:///S3cr3t%zz", "the file name of the database URL is badly percent-encoded", None),
    ("embedded://", "the name of the embedded server is not one", "embedded://NAME"),
    ("embedded://../S3cr3t", "the name of the embedded server is not one", None),
    ("embedded://" + "a" * 41, "the name of the embedded server is not one", None),
]


@pytest.mark.parametrize(("text", "shown", "parameters"), PARSED, ids=[case[0] for case in PARSED])
def test_a_url_is_understood(text: str, shown: str, parameters: dict[str, str]) -> None:
    url = parse_url(text)
    assert url.shown == shown
    assert parameters.items() <= url.parameters().items()
    assert not parameters or url.engine == "mysql" or url.parameters() == parameters


@pytest.mark.parametrize(("text", "message", "hint"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_is_wrong_is_named_and_not_repeated(text: str, message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        parse_url(text)
    assert str(caught.value).startswith(message)
    assert caught.value.exit_code == 2
    assert hint is None or hint in (caught.value.hint or "")
    assert "S3" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_an_sqlite_path_is_told_apart_from_memory() -> None:
    assert parse_url("sqlite:///a.db").path == "a.db"
    assert parse_url("sqlite://").path is None
    assert parse_url("postgresql://db/shop").path is None


def test_a_url_never_shows_its_secrets() -> None:
    url = parse_url("postgresql://app:hunter2@db/shop?sslpassword=swordfish")
    shown = f"{url!r} {url!s} {url.shown} {url.password} {url.password!r}"
    assert "hunter2" not in shown
    assert "swordfish" not in shown
    assert {secret.reveal() for secret in url.secrets} == {"hunter2", "swordfish"}


@pytest.mark.parametrize("url", ["postgresql://x:x@db/d", "postgresql://u:x@db/x", "postgresql://u:x@x/d"])
def test_a_password_that_is_a_public_name_is_not_hunted(url: str) -> None:
    parsed = parse_url(url)
    assert parsed.password is not None
    assert parsed.secrets == ()
    assert ":x" not in parsed.shown


_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@given(user=_TEXT, password=_TEXT, database=_TEXT, port=st.integers(1, 65535))
def test_whatever_is_encoded_comes_back(user: str, password: str, database: str, port: int) -> None:
    parts = [quote(part, safe="") for part in (user, password, database)]
    url = parse_url("postgresql://{}:{}@db:{}/{}".format(*parts[:2], port, parts[2]))
    host: Host = ("db", port)
    assert (url.user, url.database, url.hosts) == (user, database, (host,))
    assert url.password is not None
    assert url.password.reveal() == password


@given(st.text(max_size=40))
def test_anything_else_is_a_usage_error(text: str) -> None:
    for url in (text, "postgresql://" + text, "sqlite:///" + text, "embedded://" + text):
        with contextlib.suppress(UsageError):
            assert isinstance(parse_url(url), DatabaseUrl)
