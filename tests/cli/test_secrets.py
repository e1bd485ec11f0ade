"""No password of a wrong URL gets out, whoever is asked and however: the six ways in which drivers and servers leak.

Drivers repeat a URL that they can't read: so it is refused before any of them sees it. Servers repeat the statement
that they refuse: so what looks like a password is masked in whatever is told.
"""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from typing import TYPE_CHECKING

import pytest

from stepwell.core.errors import StepwellError, UsageError
from stepwell.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Run

SECRET = "S3cr3t"
ENCODE = (
    "a special character in the password must be percent-encoded: "
    "@ is %40, : is %3A, / is %2F, ? is %3F, # is %23, % is %25"
)
FORMS = "write postgresql://USER@HOST/DATABASE, sqlite:///FILE or embedded://NAME"
APART = "user, password and host of the database URL can't be told apart"
# The URL, the message and the hint.
LEAKS = {
    "a password that is badly encoded": (
        "postgresql://bob:S3cr3t%zzPW@127.0.0.1/shop",
        "the password of the database URL is badly percent-encoded",
        ENCODE,
    ),
    "a slash that is missing": (
        "postgresql:/bob:S3cr3t@127.0.0.1/shop",
        "in the database URL, postgresql: must be followed by two slashes",
        FORMS,
    ),
    "the scheme of another library": (
        "postgres+asyncpg://bob:S3cr3t@127.0.0.1/shop",
        "no database is known by the scheme 'postgres+asyncpg'",
        "drivers are chosen by stepwell: write postgresql://",
    ),
    "a bracket": (
        "postgresql://bob:S3cr3t@[::1/shop",
        "the host of the database URL has an unbalanced '['",
        "an IPv6 address is written [::1] or [::1]:5432",
    ),
    "a number sign in the password": ("postgresql://bob:S3cr3t#PW@127.0.0.1/shop", APART, ENCODE),
    "a slash in the password": ("postgresql://bob:S3cr3t/PW@127.0.0.1/shop", APART, ENCODE),
    "an at sign in the password": ("postgresql://bob:S3cr3t@PW@127.0.0.1/shop", APART, ENCODE),
    "a question mark in the password": ("postgresql://bob:S3cr3t?PW@127.0.0.1/shop", APART, ENCODE),
    "a port that is none": (
        "postgresql://bob:S3cr3t@127.0.0.1:5432x/shop",
        "the port of the database URL is not a number",
        f"if it is none: {ENCODE}",
    ),
    "words instead of a URL": (
        "host=127.0.0.1 password=S3cr3t PW user=bob",
        "the database URL has no scheme",
        FORMS,
    ),
}


@pytest.fixture(params=["--url", "DATABASE_URL", "STEPWELL_URL", ".env", "stepwell.toml", "[env.shop]"])
def give(
    request: pytest.FixtureRequest, project: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], tuple[str, ...]]:
    """A function that names the database in one of the places where that can be done; it gives the arguments."""
    place: str = request.param

    def name(url: str) -> tuple[str, ...]:
        if place.startswith("--"):
            return (place, url)
        if place == ".env":
            (project / ".env").write_text(f"DATABASE_URL='{url}'\n")
        elif place == "stepwell.toml":
            (project / place).write_text(f"url = '{url}'\n")
        elif place == "[env.shop]":
            (project / "stepwell.toml").write_text(f"[env.shop]\nurl = '{url}'\n")
            return ("--env", "shop")
        else:
            monkeypatch.setenv(place, url)
        return ()

    return name


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.usefixtures("project")
def test_the_program_tells_what_is_wrong_and_not_what_was_given(
    leak: str, give: Callable[[str], tuple[str, ...]], run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    url, message, hint = LEAKS[leak]
    arguments = give(url)
    for command in ("status", "migrate", "rollback", "log", "unlock"):
        for options in ((), ("-v",), ("--format", "json"), ("-v", "--format", "json")):
            with caplog.at_level(logging.DEBUG):
                code, out, err = run(command, *arguments, *options)
            assert code == 2
            assert SECRET not in out + err
            assert message in err
            if "json" in options:
                error = json.loads(out)["error"]
                assert (error["code"], error["message"], error["hint"]) == ("usage", message, hint)
            else:
                assert f"error: {message}\n" in err
                assert f"hint: {hint}\n" in err
    assert SECRET not in caplog.text


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.usefixtures("project")
def test_the_settings_are_shown_without_it(
    leak: str, give: Callable[[str], tuple[str, ...]], run: Run
) -> None:
    url, message, _ = LEAKS[leak]
    arguments = give(url)
    for options in ((), ("-v",), ("--format", "json")):
        code, out, err = run("config", *arguments, *options)
        assert code == 0
        assert SECRET not in out + err
        assert message in out


@pytest.mark.parametrize("leak", LEAKS)
def test_the_library_tells_what_is_wrong_and_not_what_was_given(
    leak: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url, message, hint = LEAKS[leak]
    heard: list[object] = []
    (tmp_path / "db/migrations").mkdir(parents=True)
    with caplog.at_level(logging.DEBUG):
        error = failure(url, tmp_path, heard)
    assert (error.message, error.hint, error.exit_code) == (message, hint, 2)
    assert error.__cause__ is None
    told = "\n".join(
        (
            str(error),
            repr(error),
            repr(error.args),
            repr(vars(error)),
            "".join(traceback.format_exception(error)),
            caplog.text,
            repr(heard),
        )
    )
    assert SECRET not in told


def failure(url: str, root: Path, heard: list[object]) -> StepwellError:
    """The error of a program that asks for the status."""
    with pytest.raises(UsageError) as caught:
        asyncio.run(Project(url, root=root, events=heard.append).status())
    return caught.value
