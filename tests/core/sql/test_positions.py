"""A position that the server counts in the text with `$1` is shown in the text with `:name`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.sql.parameters import bind
from stepwell.core.sql.positions import written_position
from stepwell.core.sql.style import ParameterStyle
from stepwell.engines.postgresql.lexical import POSTGRESQL

PIECES = st.sampled_from(
    ["SELECT", ":a", ":longer_name", "':a'", "'ä'", ",", "x", "$$ :a $$", "-- :a\n", "::int"]
)


@given(st.lists(PIECES, min_size=1).map(" ".join))
def test_every_word_is_found_where_it_was_written(written: str) -> None:
    sent = bind(written, POSTGRESQL, {"a": 1, "longer_name": 2}, ParameterStyle.NUMERIC).sql
    for position in range(1, len(sent) + 1):
        found = written_position(position, sent, written, POSTGRESQL)
        assert found is not None
        if sent[position - 1] not in "$12":
            assert written[found - 1] == sent[position - 1]


@pytest.mark.parametrize(
    ("sent", "written", "expected"),
    [
        ("SELECT x", "SELECT x", 8),
        ("SELECT $1, $1, x", "the record of this step", None),
        ("SELECT x", "SELECT x, y", None),
        ("SELECT x, y", "SELECT x", None),
    ],
)
def test_texts_that_do_not_belong_together(sent: str, written: str, expected: int | None) -> None:
    assert written_position(8, sent, written, POSTGRESQL) == expected
