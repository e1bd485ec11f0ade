"""Which templates there are: those that come with stepwell, and those of a project's own folder, which come first.

A template is a file, or several for several languages and engines: `NAME.sql`, `NAME.py`, `NAME.mysql+mariadb.sql`.
With one for the engine, the general one is not taken. What is written in SQL has a form in Python too.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.errors import Place, UsageError
from stepwell.core.migration import Language
from stepwell.core.nearest import did_you_mean
from stepwell.core.templates.template import ListedTemplate, Template, read_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.resources.abc import Traversable
    from pathlib import Path

_FILE = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9_-]*)(?:\.(?P<engines>[a-z0-9_+]+))?\.(?P<suffix>sql|py)(?:\.txt)?"
)
_BUILT_IN = "built-in"


class _File(NamedTuple):
    """A file of a template. `engines` empty: for every engine that has none of its own."""

    name: str
    language: Language
    engines: frozenset[str]
    path: str
    entry: Traversable

    def read(self) -> Template:
        """Read it. Raises `UsageError`."""
        try:
            text = self.entry.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise UsageError("this template is not UTF-8", place=Place(self.path)) from None
        except OSError as problem:
            raise UsageError(
                f"this template can't be read: {problem.strerror}", place=Place(self.path)
            ) from problem
        return read_template(self.path, self.language, text)


class Templates:
    """The templates for one engine. `own` is the folder of the project's, which people know as `shown`."""

    def __init__(self, engine: str, own: Path | None = None, shown: str = "") -> None:
        self._engine = engine
        self._files: dict[str, list[_File]] = {}
        built_in = files("stepwell.app.scaffold") / "templates"
        for found in (*_listing(built_in, _BUILT_IN), *(_own(own, shown) if own is not None else ())):
            same = self._files.setdefault(found.name, [])
            if same and _folder_of(same[0]) != _folder_of(found):
                same.clear()  # the project's own one is taken as a whole
            same.append(found)

    def get(self, name: str, language: Language) -> Template:
        """The template of that name to be written in a language.

        Raises `UsageError` where there is none, or none for the language or the engine.
        """
        if name not in self._files:
            there = f"there are: {', '.join(sorted(self._files))}; '--list-templates' explains them"
            hint = did_you_mean(name, self._files) or there
            raise UsageError(f"there is no template {name!r}", hint=hint)
        fitting = self._fitting(name)
        for wanted in (language, Language.SQL):  # what is in SQL can be written in Python
            if wanted in fitting:
                template = fitting[wanted].read()
                if template.refusal is not None:
                    raise UsageError(
                        f"there is no template {name!r} for {self._engine}", hint=template.refusal
                    )
                return template
        if fitting:
            raise UsageError(f"the template {name!r} is in Python only", hint="leave out --sql")
        engines = sorted({engine for file in self._files[name] for engine in file.engines})
        raise UsageError(
            f"there is no template {name!r} for {self._engine}", hint=f"there is one for {', '.join(engines)}"
        )

    def all(self) -> tuple[ListedTemplate, ...]:
        """Every template that there is for the engine, by name; those that are refused too."""
        listed = []
        for name in sorted(self._files):
            if fitting := self._fitting(name):
                first = fitting.get(Language.SQL) or fitting[Language.PYTHON]
                languages = tuple(Language) if Language.SQL in fitting else (Language.PYTHON,)
                listed.append(ListedTemplate(name, _folder_of(first), first.read(), languages))
        return tuple(listed)

    def _fitting(self, name: str) -> dict[Language, _File]:
        """The file for each language: that of the engine, or else the general one."""
        fitting: dict[Language, _File] = {}
        for file in sorted(self._files[name], key=lambda each: bool(each.engines)):
            if not file.engines or self._engine in file.engines:
                fitting[file.language] = file
        return fitting


def _listing(folder: Traversable, shown: str) -> Iterator[_File]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if (found := _FILE.fullmatch(entry.name)) is not None and entry.is_file():
            engines = frozenset(found["engines"].split("+")) if found["engines"] else frozenset[str]()
            path = f"{shown}/{entry.name}"
            yield _File(found["name"], Language(found["suffix"]), engines, path, entry)


def _own(folder: Path, shown: str) -> Iterable[_File]:
    try:
        return tuple(_listing(folder, shown))
    except FileNotFoundError:
        return ()
    except NotADirectoryError:
        raise UsageError(f"{shown} is not a folder", hint="the setting 'templates' names it") from None
    except OSError as problem:
        raise UsageError(f"the folder {shown} can't be read: {problem.strerror}") from problem


def _folder_of(file: _File) -> str:
    return file.path.rpartition("/")[0]
