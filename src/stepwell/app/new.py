"""`new`: new migration files with the next versions, out of a template. It writes these, and never over another."""

from __future__ import annotations

import errno
import keyword
import os
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.answers import CreatedFiles
from stepwell.core.errors import MigrationError, MigrationFileError, Place, UsageError
from stepwell.core.files.parse import parse
from stepwell.core.graph import Node, build
from stepwell.core.migration import Language, SourceFile, Version, version_texts
from stepwell.core.nearest import did_you_mean
from stepwell.core.settings import Numbering
from stepwell.core.templates.choice import choose, created_twice, doubts
from stepwell.core.templates.fill import filled, named
from stepwell.core.templates.known import Known, known_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from stepwell.core.files.listing import Source
    from stepwell.core.migration import Migration
    from stepwell.core.sql.rules import LexRules
    from stepwell.core.templates.template import Outline, Template
    from stepwell.ports import Dialect

DEFAULT_TEMPLATE = "empty"
_NARROWEST = 3  # digits of a sequential version
# What file systems without hard links say.
_NO_LINKS = frozenset({errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
_LONGEST_NAME = 100  # characters: together with version and suffix it is a file name everywhere


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. `depends` None means: on everything that nothing depends on yet. `said` are variables."""

    name: str
    language: Language
    numbering: Numbering
    depends: tuple[str, ...] | None = None
    template: str = DEFAULT_TEMPLATE
    said: Mapping[str, str] = field(default_factory=dict)


class Draft(NamedTuple):
    """A file that is not written yet."""

    file_name: str
    text: str


class Drafts(NamedTuple):
    """The files that a template makes, in the order of their versions, and what is to be said of them."""

    files: tuple[Draft, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Existing:
    """What there is already: nodes of the graph, the migrations that can be read, and what people should know of
    files that can't be read yet.
    """

    nodes: tuple[Node, ...] = ()
    migrations: tuple[Migration, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions that are taken."""
        return tuple(node.version for node in self.nodes)


def survey(source: Source, rules: LexRules) -> Existing:
    """See what there is.

    A file that can't be read yet (one that `new` made and nobody has filled in) counts all the same: it is
    taken to depend on everything below it. Raises `MigrationError` where files can't be opened at all.
    """
    read: list[Migration] = []
    unread: list[SourceFile] = []
    for file in source.read().files:
        try:
            read.append(parse(file, rules))
        except MigrationError:
            unread.append(file)
    nodes = [Node(migration.version, migration.dependencies, migration.place) for migration in read]
    notes = tuple(f"{file.path} can't be read yet" for file in unread)
    return Existing((*nodes, *_guessed(unread, nodes)), tuple(read), notes)


def _guessed(unread: Sequence[SourceFile], read: Sequence[Node]) -> Iterable[Node]:
    versions = [node.version for node in read] + [file.version for file in unread]
    for file in unread:
        below = tuple(version for version in versions if version < file.version)
        yield Node(file.version, below, Place(file.path))


def draft(wish: Wish, template: Template, existing: Existing, dialect: Dialect, now: datetime) -> Drafts:
    """Decide names and texts of the new files; `now` is in UTC. Raises `UsageError` for what can't be made."""
    return _Drafting(wish, template, existing, dialect, now).drafts()


class _Drafting:
    """The files of one template, each depending on the one before."""

    def __init__(
        self, wish: Wish, template: Template, existing: Existing, dialect: Dialect, now: datetime
    ) -> None:
        self._wish, self._template, self._existing = wish, template, existing
        self._rules, self._now = dialect.rules, now
        self._can_verify = dialect.abilities.snapshots
        self._slug = slugify(wish.name)
        in_order = sorted(existing.migrations, key=lambda migration: migration.version)
        self._known = known_from(in_order, self._rules) if template.variables else Known()
        self._choice = choose(
            template, wish.template, self._slug, wish.said, known=self._known, rules=self._rules
        )
        self._made: list[Migration] = []

    def drafts(self) -> Drafts:
        """Every file that is not there already."""
        files = tuple(self._files())
        if not files:
            raise UsageError(f"everything that the template {self._wish.template!r} makes is there already")
        return Drafts(files, tuple(self._notes(files)))

    def _files(self) -> Iterator[Draft]:
        taken = list(self._existing.versions)
        depends = self._wish.depends
        heads = build(self._existing.nodes).heads if depends is None else _chosen(depends, taken)
        for outline in self._template.files:
            if outline.unless is not None and self._name(outline.unless) in self._known.tables:
                continue
            version = next_version(taken, self._wish.numbering, self._now)
            slug = slugify(self._name(outline.name))
            yield self._draft(outline, version, slug, heads)
            taken.append(version)
            heads = (version,)

    def _name(self, pattern: str) -> str:
        return named(pattern, self._template, {"name": self._slug}, self._choice)

    def _draft(self, outline: Outline, version: Version, slug: str, heads: Sequence[Version]) -> Draft:
        texts = version_texts(heads)
        python = self._template.language is Language.PYTHON
        built_in = {
            "version": version.text,
            "name": slug,
            "class_name": class_name(slug),
            "description": describe(self._wish.name),
            "dependencies": f"[{', '.join(map(_in_quotes, texts))}]" if python else ", ".join(texts),
            "date": self._now.date().isoformat(),
        }
        text = filled(outline, self._template, built_in, self._choice, self._rules)
        source = _source(version, slug, self._template.language, text)
        if not self._template.unfinished:
            text = self._checked(source, outline)
        return Draft(f"{version}_{slug}.{self._wish.language.value}", text)

    def _checked(self, source: SourceFile, outline: Outline) -> str:
        """The text, once it was read as the tool will read it; in Python, where that is wished and it is in SQL."""
        try:
            migration = parse(source, self._rules)
            self._made.append(migration)
            if source.language is self._wish.language:
                return source.content.decode()
            from stepwell.core.templates.python_form import python_form

            return python_form(migration, class_name(source.name), self._rules)
        except MigrationFileError as error:
            # Values have no line breaks, so that lines are those of the template.
            line = error.place.line if error.place is not None else None
            place = Place(self._template.path, line and line + outline.first_line - 1)
            message = f"what this template makes is no migration: {error.message}"
            raise UsageError(message, place=place, hint=error.hint) from error

    def _notes(self, files: Sequence[Draft]) -> Iterator[str]:
        yield from self._existing.notes
        if self._choice.found:
            yield f"with {', '.join(self._choice.found)}; --set NAME=VALUE says another"
        yield from doubts(self._choice, self._known)
        yield from created_twice(self._known, known_from(self._made, self._rules))
        if self._template.note:
            yield self._template.note
        if self._template.unfinished:
            yield "write what it does, then run 'stepwell migrate'"
        else:
            versions = [file.file_name.partition("_")[0] for file in files]
            then = f"verify {' '.join(versions)}" if self._can_verify else f"migrate --target {versions[-1]}"
            yield f"read {'it' if len(files) == 1 else 'them'}, then run 'stepwell {then}'"


def _source(version: Version, name: str, language: Language, text: str) -> SourceFile:
    content = text.encode()
    file_hash = sha256(content, usedforsecurity=False).hexdigest()
    return SourceFile(f"{version}_{name}.{language.value}", language, version, name, content, file_hash)


def _in_quotes(text: str) -> str:
    return f'"{text}"'


def write(made: Drafts, folder: Path, shown: str) -> CreatedFiles:
    """Write the files into a folder, which people know as `shown`: all of them, or none.

    Raises `UsageError` where one would overwrite another, or can't be written.
    """
    written: list[Path] = []
    try:
        for file in made.files:
            _write(folder / file.file_name, file.text, f"{shown}/{file.file_name}")
            written.append(folder / file.file_name)
    except BaseException:  # an interruption too: half of them would be taken for all
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return CreatedFiles(tuple(f"{shown}/{file.file_name}" for file in made.files), notes=made.notes)


def _write(path: Path, text: str, shown: str) -> None:
    """Write a file that appears as a whole, and never in the place of another."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")  # names that begin with a dot are passed over
    try:
        _make(beside, text)
        try:
            path.hardlink_to(beside)
        except OSError as problem:
            if problem.errno not in _NO_LINKS:
                raise
            _make(path, text)
        finally:
            beside.unlink(missing_ok=True)
    except FileExistsError:
        raise UsageError(f"{shown} is there already") from None
    except OSError as problem:
        raise UsageError(f"{shown} can't be written: {problem.strerror}") from problem


def _make(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)


def next_version(existing: Iterable[Version], numbering: Numbering, now: datetime) -> Version:
    """The version of the next migration: one above the highest number, or the time; none that exists."""
    taken = set(existing)
    if numbering is Numbering.TIMESTAMP:
        while (version := Version(now.strftime("%Y%m%d%H%M%S"))) in taken:
            now += timedelta(seconds=1)
        return version
    numbers = [version.text for version in taken if version.text.isdecimal()]
    width = max((len(text) for text in numbers), default=_NARROWEST)
    highest = max(map(int, numbers), default=0)
    return Version(str(highest + 1).zfill(max(width, _NARROWEST)))


def slugify(name: str) -> str:
    """Turn what a person typed into a part of a file name. Raises `UsageError` where nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    if not slug:
        raise UsageError("the name of a migration needs a letter or a digit", hint="such as: add_users")
    if len(slug) > _LONGEST_NAME:
        raise UsageError(f"the name of a migration may have at most {_LONGEST_NAME} characters")
    return slug


def class_name(slug: str) -> str:
    """The name of the class: `add_users` gives `AddUsers`."""
    name = "".join(word.capitalize() for word in slug.split("_"))
    if name[0].isdigit() or keyword.iskeyword(name) or name == "Migration":
        return f"Migration{name}" if name[0].isdigit() else f"{name}Migration"
    return name


def describe(name: str) -> str:
    """A description to begin with, safe inside a docstring: `add_users` gives `Add users`."""
    words = " ".join(name.replace("_", " ").split())
    text = "".join(character for character in words if character.isprintable() and character not in '\\"')
    return text[:1].upper() + text[1:]


def _chosen(depends: Sequence[str], versions: Sequence[Version]) -> tuple[Version, ...]:
    known = {version: version for version in versions}
    chosen = []
    for text in depends:
        version = known.get(Version.parse(text))
        if version is None:
            hint = did_you_mean(text, version_texts(versions)) or "see 'stepwell status' for those there are"
            raise UsageError(f"there is no migration {text} to depend on", hint=hint)
        chosen.append(version)
    return tuple(dict.fromkeys(chosen))
