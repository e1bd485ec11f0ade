"""Which values the variables of a template have: what was said, what the name says, a default, or what is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.errors import Place, UsageError
from stepwell.core.nearest import did_you_mean
from stepwell.core.templates.known import Column
from stepwell.core.templates.names import shown_form, told_by
from stepwell.core.templates.template import FORMER, PLACE, Kind
from stepwell.core.templates.values import last_name, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stepwell.core.sql.rules import LexRules
    from stepwell.core.templates.known import Known
    from stepwell.core.templates.template import Template, Variable

_REFERRING = "_id"  # how the name of a column ends that refers to another table
_BETWEEN = "|"  # between the two words of a nullness


class Choice(NamedTuple):
    """The value of each variable as people write it; `found` are those that nobody has said, in words."""

    values: Mapping[str, str]
    kinds: Mapping[str, Kind]
    found: tuple[str, ...] = ()


def choose(
    template: Template, name: str, slug: str, said: Mapping[str, str], *, known: Known, rules: LexRules
) -> Choice:
    """Find a value for every variable.

    Takes the name of the template, the name of the migration as it is in its file's name, what was said with `--set`,
    and what the migrations create. Raises `UsageError` for a variable that there is not, or that has no value.
    """
    declared = {variable.name: variable for variable in template.variables}
    if unknown := next((each for each in said if each not in declared), None):
        hint = did_you_mean(unknown, declared) or f"it has: {', '.join(declared) or 'none'}"
        raise UsageError(f"the template {name!r} has no variable {unknown!r}", hint=hint)
    values = {**told_by(template.names, slug, said, declared, known), **said}
    for variable in template.variables:
        if variable.name not in values:
            value = _found(variable, _Found(template, slug, values, known, rules))
            if value is None:
                raise _missing(template, name, variable)
            values[variable.name] = value
    kinds = {each: variable.kind for each, variable in declared.items()}
    found = tuple(f"{each} = {values[each]}" for each in declared if each not in said)
    return Choice({each: values[each] for each in declared}, kinds, found)


def doubts(choice: Choice, known: Known) -> tuple[str, ...]:
    """What is not there, as far as the files tell, though the template takes it for granted: a sentence for each."""
    table = last_name(choice.values.get("table", ""), Kind.TABLE)
    columns = known.tables.get(table)
    told = []
    for name, kind in choice.kinds.items():
        value = last_name(choice.values[name], kind)
        if kind is Kind.TABLE and value not in known.tables:
            told.append(f"no migration is seen to create the table {value}{_meant(value, known.tables)}")
        elif kind is Kind.ENUM and value not in known.enums:
            told.append(f"no migration is seen to create the type {value}{_meant(value, known.enums)}")
        elif kind is Kind.COLUMN and columns and value not in columns:
            told.append(f"the table {table} is not seen to have a column {value}{_meant(value, columns)}")
    return tuple(told)


def created_twice(there: Known, made: Known) -> tuple[str, ...]:
    """What is made though migrations create it already: a sentence for each."""
    tables = (
        f"a migration is seen to create the table {name} already"
        for name in made.tables
        if name in there.tables
    )
    types = (
        f"a migration is seen to create the type {name} already" for name in made.enums if name in there.enums
    )
    return (*tables, *types)


def _meant(word: str, there: Iterable[str]) -> str:
    hint = did_you_mean(word, there)
    return f": {hint}" if hint else ""


class _Found(NamedTuple):
    """What there is to find a value in: `values` are those of the variables before."""

    template: Template
    slug: str
    values: Mapping[str, str]
    known: Known
    rules: LexRules

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns of the table at hand."""
        return self.known.tables.get(last_name(self.values.get("table", ""), Kind.TABLE), {})


def _found(variable: Variable, where: _Found) -> str | None:
    match variable.kind:
        case Kind.TYPE:
            return _column_of(variable, where).type or _default(variable, where)
        case Kind.NULLNESS:
            yes, _, no = (variable.default or "").partition(_BETWEEN)
            return yes if _column_of(variable, where).not_null else no
        case Kind.TABLE:
            return _default(variable, where) or _referred(where) or _newest(where.known)
        case Kind.ENUM:
            return _default(variable, where) or next(reversed(where.known.enums), None)
        case Kind.COLUMN:
            names = list(where.columns)
            return _default(variable, where) or next(iter(names[1:2] or names), None)
    return _default(variable, where)


def _default(variable: Variable, where: _Found) -> str | None:
    """The default, with values in its places: of SQL as SQL, else as parts of a name."""
    if variable.default is None:
        return None
    kinds = {each.name: each.kind for each in where.template.variables}

    def value_of(name: str) -> str:
        if name == FORMER:
            return where.slug
        if name not in where.values or name not in kinds:
            message = f"the default of {variable.name!r} needs {name!r}, which is no variable before it"
            raise UsageError(message, place=Place(where.template.path))
        value = where.values[name]
        if variable.kind is not Kind.SQL:
            return last_name(value, kinds[name])
        try:
            return written(value, kinds[name], where.rules)
        except ValueError as problem:
            raise wrong_value(name, value, problem) from None

    return PLACE.sub(lambda found: value_of(found[1]), variable.default)


def _column_of(variable: Variable, where: _Found) -> Column:
    """The column that a type or a nullness is of: `key_type` is that of the column in `key`, `type` of `column`."""
    name = variable.name.removesuffix("_type") if variable.name.endswith("_type") else "column"
    table = None if name == "column" else where.values.get("target")
    columns = where.columns if table is None else where.known.tables.get(last_name(table, Kind.TABLE), {})
    return columns.get(where.values.get(name, ""), Column())


def _newest(known: Known) -> str | None:
    """The table that was created last; one for notes, whose first column is no `id`, only if there is no other."""
    newest = [name for name, columns in known.tables.items() if next(iter(columns), None) == "id"]
    return next(reversed(newest or list(known.tables)), None)


def _referred(where: _Found) -> str | None:
    """The table that a column such as `user_id` is about, where the table of the column itself is known."""
    column = where.values.get("column", "")
    if "table" not in where.values or not column.endswith(_REFERRING):
        return None
    one = column.removesuffix(_REFERRING)
    several = (one, f"{one}s", f"{one}es", f"{one.removesuffix('y')}ies")
    return next((each for each in several if each in where.known.tables), None)


def wrong_value(name: str, value: str, problem: ValueError) -> UsageError:
    """The error for a value that can't be one."""
    return UsageError(f"{name} = {value!r} {problem}", hint=f"say another one: --set {name}=...")


def _missing(template: Template, name: str, variable: Variable) -> UsageError:
    forms = [shown_form(form) for form in template.names if f"${{{variable.name}}}" in form]
    other = f", or name the migration {' or '.join(forms)}" if forms else ""
    return UsageError(
        f"the template {name!r} needs {variable.name!r}: {variable.about}",
        hint=f"say it: --set {variable.name}=...{other}",
    )
