"""The URL of a database, parsed by us and never by a driver: an error names the field, never its value.

Drivers repeat a malformed URL in their errors, password included; so nothing malformed reaches them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from stepwell.core.errors import UsageError
from stepwell.core.nearest import nearest
from stepwell.core.redact import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCHEMES = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "postgresql+psycopg": "postgresql",
    "sqlite": "sqlite",
    "mysql": "mysql",
    "mariadb": "mariadb",
    "embedded": "embedded",
}
_FORMS = "postgresql://USER@HOST/DATABASE, sqlite:///FILE or embedded://NAME"
_ENCODE = (
    "a special character in the password must be percent-encoded: "
    "@ is %40, : is %3A, / is %2F, ? is %3F, # is %23, % is %25"
)
_IPV6 = "an IPv6 address is written [::1] or [::1]:5432"
_SECRET_KEYS = frozenset({"password", "sslpassword", "oauth_client_secret"})
_SHOWN_KEYS = ("service",)
_EMBEDDED_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HIGHEST_PORT = 65535

Host = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A database: where it is, who asks, and what the driver is told besides.

    `engine` is `postgresql`, `sqlite`, `mysql`, `mariadb` or `embedded`; `scheme` is as it was written.
    `database` is the name of the database, the path of an SQLite file (None: in memory), or the name of an
    embedded server.
    """

    scheme: str
    engine: str
    hosts: tuple[Host, ...] = ()
    user: str | None = None
    password: Secret | None = None
    database: str | None = None
    query: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)

    @property
    def path(self) -> str | None:
        """The file of an SQLite database as written, perhaps relative to the root; None for one in memory."""
        return self.database if self.engine == "sqlite" else None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What must never be shown.

        A password that is also the name of the user, the database or a host is not among them: masking it
        would hide those names wherever they stand, and keep nothing secret.
        """
        hidden = [Secret(value) for key, value in self.query.items() if key in _SECRET_KEYS]
        given = hidden if self.password is None else [self.password, *hidden]
        public = {self.user, self.database, *(host for host, _ in self.hosts)}
        return tuple(secret for secret in given if secret.reveal() not in public)

    @property
    def shown(self) -> str:
        """The URL as people see it: without password and without options."""
        if self.engine == "sqlite":
            return "sqlite://" if self.database is None else f"sqlite:///{self.database}"
        if self.engine == "embedded":
            return f"embedded://{self.database}"
        return f"{self.engine}://{self._shown_authority()}{self._shown_database()}{self._shown_query()}"

    @property
    def whole(self) -> str:
        """The URL with its password and its options, for a driver: never for people."""
        if self.engine == "sqlite":
            return "sqlite://" if self.database is None else f"sqlite:///{quote(self.database)}"
        if self.engine == "embedded":
            return self.shown
        secret = "" if self.password is None else ":" + quote(self.password.reveal(), safe="")
        user = "" if self.user is None else quote(self.user, safe="") + secret + "@"
        hosts = ",".join(_shown_host(host) for host in self.hosts if not _is_socket(host))
        pairs = [("host", host[0]) for host in self.hosts if _is_socket(host)]
        pairs += [("port", str(host[1])) for host in self.hosts if _is_socket(host) and host[1]]
        pairs += self.query.items()
        query = "&".join(f"{key}={quote(value, safe='/@')}" for key, value in pairs)
        return f"{self.engine}://{user}{hosts}{self._shown_database()}{'?' + query if query else ''}"

    def parameters(self) -> dict[str, str]:
        """Give the keyword arguments of `psycopg.connect`; several hosts are separated by commas."""
        known = {
            "host": ",".join(host for host, _ in self.hosts),
            "port": _ports(self.hosts),
            "user": self.user,
            "password": None if self.password is None else self.password.reveal(),
            "dbname": self.database,
        }
        return {key: value for key, value in known.items() if value} | dict(self.query)

    def _shown_authority(self) -> str:
        user = "" if self.user is None else quote(self.user, safe="") + "@"
        return user + ",".join(_shown_host(host) for host in self.hosts if not _is_socket(host))

    def _shown_database(self) -> str:
        return "" if self.database is None else "/" + quote(self.database, safe="")

    def _shown_query(self) -> str:
        """What still tells this database from others: the folder of its socket, a named service."""
        pairs = [("host", host[0]) for host in self.hosts if _is_socket(host)]
        pairs += [("port", str(host[1])) for host in self.hosts if _is_socket(host) and host[1]]
        pairs += [(key, self.query[key]) for key in _SHOWN_KEYS if key in self.query]
        return "?" + "&".join(f"{key}={quote(value, safe='/@')}" for key, value in pairs) if pairs else ""


def parse_url(text: str) -> DatabaseUrl:
    """Parse the URL of a database.

    Raises `UsageError`, which names the field that is wrong and never repeats its value.
    """
    text = text.strip()
    if _CONTROL.search(text):
        raise UsageError("the database URL holds a control character or a line break")
    scheme, engine, rest = _read_scheme(text)
    if engine == "sqlite":
        return _sqlite(scheme, rest)
    if engine == "embedded":
        return _embedded(scheme, rest)
    return _server(scheme, engine, rest)


def is_bare_scheme(text: str) -> bool:
    """Whether a text is no more than the scheme of a URL, as in `embedded://`: then there is nothing in it to hide."""
    scheme, _, rest = text.strip().partition(":")
    return scheme.lower() in _SCHEMES and not rest.strip("/")


def _read_scheme(text: str) -> tuple[str, str, str]:
    scheme, separator, rest = text.partition("://")
    if not separator or not _SCHEME.fullmatch(scheme):
        raise UsageError(_no_scheme(text), hint=f"write {_FORMS}")
    engine = _SCHEMES.get(scheme.lower())
    if engine is None:
        raise UsageError(f"no database is known by the scheme {scheme!r}", hint=_scheme_hint(scheme.lower()))
    return scheme.lower(), engine, rest


def _no_scheme(text: str) -> str:
    start = text.partition(":")[0].lower()
    if start in _SCHEMES and text[len(start) :].startswith(":"):
        return f"in the database URL, {start}: must be followed by two slashes"
    return "the database URL has no scheme"


def _scheme_hint(scheme: str) -> str:
    base, plus, _ = scheme.partition("+")
    if plus and base in _SCHEMES:
        return f"drivers are chosen by stepwell: write {_SCHEMES[base]}://"
    known = {*_SCHEMES, "pgsql", "psql", "sqlite3"} - {"postgresql+psycopg"}
    found = nearest(base, known)
    if found is None:
        return f"write {_FORMS}"
    found = {"pgsql": "postgresql", "psql": "postgresql", "sqlite3": "sqlite"}.get(found, found)
    return f"did you mean {found}://?"


def _sqlite(scheme: str, rest: str) -> DatabaseUrl:
    location, _, query = rest.partition("?")
    if location and not location.startswith("/"):
        raise UsageError(
            "an SQLite URL has no host",
            hint="write sqlite:///relative.db, sqlite:////absolute.db, or sqlite:// for one in memory",
        )
    path = _decode(location[1:], "file name")
    if path.startswith("file:"):
        raise UsageError(
            "the file name of an SQLite URL begins with 'file:'",
            hint="leave that out; options such as ?mode=ro are understood without it",
        )
    return DatabaseUrl(
        scheme, "sqlite", database=None if path in ("", ":memory:") else path, query=_read_query(query)
    )


def _embedded(scheme: str, rest: str) -> DatabaseUrl:
    if not _EMBEDDED_NAME.fullmatch(rest):
        raise UsageError(
            "the name of the embedded server is not one: letters, digits, '_' and '-', at most 40",
            hint="write embedded://NAME",
        )
    return DatabaseUrl(scheme, "embedded", database=rest)


def _server(scheme: str, engine: str, rest: str) -> DatabaseUrl:
    _refuse_unencoded(rest)
    location, _, query_text = rest.partition("?")
    authority, _, database = location.partition("/")
    credentials, at, host_text = authority.rpartition("@")
    user, _, password = credentials.partition(":")
    query = _read_query(query_text)
    if password:
        query["password"] = _decode(password, "password")
    hosts = _read_hosts(host_text) if host_text else _hosts_of_query(query)
    user_name = _decode(user, "user") or query.get("user") if at else query.get("user")
    name = _decode(database, "database") or query.get("dbname")
    secret = query.get("password")
    folded = {"host", "port", "user", "password", "dbname"}
    return DatabaseUrl(
        scheme,
        engine,
        hosts=hosts,
        user=user_name or None,
        password=Secret(secret) if secret else None,
        database=name or None,
        query={key: value for key, value in query.items() if key not in folded},
    )


def _refuse_unencoded(rest: str) -> None:
    """Refuse an `@` or `#` that may be part of a password which should have been encoded.

    An `@` is expected once, before the first `/` and `?`, and in the value of an option (`?host=/run/@db`).
    """
    location, _, query = rest.partition("?")
    authority, slash, path = location.partition("/")
    in_query = "@" in query and (not slash or "=" not in query.partition("@")[0])
    misplaced = in_query and "@" not in authority
    if authority.count("@") > 1 or "@" in path or "#" in rest or misplaced:
        raise UsageError("user, password and host of the database URL can't be told apart", hint=_ENCODE)


def _read_hosts(text: str) -> tuple[Host, ...]:
    return tuple(_read_host(part) for part in text.split(","))


def _read_host(text: str) -> Host:
    if text.startswith("["):
        name, closing, port = text[1:].partition("]")
        if not closing or (port and not port.startswith(":")):
            raise UsageError("the host of the database URL has an unbalanced '['", hint=_IPV6)
        return _decode(name, "host"), _read_port(port[1:])
    if "[" in text or "]" in text:
        raise UsageError("the host of the database URL has an unbalanced ']'", hint=_IPV6)
    if text.count(":") > 1:
        raise UsageError("the host of the database URL holds more than one ':'", hint=_IPV6)
    name, _, port = text.partition(":")
    return _decode(name, "host"), _read_port(port)


def _read_port(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise UsageError("the port of the database URL is not a number", hint=f"if it is none: {_ENCODE}")
    if not 1 <= int(text) <= _HIGHEST_PORT:
        raise UsageError(f"the port of the database URL is not between 1 and {_HIGHEST_PORT}")
    return int(text)


def _hosts_of_query(query: Mapping[str, str]) -> tuple[Host, ...]:
    """Read `host=` and `port=` of the query: the usual way to name the folder of a Unix socket."""
    names = query.get("host", "").split(",")
    ports = [_read_port(port) for port in query.get("port", "").split(",")]
    if len(ports) == 1:
        ports *= len(names)
    if len(ports) != len(names):
        raise UsageError("the database URL names a different number of hosts and ports")
    return tuple(host for host in zip(names, ports, strict=True) if host != ("", None))


def _read_query(text: str) -> dict[str, str]:
    query: dict[str, str] = {}
    for part in filter(None, text.split("&")):
        key, equals, value = part.partition("=")
        if not equals or not key:
            raise UsageError("an option after the '?' of the database URL is not KEY=VALUE", hint=_ENCODE)
        name = _decode(key, "options")
        if not re.fullmatch(r"\w+", name):
            raise UsageError("the name of an option of the database URL is none", hint=_ENCODE)
        # The name is not told: it may be a piece of a password that holds a `?`.
        query[name] = _decode(value, "value of an option")
    return query


def _decode(text: str, what: str) -> str:
    decoded = None if _BAD_PERCENT.search(text) else _unquote(text)
    if decoded is None:
        raise UsageError(f"the {what} of the database URL is badly percent-encoded", hint=_ENCODE)
    if "\0" in decoded:
        raise UsageError(f"the {what} of the database URL holds a NUL character")
    return decoded


def _unquote(text: str) -> str | None:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return None  # not an exception with a cause: that would repeat the value


def _is_socket(host: Host) -> bool:
    return host[0].startswith(("/", "@"))


def _shown_host(host: Host) -> str:
    name = f"[{host[0]}]" if ":" in host[0] else host[0]
    return name if host[1] is None else f"{name}:{host[1]}"


def _ports(hosts: tuple[Host, ...]) -> str:
    ports = ["" if port is None else str(port) for _, port in hosts]
    return ",".join(ports) if any(ports) else ""
