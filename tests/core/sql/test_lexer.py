"""Tokens: that none is lost, and where each dialect sees another text than its neighbours do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.sql.lexer import lex, significant
from stepwell.core.sql.rules import LexRules
from stepwell.core.sql.tokens import Kind
from stepwell.engines.mysql.lexical import MARIADB, MYSQL
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.engines.sqlite.lexical import SQLITE

DIALECTS = st.sampled_from([POSTGRESQL, SQLITE, MYSQL, MARIADB])
# Pieces that begin, end or change something in one dialect or another.
STRANGE = [
    *"'\"`$\\;-/*#[](){}:=,.?@%!+ \n\r\te1_é\u00a0\x00",
    *("$a$", "E'", 'U&"', "B'", "/*", "*/", "/*!", "/*+", "--", "''", "::", ":=", ":name", "1.5e3"),
    *("COPY ", " FROM STDIN", "\n\\.\n", "\nDELIMITER //\n", "//", "BEGIN ", "END ", "\ud800"),
]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(STRANGE), max_size=30).map("".join))


@given(sql=TEXTS, rules=DIALECTS)
def test_the_tokens_of_any_text_are_the_text(sql: str, rules: LexRules) -> None:
    tokens = lex(sql, rules)
    assert "".join(token.text for token in tokens) == sql
    assert all(token.text and sql.startswith(token.text, token.start) for token in tokens)


def kinds(sql: str, rules: LexRules) -> str:
    """The significant tokens in a form that is easy to read in a table."""
    return " | ".join(f"{token.kind.name} {token.text}" for token in significant(sql, rules))


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a1$ _b é\u00a0c", "WORD a1$ | WORD _b | WORD é\xa0c"),
        ("'it''s' 'a\\' b", "STRING 'it''s' | STRING 'a\\' | WORD b"),
        ("E'it\\'s' e'\\\\' b", "STRING E'it\\'s' | STRING e'\\\\' | WORD b"),
        ("E'a'\n 'b\\'c' d", "STRING E'a'\n 'b\\'c' | WORD d"),
        ("E'a' -- '\n--'\n'b\\'c' d", "STRING E'a' -- '\n--'\n'b\\'c' | WORD d"),
        ("E'a' 'b\\'", "STRING E'a' | STRING 'b\\'"),
        ("B'01' x'ff' n'a' U&'\\0041'", "STRING B'01' | STRING x'ff' | STRING n'a' | STRING U&'\\0041'"),
        ('"a""b" u&"\\0041" U & 1', 'QUOTED "a""b" | QUOTED u&"\\0041" | WORD U | OPERATOR & | NUMBER 1'),
        ("$$ ; $a$ $$ $a$ $$ $b$ $a$", "STRING $$ ; $a$ $$ | STRING $a$ $$ $b$ $a$"),
        ("a$b$c $1 $é$x$é$", "WORD a$b$c | PLACEHOLDER $1 | STRING $é$x$é$"),
        ("a -- ' \r b /* /* */ ' */ c", "WORD a | WORD b | WORD c"),
        ("a /*+ x */ b /*!1 c */", "WORD a | HINT /*+ x */ | WORD b"),
        ("/*+ a /* b */ c */ d", "HINT /*+ a /* b */ c */ | WORD d"),
        (
            "a<=-1 b@-c d->>'e' f*--g",
            (
                "WORD a | OPERATOR <= | OPERATOR - | NUMBER 1 | WORD b | OPERATOR @- | WORD c | "
                "WORD d | OPERATOR ->> | STRING 'e' | WORD f | OPERATOR *"
            ),
        ),
        ("a+/* b */-c", "WORD a | OPERATOR + | OPERATOR - | WORD c"),
        ("1 1.5 .5e-3 0xFf 1_000", "NUMBER 1 | NUMBER 1.5 | NUMBER .5e-3 | NUMBER 0xFf | NUMBER 1_000"),
        (
            ":a::int [1:n] b[:c] :=",
            (
                "PARAMETER :a | OPERATOR :: | WORD int | SYMBOL [ | NUMBER 1 | OPERATOR : | "
                "WORD n | SYMBOL ] | WORD b | SYMBOL [ | PARAMETER :c | SYMBOL ] | OPERATOR :="
            ),
        ),
        ("a ` b # c ? d", "WORD a | OPERATOR ` | WORD b | OPERATOR # | WORD c | OPERATOR ? | WORD d"),
        ("a\n\\d b\nc", "WORD a | META \\d b | WORD c"),
        (
            "COPY t FROM STDIN; -- x\n'\n\\.\na",
            "WORD COPY | WORD t | WORD FROM | WORD STDIN | TERMINATOR ; | DATA '\n\\. | WORD a",
        ),
        ("select copy from t;\na", "WORD select | WORD copy | WORD from | WORD t | TERMINATOR ; | WORD a"),
    ],
)
def test_postgresql(sql: str, expected: str) -> None:
    assert kinds(sql, POSTGRESQL) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ('[a;\'b] `c``d` "e"', 'QUOTED [a;\'b] | QUOTED `c``d` | QUOTED "e"'),
        ("E'a' x'00' $$", "WORD E | STRING 'a' | STRING x'00' | PLACEHOLDER $$"),
        ("a /* /* */ b", "WORD a | WORD b"),
        ("?1 ? :b @c $d", "PLACEHOLDER ?1 | PLACEHOLDER ? | PARAMETER :b | PLACEHOLDER @c | PLACEHOLDER $d"),
        ("a->>'b'||c==d", "WORD a | OPERATOR ->> | STRING 'b' | OPERATOR || | WORD c | OPERATOR == | WORD d"),
        ("a\\b", "WORD a | OTHER \\ | WORD b"),
    ],
)
def test_sqlite(sql: str, expected: str) -> None:
    assert kinds(sql, SQLITE) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("'it\\'s' \"a\\\";\" `b;`", "STRING 'it\\'s' | STRING \"a\\\";\" | QUOTED `b;`"),
        ("a # '\nb --c\n-- d\n--\te", "WORD a | WORD b | OPERATOR - | OPERATOR - | WORD c"),
        (
            "/*!40101 SET a */ /*M!1 b */ /*+ c */ /* d */",
            "EXECUTABLE /*!40101 SET a */ | EXECUTABLE /*M!1 b */ | HINT /*+ c */",
        ),
        ("/*!50003 a /* b */ c */ d", "EXECUTABLE /*!50003 a /* b */ c */ | WORD d"),
        ("a<=>b:=c", "WORD a | OPERATOR <=> | WORD b | OPERATOR := | WORD c"),
        (
            "  delimiter $$ \na; b$$\nDELIMITER ;\nc;",
            (
                "DELIMITER delimiter $$  | WORD a | SYMBOL ; | WORD b | TERMINATOR $$ | "
                "DELIMITER DELIMITER ; | WORD c | TERMINATOR ;"
            ),
        ),
        ("a delimiter b;", "WORD a | WORD delimiter | WORD b | TERMINATOR ;"),
        ("a \\G", "WORD a | META \\G"),
    ],
)
@pytest.mark.parametrize("rules", [MYSQL, MARIADB], ids=lambda rules: rules.name)
def test_mysql_and_mariadb(sql: str, expected: str, rules: LexRules) -> None:
    assert kinds(sql, rules) == expected


@pytest.mark.parametrize(
    ("rules", "rest"),
    [
        *(
            (rules, rest)
            for rules in (POSTGRESQL, SQLITE, MYSQL)
            for rest in ("'a;", "'a'';", '"a;', "/* a;")
        ),
        (POSTGRESQL, "E'a\\';"),
        (POSTGRESQL, 'U&"a'),
        (POSTGRESQL, "$a$ b $c$"),
        (POSTGRESQL, "/* /* */"),
        (SQLITE, "[a"),
        (SQLITE, "`a"),
        (MYSQL, "'a\\'"),
        (MYSQL, "/*! a /* b */"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_what_is_never_closed_reaches_to_the_end(rules: LexRules, rest: str) -> None:
    last = lex(f"select 1, {rest}", rules)[-1]
    assert (last.kind, last.text) == (Kind.UNTERMINATED, rest)
