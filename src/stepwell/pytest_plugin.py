"""The pytest plugin `stepwell`: its options, its hook, its fixtures. A door: what they do is in `stepwell.testing`.

It is loaded in every run of pytest where stepwell is installed, so that it imports nothing until a fixture is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stepwell.project import Project
    from stepwell.testing.blocking import Database, Make
    from stepwell.testing.within_pytest import Verified

_OPTIONS = {
    "root": ("DIR", "the folder to look for the configuration of stepwell from (default: that of pytest)"),
    "config": ("FILE", "the configuration file of stepwell"),
    "env": ("NAME", "the [tool.stepwell.env.NAME] of the configuration to use"),
    "url": ("URL", "the database whose kind the tests need; nothing is done there"),
    "scratch_url": ("URL", "a throw-away database of the same engine, on whose server others can be made"),
    "migrations": ("DIR", "the folder of migrations"),
}
_PATHS = (
    "root",
    "config",
)  # the folder of migrations is relative to that of the configuration, as everywhere


class Hooks:
    """The hook of the plugin."""

    @pytest.hookspec(firstresult=True)
    def pytest_stepwell_project(self, config: pytest.Config) -> Project | None:
        """Give the `stepwell.Project` whose migrations are tested; implement it in the top conftest.py."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make the hook known."""
    pluginmanager.add_hookspecs(Hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Make the options known: each a flag, and a line of pytest's configuration."""
    group = parser.getgroup("stepwell", "stepwell: databases with migrations applied")
    for name, (metavar, text) in _OPTIONS.items():
        flag = "--stepwell-" + name.replace("_", "-")
        group.addoption(flag, metavar=metavar, help=text)
        parser.addini(f"stepwell_{name}", text)


@pytest.hookimpl(trylast=True)
def pytest_stepwell_project(config: pytest.Config) -> Project:
    """The project that is configured, where no conftest.py says otherwise."""
    import os

    from stepwell.testing.within_pytest import configured

    options = {name: _option(config, name) for name in _OPTIONS}
    return configured(options.pop("root") or str(config.rootpath), options, dict(os.environ))


def _option(config: pytest.Config, name: str) -> str | None:
    """A flag, or else a line; as with those of pytest, a path starts where it was started, or at the root of pytest."""
    flag, line = config.getoption(f"stepwell_{name}"), config.getini(f"stepwell_{name}")
    value = flag or line or None
    if value and name in _PATHS:
        return str((config.invocation_params.dir if flag else config.rootpath) / value)
    return value


@pytest.fixture(scope="session")
def stepwell_project(pytestconfig: pytest.Config) -> Project:
    """The project whose migrations are tested."""
    from stepwell.testing.within_pytest import project_of

    return project_of(pytestconfig)


@pytest.fixture(scope="session")
def stepwell_databases(stepwell_project: Project, pytestconfig: pytest.Config) -> Iterator[Make]:
    """What makes databases: `with stepwell_databases() as database`, or with the version to stop at."""
    from stepwell.testing.within_pytest import databases

    with databases(stepwell_project, pytestconfig) as make:
        yield make


@pytest.fixture
def stepwell_database(stepwell_at: Callable[..., Database]) -> Database:
    """A database with every migration applied, for this test alone."""
    return stepwell_at(None)


@pytest.fixture(scope="session")
def stepwell_session_database(stepwell_databases: Make) -> Iterator[Database]:
    """A database with every migration applied, for all tests that ask for it."""
    from stepwell.testing.within_pytest import opened

    with opened() as open_one:
        yield open_one(stepwell_databases, None)


@pytest.fixture
def stepwell_at(stepwell_databases: Make) -> Iterator[Callable[[str | None], Database]]:
    """A function that gives a database at a version: `stepwell_at("004")`, or `stepwell_at("base")`."""
    from stepwell.testing.within_pytest import opened

    with opened() as open_one:
        yield lambda version: open_one(stepwell_databases, version)


@pytest.fixture
def stepwell_verified(
    request: pytest.FixtureRequest, stepwell_project: Project, tmp_path_factory: pytest.TempPathFactory
) -> Verified:
    """What `verify` says of the migrations; for the generated tests."""
    from stepwell.testing.within_pytest import (
        Verified,
        must_be_of_the_hook,
        must_have_snapshots,
        shared_folder,
    )

    must_be_of_the_hook(stepwell_project, request.config)
    must_have_snapshots(stepwell_project)
    return Verified(stepwell_project, shared_folder(request.config, tmp_path_factory), request.session)


@pytest.fixture
def stepwell_turn(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing else goes up and down meanwhile; for the generated tests."""
    from stepwell.testing.within_pytest import shared_folder, turn

    with turn(shared_folder(pytestconfig, tmp_path_factory)):
        yield
