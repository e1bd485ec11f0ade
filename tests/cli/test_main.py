"""The program as a whole: start-up, help, options before and after the command, streams, secrets, bugs."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stepwell.cli.commands import command_names, load_command
from stepwell.cli.help import program_help
from stepwell.cli.options import split_command, wants_json
from stepwell.cli.parser import command_parser
from stepwell.core.settings import SETTINGS

Run = Callable[..., tuple[int, str, str]]
Spawn = Callable[..., "subprocess.Popen[str]"]

COMMANDS = [
    "baseline", "check", "completion", "config", "diff", "docs", "drift", "init", "log", "mark", "migrate", "new",
    "repair", "rollback", "snapshot", "status", "unlock", "unmark", "verify",
]  # fmt: skip
HEAVY = {"asyncio", "rich", "psycopg", "sqlite3", "tomllib", "argparse", "logging", "stepwell.project"}


def loaded_modules(project: Path, *arguments: str) -> set[str]:
    program = (
        f"import sys\nfrom stepwell.cli.main import main\ntry:\n    main({list(arguments)!r})\nfinally:\n"
    )
    program += "    print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


def test_help_loads_nothing_that_acts(project: Path) -> None:
    modules = loaded_modules(project, "--help")
    assert "stepwell.cli.commands.migrate" in modules
    assert not HEAVY & modules


def test_the_help_of_a_command_loads_that_command_alone(project: Path) -> None:
    modules = loaded_modules(project, "migrate", "--help")
    assert not (HEAVY - {"argparse"}) & modules
    assert {name for name in modules if name.startswith("stepwell.cli.commands.")} == {
        "stepwell.cli.commands.migrate"
    }


def test_status_draws_without_rich_and_reads_no_toml_that_is_not_there(project: Path) -> None:
    (project / "stepwell.toml").unlink()
    modules = loaded_modules(project, "status", "--url", "sqlite:///x.db")
    assert not {"rich", "psycopg", "tomllib"} & modules


def test_help_lists_all_commands_and_settings(run: Run) -> None:
    assert command_names() == COMMANDS
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    for name in COMMANDS:
        command = load_command(name)
        assert command is not None
        assert command.name == name
        assert re.search(rf"^  {name} +{re.escape(command.help.split()[0])}", out, re.MULTILINE)
    for setting in SETTINGS:
        assert f"  {setting.flag} " in out
    assert run("-h") == (0, out, "")
    assert run("--format", "json", "--help") == (0, out, "")


def test_help_fits_into_80_columns() -> None:
    lines = program_help([("name", "word " * 40)]).splitlines()
    assert max(map(len, lines)) <= 83, "a heading may be a little longer"


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_has_examples_that_can_be_parsed(name: str, run: Run) -> None:
    command = load_command(name)
    assert command is not None
    code, out, err = run(name, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: stepwell {name}")
    assert command.examples
    for line, _ in command.examples:
        assert line in out
        program, *arguments = shlex.split(line.partition(" >")[0])
        assert program == "stepwell"
        found, rest = split_command(arguments)
        assert found == name
        command_parser(command).parse_args(rest)


def test_the_help_says_what_other_tools_do_otherwise(run: Run) -> None:
    text = " ".join(run("migrate", "--help")[1].split())
    assert "unlike Django and Alembic" in text
    assert "effects outside the database do happen" in text
    marked = run("mark", "--help")[1]
    assert "stamp" in marked
    assert "--fake" in marked


def test_version(run: Run) -> None:
    assert run("--version") == (0, "stepwell 0.1.0\n", "")


def test_a_command_that_is_no_name_is_unknown(run: Run) -> None:
    for name in ("../x", "os", "__init__", "Status", ""):
        code, out, err = run(name)
        assert (code, out) == (2, "")
        assert f"there is no command {name!r}" in err


SPLITS = [
    (["status"], "status", []),
    (["--url", "status", "migrate"], "migrate", ["--url", "status"]),
    (["--url=x", "migrate", "--target", "3"], "migrate", ["--url=x", "--target", "3"]),
    (["-v", "--format", "json", "log"], "log", ["-v", "--format", "json"]),
    (["--wait", "status"], "status", ["--wait"]),
    (["--wait", "5s", "status"], "status", ["--wait", "5s"]),
    (["--lock-wait", "5", "status"], "status", ["--lock-wait", "5"]),
    (["--version"], None, ["--version"]),
    ([], None, []),
]


@pytest.mark.parametrize(("arguments", "command", "rest"), SPLITS)
def test_the_command_is_found(arguments: list[str], command: str | None, rest: list[str]) -> None:
    assert split_command(arguments) == (command, rest)


def test_common_options_may_stand_before_and_after_the_command(run: Run) -> None:
    before = run("--format", "json", "--url", "sqlite:///other.db", "-q", "status")
    after = run("status", "-q", "--url", "sqlite:///other.db", "--format=json")
    assert before == after
    assert json.loads(before[1])["url"] == "sqlite:///other.db"


def test_a_bare_wait_does_not_take_the_next_argument(run: Run, project: Path) -> None:
    assert run("new", "--wait", "add_users")[0] == 0
    assert (project / "db/migrations/001_add_users.py").exists()


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["x", "--format", "json"], True),
        (["--format=json"], True),
        (["--format", "text"], False),
        (["json", "--format"], False),
        ([], False),
    ],
)
def test_json_is_noticed_in_arguments_that_are_wrong(arguments: list[str], wanted: bool) -> None:
    assert wants_json(arguments) is wanted


def test_the_root_can_be_named_by_the_caller(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stepwell.cli.main import main

    elsewhere = project / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert main(["new", "x"], root=project) == 0
    assert (project / "db/migrations/001_x.py").exists()


FAILING = """\
from stepwell import Migration, database


class Failing(Migration):
    \"\"\"Fails\"\"\"

    dependencies = []

    async def up(self) -> None:
        {statement}

    async def down(self) -> None:
        pass
"""


def failing(project: Path, statement: str) -> None:
    (project / "db/migrations/001_failing.py").write_text(FAILING.format(statement=statement))


SECRET = "S3cr3t/pass"
LEAKS = [
    'raise ValueError("S3cr3t/pass")',
    'raise ValueError("S3cr3t%2Fpass")',
    'raise ValueError("postgresql://u:other-S3cr3t@h/d")',
    "await database.execute(\"SELECT 'S3cr3t/pass' FROM nowhere\")",
    "await database.execute(\"CREATE ROLE x PASSWORD 'unknown-S3cr3t'\")",
    'await database.execute("SELECT :p FROM nowhere", {"p": "S3cr3t/pass"})',
    'print("S3cr3t/pass".replace("S3cr3t", "printed by the author")); raise KeyError("S3cr3t/pass")',
]


@pytest.mark.parametrize("statement", LEAKS)
@pytest.mark.parametrize("options", [(), ("-v",), ("--format", "json"), ("-q",)])
def test_a_password_is_never_shown(
    statement: str, options: tuple[str, ...], run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(project, statement)
    monkeypatch.setenv("STEPWELL_DIRECT_URL", "postgresql://app:S3cr3t%2Fpass@db/shop")
    for arguments in (("migrate",), ("migrate", "--dry-run"), ("log",), ("config",), ("status",)):
        code, out, err = run(*arguments, *options)
        assert "S3cr3t" not in out + err, arguments
        assert code in {0, 1, 4}
    assert run("migrate", *options)[0] == 1


def test_a_password_on_the_command_line_is_warned_of(run: Run) -> None:
    code, out, err = run("status", "--direct-url", "postgresql://app:S3cr3t@db/shop")
    assert code == 0
    assert "warning: other users of this machine can see the password in --direct-url" in err
    assert "S3cr3t" not in out + err
    assert "warning" not in run("status", "--direct-url", "postgresql://app@db/shop")[2]


def test_a_bug_is_told_as_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from stepwell.project import Project

    async def broken(self: Project, *, drift: bool) -> None:
        raise RuntimeError("S3cr3t went wrong")

    monkeypatch.setattr(Project, "status", broken)
    monkeypatch.setenv("PGPASSWORD", "S3cr3t")
    assert run("status") == (
        1,
        "",
        "error: RuntimeError: *** went wrong\nthis is a bug, in stepwell or in a migration; -v shows where\n",
    )
    code, out, err = run("status", "-v", "--format", "json")
    assert code == 1
    assert json.loads(out)["error"]["code"] == "unexpected"
    assert "Traceback" in err
    assert "S3cr3t" not in out + err


def test_a_reader_that_has_gone_is_no_error(spawn: Spawn, project: Path) -> None:
    failing(project, "pass")
    with spawn("migrate") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        told = process.stderr.read()
        assert process.wait() == 0
    assert "BrokenPipe" not in told
    assert "Exception ignored" not in told


def test_a_stream_without_our_symbols_gets_others(spawn: Spawn, project: Path) -> None:
    failing(project, "pass")
    for extra in ((), ("--format", "json")):
        out, _ = spawn("status", *extra, PYTHONIOENCODING="ascii").communicate()
        assert out.isascii()
    assert "- pending" in spawn("status", PYTHONIOENCODING="ascii").communicate()[0]


@pytest.mark.parametrize(("columns", "longest"), [("60", 60), ("0", 1000), ("wide", 1000)])
def test_columns_limits_the_width(columns: str, longest: int, spawn: Spawn, project: Path) -> None:
    (project / f"db/migrations/001_{'long_' * 30}.sql").write_text("-- migrate:up\nSELECT 1;\n")
    out, _ = spawn("status", COLUMNS=columns).communicate()
    assert (max(map(len, out.splitlines())) <= 60) is (longest == 60)


@pytest.mark.parametrize(
    ("environ", "options", "coloured"),
    [
        ({}, (), False),
        ({"FORCE_COLOR": "1"}, (), True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, (), False),
        ({"FORCE_COLOR": "1"}, ("--no-color",), False),
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, (), True),
    ],
)
def test_colours(
    environ: dict[str, str], options: tuple[str, ...], coloured: bool, spawn: Spawn, project: Path
) -> None:
    failing(project, "pass")
    out, _ = spawn("status", *options, **environ).communicate()
    assert ("\x1b[" in out) is coloured


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion(shell: str, run: Run) -> None:
    code, out, err = run("completion", shell)
    assert (code, err) == (0, "")
    for name in COMMANDS:
        assert name in out


def test_the_completion_of_bash_is_bash(run: Run) -> None:
    script = run("completion", "bash")[1]
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize("url", ["embedded://", "sqlite", "postgresql:"])
def test_a_url_without_a_secret_eats_no_text(run: Run, url: str) -> None:
    code, _, err = run("status", "--url", url)
    assert code == 2
    assert "***" not in err
    assert "embedded://NAME" in err


def test_a_url_that_can_t_be_parsed_is_hidden_as_a_whole(run: Run) -> None:
    code, out, err = run("status", "--url", "postgresql//app:hunter2@db")
    assert code == 2
    assert "hunter2" not in out + err
