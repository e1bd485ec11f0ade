"""Diffs of two snapshots: in sentences, as a unified view, as a document."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from stepwell.core.schema.diff import Added, Changed, Diff, Removed, Renamed
from stepwell.core.schema.words import sentences, tell
from stepwell.render.cells import printable
from stepwell.render.view import Tone
from stepwell.render.when import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.core.answers import DiffReport
    from stepwell.core.ignore import Ignore
    from stepwell.core.schema.diff import Change
    from stepwell.core.schema.snapshot import Fact
    from stepwell.render.view import View

_TONES = {"-": Tone.BAD, "+": Tone.GOOD, "@": Tone.WAITING}
_CONTEXT = 3  # lines of a long value that are shown around what is different in it


def diff_text(report: DiffReport, view: View) -> str:
    """One sentence a difference; long values below it, line by line."""
    lines = [_head(report)]
    for line in tell(report.diff):
        lines.append(printable(line.text))
        if line.before is not None and line.after is not None:
            lines += (f"    {each}" for each in _unified(line.before, line.after, view))
    lines += [*_ignored(report, view), *_notes(report, view), _total(report)]
    return "\n".join(lines) + "\n"


def _total(report: DiffReport) -> str:
    number, ignored = len(report.diff.changes), sum(len(each.changes) for each in report.ignored)
    told = counted(number, "difference") if number else "no differences"
    return f"{told}, {ignored} ignored" if ignored else told


def _ignored(report: DiffReport, view: View) -> Iterator[str]:
    """What may differ: below the entry that says so, with its reason."""
    for ignore, changes in report.ignored:
        yield view.paint(printable(f"ignored by {ignore.pattern!r} ({ignore.reason}):"), Tone.FAINT)
        for sentence in sentences(tell(Diff(changes))):
            yield view.paint(f"    {printable(sentence)}", Tone.FAINT)


def _head(report: DiffReport) -> str:
    return printable(f"{report.before.name} -> {report.after.name}")


def _notes(report: DiffReport, view: View) -> list[str]:
    notes = [
        *report.diff.notes,
        *(f"{each.pattern!r} has nothing to ignore ({each.reason})" for each in report.unused),
    ]
    return [f"{view.paint('note:', Tone.WARNING)} {printable(note)}" for note in notes]


def unified_text(report: DiffReport, view: View) -> str:
    """What is different as `diff -u` shows it: a part for each thing, and a line for each attribute of it."""
    beside = [*_ignored(report, view), *_notes(report, view)]
    if report.diff.equal:
        return "".join(f"{each}\n" for each in beside)
    lines = [
        view.paint(printable(f"--- {report.before.name}"), Tone.STRONG),
        view.paint(printable(f"+++ {report.after.name}"), Tone.STRONG),
    ]
    for change in report.diff.changes:
        lines.append(view.paint(printable(f"@@ {change.key} @@"), Tone.WAITING))
        lines += _part(change, view)
    return "\n".join([*lines, *beside]) + "\n"


def _part(change: Change, view: View) -> Iterator[str]:
    before: list[str] = []
    after: list[str] = []
    match change:
        case Added(fact):
            after = [str(fact.key), *_lines(fact)]
        case Removed(fact):
            before = [str(fact.key), *_lines(fact)]
        case Renamed(old, new):
            before, after = [str(old.key)], [str(new.key)]
        case Changed(old, new, attributes):
            before, after = list(_lines(old)), list(_lines(new))
            orders = [each for each in attributes if each.name == "order"]
            before += [f"columns: {', '.join(each.before)}" for each in orders]
            after += [f"columns: {', '.join(each.after)}" for each in orders]
    yield from _unified("\n".join(before), "\n".join(after), view)


def _lines(fact: Fact) -> Iterator[str]:
    """The attributes of a fact, a line each; what has lines itself below its name."""
    every = {**fact.attributes, **(fact.guarded or {})}
    every.pop("position", None)
    for name, value in sorted(every.items()):
        word = name.replace("_", " ")
        if isinstance(value, dict):
            yield from (f"{word} {key}: {_shown(each)}" for key, each in sorted(value.items()))
        elif isinstance(value, str) and "\n" in value:
            yield f"{word}:"
            yield from (f"  {line}" for line in value.splitlines())
        else:
            yield f"{word}: {_shown(value)}"


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(each)}" for key, each in value.items() if each is not None)
    return "yes" if value is True else str(value)


def _unified(before: str, after: str, view: View) -> Iterator[str]:
    told = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=_CONTEXT)
    for line in list(told)[2:]:  # without the names of files
        if not line.startswith("@@"):
            yield view.paint(printable(line), _TONES.get(line[:1]))


# --- JSON ---


def diff_document(report: DiffReport) -> dict[str, Any]:
    """The document of `diff` and `drift`; `equal` says whether nothing is different but what is ignored."""
    return {
        "format": 1,
        "equal": report.diff.equal,
        "before": report.before._asdict(),
        "after": report.after._asdict(),
        "changes": [_change(change) for change in report.diff.changes],
        "text": sentences(tell(report.diff)),
        "notes": list(report.diff.notes),
        "ignored": [
            {
                **_ignore(ignore),
                "changes": [_change(change) for change in changes],
                "text": sentences(tell(Diff(changes))),
            }
            for ignore, changes in report.ignored
        ],
        "unused": [_ignore(each) for each in report.unused],
        "error": None,
    }


def _ignore(ignore: Ignore) -> dict[str, str]:
    return {"pattern": ignore.pattern, "reason": ignore.reason}


def _change(change: Change) -> dict[str, Any]:
    document: dict[str, Any] = {"change": type(change).__name__.lower()}
    match change:
        case Added(fact) | Removed(fact):
            return document | _fact(fact)
        case Renamed(before, after):
            return document | _of(before) | {"renamed_to": after.identity}
        case Changed(before, _, attributes):
            return document | _of(before) | {"attributes": [each._asdict() for each in attributes]}


def _of(fact: Fact) -> dict[str, Any]:
    parent = None if fact.parent is None else list(fact.parent)
    return {"kind": fact.kind, "identity": fact.identity, "parent": parent}


def _fact(fact: Fact) -> dict[str, Any]:
    return _of(fact) | {"attributes": dict(fact.attributes)}
