"""Which modules of the project a migration brings in, and when that can't be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stepwell.sources.closure import closure

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "db/__init__.py": "",
    "db/session.py": "from stepwell import database\n",
    "db/migrations/__init__.py": "",
    "db/migrations/base.py": "from stepwell import Migration\nfrom db.words import WORDS\n",
    "db/words.py": "import json\nWORDS = json.loads('[]')\n",
    "db/reading.py": "from pathlib import Path\n",
    "db/circle.py": "from db import square\n",
    "db/square.py": "import db.circle\n",
    "tools/plain.py": "",
    "json_like.py": "",
    "time.py": "",
    "hypothesis/strategies.py": "",
    "db/plain/deep.py": "",
    "broken.py": "def\n",
}
TOLD: dict[str, tuple[str, set[str] | None]] = {
    "nothing of the project": ("from stepwell import Migration, database\nimport re, json\n", set()),
    "a module": ("import json_like\n", {"json_like.py"}),
    "by its package": ("from db.session import database\n", {"db/__init__.py", "db/session.py"}),
    "a module as a name": ("from db import session\n", {"db/__init__.py", "db/session.py"}),
    "a name of a package": ("from db import something\n", {"db/__init__.py"}),
    "relative, and what that brings in": (
        "from .base import Migration\n",
        {"db/migrations/base.py", "db/migrations/__init__.py", "db/__init__.py", "db/words.py"},
    ),
    "relative, from above": ("from ..session import database\n", {"db/__init__.py", "db/session.py"}),
    "a sibling": (
        "from . import base\n",
        {"db/migrations/base.py", "db/migrations/__init__.py", "db/__init__.py", "db/words.py"},
    ),
    "built in, whatever lies in the project": ("import time\n", None),
    "a folder that gives way to an installed package": ("import hypothesis.strategies\n", None),
    "a folder by itself": ("import tools\n", None),
    "a folder within a package": ("from db.plain.deep import x\n", {"db/__init__.py", "db/plain/deep.py"}),
    "in a circle": ("import db.square\n", {"db/__init__.py", "db/square.py", "db/circle.py"}),
    "within a function": ("def up():\n    from tools.plain import x\n", {"tools/plain.py"}),
    "all of it": ("from db.session import *\n", {"db/__init__.py", "db/session.py"}),
    "of a folder that is no package": ("from tools import plain\n", {"tools/plain.py"}),
    "a module that is not there": ("from tools import missing\n", None),
    "deeper than there is": ("import db.session.more\n", None),
    "a module that reads files": ("import db.reading\n", None),
    "a file": ("open('data.csv')\n", None),
    "its own place": ("FOLDER = __file__\n", None),
    "code out of a text": ("exec('1')\n", None),
    "by a name": ("__import__('db.session')\n", None),
    "the environment": ("import os\n", None),
    "another package": ("import sqlalchemy\n", None),
    "what can't be parsed": ("import broken\n", None),
    "above the root": ("from ....db import x\n", None),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


@pytest.mark.parametrize("what", TOLD)
def test_modules_of_the_project(root: Path, what: str) -> None:
    text, expected = TOLD[what]
    found = closure(root, "db/migrations/001_first.py", text)
    assert (None if found is None else set(found)) == expected
    for name, content in (found or {}).items():
        assert content == (root / name).read_bytes()


def test_a_module_that_was_loaded_may_be_older_than_its_file(root: Path) -> None:
    path, text = "db/migrations/001_first.py", "import db.session\n"
    loaded = {str(root / "db/session.py")}
    assert closure(root, path, text, loaded) is None  # nobody knows what was loaded
    assert closure(root, path, text) is not None  # before it is loaded
    assert closure(root, path, text, loaded) is not None
    (root / "db/session.py").write_text("changed = True\n")
    assert closure(root, path, text, loaded) is None
