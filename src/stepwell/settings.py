"""Where the settings of a project are read from: flags, environment, `.env`, configuration. It opens no
database.

First found wins: the flag; `STEPWELL_<NAME>` (and `DATABASE_URL` for `url`); the same names in `.env` in the
root; `[tool.stepwell.env.NAME]`; `[tool.stepwell]` of `pyproject.toml`, or the same keys at the top of
`stepwell.toml`. An environment variable that is empty counts as not set.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.errors import Place, UsageError
from stepwell.core.nearest import did_you_mean
from stepwell.core.settings import SETTINGS, Given, Origin, OriginKind, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stepwell.core.settings import Layer, Resolved, Settings

OWN_FILE = "stepwell.toml"
SHARED_FILE = "pyproject.toml"
DOTENV_FILE = ".env"
ENV_VARIABLE = "STEPWELL_ENV"

_HEADER = re.compile(r"\s*\[\[?([^\]]+)\]\]?")
_KEY = re.compile(r"\s*[\"']?([\w-]+)[\"']?\s*=")
_ASSIGNMENT = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*
        (?: '(?P<single>[^']*)' | "(?P<double>(?:[^"\\]|\\.)*)" | (?P<bare>[^\n]*) )""",
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class LoadedSettings(NamedTuple):
    """The settings that hold with their origins, the folder where relative paths start, and what was read for
    them.

    `env` is the name of the chosen `[env.NAME]`, or None.
    """

    resolved: Resolved
    root: Path
    config_file: Path | None = None
    env: str | None = None

    @property
    def settings(self) -> Settings:
        """The settings that hold."""
        return self.resolved.settings


class _Config(NamedTuple):
    """A configuration file: its own table, and the line of each key by the section that it is in."""

    path: Path
    shown: str
    section: str
    table: Mapping[str, Any]
    text: str

    def given(self, table: Mapping[str, Any], section: str, kind: OriginKind) -> Layer:
        """The values of a table of this file, each with its line."""
        lines: dict[str, list[int]] = {}
        for name, line in _key_lines(self.text, section):
            lines.setdefault(name, []).append(line)
        shown = f"[{section}]" if section else ""
        found = {}
        for name, value in table.items():
            places = tuple(Place(self.shown, line) for line in lines.get(name, ()))
            origin = Origin(kind, shown, places[0] if places else Place(self.shown))
            found[name] = Given(value, origin, places if len(places) > 1 else ())
        return found

    def subsection(self, *names: str) -> str:
        """The name of a table below ours, as its header has it."""
        return ".".join((self.section, *names) if self.section else names)


def load(
    *,
    environ: Mapping[str, str],
    root: Path | None = None,
    config: Path | None = None,
    env: str | None = None,
    flags: Mapping[str, object] | None = None,
    cwd: Path | None = None,
) -> LoadedSettings:
    """Find and read the settings of a project.

    Takes the environment; the root (None: the folder of the configuration that is found from `cwd` upwards,
    or else `cwd`); a configuration file to use instead; the name of an `[env.NAME]`; and what was given by
    flags, by the names of the settings. Raises `UsageError`, which says where the wrong thing is.
    """
    start = (cwd or Path.cwd()) if root is None else root
    found = _read_config(start, config, upwards=root is None)
    root = root or (found.path.parent if found else start)
    dotenv = _read_dotenv(root / DOTENV_FILE)
    env = env or environ.get(ENV_VARIABLE) or _text_of(dotenv.get(ENV_VARIABLE))
    layers = (
        _from_flags(flags or {}),
        _from_environment(environ),
        _named(dotenv),
        _from_config_env(found, env),
        _from_config(found),
    )
    return LoadedSettings(resolve(layers), root, found.path if found else None, env)


def _from_flags(flags: Mapping[str, object]) -> Layer:
    return {
        name: Given(value, Origin(OriginKind.FLAG, "--" + name.replace("_", "-")))
        for name, value in flags.items()
        if value is not None
    }


def _from_environment(environ: Mapping[str, str]) -> Layer:
    return _named(
        {key: Given(value, Origin(OriginKind.ENVIRONMENT, key)) for key, value in environ.items() if value}
    )


def _named(variables: Mapping[str, Given]) -> Layer:
    """Of all variables, those that are settings, by the names of the settings."""
    found = (
        (setting.name, variables.get(key)) for setting in SETTINGS for key in reversed(setting.variables)
    )
    return {name: given for name, given in found if given is not None}


def _from_config(config: _Config | None) -> Layer:
    if config is None:
        return {}
    table = {name: value for name, value in config.table.items() if name != "env"}
    return config.given(table, config.section, OriginKind.CONFIG)


def _from_config_env(config: _Config | None, env: str | None) -> Layer:
    if env is None:
        return {}
    environments = config.table.get("env", {}) if config else {}
    table = environments.get(env) if isinstance(environments, dict) else None
    if config is None or not isinstance(table, dict):
        raise _unknown_env(config, env, environments if isinstance(environments, dict) else {})
    return config.given(table, config.subsection("env", env), OriginKind.CONFIG_ENV)


def _unknown_env(config: _Config | None, env: str, environments: Mapping[str, object]) -> UsageError:
    if config is None:
        return UsageError(f"there is no environment {env!r}: the project has no configuration file")
    known = ", ".join(sorted(environments)) or "none"
    return UsageError(
        f"there is no environment {env!r} in {config.shown}; there are: {known}",
        hint=did_you_mean(env, environments) or f"add a section [{config.subsection('env', env)}]",
    )


def _read_config(start: Path, config: Path | None, *, upwards: bool) -> _Config | None:
    if config is not None:
        path = start / config
        if not path.is_file():
            raise UsageError(f"there is no configuration file {config}")
        return _parse_config(path.absolute())
    for folder in (start, *start.parents) if upwards else (start,):
        for name in (OWN_FILE, SHARED_FILE):
            found = _parse_config(folder / name)
            if found is not None:
                return found
    return None


def _parse_config(path: Path) -> _Config | None:
    """Read a configuration file; None where there is none, or where it has nothing for us."""
    text = _read_text(path)
    if text is None or (path.name == SHARED_FILE and "stepwell" not in text):
        return None
    import tomllib  # only where there is a file to parse

    try:
        document: Mapping[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise UsageError(f"this is not valid TOML: {problem}", place=Place(path.name)) from None
    if path.name != SHARED_FILE:
        return _Config(path, path.name, "", document, text)
    table = document.get("tool", {}).get("stepwell")
    return _Config(path, path.name, "tool.stepwell", table, text) if isinstance(table, dict) else None


def _read_text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except UnicodeDecodeError:
        raise UsageError("this file is not UTF-8", place=Place(path.name)) from None
    except OSError as problem:
        raise UsageError(f"this file can't be read: {problem.strerror}", place=Place(path.name)) from None


def _key_lines(text: str, section: str) -> Iterator[tuple[str, int]]:
    """Find the line of each key of a section, from 1; of a list of tables that of each of them.

    For messages only: it knows TOML's usual layout.
    """
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            current = re.sub(r"[\s\"']", "", header[1])
            above, _, name = current.rpartition(".")
            if above == section:
                yield name, number
        elif current == section and (key := _KEY.match(line)):
            yield key[1], number


def _read_dotenv(path: Path) -> Mapping[str, Given]:
    """Read `KEY=VALUE` lines, with `export`, quotes and comments; references to other variables are not
    resolved.
    """
    text = _read_text(path)
    found: dict[str, Given] = {}
    for match in _ASSIGNMENT.finditer(text or ""):
        value = _dotenv_value(match)
        if value:
            line = match.string.count("\n", 0, match.start(1)) + 1
            found[match[1]] = Given(value, Origin(OriginKind.DOTENV, match[1], Place(path.name, line)))
    return found


def _dotenv_value(match: re.Match[str]) -> str:
    if match["single"] is not None:
        return match["single"]
    if match["double"] is not None:
        return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), match["double"])
    return re.sub(r"(^|\s+)#.*", "", match["bare"]).strip()


def _text_of(given: Given | None) -> str | None:
    return None if given is None else str(given.value)
