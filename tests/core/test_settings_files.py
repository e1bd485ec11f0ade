"""Settings as they are found: the order of places, the root, `.env`, environments, and errors with their
line.
"""

from pathlib import Path

import pytest

from stepwell.core.errors import UsageError
from stepwell.core.ignore import Ignore
from stepwell.settings import LoadedSettings, load

CONFIG = """\
[project]
name = "shop"

[tool.stepwell]
url = "sqlite:///config.db"
table = "config"
role = "config"

[tool.stepwell.env.prod]
url = "sqlite:///prod.db"
table = "prod"

[tool.other]
lock_wait = 3
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(CONFIG)
    return tmp_path


def urls(loaded: LoadedSettings) -> tuple[str | None, str]:
    return loaded.settings.url, str(loaded.resolved.origins["url"])


def test_each_place_is_stronger_than_the_next(project: Path) -> None:
    environ: dict[str, str] = {}
    assert urls(load(environ=environ, cwd=project)) == (
        "sqlite:///config.db",
        "[tool.stepwell] in pyproject.toml:5",
    )
    assert urls(load(environ=environ, cwd=project, env="prod")) == (
        "sqlite:///prod.db",
        "[tool.stepwell.env.prod] in pyproject.toml:10",
    )
    (project / ".env").write_text("# local\nDATABASE_URL=sqlite:///dotenv.db\n")
    assert urls(load(environ=environ, cwd=project, env="prod")) == (
        "sqlite:///dotenv.db",
        "DATABASE_URL in .env:2",
    )
    environ["DATABASE_URL"] = "sqlite:///general.db"
    assert urls(load(environ=environ, cwd=project)) == ("sqlite:///general.db", "DATABASE_URL")
    environ["STEPWELL_URL"] = "sqlite:///own.db"
    assert urls(load(environ=environ, cwd=project)) == ("sqlite:///own.db", "STEPWELL_URL")
    flags = {"url": "sqlite:///flag.db", "table": None}
    assert urls(load(environ=environ, cwd=project, flags=flags)) == ("sqlite:///flag.db", "--url")


def test_an_environment_adds_to_the_configuration(project: Path) -> None:
    for loaded in (
        load(environ={}, cwd=project, env="prod"),
        load(environ={"STEPWELL_ENV": "prod"}, cwd=project),
    ):
        assert (loaded.settings.table, loaded.settings.role, loaded.env) == ("prod", "config", "prod")
    (project / ".env").write_text("STEPWELL_ENV=prod")
    assert load(environ={}, cwd=project).env == "prod"


def test_an_empty_variable_counts_as_not_set(project: Path) -> None:
    (project / ".env").write_text("STEPWELL_TABLE=\nSTEPWELL_ROLE=''\n")
    loaded = load(environ={"DATABASE_URL": "", "STEPWELL_TABLE": "", "STEPWELL_ENV": ""}, cwd=project)
    assert urls(loaded)[0] == "sqlite:///config.db"
    assert (loaded.settings.table, loaded.settings.role) == ("config", "config")


def test_the_folder_of_the_configuration_is_the_root(project: Path) -> None:
    below = project / "src" / "deep"
    below.mkdir(parents=True)
    (below.parent / "pyproject.toml").write_text("[project]\nname = 'not ours, stepwell'\n")
    loaded = load(environ={}, cwd=below)
    assert (loaded.root, loaded.config_file) == (project, project / "pyproject.toml")


def test_without_a_configuration_the_current_folder_is_the_root(tmp_path: Path) -> None:
    loaded = load(environ={}, root=tmp_path)
    assert (loaded.root, loaded.config_file, loaded.settings.url) == (tmp_path, None, None)


def test_a_file_of_our_own_comes_first(project: Path) -> None:
    (project / "stepwell.toml").write_text(
        "url = 'sqlite:///own.db'\n[env.test]\nurl = 'sqlite:///test.db'\n"
    )
    assert urls(load(environ={}, cwd=project)) == ("sqlite:///own.db", "stepwell.toml:1")
    assert urls(load(environ={}, cwd=project, env="test")) == (
        "sqlite:///test.db",
        "[env.test] in stepwell.toml:3",
    )


def test_a_configuration_can_be_named(project: Path) -> None:
    other = project / "conf" / "other.toml"
    other.parent.mkdir()
    other.write_text("table = 'other'\n")
    loaded = load(environ={}, cwd=project, config=Path("conf/other.toml"))
    assert (loaded.settings.table, loaded.root) == ("other", other.parent)
    with pytest.raises(UsageError, match="there is no configuration file"):
        load(environ={}, cwd=project, config=Path("absent.toml"))


DOTENV = [
    ("STEPWELL_TABLE=plain", "plain"),
    ("export STEPWELL_TABLE=exported", "exported"),
    ("  STEPWELL_TABLE = spaced  ", "spaced"),
    ("STEPWELL_TABLE='single # quoted'", "single # quoted"),
    ('STEPWELL_TABLE="double \\"quoted\\""', 'double "quoted"'),
    ("STEPWELL_TABLE=a#b # comment", "a#b"),
    ("#STEPWELL_TABLE=no\nSTEPWELL_TABLE=yes", "yes"),
    ("STEPWELL_TABLE=first\nSTEPWELL_TABLE=last", "last"),
    ("\ufeffSTEPWELL_TABLE=bom", "bom"),
    ("STEPWELL_TABLE=crlf\r\nX=1\r\n", "crlf"),
    ('KEY="several\nlines\nSTEPWELL_ROLE=x"\nSTEPWELL_TABLE=after', "after"),
    ("no assignment\n= neither\nSTEPWELL_TABLE=lenient", "lenient"),
]


@pytest.mark.parametrize(("text", "table"), DOTENV)
def test_dotenv(tmp_path: Path, text: str, table: str) -> None:
    (tmp_path / ".env").write_bytes(text.encode())
    loaded = load(environ={}, root=tmp_path)
    assert (loaded.settings.table, loaded.settings.role) == (table, None)


IGNORED = """\
[tool.stepwell]
[[tool.stepwell.ignore]]
pattern = "index tmp_*"
reason = "a"
[[tool.stepwell.ignore]]
pattern = "* audit.*"
reason = "b"
[tool.stepwell.env.prod]
[[tool.stepwell.env.prod.ignore]]
pattern = "c"
reason = "c"
[[tool.stepwell.env.prod.ignore]]
pattern = "d"
[tool.stepwell.env.test]
ignore = ["e # f"]
"""


def test_lists_of_tables(tmp_path: Path) -> None:
    """Those of an environment come in the place of the others, as every setting does."""
    (tmp_path / "pyproject.toml").write_text(IGNORED)
    loaded = load(environ={}, root=tmp_path)
    assert loaded.settings.ignore == (Ignore("index tmp_*", "a"), Ignore("* audit.*", "b"))
    assert str(loaded.resolved.origins["ignore"]) == "[tool.stepwell] in pyproject.toml:2"
    assert load(environ={}, root=tmp_path, env="test").settings.ignore == (Ignore("e", "f"),)
    environ = {"STEPWELL_IGNORE": "g # h\ni # j"}
    assert load(environ=environ, root=tmp_path).settings.ignore == (Ignore("g", "h"), Ignore("i", "j"))
    flags = {"ignore": ["k # l"]}
    assert load(environ=environ, root=tmp_path, flags=flags).settings.ignore == (Ignore("k", "l"),)


ERRORS = [
    # files, env, error
    ({"stepwell.toml": "tabel = 'x'"}, None, "stepwell.toml:1: there is no setting 'tabel'"),
    (
        {"pyproject.toml": "[tool.stepwell]\n\natomic = 'all'"},
        None,
        "pyproject.toml:3: the setting 'atomic' ([tool.stepwell]) must be one of: batch, migration",
    ),
    (
        {".env": "\nSTEPWELL_LOCK_WAIT=x"},
        None,
        ".env:2: the setting 'lock_wait' (STEPWELL_LOCK_WAIT) is wrong: ",
    ),
    (
        {"pyproject.toml": IGNORED.replace('reason = "a"', "")},
        None,
        "pyproject.toml:2: the setting 'ignore' ([tool.stepwell]) is wrong: its entry 1, 'index tmp_*', has no",
    ),
    (
        {"pyproject.toml": IGNORED},
        "prod",
        "pyproject.toml:12: the setting 'ignore' ([tool.stepwell.env.prod]) is wrong: its entry 2, 'd', has no",
    ),
    (
        {"stepwell.toml": "table = 'x'\nignore = ['a']"},
        None,
        "stepwell.toml:2: the setting 'ignore' is wrong: its entry 1, 'a', has no reason: ",
    ),
    ({"stepwell.toml": "table = "}, None, "stepwell.toml: this is not valid TOML: "),
    ({}, "prod", "there is no environment 'prod': the project has no configuration file"),
    ({"stepwell.toml": ""}, "prod", "there is no environment 'prod' in stepwell.toml; there are: none"),
    (
        {"stepwell.toml": "[env.prod]\n[env.dev]"},
        "prd",
        "there is no environment 'prd' in stepwell.toml; there are: dev, prod",
    ),
    (
        {"stepwell.toml": "env = 3"},
        "prod",
        "there is no environment 'prod' in stepwell.toml; there are: none",
    ),
]


@pytest.mark.parametrize(("files", "env", "message"), ERRORS, ids=[case[2] for case in ERRORS])
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, files: dict[str, str], env: str | None, message: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(UsageError) as caught:
        load(environ={}, root=tmp_path, env=env)
    assert str(caught.value).startswith(message)


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"X=\xff")
    with pytest.raises(UsageError, match=r"\.env: this file is not UTF-8"):
        load(environ={}, root=tmp_path)
