"""What the name of a migration says, and what is chosen where it says nothing."""

from __future__ import annotations

import pytest

from stepwell.app.templates import Templates
from stepwell.core.errors import UsageError
from stepwell.core.migration import Language
from stepwell.core.templates.choice import choose, doubts
from stepwell.core.templates.fill import named
from stepwell.core.templates.known import Column, Known
from stepwell.core.templates.names import told_by
from stepwell.core.templates.template import Kind, Template, Variable, read_template
from stepwell.engines.postgresql.lexical import POSTGRESQL

KNOWN = Known({"users": {"id": Column("int"), "name": Column("text")}, "user_roles": {"role_id": Column()}})
DECLARED = {
    "table": Variable("table", Kind.TABLE, None, ""),
    "column": Variable("column", Kind.COLUMN, None, ""),
}
NAMES = [
    ("add_${column}_to_${table}", "add_email_to_users", {"column": "email", "table": "users"}),
    ("add_${column}_to_${table}", "add_way_to_pay_to_users", {"column": "way_to_pay", "table": "users"}),
    ("add_${column}_to_${table}", "add_to_users", {}),
    ("add_${column}_to_${table}", "drop_email_to_users", {}),
    ("index_${table}_${column}", "index_users_name", {"table": "users", "column": "name"}),
    ("index_${table}_${column}", "index_user_roles_role_id", {"table": "user_roles", "column": "role_id"}),
    ("index_${table}_${column}", "index_other_thing_id", {"table": "other", "column": "thing_id"}),
    ("create_${table}", "create_user_roles", {"table": "user_roles"}),
]


@pytest.mark.parametrize(("form", "name", "told"), NAMES)
def test_names(form: str, name: str, told: dict[str, str]) -> None:
    assert told_by([form], name, {}, DECLARED, KNOWN) == told


SEVERAL = [  # what the name is, what was said besides, and what follows from both
    ("column", "add_email_column_to_users", {}, {"column": "email", "table": "users"}),
    ("rename", "rename_users_name_to_title", {}, {"table": "users", "column": "name", "to": "title"}),
    ("rename", "rename_name_of_users_to_title", {}, {"table": "users", "column": "name", "to": "title"}),
    (
        "rename",
        "rename_full_name_to_name_in_people",
        {},
        {"table": "people", "column": "full_name", "to": "name"},
    ),
    (
        "rename",
        "rename_user_roles_role_id_to_role",
        {},
        {"table": "user_roles", "column": "role_id", "to": "role"},
    ),
    ("seed", "seed_user_roles", {}, {"table": "user_roles"}),
    ("seed", "seed_users_root", {}, {"table": "users", "value": "root"}),
    (
        "seed",
        "seed_users_of_old_root",
        {"table": "shop.users_of_old"},
        {"table": "users_of_old", "value": "root"},
    ),
]


@pytest.mark.parametrize(("of", "name", "said", "told"), SEVERAL)
def test_of_several_forms_the_one_that_agrees_is_taken(
    of: str, name: str, said: dict[str, str], told: dict[str, str]
) -> None:
    built_in = Templates("postgresql").get(of, Language.SQL)
    declared = {variable.name: variable for variable in built_in.variables}
    assert told_by(built_in.names, name, said, declared, KNOWN) == told


def template(*lines: str) -> Template:
    return read_template(
        "t.sql", Language.SQL, "\n".join(f"-- template:{line}" for line in lines) + "\nSELECT 1\n"
    )


def test_what_is_said_comes_before_the_name_and_that_before_a_default() -> None:
    made = template(
        "name make_${a}_and_${b}",
        "variable a (name) = x: one",
        "variable b (name) = y: two",
        "variable c (name) = z: three",
        "variable d (name) = ${a}_${name}: four",
    )
    choice = choose(made, "t", "make_one_and_two", {"a": "said"}, known=KNOWN, rules=POSTGRESQL)
    assert choice.values == {"a": "said", "b": "two", "c": "z", "d": "said_make_one_and_two"}
    assert choice.found == ("b = two", "c = z", "d = said_make_one_and_two")


def test_a_default_that_is_sql_has_its_names_in_quotes_where_they_need_them() -> None:
    made = template(
        "variable a (name): one", "variable b (sql) = trim(${a}): two", "variable c (name) = ${a}_x: three"
    )
    choice = choose(made, "t", "x", {"a": "shop.order"}, known=KNOWN, rules=POSTGRESQL)
    assert choice.values["b"] == 'trim(shop."order")'
    assert choice.values["c"] == "order_x"


def test_what_is_there_is_found() -> None:
    made = template(
        "variable table (table): the table",
        "variable column (column): the column",
        "variable type (type): its type",
        "variable word (nullness) = SET|DROP: whether it may be NULL",
    )
    choice = choose(made, "t", "x", {}, known=KNOWN, rules=POSTGRESQL)
    assert choice.values == {"table": "users", "column": "name", "type": "text", "word": "DROP"}
    assert doubts(choice, KNOWN) == ()
    wrong = choose(
        made, "t", "x", {"table": "user", "column": "nam", "type": "a"}, known=KNOWN, rules=POSTGRESQL
    )
    assert doubts(wrong, KNOWN) == ("no migration is seen to create the table user: did you mean 'users'?",)
    wrong = choose(made, "t", "x", {"column": "nam", "type": "a"}, known=KNOWN, rules=POSTGRESQL)
    assert doubts(wrong, KNOWN) == ("the table users is not seen to have a column nam: did you mean 'name'?",)


def test_what_can_not_be_found_has_to_be_said() -> None:
    made = template("name add_${column}", "variable column (column): the column")
    with pytest.raises(UsageError, match="the template 't' needs 'column': the column") as caught:
        choose(made, "t", "x", {}, known=Known(), rules=POSTGRESQL)
    assert caught.value.hint == "say it: --set column=..., or name the migration add_COLUMN"


def test_a_place_in_the_name_of_a_file_is_looked_for_among_those_there() -> None:
    made = template("variable a (name): one")
    choice = choose(made, "t", "x", {"a": "said"}, known=KNOWN, rules=POSTGRESQL)
    with pytest.raises(UsageError, match="no variable for") as caught:
        named("${dependencies}", made, {"name": "x"}, choice)
    assert caught.value.hint == "there are: a, name"


WRONG = [
    ("varible x (name): y", "there is no 'template:varible'", "did you mean 'variable'?"),
    ("variable x: y", "'template:variable' is not written like this", "write: template:variable NAME"),
    ("variable x (nam): y", "there is no kind 'nam' of variable", "did you mean 'name'?"),
    ("variable date (name): y", "the variable 'date' is there already", ""),
    ("name add_{column}", "'template:name' is not written like this", "write: template:name"),
    ("file", "'template:file' is not written like this", "write: template:file"),
    ("refuse", "'template:refuse' is not written like this", "write: template:refuse TEXT"),
]


@pytest.mark.parametrize(("line", "told", "hint"), WRONG)
def test_a_line_that_says_nothing_is_named(line: str, told: str, hint: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        template("about it", line)
    assert str(caught.value.place) == "t.sql:2"
    assert hint in (caught.value.hint or "")


def test_what_is_said_of_a_template_stands_before_its_text() -> None:
    with pytest.raises(UsageError, match="'template:about' stands before the first file") as caught:
        read_template("t.sql", Language.SQL, "SELECT 1\n-- template:about it\n")
    assert str(caught.value.place) == "t.sql:2"


def test_a_template_without_a_text_is_named() -> None:
    with pytest.raises(UsageError, match="this template makes nothing"):
        read_template("t.sql", Language.SQL, "-- template:about nothing\n\n")


def test_lines_of_several_files_are_those_of_the_template() -> None:
    made = read_template(
        "t.sql", Language.SQL, "-- template:file a\n\none\n-- template:file b unless c\ntwo\nthree\n"
    )
    assert [(each.name, each.text, each.first_line, each.unless) for each in made.files] == [
        ("a", "one\n", 3, None),
        ("b", "two\nthree\n", 5, "c"),
    ]
