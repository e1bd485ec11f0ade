"""What the plugin and the generated tests ask of pytest: whose tests they are, and how something that is wrong is told.

Imported only where a fixture or a generated test is used.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stepwell.core.errors import IrreversibleError, StepwellError, UsageError
from stepwell.core.url import parse_url
from stepwell.parts import open_source
from stepwell.render.errors import error_text
from stepwell.render.verify import proofs_text
from stepwell.render.view import View
from stepwell.testing import blocking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from stepwell.project import Project

_PLAIN = View()
# Hints name flags of the program, which pytest has by other names. In a command of the program they stay.
_FLAG = re.compile(r"(?<!stepwell migrate )(?<![\w-])--(?=(?:url|env|config|scratch-url|migrations)\b)")


@contextmanager
def told() -> Iterator[None]:
    """Tell errors of ours, and what our assertions found, in their own words: a traceback of ours helps nobody."""
    try:
        yield
    except StepwellError as error:
        text = _FLAG.sub("--stepwell-", error_text(error, _PLAIN))
    except AssertionError as error:
        text = str(error)
    else:
        return
    raise pytest.fail.Exception(text.rstrip("\n"), pytrace=False) from None


@contextmanager
def skipped_where_irreversible() -> Iterator[None]:
    """Skip the test where a migration has no way back."""
    try:
        yield
    except IrreversibleError as error:
        why = error.message
    else:
        return
    raise pytest.skip.Exception(why) from None


def must_have_snapshots(project: Project) -> None:
    """Skip the test where the structure of a database can't be read as a value."""
    dialect = project.dialect
    if not dialect.abilities.snapshots:
        pytest.skip(f"there are no snapshots of {dialect.name} yet, so that nothing can be proved")


def project_of(config: pytest.Config) -> Project:
    """The project whose migrations are tested, as the hook `pytest_stepwell_project` gives it."""
    with told():
        return _given(config)


def _given(config: pytest.Config) -> Project:
    hook = getattr(config.hook, "pytest_stepwell_project", None)
    if hook is None:
        raise UsageError(
            "the plugin 'stepwell' of pytest is not active",
            hint="leave out -p no:stepwell, or name it: -p stepwell",
        )
    return blocking.awaited_project(hook(config=config))


def configured(root: str, options: dict[str, str | None], environ: dict[str, str]) -> Project:
    """The project of the settings that are found from that folder on. Raises `UsageError`."""
    from stepwell.project import Project
    from stepwell.settings import load

    if not Path(root).is_dir():
        raise UsageError(f"there is no folder {root}", hint="it is given by --stepwell-root or stepwell_root")
    config, env = options.pop("config"), options.pop("env")
    loaded = load(
        environ=environ, cwd=Path(root), config=Path(config) if config else None, env=env, flags=options
    )
    return Project.load(loaded)


def versions_of(config: pytest.Config) -> list[str]:
    """The versions of all migrations, by their files. Raises `StepwellError` for a folder that can't be read."""
    project = _given(config)
    files = open_source(project.settings.migrations, project.root).read().files
    return list(dict.fromkeys(file.version.text for file in sorted(files, key=lambda file: file.version)))


@contextmanager
def opened() -> Iterator[Callable[[blocking.Make, str | None], blocking.Database]]:
    """A function that makes databases, all of which are dropped in the end."""
    with ExitStack() as stack:

        def open_one(make: blocking.Make, version: str | None) -> blocking.Database:
            with told():
                return stack.enter_context(make(version))

        yield open_one


def databases(project: Project, config: pytest.Config) -> AbstractContextManager[blocking.Make]:
    """What makes databases, shared with the other workers of the same run."""
    return blocking.databases(project, share=getattr(config, "workerinput", {}).get("testrunuid"))


@contextmanager
def turn(folder: Path) -> Iterator[None]:
    """While it lasts, no other worker of the run is in it: what goes up and down may make roles of the whole server."""
    with (folder / "stepwell-turn").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def shared_folder(config: pytest.Config, factory: pytest.TempPathFactory) -> Path:
    """A folder of this run, the same for all of its workers."""
    own = factory.getbasetemp()
    return own.parent if hasattr(config, "workerinput") else own


class Verified:
    """What `verify` says of the migrations whose tests are run: asked once in a run, by the worker that is first.

    For a test whose turn it is: see `turn`.
    """

    def __init__(self, project: Project, folder: Path, session: pytest.Session) -> None:
        self._project, self._folder, self._session = project, folder, session

    def said_of(self, version: str, *, strict: bool, rows: bool) -> str | None:
        """What is against a migration, in the words of `verify`, or None."""
        kept = self._folder / f"stepwell-verify-{_key(self._project, strict, rows)}.json"
        if not kept.exists():
            kept.write_text(json.dumps(self._asked(strict=strict, rows=rows)), encoding="utf-8")
        found: dict[str, str | None] = json.loads(kept.read_text(encoding="utf-8"))
        return found[version]  # one of which nothing is known has not passed

    def _asked(self, *, strict: bool, rows: bool) -> dict[str, str | None]:
        versions = sorted(_generated(self._session))
        report = blocking.run(self._project.verify(versions, strict=strict, rows=rows))
        return {
            proof.version.text: proofs_text(replace(report, proofs=(proof,)), _PLAIN)
            if report.is_bad(proof)
            else None
            for proof in report.proofs
        }


def _key(project: Project, *choice: bool) -> str:
    """What a verdict is for: another project in the same run, or the same one on another engine, has its own."""
    settings = project.settings
    urls = [url and parse_url(url).shown for url in (settings.url, settings.scratch_url)]
    told = repr((str(project.root), project.dialect.name, urls, settings, choice))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _generated(session: pytest.Session) -> set[str]:
    """The versions of the migrations whose generated tests this session has."""
    return {
        str(item.callspec.params["version"])
        for item in session.items
        if isinstance(item, pytest.Function)
        and hasattr(item, "callspec")
        and "stepwell_verified" in item.fixturenames
    }


def must_be_of_the_hook(project: Project, config: pytest.Config) -> None:
    """Fail the test where its migrations are not those of which tests were generated, before any fixture was there."""
    with told():
        hooked = _given(config)
        if (project.root, project.settings.migrations) != (hooked.root, hooked.settings.migrations):
            raise UsageError(
                "the fixture stepwell_project has other migrations than those that tests were generated for",
                hint="give the project by the hook pytest_stepwell_project in the conftest.py of the root",
            )
