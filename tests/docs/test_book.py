"""The book builds without a warning, and its generated page is what the program says."""

import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest
from bench.faults.report import written

import stepwell

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_the_book_builds_without_a_warning(tmp_path: Path, unavailable: Callable[[str], NoReturn]) -> None:
    """Every link leads somewhere, and every page is in the table of contents."""
    for package in ("sphinx", "myst_parser", "furo"):
        if find_spec(package) is None:
            unavailable(f"{package} is not installed")
    source = Path(stepwell.__file__).parents[1]
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "-W",
            "-n",
            "-q",
            "--keep-going",
            "-b",
            "html",
            str(DOCS),
            str(tmp_path),
        ],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(source)},
    )
    assert (built.returncode, built.stderr) == (0, "")
    assert (tmp_path / "writing-migrations.html").exists()


def test_the_page_about_the_command_line_is_the_help_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """White space apart, since versions of argparse break lines elsewhere."""
    monkeypatch.setenv("COLUMNS", "80")  # the script sets it; here it is taken back
    written = (DOCS / "cli.md").read_text(encoding="utf-8")
    expected: str = runpy.run_path(str(DOCS / "cli_reference.py"))["page"]()
    assert written.split() == expected.split(), "run: python docs/cli_reference.py"


def test_the_comparison_under_faults_is_made_of_its_data() -> None:
    page = (DOCS / "faults.md").read_text(encoding="utf-8")
    data = json.loads((DOCS / "_data" / "faults.json").read_text(encoding="utf-8"))
    assert written(page, data) == page, "run: python -m bench.faults --only-page"


@pytest.mark.parametrize("page", sorted(path.name for path in ROOT.glob("*.md")))
def test_links_of_the_root_lead_somewhere(page: str) -> None:
    """Sphinx sees the book only."""
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target]
    assert [target for target in targets if not (ROOT / target).exists()] == []
