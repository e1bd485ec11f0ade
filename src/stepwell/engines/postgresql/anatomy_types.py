"""The types of columns as the catalog has them, described for those who make values: what is known is listed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.rows.description import Family, Type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Types of columns, and those that these are made of.
TYPES = """WITH RECURSIVE used(oid) AS (
  SELECT a.atttypid FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attnum > 0::int2 AND NOT a.attisdropped AND c.relkind = ANY (ARRAY['r', 'p', 'f']::"char"[])
    AND n.nspname <> ALL (ARRAY['pg_catalog', 'information_schema', 'pg_toast']::name[])
  UNION
  SELECT part.oid FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid CROSS JOIN LATERAL (
    SELECT t.typelem UNION ALL SELECT t.typbasetype
    UNION ALL SELECT g.rngsubtype FROM pg_catalog.pg_range g WHERE g.rngtypid = t.oid
    UNION ALL SELECT (pg_catalog.to_json(g)->>'rngsubtype'::text)::oid FROM pg_catalog.pg_range g
      WHERE (pg_catalog.to_json(g)->>'rngmultitypid'::text)::oid = t.oid
    UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND t.typrelid > 0::oid
      AND a.attnum > 0::int2 AND NOT a.attisdropped
  ) AS part(oid) WHERE part.oid > 0::oid
)
SELECT t.oid::int8, n.nspname::text, t.typname::text, t.typtype::text, t.typcategory::text, t.typelem::int8,
  t.typbasetype::int8, t.typtypmod, t.typnotnull, t.typdefault IS NOT NULL,
  ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder),
  (SELECT g.rngsubtype::int8 FROM pg_catalog.pg_range g WHERE g.rngtypid = t.oid
    OR (pg_catalog.to_json(g)->>'rngmultitypid'::text)::oid = t.oid),
  ARRAY(SELECT a.atttypid::int8 FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND t.typrelid > 0::oid
    AND a.attnum > 0::int2 AND NOT a.attisdropped ORDER BY a.attnum),
  ARRAY(SELECT a.atttypmod FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND t.typrelid > 0::oid
    AND a.attnum > 0::int2 AND NOT a.attisdropped ORDER BY a.attnum),
  ARRAY(SELECT pg_catalog.pg_get_constraintdef(o.oid) FROM pg_catalog.pg_constraint o
    WHERE o.contypid = t.oid AND o.contype = 'c'::"char" ORDER BY o.conname),
  pg_catalog.format_type(t.oid, NULL::int4)
FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace"""

KNOWN = {
    "bool": Family.BOOLEAN,
    "int2": Family.INTEGER,
    "int4": Family.INTEGER,
    "int8": Family.INTEGER,
    "oid": Family.INTEGER,
    "xid": Family.INTEGER,
    "xid8": Family.INTEGER,
    "cid": Family.INTEGER,
    "numeric": Family.DECIMAL,
    "float4": Family.FLOAT,
    "float8": Family.FLOAT,
    "money": Family.MONEY,
    "text": Family.TEXT,
    "varchar": Family.TEXT,
    "bpchar": Family.TEXT,
    "name": Family.TEXT,
    "char": Family.CHARACTER,
    "bytea": Family.BYTES,
    "date": Family.DATE,
    "time": Family.TIME,
    "timetz": Family.TIME_ZONED,
    "timestamp": Family.TIMESTAMP,
    "timestamptz": Family.TIMESTAMP_ZONED,
    "interval": Family.INTERVAL,
    "uuid": Family.UUID,
    "json": Family.JSON,
    "jsonb": Family.JSON,
    "jsonpath": Family.JSON_PATH,
    "xml": Family.XML,
    "bit": Family.BITS,
    "varbit": Family.BITS_VARYING,
    "inet": Family.ADDRESS,
    "cidr": Family.NETWORK,
    "macaddr": Family.HARDWARE_ADDRESS,
    "macaddr8": Family.HARDWARE_ADDRESS_8,
    "point": Family.POINT,
    "line": Family.LINE,
    "lseg": Family.SEGMENT,
    "box": Family.BOX,
    "path": Family.PATH,
    "polygon": Family.POLYGON,
    "circle": Family.CIRCLE,
    "tsvector": Family.SEARCH_VECTOR,
    "tsquery": Family.SEARCH_QUERY,
    "pg_lsn": Family.LOG_POSITION,
    "pg_snapshot": Family.SNAPSHOT,
    "txid_snapshot": Family.SNAPSHOT,
    "regclass": Family.RELATION,
    "regtype": Family.TYPE_NAME,
    "regrole": Family.ROLE_NAME,
}
OF_EXTENSIONS = {
    "citext": Family.TEXT,
    "hstore": Family.PAIRS,
    "ltree": Family.LABELS,
    "cube": Family.CUBE,
    "vector": Family.VECTOR,
}
_BITS = {"int2": 15, "int4": 31, "int8": 63}
_NAME_LENGTH = 15  # characters of four bytes in the 63 that a name has
_HEADER = 4  # what a modifier counts before the length


class TypeRow(NamedTuple):
    """One row of `TYPES`."""

    oid: int
    schema: str
    name: str
    kind: str
    category: str
    element: int
    base: int
    modifier: int
    required: bool
    has_default: bool
    labels: list[str]
    bound: int | None
    fields: list[int]
    field_modifiers: list[int]
    checks: list[str]
    sql: str


class Types:
    """The types of one database. `tried`: texts that a type reads, by its name in SQL, where no others are known."""

    def __init__(self, rows: Sequence[TypeRow], tried: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._rows = {row.oid: row for row in rows}
        self._tried = tried or {}

    def has_default(self, oid: int) -> bool:
        """Whether a column of this type has a value when it is left out: a domain may say so."""
        row = self._rows[oid]
        return row.kind == "d" and (row.has_default or self.has_default(row.base))

    def described(self, oid: int, modifier: int) -> Type:
        """The type with that modifier."""
        row = self._rows[oid]
        if row.kind == "d":
            return self._domain(row)
        if row.kind == "e":
            return Type(Family.ENUM, row.name, labels=tuple(row.labels))
        if row.kind == "c":
            fields = zip(row.fields, row.field_modifiers, strict=True)
            return Type(Family.COMPOSITE, row.name, fields=tuple(self.described(*field) for field in fields))
        if row.kind in ("r", "m") and row.bound is not None:
            family = Family.RANGE if row.kind == "r" else Family.MULTIRANGE
            return Type(family, row.name, element=self.described(row.bound, -1))
        if row.category == "A":
            element = self.described(row.element, modifier)
            return Type(Family.ARRAY, f"{element.name}[]", element=element)
        return _base(row, modifier, self._tried)

    def _domain(self, row: TypeRow) -> Type:
        base = self.described(row.base, row.modifier)
        limits = {name: getattr(base, name) for name in ("length", "digits", "scale", "low", "high")}
        return Type(
            base.family,
            row.name,
            labels=base.labels,
            element=base.element,
            fields=base.fields,
            domain=row.name,
            checks=(*base.checks, *row.checks),
            required=row.required or base.required,
            **limits,
        )


def unknown(rows: Sequence[TypeRow]) -> list[str]:
    """The types of which no values are known, by their names in SQL."""
    return sorted(
        row.sql for row in rows if row.kind in ("b", "p") and row.category != "A" and _family(row) is None
    )


def _family(row: TypeRow) -> Family | None:
    return (KNOWN if row.schema == "pg_catalog" else OF_EXTENSIONS).get(row.name)


def _base(row: TypeRow, modifier: int, tried: Mapping[str, tuple[str, ...]]) -> Type:
    family = _family(row)
    if family is None:
        return Type(Family.UNKNOWN, row.name, labels=tried.get(row.sql, ()))
    if family is Family.INTEGER:
        bits = _BITS.get(row.name)
        low, high = (0, 2**31 - 1) if bits is None else (-(2**bits), 2**bits - 1)
        return Type(family, row.name, low=low, high=high)
    if family is Family.DECIMAL and modifier >= _HEADER:
        limits = modifier - _HEADER
        return Type(family, row.name, digits=(limits >> 16) & 0xFFFF, scale=((limits & 0x7FF) ^ 1024) - 1024)
    if family is Family.TEXT and (modifier >= _HEADER or row.name == "name"):
        return Type(family, row.name, length=_NAME_LENGTH if row.name == "name" else modifier - _HEADER)
    if family in (Family.BITS, Family.BITS_VARYING, Family.VECTOR) and modifier >= 0:
        return Type(family, row.name, length=modifier)
    return Type(family, row.name)
