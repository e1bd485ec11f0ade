"""Parameters: which `:name` is one, what drivers get, and that the values never meet the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.sql.errors import MissingValueError, SqlSyntaxError
from stepwell.core.sql.lexer import lex
from stepwell.core.sql.parameters import Bound, bind, parameter_names
from stepwell.core.sql.rules import LexRules
from stepwell.core.sql.style import ParameterStyle
from stepwell.engines.mysql.lexical import MYSQL
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.engines.sqlite.lexical import SQLITE


@pytest.mark.parametrize(
    ("rules", "sql", "names"),
    [
        (POSTGRESQL, "select :a, :b_1, :a", ("a", "b_1")),
        (POSTGRESQL, "select :a::int, b::text, c := 1", ("a",)),
        (POSTGRESQL, "select (:a), [:b], x=:c,:d", ("a", "b", "c", "d")),
        (POSTGRESQL, "select a[1:2], a[n:m], (a):b, a[1]:c, 'a':d", ()),
        (POSTGRESQL, "select a[:x :y]", ("x", "y")),
        (POSTGRESQL, "select ':a', E'\\':a', \":a\", $$:a$$, $x$ :a $x$ -- :a\n/* :a /* */ :a */", ()),
        (POSTGRESQL, "select :é, : a, :1", ("é",)),
        (SQLITE, "select [:a], `:b`, :c", ("c",)),
        (MYSQL, 'select ":a", @b := :c # :d\n', ("c",)),
    ],
)
def test_what_is_a_parameter(rules: LexRules, sql: str, names: tuple[str, ...]) -> None:
    assert parameter_names(sql, rules) == names


SQL = "select :b, '100%', :a, :b -- %"
VALUES = {"a": 1, "b": None, "unused": 3}


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (ParameterStyle.NUMERIC, Bound("select $1, '100%', $2, $1 -- %", [None, 1])),
        (ParameterStyle.NAMED, Bound(SQL, {"b": None, "a": 1})),
        (ParameterStyle.FORMAT, Bound("select %s, '100%%', %s, %s -- %%", [None, 1, None])),
    ],
)
def test_what_the_driver_gets(style: ParameterStyle, expected: Bound) -> None:
    assert bind(SQL, POSTGRESQL, VALUES, style) == expected


@pytest.mark.parametrize("style", list(ParameterStyle))
def test_a_missing_value_is_named(style: ParameterStyle) -> None:
    with pytest.raises(MissingValueError, match=r"there is no value for the parameter :b") as caught:
        bind(SQL, POSTGRESQL, {"a": 1}, style)
    assert caught.value.name == "b"
    assert caught.value.hint == "add 'b' to the values, or put a literal ':b' in quotes"


def test_text_without_parameters_stays() -> None:
    assert bind("select '%' ", SQLITE, {"a": 1}, ParameterStyle.NUMERIC) == Bound("select '%' ", [])


def test_parameters_of_two_kinds_are_refused() -> None:
    with pytest.raises(SqlSyntaxError, match=r"\$1 can't be mixed with :name parameters") as caught:
        bind("select :a,\n $1", POSTGRESQL, VALUES, ParameterStyle.NUMERIC)
    assert (caught.value.line, caught.value.column) == (2, 2)
    assert bind("select $1", POSTGRESQL, VALUES, ParameterStyle.NUMERIC) == Bound("select $1", [])


@given(
    st.lists(st.sampled_from([":a", ":b", "::", " ", "'", "(", "[", "]", "%", "$1", '"', "\n"])).map("".join)
)
def test_only_parameters_change(sql: str) -> None:
    try:
        bound = bind(sql, POSTGRESQL, {"a": 1, "b": 2}, ParameterStyle.NUMERIC)
    except SqlSyntaxError:
        return
    names = parameter_names(sql, POSTGRESQL)
    expected = [
        f"${names.index(token.text[1:]) + 1}" if token.kind.name == "PARAMETER" else token.text
        for token in lex(sql, POSTGRESQL)
    ]
    assert bound.sql == "".join(expected)
    assert bound.params == [{"a": 1, "b": 2}[name] for name in names]
