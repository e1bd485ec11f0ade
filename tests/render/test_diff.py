"""What `drift` tells: differences, what may differ with its reason, and what had nothing to ignore."""

import pytest

from stepwell.core.answers import DiffReport, Side
from stepwell.core.ignore import Ignore
from stepwell.core.schema.diff import Added, Diff
from stepwell.core.schema.ignoring import Ignored
from stepwell.core.schema.snapshot import Fact, Key
from stepwell.render.diff import diff_text, unified_text

from .conftest import Surface

USERS = Key("table", "public.users")


def report(*changes: Added, ignored: tuple[Added, ...] = ()) -> DiffReport:
    sides = [Side(name, "postgresql", "18.4", "0") for name in ("before", "after")]
    hidden = (Ignored(Ignore("index tmp_*", "the nightly\x1b job"), ignored),) if ignored else ()
    return DiffReport(sides[0], sides[1], Diff(changes), hidden, (Ignore("schema x", "why"),))


def index(name: str) -> Added:
    return Added(Fact("index", f"public.{name}", USERS, {"definition": "btree (a)"}))


CASES = {
    "something": (
        report(index("i"), ignored=(index("tmp_a"), index("tmp_b"))),
        """\
before -> after
index i: added (btree (a))
ignored by 'index tmp_*' (the nightly\\x1b job):
    index tmp_a: added (btree (a))
    index tmp_b: added (btree (a))
note: 'schema x' has nothing to ignore (why)
1 difference, 2 ignored
""",
        """\
--- before
+++ after
@@ index public.i @@
+index public.i
+definition: btree (a)
ignored by 'index tmp_*' (the nightly\\x1b job):
    index tmp_a: added (btree (a))
    index tmp_b: added (btree (a))
note: 'schema x' has nothing to ignore (why)
""",
    ),
    "nothing": (
        report(),
        "before -> after\nnote: 'schema x' has nothing to ignore (why)\nno differences\n",
        "note: 'schema x' has nothing to ignore (why)\n",
    ),
    "only what may": (
        report(ignored=(index("tmp_a"),)),
        """\
before -> after
ignored by 'index tmp_*' (the nightly\\x1b job):
    index tmp_a: added (btree (a))
note: 'schema x' has nothing to ignore (why)
no differences, 1 ignored
""",
        """\
ignored by 'index tmp_*' (the nightly\\x1b job):
    index tmp_a: added (btree (a))
note: 'schema x' has nothing to ignore (why)
""",
    ),
}


@pytest.mark.parametrize(("found", "text", "unified"), CASES.values(), ids=CASES)
def test_what_may_differ_stands_apart(found: DiffReport, text: str, unified: str, surface: Surface) -> None:
    assert diff_text(found, surface()) == text
    assert unified_text(found, surface()) == unified
