"""Two projects in one process may have modules of the same names, and the program around may have them too."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from stepwell.sources.root import root_on_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def roots(tmp_path: Path) -> Iterator[list[Path]]:
    """Two projects, each with a package and a module of the same names."""
    before = dict(sys.modules)
    found = []
    for name in ("one", "two"):
        root = tmp_path / name
        (root / "stepwell_shop").mkdir(parents=True)
        (root / "stepwell_shop" / "__init__.py").write_text("")
        (root / "stepwell_shop" / "session.py").write_text(f"NAME = {name!r}\n")
        (root / "stepwell_shared.py").write_text(f"NAME = {name!r}\n")
        found.append(root)
    yield found
    for added in sys.modules.keys() - before.keys():
        del sys.modules[added]


def names_in(root: Path) -> tuple[str, str, int]:
    """What a migration of this root would see, and which object it is."""
    with root_on_path(root):
        space: dict[str, object] = {}
        exec("import stepwell_shared, stepwell_shop.session as session", space)
        shared, session = space["stepwell_shared"], space["session"]
    return shared.NAME, session.NAME, id(session)  # type: ignore[attr-defined]


def test_each_project_has_its_own_modules(roots: list[Path]) -> None:
    one, two = roots
    first = names_in(one)
    second = names_in(two)
    assert first[:2] == ("one", "one")
    assert second[:2] == ("two", "two")
    assert names_in(one) == first, "it is not imported a second time"
    assert names_in(two) == second


def test_the_programs_own_modules_stay_its_own(roots: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = roots
    monkeypatch.syspath_prepend(str(one))
    import stepwell_shared as own  # type: ignore[import-not-found]

    assert names_in(two)[:2] == ("two", "two")
    assert sys.modules["stepwell_shared"] is own
    assert own.NAME == "one"


def test_blocks_of_two_projects_may_overlap(roots: list[Path]) -> None:
    one, two = roots
    with root_on_path(one), root_on_path(two):
        assert names_in(one)[0] == "one"
        assert names_in(two)[0] == "two"
