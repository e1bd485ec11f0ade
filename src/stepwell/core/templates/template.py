"""What a template says of itself, and the files that it makes. Not the values that go into its places.

Lines that begin with `-- template:` (in Python `# template:`) are for stepwell and are not written into a migration;
all others are text, with places such as `${table}` in it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple, NoReturn

from stepwell.core.errors import Place, UsageError
from stepwell.core.migration import Language
from stepwell.core.nearest import did_you_mean

PLACE = re.compile(r"\$\{([^}\n]*)(\}?)")
FORMER = "name"  # the place that stands for what was typed after `stepwell new`

_COMMENT = {Language.SQL: "--", Language.PYTHON: "#"}
_VARIABLE = re.compile(
    r"(?P<name>[a-z][a-z0-9_]*) \((?P<kind>\w+)\)(?: = (?P<default>\S.*?))?: (?P<about>.+)"
)
_FILE = re.compile(r"(?P<name>\S+)(?: unless (?P<unless>\S+))?")
_WORD = r"(?:[a-z0-9]+|\$\{[a-z][a-z0-9_]*\})"
_NAME = re.compile(rf"{_WORD}(?:_{_WORD})*")

_FORMS = {
    "about": "about TEXT",
    "variable": "variable NAME (KIND) = DEFAULT: TEXT",
    "name": "name add_${column}_to_${table}",
    "file": "file ${name} unless TABLE",
    "refuse": "refuse TEXT",
    "note": "note TEXT",
    "unfinished": "unfinished",
}

BUILT_IN = {
    "version": "the version of the migration",
    FORMER: "its name, as in the name of the file",
    "class_name": "the same as the name of a class",
    "description": "the same as a sentence",
    "dependencies": "the versions that it depends on, as its language wants them",
    "date": "the day, in UTC",
}
"""The places that every template has, without declaring them."""


class Kind(StrEnum):
    """What may be the value of a variable, and how it is written where its place is."""

    NAME = "name"  # of something new
    TABLE = "table"  # one that is there
    COLUMN = "column"  # one that is there
    ENUM = "enum"  # a type that is there
    TYPE = "type"  # of a column
    NULLNESS = "nullness"  # one of two words, by whether a column is NOT NULL
    SQL = "sql"
    TEXT = "text"
    TEXTS = "texts"
    NUMBER = "number"


class Variable(NamedTuple):
    """A variable of a template; its default may have places of its own. None: it has to be found, or said."""

    name: str
    kind: Kind
    default: str | None
    about: str


class Outline(NamedTuple):
    """A file that a template makes: what its name will be, and its text. `first_line` is that of the text.

    `unless`: it is left out where the migrations create this table already.
    """

    name: str
    text: str
    first_line: int
    unless: str | None = None


class Template(NamedTuple):
    """A template as it was read. `names` are the forms of a migration's name that say values.

    `refusal` says why there is none for an engine, and what to use instead; `note` is told to who has used it;
    `unfinished`: what it makes has to be filled in by hand.
    """

    path: str
    language: Language
    about: str
    variables: tuple[Variable, ...]
    names: tuple[str, ...]
    files: tuple[Outline, ...]
    refusal: str | None = None
    note: str | None = None
    unfinished: bool = False


class ListedTemplate(NamedTuple):
    """A template in the list of them: where it is from, and in which languages it can be had."""

    name: str
    origin: str
    template: Template
    languages: tuple[Language, ...]


def read_template(path: str, language: Language, text: str) -> Template:
    """Read the text of a template. Raises `UsageError` with the line of what it can't say."""
    return _Reader(path, language).read(text)


class _Reader:
    """Gathers what the lines of a template say."""

    def __init__(self, path: str, language: Language) -> None:
        self._path, self._language = path, language
        self._said = re.compile(rf"{_COMMENT[language]}[ \t]*template:[ \t]*(?P<rest>.*?)[ \t]*\r?\n?")
        self._about = ""
        self._variables: list[Variable] = []
        self._names: list[str] = []
        self._refusal: str | None = None
        self._note: str | None = None
        self._unfinished = False
        self._files: list[Outline] = []

    def read(self, text: str) -> Template:
        for number, line in enumerate(text.splitlines(keepends=True), 1):
            if (said := self._said.fullmatch(line)) is not None:
                self._directive(said["rest"], number)
            else:
                self._text(line, number)
        files = tuple(each._replace(text=each.text.strip("\n") + "\n") for each in self._files)
        if self._refusal is None and not any(each.text.strip() for each in files):
            raise UsageError("this template makes nothing", place=Place(self._path))
        return Template(
            self._path, self._language, self._about, tuple(self._variables), tuple(self._names), files,
            self._refusal, self._note, self._unfinished,
        )  # fmt: skip

    def _text(self, line: str, number: int) -> None:
        if not self._files:
            if not line.strip():
                return
            self._files.append(Outline(f"${{{FORMER}}}", "", number))
        last = self._files[-1]
        at = last.first_line if last.text.strip() else number
        text = last.text + line if last.text.strip() else line
        self._files[-1] = last._replace(text=text, first_line=at)

    def _directive(self, rest: str, number: int) -> None:
        word, _, value = rest.partition(" ")
        value = value.strip()
        if self._files and word in _FORMS and word != "file":
            message = f"'template:{word}' stands before the first file, not in it"
            raise UsageError(message, place=Place(self._path, number))
        match word:
            case "variable" if (found := _VARIABLE.fullmatch(value)) is not None:
                self._variable(found, number)
            case "name" if _NAME.fullmatch(value):
                self._names.append(value)
            case "file" if (found := _FILE.fullmatch(value)) is not None:
                self._files.append(Outline(found["name"], "", number + 1, found["unless"]))
            case "refuse" if value:
                self._refusal = value
            case "note" if value:
                self._note = value
            case "unfinished" if not value:
                self._unfinished = True
            case "about" if value:
                self._about = value
            case _:
                self._wrong(word, number)

    def _variable(self, found: re.Match[str], number: int) -> None:
        if found["kind"] not in [*Kind]:
            kinds = ", ".join(Kind)
            hint = did_you_mean(found["kind"], map(str, Kind)) or f"the kinds are: {kinds}"
            raise UsageError(
                f"there is no kind {found['kind']!r} of variable", place=Place(self._path, number), hint=hint
            )
        if found["name"] in {*BUILT_IN, *(each.name for each in self._variables)}:
            raise UsageError(
                f"the variable {found['name']!r} is there already", place=Place(self._path, number)
            )
        self._variables.append(
            Variable(found["name"], Kind(found["kind"]), found["default"], found["about"].strip())
        )

    def _wrong(self, word: str, number: int) -> NoReturn:
        form = _FORMS.get(word)
        hint = (
            f"write: template:{form}"
            if form is not None
            else did_you_mean(word, _FORMS) or f"there are: {', '.join(_FORMS)}"
        )
        message = f"'template:{word}' is not written like this" if form else f"there is no 'template:{word}'"
        raise UsageError(message, place=Place(self._path, number), hint=hint)
