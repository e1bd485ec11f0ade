"""The plugin of pytest, as its users have it: its options, its hook, its fixtures, and what it costs all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.pytests import run_pytest

if TYPE_CHECKING:
    from pathlib import Path

MIGRATION = """
-- description: Make one
-- migrate:up
CREATE TABLE {0} (id INTEGER PRIMARY KEY);
-- migrate:down
DROP TABLE {0};
"""
WHICH = """
def test_which(stepwell_database, stepwell_project):
    tables = "SELECT group_concat(name) FROM sqlite_master WHERE name LIKE 't_%'"
    print("found", stepwell_database.fetch_val(tables))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with one migration, and another one in another folder."""
    for place, table in (
        ("db/migrations", "t_usual"),
        ("others", "t_other"),
        ("inner/db/migrations", "t_inner"),
    ):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "001_one.sql").write_text(MIGRATION.format(table))
    (tmp_path / "stepwell.toml").write_text(
        'url = "sqlite:///live.db"\n[env.other]\nurl = "sqlite:///live.db"\nmigrations = "others"\n'
    )
    (tmp_path / "inner" / "stepwell.toml").write_text('url = "sqlite:///live.db"\n')
    (tmp_path / "strange.toml").write_text('url = "sqlite:///live.db"\nmigrations = "others"\n')
    (tmp_path / "test_it.py").write_text(WHICH)
    return tmp_path


OPTIONS = {
    "nothing": ((), "", "t_usual"),
    "a folder": (("--stepwell-migrations=others",), "", "t_other"),
    "an environment": (("--stepwell-env=other",), "", "t_other"),
    "a root": (("--stepwell-root=inner",), "", "t_inner"),
    "a configuration": (("--stepwell-config=strange.toml",), "", "t_other"),
    "a line of pytest.ini": ((), "stepwell_env = other", "t_other"),
    "a flag before a line": (("--stepwell-migrations=db/migrations",), "stepwell_env = other", "t_usual"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_say_whose_migrations_they_are(folder: Path, name: str) -> None:
    flags, line, found = OPTIONS[name]
    (folder / "pytest.ini").write_text(f"[pytest]\n{line}\n")
    ran = run_pytest(folder, "-s", *flags)
    assert f"found {found}" in ran.output
    assert ran.code == 0


PATHS = {
    "a flag": (("--stepwell-config=../strange.toml",), "", "t_other"),
    "a root": (("--stepwell-root=../inner",), "", "t_inner"),
    "a line": ((), "stepwell_config = strange.toml", "t_other"),
    "a flag, and workers": (("--stepwell-config=../strange.toml", "-n1"), "", "t_other"),
}


@pytest.mark.parametrize("name", PATHS)
def test_a_path_is_one_from_where_pytest_was_started_or_from_the_file(folder: Path, name: str) -> None:
    flags, line, found = PATHS[name]
    (folder / "pytest.ini").write_text(f"[pytest]\n{line}\n")
    (folder / "below").mkdir()
    (folder / "below" / "test_it.py").write_text(
        f"{WHICH}    assert stepwell_database.fetch_val(tables) == {found!r}\n"
    )
    ran = run_pytest(folder / "below", *flags)
    assert ran.names("passed") == {"test_which"}


def test_a_variable_of_the_environment_counts_as_for_the_program(folder: Path) -> None:
    assert "found t_other" in run_pytest(folder, "-s", STEPWELL_MIGRATIONS="others").output


def test_a_hook_gives_a_project_of_ones_own(folder: Path) -> None:
    """Also one whose verbs are not awaited."""
    (folder / "conftest.py").write_text(
        "from stepwell.blocking import Project\n"
        "def pytest_stepwell_project(config):\n"
        "    return Project(engine='sqlite', root=config.rootpath, migrations='others')\n"
    )
    (folder / "test_all.py").write_text(
        "from stepwell.testing import MigrationTests\nclass TestAll(MigrationTests):\n    test_one_head = None\n"
    )
    ran = run_pytest(folder, "-s")
    assert "found t_other" in ran.output
    assert "test_verify[001]" in ran.ended
    assert ran.ended["test_files_are_clean"] == "passed"
    assert "test_one_head" not in ran.ended


WRONG = {
    "an unknown environment": ("--stepwell-env=otter", "there is no environment 'otter'"),
    "no such file": ("--stepwell-config=none.toml", "there is no configuration file /"),
    "no such folder": ("--stepwell-root=none", "there is no folder"),
    "a wrong URL": ("--stepwell-url=mangodb://x", "no database is known by the scheme 'mangodb'"),
    "no place": ("--stepwell-url=mysql://u@h/d", "there is no place for a scratch database of mysql"),
}


@pytest.mark.parametrize(
    ("flag", "hint"),
    [
        ("--stepwell-migrations=none", "another one is named with `--stepwell-migrations`"),
        ("--stepwell-url=mysql://u@h/d", "give scratch_url (--stepwell-scratch-url), "),
    ],
)
def test_a_hint_names_the_flag_that_pytest_knows(folder: Path, flag: str, hint: str) -> None:
    assert hint in run_pytest(folder, flag).told["test_which"]


@pytest.mark.parametrize("name", WRONG)
def test_what_is_configured_wrong_is_told_without_a_traceback(folder: Path, name: str) -> None:
    flag, words = WRONG[name]
    ran = run_pytest(folder, flag)
    assert ran.names("error") == {"test_which"}
    assert words in ran.told["test_which"]
    assert "Traceback" not in ran.output
    assert "within_pytest.py" not in ran.output


def test_a_password_is_not_shown_by_a_test_that_fails(folder: Path) -> None:
    (folder / "test_it.py").write_text(
        "def test_fails(stepwell_database, stepwell_project):\n    assert False\n"
    )
    ran = run_pytest(folder, "--showlocals", "-vv", STEPWELL_DIRECT_URL="postgresql://u:secret-of-mine@h/d")
    assert ran.names("failed") == {"test_fails"}
    assert "Database sqlite:///" in ran.output
    assert "secret-of-mine" not in ran.output


def test_one_database_for_a_session_is_the_same_for_every_test(folder: Path) -> None:
    (folder / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('number', [1, 2])\n"
        "def test_one(stepwell_session_database, stepwell_database, number):\n"
        "    stepwell_session_database.execute(f'INSERT INTO t_usual VALUES ({number})')\n"
        "    assert stepwell_session_database.fetch_val('SELECT count(*) FROM t_usual') == number\n"
        "    assert stepwell_database.fetch_val('SELECT count(*) FROM t_usual') == 0\n"
    )
    ran = run_pytest(folder, "-p", "no:randomly")
    assert ran.names("passed") == {"test_one[1]", "test_one[2]"}


def test_who_does_not_use_it_does_not_pay_for_it(tmp_path: Path) -> None:
    """Nothing of ours is imported but the door, and no driver; without one nothing breaks."""
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_light():\n"
        "    ours = {name for name in sys.modules if name.partition('.')[0] == 'stepwell'}\n"
        "    assert ours == {'stepwell', 'stepwell.pytest_plugin'}\n"
        "    assert not {'psycopg', 'aiomysql', 'asyncio'} & set(sys.modules)\n"
    )
    ran = run_pytest(tmp_path, "-p", "stepwell.pytest_plugin", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert ran.code == 0, ran.output


def test_it_works_where_no_driver_is_installed(folder: Path) -> None:
    (folder / "conftest.py").write_text(
        "import sys\nsys.modules['psycopg'] = sys.modules['aiomysql'] = None\n"
    )
    ran = run_pytest(folder)
    assert ran.names("passed") == {"test_which"}
    ran = run_pytest(folder, "--stepwell-url=postgresql://u@h/d", "--stepwell-scratch-url=postgresql://u@h/d")
    assert "psycopg" in ran.told["test_which"]
    assert "Traceback" not in ran.output


def test_generated_tests_without_it_do_not_stop_the_others(folder: Path) -> None:
    (folder / "test_it.py").write_text(
        "from stepwell.testing import MigrationTests\n"
        "class TestAll(MigrationTests):\n    pass\n"
        "def test_other():\n    pass\n"
    )
    ran = run_pytest(folder, plugin=False)
    assert ran.names("passed") == {"test_other"}
    assert "fixture 'stepwell_project' not found" in ran.told["test_one_head"]


def test_names_are_given_when_they_are_used(tmp_path: Path) -> None:
    """`stepwell.testing` itself needs neither pytest nor a driver."""
    (tmp_path / "test_it.py").write_text(
        "import subprocess, sys\n"
        "def test_light():\n"
        "    code = 'import sys, stepwell.testing, stepwell.testing.blocking\\n' \\\n"
        '        \'print({"pytest", "psycopg", "sqlite3"} & set(sys.modules))\'\n'
        "    assert subprocess.check_output([sys.executable, '-c', code], text=True) == 'set()\\n'\n"
        "def test_there():\n"
        "    import stepwell.testing\n"
        "    assert set(stepwell.testing.__all__) <= set(dir(stepwell.testing))\n"
        "    for name in stepwell.testing.__all__:\n"
        "        assert getattr(stepwell.testing, name) is not None\n"
    )
    ran = run_pytest(tmp_path)
    assert ran.code == 0, ran.output


def test_many_who_want_generated_tests_ask_verify_once(folder: Path) -> None:
    """The classes of a session share what was found; one that is stricter asks anew."""
    (folder / "test_it.py").write_text(
        "from stepwell.testing import MigrationTests\n"
        "class TestAll(MigrationTests):\n    pass\n"
        "class TestMore(MigrationTests):\n    strict = True\n    rows = False\n"
    )
    ran = run_pytest(folder, "-k", "verify")
    assert set(ran.ended.values()) <= {"passed", "skipped"}
    assert set(ran.ended) == {"test_verify[001]"}


GENERATED = "from stepwell.testing import MigrationTests\nclass TestAll(MigrationTests):\n    pass\n"


def test_a_project_of_another_fixture_does_not_take_the_verdicts_of_the_first(folder: Path) -> None:
    """A fixture comes too late to say which migrations have a test."""
    (folder / "test_it.py").write_text(GENERATED)
    (folder / "inner" / "conftest.py").write_text(
        "import pytest\nfrom pathlib import Path\nfrom stepwell import Project\n"
        "@pytest.fixture(scope='session')\n"
        "def stepwell_project():\n"
        "    return Project('sqlite:///live.db', root=Path(__file__).parent)\n"
    )
    (folder / "inner" / "test_inner.py").write_text(GENERATED)
    wrong = folder / "inner" / "db" / "migrations" / "001_one.sql"
    wrong.write_text(wrong.read_text().partition("DROP TABLE")[0] + "SELECT 1;\n")
    ran = run_pytest(folder, "-k", "verify", "-p", "no:randomly", "-v", "test_it.py", "inner/test_inner.py")
    assert "test_it.py::TestAll::test_verify[001] PASSED" in ran.output
    assert "the hook pytest_stepwell_project in the conftest.py of the root" in ran.told["test_verify[001]"]
    assert ran.code == 1


def test_the_same_migrations_on_another_engine_have_verdicts_of_their_own(folder: Path) -> None:
    (folder / "conftest.py").write_text(
        "import pytest\nfrom stepwell import Project\n"
        "@pytest.fixture(scope='session', params=['sqlite', 'mysql'])\n"
        "def stepwell_project(request, pytestconfig):\n"
        "    url = {'sqlite': 'sqlite:///live.db', 'mysql': 'mysql://u@h/d'}[request.param]\n"
        "    return Project(url, root=pytestconfig.rootpath)\n"
        "def pytest_stepwell_project(config):\n"
        "    return Project('sqlite:///live.db', root=config.rootpath)\n"
    )
    (folder / "test_it.py").write_text(GENERATED)
    ran = run_pytest(folder, "-k", "verify", "-p", "no:randomly", "-v")
    assert ran.output.count("PASSED") == 1
    assert "no place for a scratch database of mysql" in ran.output
