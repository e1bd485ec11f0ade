"""Each template that comes with stepwell, in a project that could be somebody's: what it makes is right as it is."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.templates.making import Made, new

from stepwell.app.templates import Templates
from stepwell.core.proof import Verdict
from stepwell.core.url import parse_url

if TYPE_CHECKING:
    from stepwell.testing import Workshop

LANGUAGES = {"python": (), "sql": ("--sql",)}


def chain(engine: str) -> list[Made]:
    """Every template at least once, each upon what those before it have made."""
    text = "varchar(255)" if engine == "mariadb" else "text"
    of_an_enum = {
        "postgresql": [Made("enum", "create_state"), Made("enum-value", "add_archived_to_state")],
        "sqlite": [],
        "mariadb": [
            Made("column", "add_state_to_orders", ("type=ENUM('new', 'done')",)),
            Made("enum-value", "add_archived_to_orders_state", ("values=new,done",)),
        ],
    }
    return [
        Made("table", "create_users"),
        Made("table", "create_orders"),
        Made("column", "add_email_to_users", (f"type={text}",)),
        Made("index", "index_users_by_email"),
        Made("data", "trim_name_of_users"),
        Made("data", "trim_name_of_orders"),
        Made("data", "trim_users_again", ("table=users", "column=name")),
        Made("seed", "seed_users_root", ("column=name",)),
        Made("seed", "seed_orders_first", ("column=name",)),
        Made("foreign-key", "add_user_id_to_orders"),
        # It goes along with the column; on MariaDB it has to be moved by hand, as the template says.
        *([] if engine == "mariadb" else [Made("index", "index_orders_by_name")]),
        Made("rename", "rename_orders_name_to_title"),
        Made("view", "create_names", ("table=users", "column=name")),
        *of_an_enum[engine],
    ]


REFUSED = {"postgresql": set(), "sqlite": {"enum", "enum-value"}, "mariadb": {"enum"}}


@pytest.fixture(params=LANGUAGES)
def built(request: pytest.FixtureRequest, shop: Workshop) -> Workshop:
    """The whole chain, in one language."""
    for made in chain(parse_url(shop.url).engine):
        assert new(shop, made, *LANGUAGES[request.param]) == 0, made
    return shop


def test_every_template_is_tried(shop: Workshop) -> None:
    engine = parse_url(shop.url).engine
    there = {each.name for each in Templates(engine).all()}
    assert there - {made.template for made in chain(engine)} == {"empty", *REFUSED[engine]}


@pytest.mark.slow
def test_what_it_makes_is_proved(built: Workshop) -> None:
    assert built.run(built.project(url=None).check()).findings == ()
    if not built.abilities.snapshots:
        built.migrate()
        assert not built.pending()
        built.rollback(target="base")
        assert len(built.pending()) == len(built.states())
        return
    report = built.run(built.project(scratch="same-server").verify())
    found = {proof.name: (proof.verdict, proof.reasons) for proof in report.proofs}
    if "add_archived_to_state" in found:  # it says of itself that there is no way back
        assert found.pop("add_archived_to_state") == (Verdict.IRREVERSIBLE, ("declared irreversible",))
    assert set(found.values()) == {(Verdict.PROVED, ())}, found


@pytest.mark.slow
def test_python_is_as_formatters_and_linters_want_it(shop: Workshop) -> None:
    for made in chain(parse_url(shop.url).engine):
        new(shop, made)
    for command in (
        (
            "ruff",
            "check",
            "--isolated",
            "--ignore=RUF012",
        ),  # dependencies are a list, as everywhere in the book
        ("ruff", "format", "--isolated", "--check"),
        ("mypy", "--strict", "--config-file="),
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command, *map(str, sorted(shop.folder.glob("*.py")))],
            cwd=shop.root, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_there_can_not_be_names_what_there_is(
    shop: Workshop, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in REFUSED[parse_url(shop.url).engine]:
        assert new(shop, Made(name, "create_it"), *LANGUAGES[language]) == 2
        assert f"there is no template {name!r} for" in (told := capsys.readouterr().err)
        assert "hint: " in told
    assert list(shop.folder.iterdir()) == []
