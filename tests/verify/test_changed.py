"""`--changed` and `--since` try what git says is new, and all that stands behind it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.verify.checking import verified

from stepwell.cli.main import main
from stepwell.core.errors import UsageError

if TYPE_CHECKING:
    from stepwell.testing import Workshop


@pytest.fixture
def branch(shop: Workshop) -> Workshop:
    """Three migrations on the main branch, of which nothing has changed."""
    for stem in ("001_first", "002_second", "003_third"):
        shop.table(stem)
    git = ("git", "-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgSign=false")
    for arguments in (("init", "-b", "main"), ("add", "--all"), ("commit", "-m", "three")):
        subprocess.run([*git, *arguments], cwd=shop.root, check=True, capture_output=True)
    return shop


def tried(shop: Workshop) -> list[str]:
    return [proof.version.text for proof in verified(shop, changed=True, rows=False, cache=False).proofs]


def test_a_new_one_is_tried_alone(branch: Workshop) -> None:
    branch.table("004_fourth")
    assert tried(branch) == ["004"]


def test_what_stands_behind_one_that_was_changed_is_tried_too(branch: Workshop) -> None:
    branch.sql("002_second", "CREATE TABLE second (id BIGINT);", "DROP TABLE second;")
    assert tried(branch) == ["002", "003"]
    (branch.folder / "001_first.sql").unlink()
    assert tried(branch) == ["002", "003"]


def test_where_nothing_has_changed_there_is_nothing_to_try(
    branch: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["verify", "--migrations", "migrations", "--scratch-url", branch.url]
    assert main([*arguments, "--since", "HEAD"], root=branch.root) == 0
    assert capsys.readouterr().out.startswith("nothing has changed since HEAD (")
    assert main([*arguments, "--since", "v9"], root=branch.root) == 2
    assert "git knows no commit 'v9'" in capsys.readouterr().err
    assert main([*arguments, "--changed", "001"], root=branch.root) == 2


@pytest.mark.parametrize(
    "choice", [{"versions": ["001"], "changed": True}, {"changed": True, "since": "main"}]
)
def test_only_one_way_to_choose(branch: Workshop, choice: dict[str, object]) -> None:
    project = branch.project(url=None, scratch_url=branch.url)
    assert isinstance(branch.failure(project.verify(**choice)), UsageError)  # type: ignore[arg-type]
