"""The lexical rules of MySQL and MariaDB and what their commands do, as data. Nothing here makes SQL."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from stepwell.core.sql.rules import BodyRule, CommandRules, LexRules

_BODIES = BodyRule(
    objects=frozenset({"PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"}),
    opener=("BEGIN",),
    nests=True,
)

MYSQL = LexRules(
    name="mysql",
    backslash_escapes=True,
    double_quoted_strings=True,
    backtick_identifiers=True,
    hash_comments=True,
    dash_comment_needs_space=True,
    executable_comments=True,
    hints=True,
    operators=("<=>", "<>", "<=", ">=", "!=", ":=", "||", "&&", "<<", ">>", "->", "->>"),
    placeholder=r"\?",
    client="mysql",
    delimiter_command=True,
    bodies=_BODIES,
    commands=CommandRules(
        counting_types=MappingProxyType({"serial": "BIGINT UNSIGNED"}),
        writing_functions=r"get_lock|release_lock|release_all_locks|last_insert_id|nextval|setval|sleep|benchmark",
    ),
)

MARIADB = replace(
    MYSQL,
    name="mariadb",
    bodies=_BODIES._replace(objects=_BODIES.objects | {"PACKAGE"}, anonymous=("BEGIN", "NOT", "ATOMIC")),
)
