"""`new`: a new migration file with the next version. It writes that one file, and never over another."""

from __future__ import annotations

import keyword
import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from stepwell.app.scaffold import template
from stepwell.core.answers import CreatedFiles
from stepwell.core.errors import MigrationError, Place, UsageError
from stepwell.core.files.parse import parse
from stepwell.core.graph import Node, build
from stepwell.core.migration import Version, version_texts
from stepwell.core.nearest import did_you_mean
from stepwell.core.settings import Numbering

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from stepwell.core.files.listing import Source
    from stepwell.core.migration import Language, SourceFile
    from stepwell.core.sql.rules import LexRules

TEMPLATES = ("empty",)
_NARROWEST = 3  # digits of a sequential version
_LONGEST_NAME = 100  # characters: together with version and suffix it is a file name everywhere


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. `depends` None means: on everything that nothing depends on yet."""

    name: str
    language: Language
    numbering: Numbering
    depends: tuple[str, ...] | None = None
    template: str = TEMPLATES[0]


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that is not written yet."""

    file_name: str
    text: str


@dataclass(frozen=True, slots=True)
class Existing:
    """What there is already: nodes of the graph, and what people should know of files that can't be read
    yet.
    """

    nodes: tuple[Node, ...] = ()
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
    nodes: list[Node] = []
    unread: list[SourceFile] = []
    for file in source.read().files:
        try:
            migration = parse(file, rules)
        except MigrationError:
            unread.append(file)
        else:
            nodes.append(Node(migration.version, migration.dependencies, migration.place))
    return Existing(
        (*nodes, *_guessed(unread, nodes)), tuple(f"{file.path} can't be read yet" for file in unread)
    )


def _guessed(unread: Sequence[SourceFile], read: Sequence[Node]) -> Iterable[Node]:
    versions = [node.version for node in read] + [file.version for file in unread]
    for file in unread:
        below = tuple(version for version in versions if version < file.version)
        yield Node(file.version, below, Place(file.path))


def draft(wish: Wish, existing: Existing, now: datetime) -> Draft:
    """Decide name and text of a new file; `now` is in UTC. Raises `UsageError` for what can't be made."""
    if wish.template not in TEMPLATES:
        raise UsageError(f"there is no template {wish.template!r}", hint=f"there are: {', '.join(TEMPLATES)}")
    slug = slugify(wish.name)
    version = next_version(existing.versions, wish.numbering, now)
    dependencies = (
        build(existing.nodes).heads if wish.depends is None else _chosen(wish.depends, existing.versions)
    )
    values = {
        "class_name": class_name(slug),
        "description": describe(wish.name),
        "dependency_list": ", ".join(f'"{text}"' for text in version_texts(dependencies)),
        "dependency_line": ", ".join(version_texts(dependencies)),
    }
    text = template(f"{wish.template}.{wish.language.value}").format(**values)
    return Draft(f"{version}_{slug}.{wish.language.value}", text)


def write(made: Draft, folder: Path, shown: str, notes: tuple[str, ...] = ()) -> CreatedFiles:
    """Write the file into a folder, which people know as `shown`. Raises `UsageError` where it would
    overwrite.
    """
    path = f"{shown}/{made.file_name}"
    try:
        with (folder / made.file_name).open("x", encoding="utf-8", newline="\n") as file:
            file.write(made.text)
    except FileExistsError:
        raise UsageError(f"{path} is there already") from None
    except OSError as problem:
        raise UsageError(f"{path} can't be written: {problem.strerror}") from problem
    return CreatedFiles(created=(path,), notes=(*notes, "write what it does, then run 'stepwell migrate'"))


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
