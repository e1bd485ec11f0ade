"""The settings: a table that says what each is, and which of several given values holds. It reads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.duration import parse_duration
from stepwell.core.errors import UsageError
from stepwell.core.ignore import Ignore, WrongEntryError, ignores_of
from stepwell.core.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stepwell.core.errors import Place

MAX_IDENTIFIER = 63  # bytes: PostgreSQL cuts longer names silently, so that two of them become one
_LOG_SUFFIX = "_log"
SAME_SERVER = "same-server"  # where scratch databases may be made
_SWITCH = ("true", "false")


class Atomic(StrEnum):
    """How much of a run is undone when one of its migrations fails: the whole batch, or that migration."""

    BATCH = "batch"
    MIGRATION = "migration"


class Numbering(StrEnum):
    """What the version of a new migration is: the next number, or the time in UTC."""

    SEQUENTIAL = "sequential"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project is configured to do. Times are in seconds, 0 is no limit. URLs may hold passwords."""

    url: str | None = field(default=None, repr=False)
    direct_url: str | None = field(default=None, repr=False)
    scratch_url: str | None = field(default=None, repr=False)
    scratch: str | None = None
    migrations: tuple[str, ...] = ("db/migrations",)
    templates: str = "db/templates"
    table: str = "migrations"
    schema: str | None = None
    role: str | None = None
    atomic: Atomic = Atomic.BATCH
    numbering: Numbering = Numbering.SEQUENTIAL
    lock_wait: float = 60.0
    lock_timeout: float = 5.0
    statement_timeout: float = 0.0
    idle_timeout: float = 600.0
    trusted_owners: tuple[str, ...] = ()
    ignore: tuple[Ignore, ...] = ()
    fingerprint: bool = True


class OriginKind(StrEnum):
    """The places that a setting may come from, the strongest first."""

    ARGUMENT = "argument"
    FLAG = "flag"
    ENVIRONMENT = "environment"
    DOTENV = ".env"
    CONFIG_ENV = "config_env"
    CONFIG = "config"
    DEFAULT = "default"


class Origin(NamedTuple):
    """Where a value came from: `name` is the flag, variable or section, `place` the file and line."""

    kind: OriginKind
    name: str
    place: Place | None = None

    def __str__(self) -> str:
        return " in ".join(str(part) for part in (self.name, self.place) if part)


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it was given, and where; of a list of tables also where each of them begins."""

    value: object = field(repr=False)
    origin: Origin
    places: tuple[Place, ...] = ()


Layer = Mapping[str, Given]
"""One place that values may come from: the name of each setting that is given there."""


class Setting(NamedTuple):
    """One row of the table. `parse` turns what was given into the value, or raises `ValueError` saying why
    not.
    """

    name: str
    parse: Callable[[object], Any]
    help: str
    metavar: str
    choices: tuple[str, ...] = ()
    many: bool = False
    secret: bool = False

    @property
    def flag(self) -> str:
        """Its flag on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def variables(self) -> tuple[str, ...]:
        """Its environment variables, the stronger first."""
        own = "STEPWELL_" + self.name.upper()
        return (own, "DATABASE_URL") if self.name == "url" else (own,)


class Resolved(NamedTuple):
    """The settings that hold, and where each came from."""

    settings: Settings
    origins: Mapping[str, Origin]


def resolve(layers: Sequence[Layer]) -> Resolved:
    """Take each setting from the first layer that gives it, or else its default.

    Raises `UsageError` for a name that is no setting (with a suggestion), and for a value that is none
    (naming where it came from).
    """
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for layer in layers:
        for name, given in layer.items():
            setting = BY_NAME.get(name)
            if setting is None:
                raise _unknown(name, given.origin)
            if name not in origins:
                values[name] = _parse(setting, given)
                origins[name] = given.origin
    settings = Settings(**values)
    default = Origin(OriginKind.DEFAULT, "default")
    return Resolved(settings, {name: origins.get(name, default) for name in BY_NAME})


def settings_of(arguments: Mapping[str, object]) -> Settings:
    """The settings that a program gives by their names; None is as if it were not given. Raises as `resolve`."""
    origin = Origin(OriginKind.ARGUMENT, "")
    given = {name: Given(value, origin) for name, value in arguments.items() if value is not None}
    return resolve([given]).settings


def _parse(setting: Setting, given: Given) -> object:
    try:
        return setting.parse(given.value)
    except ValueError as problem:
        place = given.origin.place
        if isinstance(problem, WrongEntryError) and problem.number < len(given.places):
            place = given.places[problem.number]
        # `from None`: the cause may repeat a value that is a secret.
        raise UsageError(
            f"the setting {setting.name!r}{_named(given.origin)} {problem}", place=place
        ) from None


def _unknown(name: str, origin: Origin) -> UsageError:
    hint = did_you_mean(name, BY_NAME) or "the settings are: " + ", ".join(BY_NAME)
    return UsageError(f"there is no setting {name!r}{_named(origin)}", place=origin.place, hint=hint)


def _named(origin: Origin) -> str:
    return f" ({origin.name})" if origin.name else ""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")  # noqa: TRY004 - a wrong value is one kind of error
    if not value.strip():
        raise ValueError("is empty")
    return value.strip()


def _many(value: object) -> tuple[str, ...]:
    """A list of texts, or one text with commas."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not items:
        raise ValueError("must be a text or a list of texts")
    return tuple(_text(item) for item in items)


def _identifier(value: object, longest: int = MAX_IDENTIFIER) -> str:
    text = _text(value)
    if not text.isprintable():
        raise ValueError("holds a control character")
    if len(text.encode()) > longest:
        raise ValueError(f"is longer than {longest} bytes")
    return text


def _table(value: object) -> str:
    text = _identifier(value, MAX_IDENTIFIER - len(_LOG_SUFFIX))
    if "." in text:
        raise ValueError("is a table's name without its schema: that is the setting 'schema'")
    return text


def _schema(value: object) -> str:
    text = _identifier(value)
    if is_of_the_server(text):
        raise ValueError("is a schema of the server's own")
    return text


def is_of_the_server(schema: str) -> bool:
    """Whether a schema is one that PostgreSQL keeps for itself: nothing of ours belongs there."""
    return schema.startswith("pg_") or schema == "information_schema"


def _role(value: object) -> str:
    text = _identifier(value)
    if text == "none":
        raise ValueError("is a word of SQL: SET ROLE none takes on no role at all")
    return text


def _identifiers(value: object) -> tuple[str, ...]:
    """Names; none at all is an answer too, where they are given as a list."""
    return tuple(_identifier(item) for item in _many(value)) if value not in ([], ()) else ()


def _duration(value: object) -> float:
    try:
        return parse_duration(value)
    except ValueError as problem:
        raise ValueError(f"is wrong: {problem}") from None


def _switch(value: object) -> bool:
    text = str(value).lower() if isinstance(value, bool | str) else ""
    if text not in _SWITCH:
        raise ValueError(f"must be one of: {', '.join(_SWITCH)}")
    return text == "true"


def _one_of(*choices: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if value not in choices:
            raise ValueError(f"must be one of: {', '.join(choices)}")
        return str(value)

    return parse


def _enum(kind: type[Atomic | Numbering]) -> Callable[[object], object]:
    check = _one_of(*kind)
    return lambda value: kind(check(value))


_URL_HELP = "the database, such as postgresql://USER@HOST/DATABASE, sqlite:///FILE, embedded://NAME"

SETTINGS: tuple[Setting, ...] = (
    Setting("url", _text, _URL_HELP, "URL", secret=True),
    Setting("direct_url", _text, "the same database without a pooler in between", "URL", secret=True),
    Setting("scratch_url", _text, "a throw-away database of the same engine", "URL", secret=True),
    Setting(
        "scratch",
        _one_of(SAME_SERVER),
        "where scratch databases may be made besides",
        "WHERE",
        choices=(SAME_SERVER,),
    ),
    Setting(
        "migrations", _many, "a folder of migrations, or package:NAME; may be repeated", "DIR", many=True
    ),
    Setting("templates", _text, "the folder of a project's own templates for 'new'", "DIR"),
    Setting("table", _table, "the name of the history table", "NAME"),
    Setting("schema", _schema, "the schema of the history table", "NAME"),
    Setting("role", _role, "the role that owns what migrations create", "NAME"),
    Setting(
        "atomic",
        _enum(Atomic),
        "how much is undone when a migration fails",
        "WHAT",
        choices=tuple(Atomic),
    ),
    Setting(
        "numbering",
        _enum(Numbering),
        "what the version of a new migration is",
        "KIND",
        choices=tuple(Numbering),
    ),
    Setting("lock_wait", _duration, "how long to wait for another runner, such as 60 or 5min", "TIME"),
    Setting("lock_timeout", _duration, "how long a statement may wait for a lock; 0 is no limit", "TIME"),
    Setting("statement_timeout", _duration, "how long a statement may run; 0 is no limit", "TIME"),
    Setting("idle_timeout", _duration, "how long a transaction may idle; 0 is no limit", "TIME"),
    Setting(
        "trusted_owners",
        _identifiers,
        "roles that may own the history table; may be repeated",
        "ROLE",
        many=True,
    ),
    Setting(
        "ignore",
        ignores_of,
        "what may differ from what migrations give, and why: 'PATTERN # REASON'; may be repeated",
        "WHAT",
        many=True,
    ),
    Setting(
        "fingerprint",
        _switch,
        "whether a run leaves a fingerprint of the structure, for 'status --drift'",
        "WHETHER",
        choices=_SWITCH,
    ),
)

BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}
