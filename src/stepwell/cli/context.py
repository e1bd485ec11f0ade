"""What a command is given: its arguments, the output, and the project, which is opened only when it is
asked for.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepwell.core.errors import UsageError
from stepwell.core.redact import Redactor, Secret
from stepwell.core.settings import OriginKind

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from stepwell.cli.options import Options
    from stepwell.cli.output import Output
    from stepwell.core.migration import Direction
    from stepwell.project import Project
    from stepwell.settings import LoadedSettings

_URLS = ("url", "direct_url", "scratch_url")
_SECRET_VARIABLES = ("PGPASSWORD", "MYSQL_PWD")


@dataclass(slots=True)
class Context:
    """Everything a command works with.

    `root` is the root of the project where the caller knows it; `direction` is set by a command whose result
    is the report of a run, so that its failure before there is one is told in the same form.
    """

    arguments: Namespace
    options: Options
    output: Output
    environ: Mapping[str, str]
    root: Path | None = None
    direction: Direction | None = None

    def load(self) -> LoadedSettings:
        """Read the settings. From here on, the secrets in them are masked in everything that is printed."""
        from stepwell.settings import load

        self._mask(_secrets_of_environment(self.environ))
        loaded = load(
            environ=self.environ,
            root=self.root,
            config=self.options.config,
            env=self.options.env,
            flags=dict(self.options.flags),
        )
        self._mask(secret for name in _URLS for secret in _secrets_in(getattr(loaded.settings, name)))
        return loaded

    @contextmanager
    def project(self, *, names_database: bool = True) -> Iterator[Project]:
        """Open the project and show its progress; `names_database`: tell the database, since the result
        does not.
        """
        from stepwell.cli.progress import progress_on
        from stepwell.project import Project

        loaded = self.load()
        self._warn_of_visible_password(loaded)
        with progress_on(self.output, names_database=names_database) as listen:
            yield Project.load(loaded, events=listen, wait=self.options.wait)

    def _mask(self, secrets: Iterable[Secret]) -> None:
        self.output.redactor = Redactor((*self.output.redactor.secrets, *secrets))

    def _warn_of_visible_password(self, loaded: LoadedSettings) -> None:
        """Where a URL with a password was given as an argument, take it out of the process list, and tell."""
        for name in _URLS:
            given_by_flag = loaded.resolved.origins[name].kind is OriginKind.FLAG
            url = getattr(loaded.settings, name)
            if given_by_flag and _has_password(url):
                from stepwell.cli.argv import hide

                flag = "--" + name.replace("_", "-")
                visible = (
                    f"the password in {flag} was visible to other users of this machine for a moment"
                    if hide(url)
                    else f"other users of this machine can see the password in {flag}"
                )
                self.output.warn(f"{visible}: use DATABASE_URL or .env")


def _secrets_of_environment(environ: Mapping[str, str]) -> tuple[Secret, ...]:
    return tuple(Secret(environ[name]) for name in _SECRET_VARIABLES if environ.get(name))


def _has_password(url: str | None) -> bool:
    secrets = _secrets_in(url)
    return bool(secrets) and secrets[0].reveal() != url


def _secrets_in(url: str | None) -> tuple[Secret, ...]:
    """The secrets in a URL; of one that can't be parsed, all of it, unless it is no more than a scheme."""
    if url is None:
        return ()
    from stepwell.core.url import is_bare_scheme, parse_url

    try:
        return parse_url(url).secrets
    except UsageError:
        return () if is_bare_scheme(url) else (Secret(url),)
