"""Reads the text of a CREATE TABLE for what no pragma tells: constraints, collations, conflicts, generated columns.

It reads what SQLite has accepted, and need not tell what is wrong with a text: of one that it does not understand it
gives nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from stepwell.core.sql.tokens import Kind
from stepwell.engines.sqlite.structure.cursor import Cursor, StrangeError
from stepwell.engines.sqlite.structure.text import (
    RESERVED,
    as_literal,
    folded,
    name_of,
    spelled,
    tokens_of,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from stepwell.core.sql.tokens import Token


class Constraint(NamedTuple):
    """A primary key, unique, check or foreign key; `name` is None where it has none.

    `about` is what tells it from others of its sort: its columns, or the condition of a check.
    """

    sort: str
    name: str | None
    about: str
    definition: str


@dataclass(slots=True)
class Column:
    """What the text says of a column. `names` are those of the constraints that are told as its attributes."""

    name: str
    type: str = ""
    collation: str | None = None
    generated: str | None = None
    on_conflict: str | None = None
    names: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class TableText:
    """What the text of a table says."""

    columns: list[Column] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    without_rowid: bool = False
    strict: bool = False


def read_table(sql: str, names: Collection[str]) -> TableText | None:
    """Read a CREATE TABLE; `names` (folded) are those of its columns. None for what is not understood."""
    try:
        return _Reading(tokens_of(sql), names).table()
    except StrangeError:
        return None


def normal_default(sql: str) -> str:
    """The text of a default in its normal form."""
    tokens = tokens_of(sql)
    return as_literal(tokens[0]) if len(tokens) == 1 else written(tokens)


_TABLE_CONSTRAINTS = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"})
_COLUMN_CLAUSES = _TABLE_CONSTRAINTS - {"FOREIGN"} | {
    "NOT", "NULL", "DEFAULT", "COLLATE", "REFERENCES", "AS", "DEFERRABLE",
}  # fmt: skip


class _Reading(Cursor):
    def __init__(self, tokens: Sequence[Token], names: Collection[str]) -> None:
        super().__init__(tokens)
        self._names = names
        self._made = TableText()
        self._named: str | None = None  # the name of the constraint that comes

    def table(self) -> TableText:
        self.must(found=self.takes("CREATE"))
        self.must(found=self.takes("TABLE"))
        self.takes("IF", "NOT", "EXISTS")
        self.name()
        self.must(found=self.sign("("))
        while True:
            self._named = None
            if self.word() in _TABLE_CONSTRAINTS:
                self._table_constraints()
            else:
                self._column()
            if not self.sign(","):
                break
        self.must(found=self.sign(")"))
        self._options()
        return self._made

    def _options(self) -> None:
        while not self.ended:
            if self.takes("WITHOUT", "ROWID"):
                self._made.without_rowid = True
            elif self.takes("STRICT"):
                self._made.strict = True
            else:
                self.must(found=self.sign(","))

    # --- columns ---

    def _column(self) -> None:
        column = Column(self.name())
        column.type = self._type()
        self._made.columns.append(column)
        while (word := self.word()) in _COLUMN_CLAUSES or self._is_generated():
            if self.takes("CONSTRAINT"):
                self._named = self.name()
                continue
            self._CLAUSES["GENERATED" if word == "AS" else word](self, column)
            self._named = None

    def _is_generated(self) -> bool:
        return (self.word(), self.word(1)) == ("GENERATED", "ALWAYS")

    def _type(self) -> str:
        start = self.index
        while (token := self.peek()) is not None and name_of(token) is not None:
            if self.word() in RESERVED or self._is_generated():
                break
            self.index += 1
        if self.index > start and self.at_group:
            self.group()
        words = self.tokens[start : self.index]
        return written(words, frozenset(folded(name_of(word) or "") for word in words))

    def _note_name(self, column: Column, what: str) -> None:
        if self._named is not None:
            column.names[what] = self._named

    def _not(self, column: Column) -> None:
        if self.takes("NOT", "NULL"):
            column.on_conflict = self._conflict() or column.on_conflict
            self._note_name(column, "not null")
        else:
            self._deferrable(column)

    def _null(self, _: Column) -> None:
        self.takes("NULL")
        self._conflict()

    def _default(self, column: Column) -> None:
        self.takes("DEFAULT")
        if self.at_group:
            self.group()
        else:
            _ = self.sign("+") or self.sign("-")
            self.token()
        self._note_name(column, "default")

    def _collate(self, column: Column) -> None:
        self.takes("COLLATE")
        name = folded(self.name())
        column.collation = None if name == "binary" else name
        self._note_name(column, "collate")

    def _generated(self, column: Column) -> None:
        self.takes("GENERATED", "ALWAYS")
        self.must(found=self.takes("AS"))
        column.generated = written(self.group(), self._names)
        if not self.takes("STORED"):
            self.takes("VIRTUAL")
        self._note_name(column, "generated")

    def _column_key(self, column: Column) -> None:
        self.must(found=self.takes("PRIMARY", "KEY"))
        order = " DESC" if self.takes("DESC") else ""
        self.takes("ASC")
        conflict = self._conflict()
        numbered = " AUTOINCREMENT" if self.takes("AUTOINCREMENT") else ""
        name = spelled(column.name)
        self._add("primary key", name, f"PRIMARY KEY ({name}{order}){numbered}{_on(conflict)}")

    def _column_unique(self, column: Column) -> None:
        self.takes("UNIQUE")
        name = spelled(column.name)
        self._add("unique", name, f"UNIQUE ({name}){_on(self._conflict())}")

    def _column_check(self, _: Column) -> None:
        self._check()

    def _column_references(self, column: Column) -> None:
        self._references(spelled(column.name))

    def _deferrable(self, _: Column) -> None:
        """It is about the last foreign key, also where something stands between them."""
        made = self._made.constraints
        places = [place for place, each in enumerate(made) if each.sort == "foreign key"]
        self.must(found=bool(places))
        last = made[places[-1]]
        made[places[-1]] = last._replace(definition=last.definition + self._deferral())

    _CLAUSES: ClassVar[Mapping[str, Callable[[_Reading, Column], None]]] = {
        "NOT": _not,
        "NULL": _null,
        "DEFAULT": _default,
        "COLLATE": _collate,
        "GENERATED": _generated,
        "PRIMARY": _column_key,
        "UNIQUE": _column_unique,
        "CHECK": _column_check,
        "REFERENCES": _column_references,
        "DEFERRABLE": _deferrable,
    }

    # --- constraints ---

    def _table_constraints(self) -> None:
        """SQLite takes them without a comma between them too."""
        while (word := self.word()) in _TABLE_CONSTRAINTS:
            if self.takes("CONSTRAINT"):
                self._named = self.name()
                continue
            if word == "CHECK":
                self._check()
                self._conflict()  # which has no effect
            elif word == "FOREIGN":
                self._foreign_key()
            else:
                self._table_key(word)
            self._named = None

    def _add(self, sort: str, about: str, definition: str) -> None:
        self._made.constraints.append(Constraint(sort, self._named, about, definition))

    def _check(self) -> None:
        self.takes("CHECK")
        condition = written(self.group(), self._names)
        self._add("check", condition, f"CHECK ({condition})")

    def _table_key(self, word: str) -> None:
        if word == "PRIMARY":
            self.must(found=self.takes("PRIMARY", "KEY"))
        else:
            self.takes("UNIQUE")
        sort = "primary key" if word == "PRIMARY" else "unique"
        tokens = self.group()
        self.must(found=bool(tokens))
        numbered = ""
        if tokens[-1].text.upper() == "AUTOINCREMENT":
            tokens = tokens[:-1]
            numbered = " AUTOINCREMENT"
        columns = indexed(tokens, self._names)
        about = _listed([part[0] for part in _parts(tokens) if part])
        if sort == "primary key" and self._is_rowid(about):
            columns = [about]  # whose order has no effect
        self._add(sort, about, f"{sort.upper()} ({', '.join(columns)}){numbered}{_on(self._conflict())}")

    def _is_rowid(self, name: str) -> bool:
        """Whether a key of this column alone is the number that every row has."""
        return any(spelled(each.name) == name and each.type == "integer" for each in self._made.columns)

    def _foreign_key(self) -> None:
        self.must(found=self.takes("FOREIGN", "KEY"))
        self._references(_listed(self.group()))

    def _references(self, columns: str) -> None:
        self.must(found=self.takes("REFERENCES"))
        target = spelled(self.name())
        if self.at_group:
            target += f"({_listed(self.group())})"
        text = f"FOREIGN KEY ({columns}) REFERENCES {target}{self._actions()}{self._deferral()}"
        self._add("foreign key", columns, text)

    def _actions(self) -> str:
        """ON DELETE, ON UPDATE and MATCH, in one order; what is usual is left out."""
        said: dict[str, str] = {}
        while True:
            if self.takes("MATCH"):
                said["MATCH"] = self.name().upper()
            elif self.word() == "ON":
                self.token()
                what = f"ON {self.token().text.upper()}"
                said[what] = self._action()
            else:
                break
        usual = {("MATCH", "SIMPLE"), ("ON DELETE", "NO ACTION"), ("ON UPDATE", "NO ACTION")}
        return "".join(f" {what} {how}" for what, how in sorted(said.items()) if (what, how) not in usual)

    def _action(self) -> str:
        first = self.token().text.upper()
        return f"{first} {self.token().text.upper()}" if first in ("SET", "NO") else first

    def _deferral(self) -> str:
        refuses = self.takes("NOT", "DEFERRABLE")
        if not refuses and not self.takes("DEFERRABLE"):
            return ""
        late = self.takes("INITIALLY", "DEFERRED")
        if not late:
            self.takes("INITIALLY", "IMMEDIATE")
        if refuses:
            return ""  # whatever comes behind it
        return " DEFERRABLE INITIALLY DEFERRED" if late else " DEFERRABLE"

    def _conflict(self) -> str | None:
        """What happens with a row that does not fit; None where it is the usual."""
        if not self.takes("ON", "CONFLICT"):
            return None
        how = folded(self.name())
        return None if how == "abort" else how


def _listed(tokens: Sequence[Token]) -> str:
    """Names, with a comma between two."""
    return ", ".join(spelled(name) for token in tokens if (name := name_of(token)) is not None)


def _on(conflict: str | None) -> str:
    return "" if conflict is None else f" ON CONFLICT {conflict.upper()}"


def indexed(tokens: Sequence[Token], names: Collection[str]) -> list[str]:
    """What is indexed, one by one; ascending is the usual order, and is left out."""
    return [_ordered(part, names) for part in _parts(tokens)]


def _parts(tokens: Sequence[Token]) -> list[list[Token]]:
    """What stands between commas."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == "," and not depth:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _ordered(part: Sequence[Token], names: Collection[str]) -> str:
    """One of them. These two words are names too, elsewhere."""
    order = part[-1].text.upper() if len(part) > 1 and part[-1].kind is Kind.WORD else ""
    if order not in ("ASC", "DESC"):
        return _indexed_one(part, names)
    return _indexed_one(part[:-1], names) + (" DESC" if order == "DESC" else "")


def _indexed_one(part: Sequence[Token], names: Collection[str]) -> str:
    """An expression, or a name, which a text is here too if it stands alone."""
    is_alone = len(part) == 1 or (len(part) > 1 and part[1].text.upper() == "COLLATE")
    name = name_of(part[0]) if is_alone and part[0].kind is Kind.STRING else None
    if name is None:
        return written(part, names)
    return f"{spelled(name)} {written(part[1:], names)}".rstrip()
