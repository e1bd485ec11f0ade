"""The page of a migration."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from stepwell.core.migration import Language
from stepwell.render.book.markdown import block, code, link, page, text
from stepwell.render.book.names import OVERVIEW
from stepwell.render.verify import VERDICTS
from stepwell.render.when import counted, elapsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.core.book import Chapter, Script, Sent
    from stepwell.core.migration import Traits, Version
    from stepwell.core.schema.words import Line
    from stepwell.render.book.names import Names

_UP = "../"
_CONTEXT = 3  # lines around what is different in a long value


def chapter_page(chapter: Chapter, names: Names) -> str:
    """Everything about one migration."""
    return page(
        text(chapter.title),
        [text(chapter.description)] if chapter.description else [],
        block("text", chapter.remarks) if chapter.remarks else [],
        _properties(chapter, names),
        *_changes(chapter),
        *_script("Up", chapter.up),
        *(_script("Down", chapter.down) if chapter.down is not None else ()),
        *_source(chapter),
        [link("All migrations", _UP + OVERVIEW)],
    )


def _properties(chapter: Chapter, names: Names) -> Iterator[str]:
    yield f"- File: {code(chapter.path)}"
    yield f"- Depends on: {_versions(chapter.dependencies, names)}"
    yield f"- Needed by: {_versions(chapter.dependents, names)}"
    yield f"- Reversible: {'yes' if chapter.down is not None else _why_not(chapter.traits)}"
    for direction, script in (("up", chapter.up), ("down", chapter.down)):
        if script is not None and not script.transactional:
            yield f"- Runs {direction} without a transaction"
    yield from _declared(chapter.traits)
    if chapter.judgement is not None:
        yield f"- Verdict: **{VERDICTS[chapter.judgement.verdict].word}**"
        yield from (f"  - {text(reason)}" for reason in chapter.judgement.reasons)
        yield from (f"  - {text(note)}" for note in chapter.judgement.notes)


def _versions(versions: tuple[Version, ...], names: Names) -> str:
    return ", ".join(names.chapter(version, _UP) for version in versions) or "nothing"


def _why_not(traits: Traits) -> str:
    return "no, declared irreversible" if traits.irreversible else "no, it has no `down()`"


def _declared(traits: Traits) -> Iterator[str]:
    """What its author declared that is not usual."""
    if traits.idempotent:
        yield "- Idempotent: it may be run again"
    if traits.ends_segment:
        yield "- Ends its segment: what was done so far stands, whatever comes after it"
    for name in ("lock_timeout", "statement_timeout", "idle_timeout"):
        seconds = getattr(traits, name)
        if seconds is not None:
            yield f"- `{name}`: {elapsed(seconds * 1000)}"
    for name in ("tags", "replaces"):
        if values := getattr(traits, name):
            yield f"- `{name}`: {', '.join(map(code, values))}"
    if traits.phase is not None:
        yield f"- `phase`: {code(traits.phase)}"


def _changes(chapter: Chapter) -> Iterator[list[str]]:
    if chapter.changes is None:
        return
    yield ["## What it changes"]
    yield [each for line in chapter.changes for each in _change(line)] or ["Nothing of the structure."]


def _change(line: Line) -> Iterator[str]:
    yield f"- {text(line.text)}"
    if line.before is not None and line.after is not None:
        found = difflib.unified_diff(
            line.before.splitlines(), line.after.splitlines(), lineterm="", n=_CONTEXT
        )
        shown = [each for each in list(found)[2:] if not each.startswith("@@")]
        yield ""
        yield from (f"  {each}".rstrip() for each in block("diff", "\n".join(shown)))
        yield ""


def _script(title: str, script: Script) -> Iterator[list[str]]:
    if script.text is None and not script.statements:
        return
    yield [f"## {title}"]
    if script.text is not None:
        yield block("sql", script.text)
    elif script.statements:
        yield block("sql", "\n\n".join(map(_sent, script.statements)))
    if script.left_out:
        noun = "line" if script.text is not None else "statement"
        yield [f"{counted(script.left_out, f'more {noun}')} not shown."]


def _sent(sent: Sent) -> str:
    times = f"  -- {sent.times} times" if sent.times > 1 else ""
    return f"{unindented(sent.sql)};{times}"


def unindented(sql: str) -> str:
    """A statement without the indentation that its lines but the first have from where they stand in Python."""
    first, *rest = sql.split("\n")
    depth = min((len(line) - len(line.lstrip(" ")) for line in rest if line.strip()), default=0)
    return "\n".join([first, *(line[depth:] for line in rest)])


def _source(chapter: Chapter) -> Iterator[list[str]]:
    if chapter.source is None or chapter.language is not Language.PYTHON:
        return
    yield ["## Source"]
    yield ["Not all that it does can be seen in its statements; this is the file."]
    yield block("python", chapter.source)
