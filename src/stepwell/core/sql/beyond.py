"""Which statements reach beyond their own database: what they do to a role, say, is done for every database there.

For scratch databases on a server that holds others, or in a process that may open their files. It looks at the words of
the whole text, also in strings and bodies: rather one too many is refused. What SQL puts together when it runs can't be
seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_POSTGRESQL: tuple[tuple[str, str], ...] = (
    (r"\b(CREATE|ALTER|DROP)\s+(ROLE|USER(?!\s+MAPPING)|GROUP)\b", "roles"),
    (r"\b(CREATE|ALTER|DROP)\s+DATABASE\b", "databases"),
    (r"\b(CREATE|ALTER|DROP)\s+TABLESPACE\b", "tablespaces"),
    (r"\b(CREATE|ALTER|DROP)\s+SUBSCRIPTION\b", "subscriptions"),
    (r"\bALTER\s+SYSTEM\b", "the settings of the server"),
    (r"\b(COMMENT|LABEL)\b.*\bON\s+(ROLE|DATABASE|TABLESPACE|SUBSCRIPTION)\b", "objects of the server"),
    (r"\b(DROP|REASSIGN)\s+OWNED\b", "what a role owns, databases among it"),
    (r"\b(GRANT|REVOKE)\b(?!.*\bON\b)", "the members of roles"),
    (r"\b(GRANT|REVOKE)\b.*\bON\s+(DATABASE|TABLESPACE|PARAMETER)\b", "rights on the server"),
    (r"\bdblink\w*", "other databases, by dblink"),
    (r"\b(TO|FROM)\s+PROGRAM\b", "programs of the server's machine"),
    (r"\bpg_(terminate|cancel)_backend\b|\bpg_reload_conf\b|\bpg_promote\b", "the server itself"),
    (r"\bpg_(create|drop)\w*_replication_slot\b", "replication slots"),
)
_MYSQL: tuple[tuple[str, str], ...] = (
    (r"\b(CREATE|ALTER|DROP|RENAME)\s+(USER|ROLE)\b", "users"),
    (r"\b(CREATE|ALTER|DROP)\s+(DATABASE|SCHEMA|TABLESPACE|SERVER|LOGFILE)\b", "databases"),
    (r"\b(GRANT|REVOKE)\b", "rights of users"),
    (r"\bSET\s+(GLOBAL|PERSIST|PASSWORD)\b|@@(GLOBAL|PERSIST)\b", "the settings of the server"),
    (r"\b(INSTALL|UNINSTALL)\s+(PLUGIN|COMPONENT|SONAME)\b", "plugins"),
    (r"\b(KILL|SHUTDOWN|FLUSH|RESET|PURGE|CHANGE\s+(MASTER|REPLICATION))\b", "the server itself"),
    (r"\bINTO\s+(OUTFILE|DUMPFILE)\b", "files of the server's machine"),
    (r"\bUSE\s+\S", "another database"),
)
# Only a whole statement can do so there, none in a body or a string; and these are words that people write in texts.
_SQLITE: tuple[tuple[str, str], ...] = (
    (r"\A\s*ATTACH\b(?!\s+(DATABASE\s+)?'(:memory:)?')", "another database file"),
    (r"\A\s*VACUUM\b.*\bINTO\b", "another database file"),
    (r"\A\s*PRAGMA\b.*\b(temp|data)_store_directory\b", "the files of this process"),
)
_PATTERNS = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL, "mysql": _MYSQL, "mariadb": _MYSQL}
# Files that the server reads, and files that become databases: their contents stand in no statement.
_OUTSIDE = re.compile(
    r"\bCOPY\b.*\bFROM\s+(E|U&)?['$]|\bpg_(read|stat|ls)_\w+|\blo_import\b|\bLOAD\s+(DATA|XML|LOCAL)\b|\bLOAD_FILE\b"
    r"|\bIMPORT\s+FOREIGN\b|\bCREATE\s+(SERVER|FOREIGN)\b|\bATTACH\s+(DATABASE\b|')|\bload_extension\b|\breadfile\b",
    re.IGNORECASE | re.DOTALL,
)
_QUALIFIED = re.compile(r"[`\"]?([\w$]+)[`\"]?\s*\.\s*[`\"]?[\w$*]")


def reaches_beyond(sql: str, engine: str, databases: Collection[str] = ()) -> str | None:
    """What of the server a statement reaches besides its own database, in words; None where nothing can be seen.

    `databases` are the names of the others: where a name is qualified by one of them (MySQL), that is reached.
    """
    bare = _COMMENT.sub(" ", sql)
    for pattern, what in _PATTERNS.get(engine, ()):
        if re.search(pattern, bare, re.IGNORECASE | re.DOTALL):
            return what
    known = {name.casefold() for name in databases}
    for match in _QUALIFIED.finditer(bare):
        if match[1].casefold() in known:
            return f"the database {match[1]}"
    return None


def reads_outside(sql: str) -> bool:
    """Whether what a statement does may depend on files of the server, or on another server."""
    return _OUTSIDE.search(_COMMENT.sub(" ", sql)) is not None
