"""Statements: where they end, what is left of them, and which scripts are refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.sql.errors import SqlSyntaxError
from stepwell.core.sql.rules import LexRules
from stepwell.core.sql.split import pieces, split
from stepwell.core.sql.statement import Statement
from stepwell.engines.mysql.lexical import MARIADB, MYSQL
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.engines.sqlite.lexical import SQLITE

ALL = [POSTGRESQL, SQLITE, MYSQL, MARIADB]
KITCHEN_SINK = Path(__file__).parents[4] / "shared" / "data" / "schema_kitchen_sink.sql"


def texts(sql: str, rules: LexRules) -> list[str]:
    return [statement.text for statement in split(sql, rules)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("", []),
        (" ;; -- a\n ; /* b; */ ", []),
        ("select 1", ["select 1"]),
        (" select 1 ; \n", ["select 1"]),
        ("select 1;select 2", ["select 1", "select 2"]),
        ("-- a;\nselect /* b; */ ';' -- c\n;", ["select /* b; */ ';'"]),
        ('select "a;b";select 2', ['select "a;b"', "select 2"]),
        ("select (1;2); select 3", ["select (1;2)", "select 3"]),
        ("select 1 - -1 / 2; ", ["select 1 - -1 / 2"]),
    ],
)
@pytest.mark.parametrize("rules", ALL, ids=lambda rules: rules.name)
def test_every_dialect(sql: str, expected: list[str], rules: LexRules) -> None:
    assert texts(sql, rules) == expected


SQL_FUNCTION = """CREATE OR REPLACE FUNCTION "f;"(a int) RETURNS int LANGUAGE sql
BEGIN ATOMIC
  SELECT CASE WHEN a = 1 THEN CASE a WHEN 2 THEN 3 END ELSE 4 END;
  SELECT 5 AS end;
END"""
RULE = "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM b)"
DO_BLOCK = "DO $do$ BEGIN EXECUTE $$select ';'$$; END; $do$"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (f"{SQL_FUNCTION};\nselect 1;", [SQL_FUNCTION, "select 1"]),
        (SQL_FUNCTION, [SQL_FUNCTION]),
        (
            "create procedure p() begin atomic end; select 1",
            ["create procedure p() begin atomic end", "select 1"],
        ),
        (
            "create function begin() returns int return 1; end;",
            ["create function begin() returns int return 1", "end"],
        ),
        ("begin; select 1; end; select 2", ["begin", "select 1", "end", "select 2"]),
        ("create table function (atomic int); select 1", ["create table function (atomic int)", "select 1"]),
        (f"{RULE};{DO_BLOCK};", [RULE, DO_BLOCK]),
        ("select E'\\';', 'a\\';", ["select E'\\';', 'a\\'"]),
        ("/* a /* b; */ ; */ select 1", ["select 1"]),
        ("/*+ SeqScan(a) */ select 1; /*+ alone */;", ["/*+ SeqScan(a) */ select 1"]),
        ("select a[1:2], b #> '{a}'; select 2", ["select a[1:2], b #> '{a}'", "select 2"]),
    ],
)
def test_postgresql(sql: str, expected: list[str]) -> None:
    assert texts(sql, POSTGRESQL) == expected


TRIGGER = """CREATE TEMP TRIGGER IF NOT EXISTS t AFTER UPDATE ON x WHEN new.begin > 0 BEGIN
  SELECT CASE WHEN new.a THEN 1 END;
  UPDATE y SET end = 1 WHERE [it's;] = 2;
END"""


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (f"{TRIGGER};\nselect 1", [TRIGGER, "select 1"]),
        ("create table trigger (a); begin; end", ["create table trigger (a)", "begin", "end"]),
        ("select [a;b], `c;d`; select 2", ["select [a;b], `c;d`", "select 2"]),
    ],
)
def test_sqlite(sql: str, expected: list[str]) -> None:
    assert texts(sql, SQLITE) == expected


PROCEDURE = """CREATE DEFINER = `a`@`b` PROCEDURE p(IN n INT) COMMENT 'x;'
top: BEGIN
  IF n > 1 THEN SET n = IF(n, 1, REPEAT('a', 2)); ELSEIF n THEN BEGIN SELECT 1; END; END IF;
  CASE n WHEN 1 THEN SELECT CASE WHEN 1 THEN 2 END; END CASE;
  SET n = CASE WHEN n THEN IF(n, 1, 2) ELSE CASE n WHEN 1 THEN REPEAT('a', 2) END END;
  WHILE n > 0 DO SET n = n - 1; END WHILE;
  again: LOOP LEAVE again; END LOOP;
  REPEAT SET n = n + 1; UNTIL n > 5 END REPEAT;
END"""
ROW_TRIGGER = "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW IF new.a THEN SET new.b = 1; END IF"
HANDLER = """CREATE PROCEDURE p() BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION IF @a THEN SET @b = 1; END IF;
  CASE WHEN @a THEN IF @b THEN SET @c = 1; END IF; ELSE REPEAT SET @d = 1; UNTIL 1 END REPEAT; END CASE;
END"""
DUMPED = "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t BEGIN /* c */ SET @a = 1; END */"
LOOPS = "BEGIN NOT ATOMIC FOR i IN 1..3 DO IF i THEN SELECT i; END IF; END FOR; END"
BLOCK = "BEGIN NOT ATOMIC SELECT 1; SELECT 2; END"


@pytest.mark.parametrize(
    ("rules", "sql", "expected"),
    [
        (MYSQL, f"{PROCEDURE}; select 1", [PROCEDURE, "select 1"]),
        (MYSQL, f"{HANDLER}; select 1", [HANDLER, "select 1"]),
        (MYSQL, f"{ROW_TRIGGER}; select 1", [ROW_TRIGGER, "select 1"]),
        (MYSQL, "create procedure p() select 1; select 2", ["create procedure p() select 1", "select 2"]),
        (
            MYSQL,
            f"DELIMITER //\n{PROCEDURE}//\nselect 1; select 2//\nDELIMITER ;\nselect 3;",
            [PROCEDURE, "select 1; select 2", "select 3"],
        ),
        (MYSQL, f"DELIMITER ;;\n{DUMPED};;\nDELIMITER ;\n", [DUMPED]),
        (MYSQL, "/*!40101 SET NAMES utf8 */;select 1", ["/*!40101 SET NAMES utf8 */", "select 1"]),
        (MYSQL, "select 'it\\'s;' # a;\n, \"b;\"; select 2", ["select 'it\\'s;' # a;\n, \"b;\"", "select 2"]),
        (MARIADB, f"{BLOCK}; select 1", [BLOCK, "select 1"]),
        (MARIADB, f"{LOOPS}; select 1", [LOOPS, "select 1"]),
        (MYSQL, "begin; select 1", ["begin", "select 1"]),
        (MARIADB, "begin; select 1", ["begin", "select 1"]),
    ],
)
def test_mysql_and_mariadb(rules: LexRules, sql: str, expected: list[str]) -> None:
    assert texts(sql, rules) == expected


def test_where_a_statement_stands() -> None:
    sql = "-- a\n\n select 1;\nselect\n2; select 3"
    assert split(sql, POSTGRESQL, first_line=10) == [
        Statement("select 1", line=12, offset=7),
        Statement("select\n2", line=13, offset=17),
        Statement("select 3", line=14, offset=27),
    ]
    assert split("\n\n select 1;", POSTGRESQL, first_line=10) == [Statement("select 1", line=12, offset=3)]


@pytest.mark.parametrize(
    ("sql", "data", "line"),
    [
        ("COPY t FROM STDIN;\n1\t;\n\\.\n", "1\t;\n", 2),
        ("copy t (a, b) from stdin with (format csv); -- c\n'\n\\.", "'\n", 2),
        ("COPY t FROM STDIN\n;\n\\.\n", "", 3),
        ("COPY t FROM STDIN;\r\na\\.\r\n\\.\r\n", "a\\.\r\n", 2),
    ],
)
def test_data_of_a_copy(sql: str, data: str, line: int) -> None:
    copy, after = split(f"{sql}\nselect 1", POSTGRESQL)
    assert (copy.copy_data, copy.copy_line) == (data, line)
    assert (after.text, after.copy_data) == ("select 1", None)
    assert split(f"select 1;{sql}", POSTGRESQL)[1].copy_data == data


@pytest.mark.parametrize(
    ("rules", "sql", "message", "line", "column"),
    [
        (POSTGRESQL, "select 1;\n 'a", "this string is never closed", 2, 2),
        (POSTGRESQL, "E'a\\'", "this string is never closed", 1, 1),
        (POSTGRESQL, "do $x$ a", "this dollar-quoted string is never closed", 1, 4),
        (POSTGRESQL, "a /* /* */", "this comment is never closed", 1, 3),
        (SQLITE, "select [a", "this quoted name is never closed", 1, 8),
        (MYSQL, "select `a", "this quoted name is never closed", 1, 8),
        (MYSQL, "select 1 /*! a", "this comment is never closed", 1, 10),
        (POSTGRESQL, "create table t (\n a int;\nselect 1;", "this parenthesis is never closed", 1, 16),
        (
            POSTGRESQL,
            "select 1;\ncreate function f() begin atomic select 1;",
            "the body of this statement",
            2,
            1,
        ),
        (SQLITE, "create trigger t after insert on x begin select 1;", "the body of this statement", 1, 1),
        (MYSQL, "create procedure p() begin select 1;", "the body of this statement", 1, 1),
        (POSTGRESQL, "select 1;\n\\d t\n", "\\d is a command of psql, not SQL", 2, 1),
        (POSTGRESQL, "\\restrict x\nselect 1;", "\\restrict is a command of psql, not SQL", 1, 1),
        (POSTGRESQL, "\\.\n", "\\. is a command of psql, not SQL", 1, 1),
        (MYSQL, "select 1\\G", "\\G is a command of mysql, not SQL", 1, 9),
        (POSTGRESQL, "\nCOPY t FROM STDIN", "COPY from standard input without its data", 2, 1),
        (POSTGRESQL, "COPY t FROM STDIN;\n1\nselect 1;", "COPY from standard input without its data", 1, 1),
        (
            POSTGRESQL,
            "COPY t FROM STDIN; select 1;\n1\n\\.",
            "COPY from standard input without its data",
            1,
            1,
        ),
    ],
)
def test_what_is_refused(rules: LexRules, sql: str, message: str, line: int, column: int) -> None:
    with pytest.raises(SqlSyntaxError) as caught:
        split(sql, rules, first_line=1)
    assert caught.value.message.startswith(message)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value).endswith(f"(line {line}, column {column})")


def test_the_line_of_an_error_is_that_of_the_file() -> None:
    with pytest.raises(SqlSyntaxError) as caught:
        split("\n'a", POSTGRESQL, first_line=40)
    assert caught.value.line == 41


def test_a_command_of_psql_comes_with_a_hint() -> None:
    with pytest.raises(SqlSyntaxError) as caught:
        split("\\unrestrict x\n", POSTGRESQL)
    assert caught.value.hint == "stepwell is not psql: delete the line, or write what it does in SQL"


# --- properties ---

GUARDED = st.text(alphabet="ab;'\n-", max_size=6)
LEAVES = st.one_of(
    st.sampled_from(["select", "a1", "1.5", ",", "=", "::", "COPY", "end", "case", ":name", "\n", "-1"]),
    GUARDED.map(lambda text: "'" + text.replace("'", "''") + "'"),
    GUARDED.map(lambda text: '"' + text.replace('"', '""') + '"'),
    GUARDED.map(lambda text: f"/*{text}*/"),
    GUARDED.map(lambda text: "--" + text.replace("\n", "") + "\n"),
    st.builds("${0}${1}${0}$".format, st.sampled_from(["", "t", "É1"]), GUARDED),
    GUARDED.map(lambda text: "E'" + text.replace("'", "\\'") + "'"),
)
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4).map(lambda parts: f"( {' ; '.join(parts)} )"),
    max_leaves=8,
)
STATEMENTS = st.lists(EXPRESSIONS, max_size=6).map(lambda parts: " ".join(["insert", *parts, "x"]))
FILLERS = st.sampled_from(["", " ", "\n", ";", " -- a;'\n", "/* ;' */", "/* a /* ; */ */\n"])


@given(st.lists(st.tuples(FILLERS, STATEMENTS), max_size=4), FILLERS)
def test_splitting_undoes_joining(parts: list[tuple[str, str]], end: str) -> None:
    script = "".join(f"{filler}{statement} ;" for filler, statement in parts) + end
    found = split(script, POSTGRESQL)
    assert [statement.text for statement in found] == [statement for _, statement in parts]
    for statement in found:
        assert script.startswith(statement.text, statement.offset)
        assert statement.line == script.count("\n", 0, statement.offset) + 1
    assert "".join(pieces(script, POSTGRESQL)) == script
    assert pieces(script, POSTGRESQL)[1::2] == [statement.text for statement in found]


@given(STATEMENTS)
def test_a_single_statement_gives_itself(statement: str) -> None:
    assert texts(statement, POSTGRESQL) == [statement]


@given(
    st.lists(st.sampled_from([*"'\"`;-/*#[]() \nab", "''", "copy ", " from stdin", "--"]), max_size=20).map(
        "".join
    )
)
def test_what_is_plainly_one_statement_is_one_also_when_it_is_lexed(sql: str) -> None:
    for rules in ALL:
        try:
            expected = pieces(sql, rules)[1::2]  # always lexes
        except SqlSyntaxError:
            continue
        assert texts(sql, rules) == expected


@pytest.mark.skipif(not KITCHEN_SINK.exists(), reason="the shared data are not beside the repository")
def test_a_large_script_loses_nothing() -> None:
    sql = KITCHEN_SINK.read_text()
    assert "".join(pieces(sql, POSTGRESQL)) == sql
    for statement in split(sql, POSTGRESQL):
        assert texts(statement.text, POSTGRESQL) == [statement.text]
        assert statement.text.split()[0].isupper()
