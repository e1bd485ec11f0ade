"""What is known of tables that are to get rows: columns, types and constraints, as values. It asks no database."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Family(Enum):
    """What kind of values a type has. For each there are values in `core/rows/values.py`."""

    INTEGER = auto()
    DECIMAL = auto()
    FLOAT = auto()
    MONEY = auto()
    BOOLEAN = auto()
    TEXT = auto()
    CHARACTER = auto()  # exactly one byte: "char" of PostgreSQL
    BYTES = auto()
    DATE = auto()
    TIME = auto()
    TIME_ZONED = auto()
    TIMESTAMP = auto()
    TIMESTAMP_ZONED = auto()
    INTERVAL = auto()
    UUID = auto()
    JSON = auto()
    JSON_PATH = auto()
    XML = auto()
    BITS = auto()  # exactly `length` of them
    BITS_VARYING = auto()
    ADDRESS = auto()  # of a computer
    NETWORK = auto()
    HARDWARE_ADDRESS = auto()
    HARDWARE_ADDRESS_8 = auto()
    POINT = auto()
    LINE = auto()
    SEGMENT = auto()
    BOX = auto()
    PATH = auto()
    POLYGON = auto()
    CIRCLE = auto()
    SEARCH_VECTOR = auto()
    SEARCH_QUERY = auto()
    LOG_POSITION = auto()
    SNAPSHOT = auto()
    RELATION = auto()  # regclass: the name of a relation
    TYPE_NAME = auto()
    ROLE_NAME = auto()
    PAIRS = auto()  # hstore
    LABELS = auto()  # ltree
    CUBE = auto()
    VECTOR = auto()  # of `length` numbers
    ENUM = auto()
    ARRAY = auto()
    COMPOSITE = auto()
    RANGE = auto()
    MULTIRANGE = auto()
    ANY = auto()  # a column that takes whatever comes
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Type:
    """A type, with what limits its values. A domain is its base type with `domain` and `checks`.

    `labels` are the values of an ENUM, and those that were found by trying where the family is UNKNOWN. `length`
    counts characters, bits or numbers; `low` and `high` bound an INTEGER; `element` is that of an array and the bound
    of a range; `fields` are those of a composite; `required`: no NULL, as a domain may say.
    """

    family: Family
    name: str
    length: int | None = None
    digits: int | None = None
    scale: int | None = None
    low: int | None = None
    high: int | None = None
    labels: tuple[str, ...] = ()
    element: Type | None = None
    fields: tuple[Type, ...] = ()
    domain: str | None = None
    checks: tuple[str, ...] = ()
    required: bool = False

    def uses(self, domain: str) -> bool:
        """Whether values of this type have values of that domain in them."""
        inner = (*self.fields, *((self.element,) if self.element is not None else ()))
        return self.domain == domain or any(each.uses(domain) for each in inner)


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `default`: it may be left out; `fresh`: then it gets a value that no other row has."""

    name: str
    type: Type
    nullable: bool = True
    default: bool = False
    fresh: bool = False
    generated: bool = False


@dataclass(frozen=True, slots=True)
class Constraint:
    """What forbids rows: a check, an exclusion, a key or an index; `expressions` is the text that values come from."""

    name: str
    columns: tuple[str, ...]
    expressions: tuple[str, ...] = ()
    unique: bool = False


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key. `table` and `target` are columns of `Table.name`: both sides in the same order."""

    name: str
    columns: tuple[str, ...]
    table: str
    targets: tuple[str, ...]
    deferrable: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `name` is unique in the database, and what people are told; `parts` are the tables that hold its rows.

    `trouble` says why nobody can insert here. `triggers` are those of the author that run when a row comes.
    """

    name: str
    columns: tuple[Column, ...]
    primary: tuple[str, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    references: tuple[ForeignKey, ...] = ()
    parts: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    trouble: str | None = None

    def column(self, name: str) -> Column:
        """The column of that name, which there must be."""
        return next(each for each in self.columns if each.name == name)

    def of_constraint(self, name: str) -> tuple[str, ...] | None:
        """The columns that a constraint or a foreign key is about; None for one that is not known."""
        found = {each.name: each.columns for each in self.constraints}
        found.update({each.name: each.columns for each in self.references})
        return found.get(name)
